"""How everybody else gets services: ``with session() as running: …``."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connections

from synergy.core.errors import PermanentError, ServiceDown
from synergy.embedded import schema
from synergy.embedded.keeper import SOCKET, secure_folder
from synergy.embedded.process import tail
from synergy.embedded.programs import BASE_DIR
from synergy.env import runtime_dir

START_SECONDS = 90.0  #: a slow disk and a cold cache included


class KeeperGone(ServiceDown):
    """The process that holds the embedded services ended."""


@dataclass(frozen=True)
class Part:
    """One process of the running system."""

    name: str
    pid: int | None
    up: bool
    restarts: int
    seconds: float  #: from start to the first proven answer
    address: str
    log: str
    problem: str


@dataclass
class Running:
    """The system as it was when the session began; ``refresh`` looks again."""

    lease: Lease | None
    parts: dict[str, Part] = field(default_factory=dict)

    def refresh(self) -> dict[str, Part]:
        if self.lease is not None:
            self.parts = self.lease.look()
        return self.parts


class Lease:
    """A connection to the keeper; what it asked for runs until it is closed."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.reader = connection.makefile("rb")

    def need(self, names: Collection[str], wait: Collection[str] | None = None) -> dict[str, Part]:
        """Ask for ``names`` (replaces what was asked before) and return once all in ``wait`` (default: all) have answered."""
        return self.ask({"need": sorted(names), "wait": sorted(names if wait is None else wait)})

    def look(self) -> dict[str, Part]:
        return self.ask({})

    def ask(self, request: dict[str, object]) -> dict[str, Part]:
        try:
            self.connection.sendall(json.dumps(request).encode() + b"\n")
            line = self.reader.readline()
        except TimeoutError:
            raise ServiceDown("The embedded services did not start in time.", hint="Look into the logs folder.") from None
        except OSError:
            line = b""
        if not line:
            raise KeeperGone()
        reply = json.loads(line)
        if "error" in reply:
            raise ServiceDown(reply["error"], hint=reply["hint"])
        return {name: Part(name=name, **state) for name, state in reply["state"].items()}

    def close(self) -> None:
        """Give back what was asked for; returns when what nobody else uses has stopped."""
        with suppress(ServiceDown):
            self.need(())
        self.reader.close()
        self.connection.close()


def dial(home: Path) -> Lease | None:
    """A connection to the keeper of ``home`` when there is one."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(START_SECONDS)
    try:
        connection.connect(str(runtime_dir(home) / SOCKET))
    except OSError:
        connection.close()
        return None
    return Lease(connection)


def acquire(home: Path, names: Collection[str], *, volatile: bool = False) -> tuple[Lease, dict[str, Part]]:
    """A lease on ``names``, from the keeper that runs or from a new one."""
    deadline = time.monotonic() + START_SECONDS
    keeper: subprocess.Popen[bytes] | None = None
    while time.monotonic() < deadline:
        lease = dial(home)
        if lease is not None:
            try:
                return lease, lease.need(names)
            except KeeperGone:  # it was just leaving
                lease.close()
                keeper = None
            except BaseException:
                lease.close()
                raise
        if keeper is None:
            keeper = start_keeper(home, volatile=volatile)
        elif keeper.poll():
            raise PermanentError(f"The embedded services could not be started.\n{tail(home / 'logs' / 'keeper.log')}")
        time.sleep(0.01)
    raise ServiceDown("The embedded services did not start in time.", hint=f"Look into {home / 'logs'}.")


def start_keeper(home: Path, *, volatile: bool) -> subprocess.Popen[bytes]:
    for folder in (home, home / "logs"):
        secure_folder(folder)
    argv = [sys.executable, "-m", "synergy.embedded", str(home), *(["--volatile"] if volatile else [])]
    with (home / "logs" / "keeper.log").open("ab") as log:
        keeper = subprocess.Popen(argv, cwd=BASE_DIR, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    threading.Thread(target=keeper.wait, daemon=True).start()  # it may outlive us, or end while we live: then no zombie
    return keeper


def servers() -> list[str]:
    """The services that no environment variable points elsewhere."""
    embedded = {"postgres": settings.EMBEDDED_POSTGRES, "valkey": settings.EMBEDDED_VALKEY}
    return [name for name, wanted in embedded.items() if wanted]


@contextmanager
def session(
    processes: Collection[str] = ("worker", "beat"),
    *,
    wait: Collection[str] = (),
    always: bool = False,
    note: Callable[[str], None] = lambda line: None,
) -> Iterator[Running]:
    """The running system, or what is missing of it, for as long as the block lasts. The database is migrated and seeded.

    ``processes``: of worker, beat, web, flower; returns when those in ``wait`` have answered, the others go on starting.
    With DATABASE_URL and REDIS_URL set nothing is started, because the processes run elsewhere too, unless ``always``.
    ``note`` gets one line for each thing that takes time.
    """
    base = servers()
    if not base and not always:
        schema.migrate(note)
        schema.seed()
        yield Running(None)
        return
    if base:
        note("Starting the embedded services" if dial_nobody(settings.SYNERGY_HOME) else "Using the running services")
    lease, _ = acquire(settings.SYNERGY_HOME, base)
    try:
        schema.migrate(note)
        lease.need([*base, *processes], base)  # they start while we go on
        schema.seed()
        parts = lease.need([*base, *processes], [*base, *wait])
        yield Running(lease, parts)
    finally:
        connections.close_all()  # the server may be gone when this process connects again
        lease.close()


def dial_nobody(home: Path) -> bool:
    lease = dial(home)
    if lease is not None:
        lease.close()
    return lease is None
