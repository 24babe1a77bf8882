"""The work of every peer: the shape of Synergy's pipeline with empty steps. Standard library only.

The truth lies outside all engines: whoever starts a run and every step append a line ``time run step S|E pid`` to STEP_LOG.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from functools import cache

LEVELS: tuple[tuple[str, ...], ...] = (
    ("stack",),
    ("plan",),
    ("code:frontend", "code:backend", "code:devops"),
    ("ui",),
    ("improve",),
    ("visuals",),
    ("conflicts",),
    ("tests",),
    ("slo",),
    ("delivery",),
)
STEPS = tuple(step for level in LEVELS for step in level)
SUBMIT = "submit"  #: the line of whoever starts a run, written just before the call


@cache
def _file(pid: int) -> int:
    """One descriptor for each process: a forked child opens its own."""
    return os.open(os.environ["STEP_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def note(run: str, step: str, what: str) -> None:
    """Append one line in one write, so that lines of several processes never mix."""
    pid = os.getpid()
    os.write(_file(pid), f"{time.time():.6f} {run} {step} {what} {pid}\n".encode())


def submitted(run: str) -> None:
    note(run, SUBMIT, "S")


def body(run: str, step: str) -> str:
    """All that a step does; its result."""
    note(run, step, "E")
    return step


def orders() -> Iterator[list[str]]:
    """Names of runs to start, as the benchmark writes them to standard input: one line for those that start at once."""
    for line in sys.stdin:
        yield line.split()
