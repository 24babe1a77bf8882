"""``make bench-models``: what ledger, gate and cache add to a call of a model, for one process and for 16 that call at a time.

The provider is on loopback and answers at once. Each process asks as many different questions through everything as with the bare
client; the two take turns. Printed: milliseconds (median, 95 %) of a bare call, of a whole one, of its parts, of a question that
was paid for before. All of them compete for the machine's processors, so the parts together are the figure to look at.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from progress import say

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")
import django

django.setup()

from django.conf import settings  # noqa: E402

from inference.llm import ask as asking  # noqa: E402
from inference.llm import keepers, wire  # noqa: E402
from inference.llm.base import Provider  # noqa: E402
from synergy.chaos.models import Models  # noqa: E402
from synergy.core.artifacts import ArtifactStore  # noqa: E402
from synergy.core.bench import Bench  # noqa: E402
from synergy.core.types import Value  # noqa: E402
from synergy.embedded.client import session  # noqa: E402
from synergy.workflow import services  # noqa: E402
from synergy.workflow.book import Ledger  # noqa: E402

PROCESSES, CALLS = 16, 25
START = 30.0  #: seconds until all processes are up
PARTS: dict[str, tuple[type, str]] = {
    "reserve": (Ledger, "reserve"),
    "settle": (Ledger, "settle"),
    "purse": (Ledger, "purse"),
    "gate in": (keepers.Gate, "enter"),
    "gate out": (keepers.Gate, "leave"),
}
Times = dict[str, list[float]]


class Said(Value):
    text: str


def timed(times: Times, name: str, call: Callable[..., object], *given: object, **named: object) -> object:
    began = time.perf_counter()
    try:
        return call(*given, **named)
    finally:
        times[name].append(1000 * (time.perf_counter() - began))


def watch(times: Times) -> None:
    """Time the parts of a call from now on."""
    for name, (owner, method) in PARTS.items():
        whole = getattr(owner, method)

        def measured(*given: object, _name: str = name, _whole: Callable[..., object] = whole, **named: object) -> object:
            return timed(times, _name, _whole, *given, **named)

        setattr(owner, method, measured)


def work(number: int, url: str, start: float) -> Times:
    """The calls of one process: name of what was timed → milliseconds."""
    settings.MODELS = {**settings.MODELS, "url": url, "key": "bench", "rate": 60_000, "concurrency": 64}
    to = Provider(**settings.MODELS)
    run = services.create_run(f"Bench {number}", tenant=services.default_tenant())[0]
    bench = Bench(Path(settings.RUNS_DIR), ArtifactStore(Path(settings.ARTIFACTS_DIR)), book=Ledger(run.id, "plan"))
    questions = [
        asking.Question("bench", "Say a word.", {"message": f"{start} {number} {call}"}, Said, max_tokens=50)
        for call in range(CALLS + 2)
    ]
    for question in questions[CALLS:]:  # imports, connections, plans of statements
        asking.ask(bench, question)
    times: Times = defaultdict(list)
    watch(times)
    time.sleep(max(0.0, start - time.time()))
    for question in questions[:CALLS]:
        timed(times, "whole call", asking.ask, bench, question)
        body = asking._body(to, to.model, [{"role": "user", "content": f"bare {question.data['message']}"}], question)
        timed(times, "bare call", wire.post, to, body, "bare")
    for question in questions[:CALLS]:
        timed(times, "paid for before", asking.ask, bench, question)
    return dict(times)


def main() -> None:
    server = Models(lambda request: json.dumps({"text": "A word."}))
    server.start()
    with session(note=lambda line: None):
        for processes, wait in ((1, START / 3), (PROCESSES, START)):
            measure(server.url, processes, wait)
    server.stop()


def measure(url: str, processes: int, wait: float) -> None:
    """Print the figures of so many processes that begin ``wait`` seconds from now."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(partial(work, url=url, start=time.time() + wait), range(processes)))
    every: Times = defaultdict(list)
    for times in found:
        for name, values in times.items():
            every[name] += values
    say(f"\n{processes} {'process' if processes == 1 else 'processes'}, {CALLS} calls each; milliseconds (median, 95 %)")
    for name, values in every.items():
        ranked = sorted(values)
        say(f"  {name:<34}{median(ranked):8.2f}{ranked[int(len(ranked) * 0.95)]:8.2f}")
    say(f"  {'ledger, gate and cache together':<34}{sum(median(every[name]) for name in PARTS):8.2f}")


if __name__ == "__main__":
    main()
