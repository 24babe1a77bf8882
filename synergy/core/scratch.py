"""What a process leaves that is killed: a folder of its own for temporary files, which any later process removes.

``tempfile`` and every program that a step starts use it (TMPDIR). The name says whose it is, so that nobody has to remember; and
a program that names the folder of a dead process is an orphan (a sandbox whose parent was killed while it was being set up).
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

from synergy.core.processes import birthmark

_mine: dict[int, Path] = {}


def enter() -> Path:
    """Give this process a folder of its own for temporary files, and remove those of processes that are gone."""
    sweep()
    leave()
    mark = f"synergy-{os.geteuid()}-{os.getpid()}-{_started(os.getpid())}-"
    folder = Path(tempfile.mkdtemp(prefix=mark, dir=_base()))
    folder.chmod(0o711)  # sandboxes work as other users and have to get through
    _mine[os.getpid()] = folder
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    return folder


def leave() -> None:
    """Remove the folder of this process."""
    folder = _mine.pop(os.getpid(), None)
    if folder is not None:
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder.parent)
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> int:
    """End the orphans of this user's processes that have ended, and remove their folders; how many folders there were."""
    gone = []
    for folder in _base().glob(f"synergy-{os.geteuid()}-*-*-*"):
        pid, started = folder.name.split("-")[2:4]
        with suppress(OSError):
            if folder.lstat().st_uid == os.geteuid() and not folder.is_symlink() and _started(int(pid)) != started:
                gone.append(folder)
    if gone:
        _end_orphans({f"TMPDIR={folder}".encode() for folder in gone})
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


def _end_orphans(marks: set[bytes]) -> None:
    """Kill the processes that were started with one of these in their environment."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.stat().st_uid == os.geteuid() and marks & set((process / "environ").read_bytes().split(b"\0")):
                os.kill(int(process.name), signal.SIGKILL)


def _base() -> Path:
    """Where temporary files go without us; a forked child has inherited its parent's folder."""
    found = Path(tempfile.gettempdir())
    return found.parent if found in _mine.values() else found


def _started(pid: int) -> str:
    """When a process started, in clock ticks since the boot; empty when there is none, or only a zombie."""
    return (birthmark(pid) or "").rpartition(":")[2]
