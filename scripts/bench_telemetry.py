"""``make bench-telemetry``: what traces, structured logs and metrics add to a warm build.

The same message is built in pairs, once with everything (spans go to a collector on loopback, log lines are JSON) and once with
nothing; which comes first changes from pair to pair. Printed: seconds of each run, processor seconds of the whole machine, the
median of the pairs' ratios, and where the seconds went. ``PAIRS=n NULL=1`` builds with nothing both times: how much two
equal builds differ here. As that may be more than what is sought, two more figures are taken. What a run waits for: runs of the
tiny pipeline (``synergy.chaos.pipeline``: the same steps through the same processes, with nothing to do) in pairs. And the work:
processor seconds of a span (made, packed, sent), of a log line, of a scrape, times how many of each a build has.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from progress import say

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")
import django  # noqa: E402

django.setup()

from opentelemetry.trace import SpanKind  # noqa: E402
from prometheus_client import generate_latest  # noqa: E402

from slo.metrics import Ledger  # noqa: E402
from synergy.chaos import truth  # noqa: E402
from synergy.chaos.pipeline import HERE  # noqa: E402
from synergy.core.spans import COMMAND, span  # noqa: E402
from synergy.embedded.client import session  # noqa: E402
from synergy.logs import Json, Traced  # noqa: E402
from synergy.telemetry import otlp  # noqa: E402
from tests.otlp import collecting, orphans  # noqa: E402

PAIRS = int(os.environ.get("PAIRS", "3"))
SCRAPED = 15  #: seconds between two scrapes (deploy/prometheus)
MANY = 1000  #: fewer than fit into the queue of what is to be sent: one that is dropped costs less
NULL = bool(os.environ.get("NULL"))
TINY = 20  #: pairs of runs of the tiny pipeline
MESSAGE, NOTHING = "Build dashboard with auth", "Build nothing: {}"


@dataclass(frozen=True)
class Built:
    """Seconds of a run and of its steps; processor seconds of the machine meanwhile, without this process (the collector)."""

    seconds: float
    cpu: float
    steps: dict[str, float]


def main() -> int:
    with collecting() as (collector, env):
        seen = {} if NULL else dict(env, LOG_FORMAT="json", LOG_LEVEL="INFO")
        build({})  # warm
        pairs = [pair(seen, {}, first=number % 2 == 0) for number in range(PAIRS)]
        for with_all, without in pairs:
            say(f"run with everything {with_all.seconds:6.1f} s   with nothing {without.seconds:6.1f} s   "
                f"ratio {with_all.seconds / without.seconds:.3f}   processor {with_all.cpu:6.1f} and {without.cpu:6.1f} s   "
                f"ratio {with_all.cpu / without.cpu:.3f}")  # fmt: skip
        say(f"median ratio {median(a.seconds / b.seconds for a, b in pairs):.3f}, "
            f"of processor seconds {median(a.cpu / b.cpu for a, b in pairs):.3f}")  # fmt: skip
        for step in pairs[0][1].steps:
            say(f"  {step:16} {median(a.steps[step] - b.steps[step] for a, b in pairs):+6.2f} s")
        if NULL:
            return 0
        spans, builds = len(collector.spans), len(pairs)
        say(f"spans of a build: {spans // builds}, in {len({s.trace for s in collector.spans}) / builds:g} trace, "
            f"{len(orphans(collector.spans))} without their parent")  # fmt: skip
        os.environ |= env
        otlp.start("bench")
        seconds = median(without.seconds for _, without in pairs)
        waited(seen, seconds)
        total = shares(spans / builds, seconds)
        say(f"together {total:.3f} s of processor time in a build of {seconds:.1f} s: {total / seconds:.2%}")
    return 0


def pair(seen: dict[str, str], bare: dict[str, str], *, first: bool, message: str = MESSAGE) -> tuple[Built, Built]:
    """A run with everything and one with nothing."""
    if first:
        return build(seen, message), build(bare, message)
    without = build(bare, message)
    return build(seen, message), without


def waited(seen: dict[str, str], seconds: float) -> None:
    """Say what the steps of a run wait for traces and log lines, as a share of a build's ``seconds``."""
    with TemporaryDirectory() as folder:
        home = {"SYNERGY_HOME": f"{folder}/home", "SYNERGY_PIPELINE": HERE, truth.ENV: f"{folder}/steps.log"}
        build(home, NOTHING)  # makes the database
        pairs = [pair(seen | home, home, first=number % 2 == 0, message=NOTHING) for number in range(TINY)]
    low, middle, high = quantiles((a.seconds - b.seconds for a, b in pairs), n=4)
    bare = median(b.seconds for _, b in pairs)
    say(f"{TINY} pairs of runs with nothing to do, {bare * 1e3:.0f} ms each: with everything {middle * 1e3:+.1f} ms "
        f"(quartiles {low * 1e3:+.1f} and {high * 1e3:+.1f}), {middle / seconds:.2%} of a build")  # fmt: skip


def build(env: dict[str, str], message: str = MESSAGE) -> Built:
    before = processor()
    argv = [sys.executable, "manage.py", "build", "--json", "--fresh", "--", message]
    done = subprocess.run(argv, cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.PIPE, check=False)
    report: dict[str, Any] = json.loads(done.stdout)
    if report["state"] != "completed":
        raise SystemExit(str(report.get("reason")))
    steps = {step["name"]: float(step["seconds"]) for step in report["steps"]}
    return Built(float(report["seconds"]), processor() - before, steps)


def processor() -> float:
    """Processor seconds that this machine has spent, but for those of this process. Browser and servers are nobody's children."""
    _, user, nice, system, _, _, irq, softirq, *_ = Path("/proc/stat").read_text().split(maxsplit=9)
    return sum(map(int, (user, nice, system, irq, softirq))) / os.sysconf("SC_CLK_TCK") - time.process_time()


def shares(spans: float, seconds: float) -> float:
    """Processor seconds of all that is added to one build."""
    record = logging.getLogger("bench").makeRecord("bench", logging.INFO, __file__, 1, "%s of %s", ("step", "run"), None)
    form, traced = Json(), Traced()
    with span("bench", {COMMAND: "bench"}):
        one_span = timed(one, MANY)
        line = timed(lambda: (traced.filter(record), form.format(record)), MANY)
    with session(()):
        scrape = timed(lambda: generate_latest(Ledger()), 50)
    lines, scrapes = 50, seconds / SCRAPED  # a build logs fewer lines than that, even at INFO
    say(f"a span {one_span * 1e6:.0f} µs, a line {line * 1e6:.0f} µs, a scrape {scrape * 1e3:.1f} ms")
    return spans * one_span + lines * line + scrapes * scrape


def one() -> None:
    with span("engine", {"db.system": "postgresql", "db.statement": "x" * 300}, kind=SpanKind.CLIENT):
        pass


def timed(call: Callable[[], object], times: int) -> float:
    """Processor seconds of one call, those of the sending thread included."""
    began = time.process_time()
    for _ in range(times):
        call()
    time.sleep(2 * otlp.DELAY / 1000)  # what was made is sent, too
    return (time.process_time() - began) / times


if __name__ == "__main__":
    sys.exit(main())
