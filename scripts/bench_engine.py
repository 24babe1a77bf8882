"""``make bench-engine``: what orchestration costs, Synergy next to its peers, all running the pipeline's shape with empty steps.

In each repetition each peer in turn gets fresh workers, warms up, does runs one after the other (latency: from the call that
starts a run to the end of its last step, by a log outside every engine), then many at once (throughput; CPU of workers and
servers).
All peers share one PostgreSQL and one Valkey, started as Synergy starts them, data safe on disk. Medians over the repetitions.
Numbers differ from machine to machine: compare within one run. Options, from the environment:
REPS, SINGLE and MANY (how many), PEERS (names with commas), JSON (a file to write).
The exit code is 1 when a peer that is installed could not be measured; a bar that is not met is a result.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from progress import say

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from peers import figures, ledger  # noqa: E402  # the path comes first
from peers.dag import LEVELS, STEPS  # noqa: E402
from peers.extras import extras  # noqa: E402
from peers.measure import NotMeasured, Plan, measure  # noqa: E402
from peers.roster import PEERS, Peer, Python, present  # noqa: E402
from peers.stage import Stage, stage  # noqa: E402


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    plan = Plan(number("REPS", 3), number("SINGLE", 50), number("MANY", 200))
    wanted = chosen(os.environ.get("PEERS", ""))
    place = Path(os.environ.get("SYNERGY_HOME") or ROOT / "var").absolute() / "bench"
    place.mkdir(parents=True, exist_ok=True)
    python = Python(extras(place) if any(peer.needs for peer in wanted) else None)
    peers, skipped = present(wanted, python)
    for name, why in skipped.items():
        say(f"  – {name} is left out: {why}.")
    say(f"  {plan.repetitions} repetitions of {len(peers)} peers; starting PostgreSQL and Valkey")
    recorded = [ledger.FEW, *([ledger.MANY] if any(peer.name == "synergy-10000" for peer in peers) else [])]
    with tempfile.TemporaryDirectory(prefix="run-", dir=place) as home, stage(Path(home), recorded) as here:
        rows, failed, floor = repeat(here, peers, python, plan)
    report = {"rows": figures.medians(rows), "ratios": figures.ratios(rows), "floor_commit_ms": round(floor, 3)}
    tell(report)
    if file := os.environ.get("JSON"):
        report |= {"repetitions": rows, "plan": vars(plan), "skipped": skipped, "failed": failed}
        Path(file).write_text(json.dumps(report, indent=1) + "\n")
    return 1 if failed else 0


def number(name: str, default: int) -> int:
    """A positive whole number from the environment."""
    value = os.environ.get(name) or str(default)
    if not value.isdigit() or int(value) < 1:
        raise SystemExit(f"{name}={value} is not a positive whole number.")
    return int(value)


def chosen(names: str) -> list[Peer]:
    """The peers called ``names``; all when there are none."""
    words = [word for word in names.replace(",", " ").split() if word] or list(PEERS)
    if unknown := [word for word in words if word not in PEERS]:
        raise SystemExit(f"There is no peer {unknown[0]}. Peers: {', '.join(PEERS)}.")
    return [PEERS[word] for word in words]


def repeat(here: Stage, peers: Sequence[Peer], python: Python, plan: Plan) -> tuple[list[dict[str, Any]], dict[str, str], float]:
    """All rows; for each peer that could not be measured why; the median of a one-row durable commit, in ms."""
    names, rows, failed, floors = count(1), list[dict[str, Any]](), dict[str, str](), list[float]()
    for repetition in range(plan.repetitions):
        floors.append(here.commit_ms())
        for peer in peers:
            began = time.monotonic()
            try:
                row = measure(here, peer, python, plan, names)
            except NotMeasured as error:
                failed[peer.name] = str(error)
                say(f"  ✗ {peer.name}: {error}")
                continue
            rows.append({**row, "repetition": repetition})
            say(
                f"  ✓ {repetition + 1}/{plan.repetitions} {peer.name:<16} p50 {row['latency_p50_ms']:6.1f} ms"
                f"   {row['runs_per_s']:6.1f} runs/s   CPU {row['cpu_ms_per_run']:6.1f} ms   ({time.monotonic() - began:.0f} s)"
            )
    return rows, failed, median(floors)


def tell(report: dict[str, Any]) -> None:
    say(f"\nMedians; a run has {len(STEPS)} empty steps in {len(LEVELS)} levels.")
    say(f"A one-row durable commit: {report['floor_commit_ms']:.2f} ms")
    say(figures.table(report["rows"]))
    say("others: cores that the rest of the machine took meanwhile; the more of it, the less its figures say")
    say(f"\n{figures.verdicts(report['ratios'])}")


if __name__ == "__main__":
    sys.exit(main())
