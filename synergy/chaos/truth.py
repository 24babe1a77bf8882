"""What really happened, written by the steps themselves into a file outside the engine: one line for each start and end.

A line is ``seconds run step what pid``; seconds are monotonic, so that all processes of the machine agree and no clock that is
set changes them. ``what``: S a step's body began, E it ended, K its process is about to be killed, anything else as a fault says.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ENV = "STEP_LOG"  #: names the file


class Line(NamedTuple):
    at: float
    run: str
    step: str
    what: str
    pid: int


def write(run: str, step: str, what: str) -> None:
    """Append a line, whole even when the process is killed right after."""
    line = f"{time.monotonic():.6f} {run} {step} {what} {os.getpid()}\n".encode()
    handle = os.open(os.environ[ENV], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(handle, line)
    os.close(handle)


@dataclass
class Truth:
    """A reader of the file that remembers what it has read."""

    file: Path

    def __post_init__(self) -> None:
        self._read: list[Line] = []
        self._at = 0

    def lines(self) -> list[Line]:
        """Everything so far."""
        try:
            with self.file.open("rb") as file:
                file.seek(self._at)
                whole, end, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return []
        self._at += len(whole + end)
        for line in whole.decode().splitlines():
            at, run, step, what, pid = line.split()
            self._read.append(Line(float(at), run, step, what, int(pid)))
        return self._read

    def of(self, run: object, step: str | None = None, what: str | None = None) -> list[Line]:
        """The lines of a run, of one of its steps, of one kind."""
        return [
            line
            for line in self.lines()
            if line.run == str(run) and (step is None or line.step == step) and (what is None or line.what == what)
        ]

    def progress(self, run: object, since: float) -> float | None:
        """Seconds from ``since`` to the next start of a step of ``run``; None when there was none."""
        later = [line.at for line in self.of(run, what="S") if line.at > since]
        return min(later) - since if later else None

    def twice(self, runs: Iterable[object]) -> int:
        """How often the body of a step ran to its end again, although it had ended before."""
        wanted = {str(run) for run in runs}
        ends = Counter((line.run, line.step) for line in self.lines() if line.what == "E" and line.run in wanted)
        return sum(count - 1 for count in ends.values())
