"""What /proc says of processes: who they are, who started whom."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def birthmark(pid: int) -> str | None:
    """What tells this process from a later one with the same pid: boot and start time. None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def parent_of(pid: int) -> int | None:
    """The parent's pid, None when ``pid`` is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def descendants(pid: int) -> Iterator[int]:
    """All living children of ``pid``, theirs, and so on; parents first. Processes that end meanwhile are left out."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    for thread in threads:
        try:
            children = Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
        except OSError:
            continue
        for child in map(int, children):
            yield child
            yield from descendants(child)
