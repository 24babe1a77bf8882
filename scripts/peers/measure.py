"""One turn of one peer: fresh workers, a warm-up, runs one after the other, then many at once."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import count

from peers import cpu, figures
from peers.roster import Crew, Peer, Python
from peers.stage import Stage

WARM = 10  #: runs before anything is measured
PATIENCE = 120.0  #: seconds for the first runs, which wait for the workers to come up, and for any single run
BUSY = 600.0  #: seconds for those in flight at once
SETTLE = 0.5  #: seconds in which an engine records what came last


class NotMeasured(Exception):
    """A peer did not do its runs, or not as told."""


@dataclass(frozen=True)
class Plan:
    repetitions: int
    single: int  #: runs one after the other
    many: int  #: runs at once


@dataclass
class Turn:
    """One peer on the stage."""

    stage: Stage
    peer: Peer
    crew: Crew
    names: count[int] = field(default_factory=lambda: count(1))

    def runs(self, number: int) -> list[str]:
        return [f"r{next(self.names)}" for _ in range(number)]

    def finish(self, runs: Collection[str], seconds: float, look: float) -> None:
        """Start ``runs`` at once and wait until all have ended. Raises NotMeasured."""
        self.crew.submit(runs)
        left = self.stage.log.wait(runs, seconds, look)
        if left:
            raise NotMeasured(f"{len(left)} of {len(runs)} runs did not end in {seconds:.0f} s.\n{self.stage.said()}")
        if wrong := figures.broken(self.stage.log.lines, runs):
            raise NotMeasured(f"{len(wrong)} of {len(runs)} runs left out a step or took it too early, such as {wrong[0]}.")

    def cpu(self) -> tuple[float, float, float, float]:
        """CPU seconds of workers, servers, the process that starts runs where that is not a worker, and of the whole machine."""
        feeder = self.crew.feeder.pid
        apart = [feeder] if feeder not in self.crew.workers else []
        return cpu.seconds(self.crew.workers), cpu.seconds(self.crew.servers), cpu.seconds(apart), cpu.machine()


def measure(stage: Stage, peer: Peer, python: Python, plan: Plan, names: count[int]) -> dict[str, float | str]:
    """The row of ``peer``: times in ms, CPU in ms per run. Raises NotMeasured."""
    stage.clear()
    try:
        turn = Turn(stage, peer, peer.start(stage, python), names)
        turn.finish(turn.runs(WARM), PATIENCE, look=0.02)
        return {"peer": peer.name, **one_by_one(turn, plan.single), **at_once(turn, max(1, int(plan.many * peer.share)))}
    finally:
        stage.clear()


def one_by_one(turn: Turn, number: int) -> dict[str, float]:
    runs = turn.runs(number)
    time.sleep(SETTLE)
    for run in runs:
        turn.finish([run], PATIENCE, look=0.002)
    lines = turn.stage.log.lines
    whole = figures.spans(lines, runs)
    return {
        "latency_p50_ms": figures.percentile(whole, 0.5) * 1000,
        "latency_p95_ms": figures.percentile(whole, 0.95) * 1000,
        "first_step_ms": figures.percentile(figures.spans(lines, runs, "stack"), 0.5) * 1000,
    }


def at_once(turn: Turn, number: int) -> dict[str, float]:
    runs = turn.runs(number)
    time.sleep(SETTLE)
    before, began = turn.cpu(), time.monotonic()
    turn.finish(runs, BUSY, look=0.02)
    time.sleep(SETTLE)
    workers, servers, feeder, everybody = (b - a for a, b in zip(before, turn.cpu(), strict=True))
    others = (everybody - workers - servers - feeder) / (time.monotonic() - began)
    workers, servers, feeder = (spent / number * 1000 for spent in (workers, servers, feeder))
    turn.stage.log.read()  # what ran once more comes late
    lines = turn.stage.log.lines
    return {
        "runs_per_s": figures.throughput(lines, runs),
        "cpu_ms_per_run": workers + servers,
        "cpu_worker_ms": workers,
        "cpu_server_ms": servers,
        "cpu_submit_ms": feeder,
        "steps_twice": figures.twice(lines, runs),
        "others_cores": others,
    }
