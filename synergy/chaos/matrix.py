"""Plays the fault matrix on several lanes side by side, and adds up what they showed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from synergy.chaos.faults.base import Fault
from synergy.chaos.stage import PIPELINE
from synergy.embedded.programs import BASE_DIR

UNIT = 45.0  #: seconds of scenes that a lane takes at once

Note = Callable[[str], None]
Played = dict[str, list[dict[str, Any]]]  #: fault → outcomes of its repetitions


@dataclass
class Matrix:
    """``play`` it; ``played`` and ``left`` say what happened."""

    counts: dict[str, int]  #: fault → repetitions
    faults: dict[str, Fault]
    seed: str
    lanes: int
    minutes: float
    note: Note
    played: Played = field(default_factory=lambda: defaultdict(list))
    left: list[str] = field(default_factory=list)  #: what was left behind when the lanes had closed
    late: list[str] = field(default_factory=list)  #: scenes that were not played, for want of time
    kept: list[str] = field(default_factory=list)  #: folders of lanes with problems

    def play(self) -> None:
        self._deadline = time.monotonic() + self.minutes * 60
        self._units = plan(self.counts, self.faults)
        self._total, self._lock = sum(self.counts.values()), threading.Lock()
        threads = [threading.Thread(target=self._lane, args=(number,)) for number in range(self.lanes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.late += [f"{name} {n}" for unit in self._units for name, n in unit]

    def _lane(self, number: int) -> None:
        home = Path(tempfile.mkdtemp(prefix="synergy-chaos-"))
        env = {
            **os.environ,
            "SYNERGY_HOME": str(home),
            "SYNERGY_PIPELINE": PIPELINE,
            "DJANGO_SETTINGS_MODULE": "synergy.settings",
        }
        for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "SYNERGY_LEASE", "SYNERGY_BACKOFF"):
            env.pop(name, None)
        with (home / "lane.log").open("ab") as log:
            argv = [sys.executable, "-m", "synergy.chaos.lane"]
            lane = subprocess.Popen(
                argv, cwd=BASE_DIR, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        found = len(self.left)
        try:
            healthy = self._play_on(lane)
            self._close(lane, number)
        finally:
            lane.kill()
            lane.wait()
        if healthy and len(self.left) == found:
            shutil.rmtree(home, ignore_errors=True)
        else:
            self.kept.append(str(home))

    def _play_on(self, lane: subprocess.Popen[str]) -> bool:
        """Give a lane scenes until none is left or time is over; whether all of them went well."""
        assert lane.stdin is not None
        assert lane.stdout is not None
        healthy = True
        while unit := self._next():
            for name, n in unit:
                if time.monotonic() > self._deadline:
                    self.late.append(f"{name} {n}")
                    continue
                lane.stdin.write(json.dumps({"fault": name, "n": n, "seed": self.seed}) + "\n")
                lane.stdin.flush()
                line = lane.stdout.readline()
                outcome = json.loads(line) if line else {"problem": "The lane died."}
                healthy = healthy and not outcome.get("problem") and not outcome.get("problems")
                self._tell(name, outcome)
                if not line:
                    return False
        return healthy

    def _close(self, lane: subprocess.Popen[str], number: int) -> None:
        assert lane.stdin is not None
        assert lane.stdout is not None
        lane.stdin.close()
        line = lane.stdout.readline()
        left = json.loads(line)["left"] if line else ["It did not close in good order."]
        with self._lock:
            self.left += [f"Lane {number}: {words}" for words in left]

    def _next(self) -> list[tuple[str, int]]:
        with self._lock:
            return self._units.pop(0) if self._units and time.monotonic() < self._deadline else []

    def _tell(self, name: str, outcome: dict[str, Any]) -> None:
        with self._lock:
            self.played[name].append(outcome)
            done = sum(map(len, self.played.values()))
            problems = [outcome["problem"]] if "problem" in outcome else outcome["problems"]
            words = (
                "; ".join(problems)[:300]
                if problems
                else f"{outcome['finished']}/{outcome['runs']} runs in {outcome['recovery_s']:.1f} s"
            )
            self.note(f"[{done}/{self._total}] {'✗' if problems else '✓'} {name}: {words}")


def plan(counts: dict[str, int], faults: dict[str, Fault]) -> list[list[tuple[str, int]]]:
    """Units of scenes of one fault, those that take longest first."""
    units: list[tuple[float, list[tuple[str, int]]]] = []
    for name, times in counts.items():
        each = faults[name].seconds
        size = max(1, int(UNIT / each))
        scenes = [(name, n) for n in range(times)]
        units += [(each * len(scenes[at : at + size]), scenes[at : at + size]) for at in range(0, times, size)]
    return [scenes for _, scenes in sorted(units, key=lambda unit: -unit[0])]


def row(fault: Fault, outcomes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What all repetitions of a fault showed. Times are seconds; ``met``: every bar of every repetition."""
    measured = [o for o in outcomes if "problem" not in o]
    problems = [o["problem"] for o in outcomes if "problem" in o] + [words for o in measured for words in o["problems"]]
    slow = [p - o["progress_bar_s"] for o in measured for p in o["progress_s"] if o["progress_bar_s"] is not None]
    long = [o["recovery_s"] - o["recovery_bar_s"] for o in measured if o["recovery_bar_s"] is not None]
    recovery = [o["recovery_s"] for o in measured]

    def total(name: str) -> int:
        return sum(o[name] for o in measured)

    return {
        "fault": fault.name,
        "title": fault.title,
        "code": fault.code,
        "scenes": len(outcomes),
        "injected": total("injected"),
        "runs": total("runs"),
        "finished": total("finished"),
        "lost": total("runs") - total("finished"),
        **{name: total(name) for name in ("steps_twice", "charged_twice", "asked_again", "fenced")},
        "first_progress_max_s": _round(max((p for o in measured for p in o["progress_s"]), default=None)),
        "recovery_median_s": _round(median(recovery) if recovery else None),
        "recovery_max_s": _round(max(recovery, default=None)),
        "rest_max_s": _round(max((o["rest_s"] for o in measured), default=None)),
        "progress_over_bar_s": _round(max(slow, default=None)),
        "recovery_over_bar_s": _round(max(long, default=None)),
        "met": bool(outcomes) and not problems and max([*slow, *long, 0.0]) <= 0.0,
        "problems": problems,
    }


def _round(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)


def sound(rows: Iterable[dict[str, Any]]) -> bool:
    """Whether nothing was lost or charged twice, and the checker found nothing. Bars of time are not part of it."""
    return all(not r["problems"] and not r["lost"] and not r["charged_twice"] for r in rows)


#: head of a column → what it shows
COLUMNS = {
    "faults": "injected",
    "runs": "runs",
    "lost": "lost",
    "twice": "steps_twice",
    "charged": "charged_twice",
    "again": "asked_again",
    "fenced": "fenced",
    "first": "first_progress_max_s",
    "median": "recovery_median_s",
    "max": "recovery_max_s",
}


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The rows for a person."""
    lines = [f"{'':<66}" + "".join(f"{head:>8}" for head in COLUMNS) + "  bars"]
    for r in rows:
        over = max(r["progress_over_bar_s"] or 0.0, r["recovery_over_bar_s"] or 0.0)
        missed = f"+{over:.1f} s" if r["scenes"] else "not played"
        verdict = "PROBLEM" if r["problems"] else "met" if r["met"] else missed
        cells = "".join(f"{'–' if r[name] is None else r[name]:>8}" for name in COLUMNS.values())
        lines.append(f"{r['code']:<4}{r['title'][:62]:<62}{cells}  {verdict}")
    return lines
