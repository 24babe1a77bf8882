"""From the log of the steps to figures, medians and the ratios that matter. Pure: files in, numbers and text out."""

from __future__ import annotations

import operator
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from peers.dag import LEVELS, STEPS, SUBMIT

LAST = STEPS[-1]


@dataclass(frozen=True)
class Line:
    """One line of the log. ``at`` in seconds since 1970."""

    at: float
    run: str
    step: str
    what: str


class StepLog:
    """The log that all peers append to; ``lines`` is what was read so far, in the order of writing."""

    def __init__(self, file: Path) -> None:
        self.file, self.lines, self._read = file, list[Line](), 0
        file.touch()

    def read(self) -> list[Line]:
        """Take in the whole lines that are new, and return them."""
        with self.file.open("rb") as log:
            log.seek(self._read)
            text = log.read().rpartition(b"\n")[0]
        if not text:
            return []
        self._read += len(text) + 1
        fresh = [Line(float(at), run, step, what) for at, run, step, what, _ in map(str.split, text.decode().splitlines())]
        self.lines += fresh
        return fresh

    def forget(self) -> None:
        """Let go of what was written so far."""
        self.read()
        self.lines.clear()

    def wait(self, runs: Collection[str], seconds: float, look: float) -> set[str]:
        """Until the last step of each of ``runs`` ended, looking every ``look`` seconds; the runs that did not end in time."""
        left, end = set(runs), time.monotonic() + seconds
        left -= {line.run for line in self.lines if line.step == LAST}
        while left and time.monotonic() < end:
            time.sleep(look)
            left -= {line.run for line in self.read() if line.step == LAST}
        return left


def spans(lines: Sequence[Line], runs: Collection[str], step: str = LAST) -> list[float]:
    """Seconds from the call that started a run to the first end of ``step``, of each of ``runs`` that came so far."""
    begun = {line.run: line.at for line in lines if line.step == SUBMIT}
    ended: dict[str, float] = {}
    for line in lines:
        if line.step == step and line.what == "E":
            ended.setdefault(line.run, line.at)
    return [ended[run] - begun[run] for run in runs if run in ended and run in begun]


def throughput(lines: Sequence[Line], runs: Collection[str]) -> float:
    """Runs per second, from the first call to the last end."""
    wanted = set(runs)
    begun = [line.at for line in lines if line.run in wanted and line.step == SUBMIT]
    ended = [line.at for line in lines if line.run in wanted and line.step == LAST]
    return len(wanted) / (max(ended) - min(begun))


def twice(lines: Sequence[Line], runs: Collection[str]) -> int:
    """How many executions of steps were more than one."""
    wanted = set(runs)
    count = Counter((line.run, line.step) for line in lines if line.run in wanted and line.what == "E")
    return sum(number - 1 for number in count.values())


def broken(lines: Sequence[Line], runs: Collection[str]) -> list[str]:
    """Runs that left a step out, or ran one before its level was due."""
    first: dict[str, dict[str, int]] = {run: {} for run in runs}
    for number, line in enumerate(lines):
        if line.run in first and line.what == "E":
            first[line.run].setdefault(line.step, number)
    return [run for run, found in first.items() if not in_order(found)]


def in_order(found: Mapping[str, int]) -> bool:
    """``found``: step → its place in the log."""
    if found.keys() != set(STEPS):
        return False
    return all(max(found[step] for step in level) < min(found[step] for step in after) for level, after in pairwise(LEVELS))


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which ``part`` of all lie; ``values`` is not empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def medians(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for each peer: the median of each figure over its repetitions, in the order of the first."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["peer"], []).append(row)
    return [{"peer": peer, **middle(mine), "repetitions": len(mine)} for peer, mine in found.items()]


def middle(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {key: round(median(row[key] for row in rows), 2) for key in rows[0] if key not in ("peer", "repetition")}


@dataclass(frozen=True)
class Bar:
    """What a figure of one peer may be in terms of another's."""

    figure: str
    peer: str
    of: str
    holds: Callable[[float, float], bool]
    limit: float


BARS = (
    Bar("latency_p50_ms", "synergy", "celery", operator.le, 1.0),
    Bar("latency_p50_ms", "synergy", "dbos", operator.le, 0.6),
    Bar("runs_per_s", "synergy", "celery", operator.ge, 1.5),
    Bar("runs_per_s", "synergy", "dbos", operator.ge, 2.0),
    Bar("runs_per_s", "synergy", "temporal-local", operator.ge, 2.0),
    Bar("cpu_ms_per_run", "synergy", "celery", operator.le, 0.7),
    Bar("latency_p50_ms", "synergy-10000", "synergy", operator.le, 1.15),  # flat: as far apart as two measurements of one thing
    Bar("cpu_ms_per_run", "synergy-10000", "synergy", operator.le, 1.15),
)


def ratios(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each bar with its ratio and "met", "not met" or "not measured".

    The ratio is the median of those within each repetition: what else runs on the machine changes from one to the next.
    """
    known = {(row["peer"], row["repetition"]): row for row in rows}
    found = []
    for bar in BARS:
        said: dict[str, Any] = {"figure": bar.figure, "peer": bar.peer, "of": bar.of, "ratio": None, "result": "not measured"}
        said["bar"] = f"{'≤' if bar.holds is operator.le else '≥'} {bar.limit}"
        mine = [(row, known.get((bar.of, number))) for (peer, number), row in known.items() if peer == bar.peer]
        if each := [row[bar.figure] / other[bar.figure] for row, other in mine if other and other[bar.figure]]:
            ratio = median(each)
            said |= {"ratio": round(ratio, 3), "low": round(min(each), 3), "high": round(max(each), 3)}
            said["result"] = "met" if bar.holds(ratio, bar.limit) else "not met"
        found.append(said)
    return found


COLUMNS = {
    "peer": "",
    "latency_p50_ms": "p50 ms",
    "latency_p95_ms": "p95 ms",
    "first_step_ms": "1st step",
    "runs_per_s": "runs/s",
    "cpu_ms_per_run": "CPU ms",
    "cpu_worker_ms": "worker",
    "cpu_server_ms": "servers",
    "cpu_submit_ms": "(submit)",
    "steps_twice": "twice",
    "others_cores": "others",
}


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"{title:>10}" if title else f"{'peer':<16}" for title in COLUMNS.values())
    return "\n".join([head, *("".join(cell(row[key]) for key in COLUMNS) for row in rows)])


def cell(value: object) -> str:
    return f"{value:<16}" if isinstance(value, str) else f"{value:>10.1f}"


def verdicts(found: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(
        f"{said['figure']:<16}{said['peer'] + ' / ' + said['of']:<28}{spread(said):<19}{said['bar']:<7}{said['result']}"
        for said in found
    )


def spread(said: Mapping[str, Any]) -> str:
    return "–" if said["ratio"] is None else f"{said['ratio']:.2f} ({said['low']:.2f}–{said['high']:.2f})"
