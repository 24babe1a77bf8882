"""CPU time of processes and of all that they started, and of the whole machine, from /proc."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def stats() -> dict[int, tuple[int, int]]:
    """pid → (parent, ticks: user and system, its own and those of children that ended) of every process."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it just ended
                continue
            found[int(folder.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    return found


def seconds(roots: Collection[int]) -> float:
    """CPU seconds of ``roots`` and their descendants so far."""
    known, mine = stats(), set(roots)
    while more := {pid for pid, (parent, _) in known.items() if parent in mine} - mine:
        mine |= more
    return sum(known[pid][1] for pid in mine if pid in known) / TICK


def machine() -> float:
    """CPU seconds that all processes of this machine took so far."""
    user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:])
    return (user + nice + system + irq + softirq) / TICK
