"""One real child process: started in a session of its own, dead when its parent dies, told apart from a recycled pid."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOG_BYTES = 10_000_000  #: a longer log is moved aside when its process starts
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, kw_only=True)
class Service:
    """How one process is started, known to be ready, and stopped."""

    name: str
    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    log: Path
    after: Sequence[str] = ()  #: services that must be ready before this one starts
    prepare: Callable[[], None] = lambda: None  #: before each start; raises SynergyError when starting is pointless
    ready: Callable[[Child], bool] = lambda child: True  #: asked every 20 ms, must prove that *this* child answers
    stop: signal.Signals = signal.SIGTERM  #: also what the child gets when its parent dies
    patience: float = 5.0  #: seconds from ``stop`` to SIGKILL
    address: str = ""  #: where people find it


@dataclass
class Child:
    """A started service."""

    service: Service
    process: subprocess.Popen[bytes]
    began: float = field(default_factory=time.monotonic)

    @property
    def pid(self) -> int:
        return self.process.pid

    def ended(self) -> bool:
        """True once it is dead; what is left of its process group is killed first, while the dead leader still holds the pid."""
        if self.process.returncode is None:
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return False
            signal_group(self.pid, signal.SIGKILL)
            self.process.wait()
        return True

    def ask(self) -> None:
        """Ask it to stop."""
        if not self.ended():
            self.process.send_signal(self.service.stop)

    def end(self) -> None:
        """Wait for it to stop after ``ask``, then make it stop."""
        deadline = time.monotonic() + self.service.patience
        while not self.ended() and time.monotonic() < deadline:
            time.sleep(0.02)
        if not self.ended():
            signal_group(self.pid, signal.SIGKILL)
            while not self.ended():
                time.sleep(0.005)


def spawn(service: Service) -> Child:
    """Start ``service``. Call from the main thread: the kernel ties the child to the thread that started it."""
    service.prepare()
    service.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if service.log.exists() and service.log.stat().st_size > LOG_BYTES:
        service.log.replace(service.log.with_suffix(".log.1"))
    parent = os.getpid()

    def die_with_parent() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(service.stop))
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    with service.log.open("ab") as log:
        process = subprocess.Popen(
            list(service.argv),
            cwd=service.cwd,
            env=dict(service.env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent,  # one thread only
        )
    return Child(service, process)


def signal_group(leader: int, number: signal.Signals) -> None:
    """Send ``number`` to the process group of ``leader``, which may be gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log, for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4000))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
