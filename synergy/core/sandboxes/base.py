"""What a sandbox must do: run one command on untrusted files, limited, without network, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from synergy.core.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A host folder seen inside the sandbox at ``inside`` (absolute, or relative to the project).

    Without ``host`` it is an empty folder in memory that vanishes with the command.
    """

    host: Path | None
    inside: str
    writable: bool = False


@dataclass(frozen=True, kw_only=True)
class Limits:
    seconds: float = 120.0
    memory_mb: int = 3072  #: resident, over the whole process tree
    processes: int = 256
    file_mb: int = 256
    output_mb: int = 8
    disk_mb: int = 1024  #: of the whole project folder


@dataclass(frozen=True, kw_only=True)
class Job:
    """One command. The project is /work inside, the working directory is ``/work/<cwd>``."""

    argv: Sequence[str]
    project: Path
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Mount] = ()
    limits: Limits = Limits()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    returncode: int
    output: bytes  #: stdout and stderr together, at most ``output_mb``
    seconds: float
    killed: str | None = None  #: timeout, memory, output, disk, cancelled
    peak_mb: int = 0


class Server(Protocol):
    """A command that keeps running. It listens on a unix socket, so no port of the machine is ever opened."""

    @property
    def socket(self) -> Path:
        """The socket as the host sees it."""

    def alive(self) -> bool: ...

    def log(self) -> str: ...


class Sandbox(Protocol):
    name: str

    def available(self) -> str | None:
        """None when it can be used, else what is missing and how to get it."""

    def run(self, job: Job, stop: Callable[[], bool] = lambda: False) -> Outcome:
        """Run to the end. ``stop`` is asked every 100 ms; True ends the whole process tree.

        Raises SandboxError when the sandbox itself fails, not the command in it.
        """

    def serve(self, job: Job) -> AbstractContextManager[Server]:
        """Start a server; ``{socket}`` in its argv and env becomes the path to listen on. The tree is dead on exit.

        Returns once the socket accepts a connection; raises ServiceDown with the end of the log when the server ends or
        ``limits.seconds`` pass before that. The thread that enters must live as long as the server: it dies with it.
        """


registry: Registry[Sandbox] = Registry("synergy.core.sandboxes")
