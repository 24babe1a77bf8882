"""Watch a process tree: collect its output, hold it to its limits, and end all of it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from synergy.core.errors import SandboxError
from synergy.core.processes import descendants
from synergy.core.sandboxes.base import Limits, Outcome

TICK = 0.1  #: seconds between two looks at the limits; the first ones come sooner
FIRST_TICK = 0.01
FOLDER_TICKS = 10  #: the folder is measured this much less often than the memory
MAX_ENTRIES = 50_000  #: files and folders that a command may have in its folder
PAGE = os.sysconf("SC_PAGE_SIZE")
MB = 1 << 20


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
    """A started ``bwrap``. The tree dies with the thread that started it, so that thread must outlive ``watch``."""

    def __init__(self, argv: Sequence[str], *, limits: Limits, folder: Path, status: int, fds: Sequence[int] = ()) -> None:
        """``status`` is the reading end of the pipe that ``--json-status-fd`` writes to; it is closed by the caller."""
        self._limits, self._folder, self._status = limits, folder, status
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
        self._first: int | None = None  #: process 1 of the tree's own namespace
        self._report = b""
        self._output = bytearray()
        self._killed: str | None = None
        self._peak = 0
        self._ticks = 0
        self.pid = self._process.pid

    @property
    def output(self) -> bytes:
        return bytes(self._output)

    @property
    def set_up(self) -> bool:
        """Whether the command was really started; known after ``watch``."""
        return b"exit-code" in self._report

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
        out = self._stdout()
        takers = {out: self._take_output, self._status: self._take_status}
        for fd in (self._handle, *takers):
            poll.register(fd, select.POLLIN)
        pause = FIRST_TICK
        due = time.monotonic() + pause
        while True:
            ready = {fd for fd, _ in poll.poll(max(0.0, due - time.monotonic()) * 1000)}
            for fd in ready & takers.keys():
                if not takers[fd]():
                    poll.unregister(fd)
            if self._handle in ready:
                return
            if time.monotonic() >= due:
                self._tick(stop)
                pause = min(TICK, pause * 2)
                due = time.monotonic() + pause

    def _take_output(self) -> bool:
        """Take what there is; False at the end of the stream."""
        data = os.read(self._stdout(), 65536)
        room = self._limits.output_mb * MB - len(self._output)
        self._output += data[:room]
        if len(data) > room:
            self._kill("output")
        return bool(data)

    def _take_status(self) -> bool:
        data = os.read(self._status, 4096)
        self._report += data
        if self._first is None and b"\n" in self._report:
            with suppress(ProcessLookupError):
                self._first = os.pidfd_open(json.loads(self._report.splitlines()[0])["child-pid"])
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

    def _kill(self, why: str) -> None:
        """End the whole tree. The first reason counts.

        When process 1 of the tree's namespace dies, the kernel ends all others before anybody learns of it.
        """
        self._killed = self._killed or why
        with suppress(ProcessLookupError):
            if self._first is not None:
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
                if _ended(self._handle, 2.0):
                    return
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def _finish(self) -> None:
        """Wait until nothing of the tree is left, reap it and take the rest of its output."""
        if not _ended(self._handle, 5.0):
            raise SandboxError("A command could not be ended.")
        self._process.wait()
        for fd, take in ((self._stdout(), self._take_output), (self._status, self._take_status)):
            os.set_blocking(fd, False)
            with suppress(BlockingIOError):
                while take():
                    continue
        if self._first is not None:
            if not _ended(self._first, 5.0):
                raise SandboxError("A command left processes that could not be ended.")
            os.close(self._first)
        self._process.stdout.close()  # type: ignore[union-attr]  # it is a pipe, always
        os.close(self._handle)

    def _stdout(self) -> int:
        assert self._process.stdout is not None
        return self._process.stdout.fileno()


def _ended(process: int, seconds: float) -> bool:
    """Whether the process behind the handle ends within ``seconds``."""
    return bool(select.select([process], [], [], seconds)[0])
