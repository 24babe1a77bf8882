"""Watch a process tree: collect its output, hold it to its limits, and end all of it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from synergy.core.errors import SandboxError
from synergy.core.sandboxes.base import Limits, Outcome

TICK = 0.1  #: seconds between two looks at the limits
FOLDER_TICKS = 10  #: the folder is measured this much less often than the memory
MAX_ENTRIES = 50_000  #: files and folders that a command may have in its folder
PAGE = os.sysconf("SC_PAGE_SIZE")
MB = 1 << 20


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


def memory_of(pids: Iterator[int]) -> int:
    """Bytes of private memory that is resident, summed; pages of shared files are not counted twice."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/statm").read_text().split()
        except OSError:
            continue
        total += (int(fields[1]) - int(fields[2])) * PAGE
    return total


def folder_use(folder: Path) -> tuple[int, int]:
    """(bytes on disk, entries) below ``folder``, links not followed; counting ends above MAX_ENTRIES."""
    used = entries = 0
    for _, folders, files, handle in os.fwalk(folder, follow_symlinks=False, onerror=None):
        entries += len(folders) + len(files)
        if entries > MAX_ENTRIES:
            break
        for name in files:
            try:
                used += os.stat(name, dir_fd=handle, follow_symlinks=False).st_blocks * 512
            except OSError:
                continue
    return used, entries


class Supervised:
    """A started command. The tree dies with the thread that started it, so that thread must outlive ``watch``."""

    def __init__(self, argv: Sequence[str], *, limits: Limits, folder: Path, fds: Sequence[int] = ()) -> None:
        self._limits, self._folder = limits, folder
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=tuple(fds),
            start_new_session=True,
            bufsize=0,
        )
        self._handle = os.pidfd_open(self._process.pid)
        self._output = bytearray()
        self._killed: str | None = None
        self._peak = 0
        self._ticks = 0
        self.pid = self._process.pid

    @property
    def output(self) -> bytes:
        return bytes(self._output)

    def _kill(self, why: str) -> None:
        """End the whole tree. The first reason counts.

        The first child is process 1 of the tree's own namespace: when it dies the kernel ends everything in there before the
        parent learns of it, so nothing is left when ``watch`` returns.
        """
        self._killed = self._killed or why
        for pid in (next(descendants(self.pid), self.pid), self.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            if not self._wait(2.0):
                continue
            return

    def watch(self, stop: Callable[[], bool]) -> Outcome:
        """Wait for the end, looking at the limits every 100 ms."""
        try:
            self._loop(stop)
        except BaseException:
            self._kill("cancelled")
            raise
        finally:
            self._finish()
        return Outcome(
            returncode=self._process.returncode,
            output=self.output,
            seconds=time.monotonic() - self._started,
            killed=self._killed,
            peak_mb=round(self._peak / MB),
        )

    def _loop(self, stop: Callable[[], bool]) -> None:
        poll = select.poll()
        out = self._process.stdout
        assert out is not None
        poll.register(self._handle, select.POLLIN)
        poll.register(out, select.POLLIN)
        due = time.monotonic() + TICK
        while True:
            ready = {fd for fd, _ in poll.poll(max(0.0, due - time.monotonic()) * 1000)}
            if out.fileno() in ready and not self._read(out.fileno()):
                poll.unregister(out)
            if self._handle in ready:
                return
            if time.monotonic() >= due:
                self._tick(stop)
                due = time.monotonic() + TICK

    def _read(self, fd: int) -> bool:
        """Take what there is; False at the end of the stream."""
        data = os.read(fd, 65536)
        room = self._limits.output_mb * MB - len(self._output)
        self._output += data[:room]
        if len(data) > room:
            self._kill("output")
        return bool(data)

    def _tick(self, stop: Callable[[], bool]) -> None:
        used = memory_of(descendants(self.pid))
        self._peak = max(self._peak, used)
        self._ticks += 1
        if used > self._limits.memory_mb * MB:
            self._kill("memory")
        elif time.monotonic() - self._started > self._limits.seconds:
            self._kill("timeout")
        elif self._ticks % FOLDER_TICKS == 0 and self._too_big():
            self._kill("disk")
        elif stop():
            self._kill("cancelled")

    def _too_big(self) -> bool:
        used, entries = folder_use(self._folder)
        return used > self._limits.disk_mb * MB or entries > MAX_ENTRIES

    def _wait(self, seconds: float) -> bool:
        return bool(select.select([self._handle], [], [], seconds)[0])

    def _finish(self) -> None:
        """Reap the process and take the rest of its output; the tree is dead, so the stream ends."""
        out = self._process.stdout
        assert out is not None
        if not self._wait(5.0):
            raise SandboxError("A command could not be ended.")
        if self._process.returncode is None:
            _, status, usage = os.wait4(self.pid, 0)
            self._process.returncode = os.waitstatus_to_exitcode(status)
            self._peak = max(self._peak, usage.ru_maxrss * 1024)
        os.set_blocking(out.fileno(), False)
        while self._killed is None:
            try:
                if not self._read(out.fileno()):
                    break
            except BlockingIOError:
                break
        out.close()
        os.close(self._handle)
