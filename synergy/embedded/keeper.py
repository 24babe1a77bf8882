"""The keeper: one process that owns the embedded services for as long as somebody uses them.

Whoever needs services connects to ``run/keeper.sock`` and says which; the open connection is the lease. The kernel closes it when
its holder dies, however it dies, so a crash ends in the same orderly stop as a normal end. When the last lease is gone the keeper
stops everything and leaves. When the keeper itself is killed, its children get their stop signal from the kernel.

Request, one JSON line: ``{"need": ["postgres", …], "wait": ["postgres", …]}`` (both replace what this lease said before), or
``{}`` to look. Answer, one JSON line: ``{"state": {name: {pid, up, …}}}`` once all in ``wait`` are up, or ``{"error", "hint"}``.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import selectors
import socket
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from synergy.core.errors import PermanentError
from synergy.embedded import postgres, valkey
from synergy.embedded.process import Service
from synergy.embedded.programs import PROGRAMS
from synergy.embedded.supervisor import Supervisor
from synergy.env import stored_secret

ORDER = ("postgres", "valkey", *PROGRAMS)
SOCKET = "keeper.sock"
FIRST_LEASE = 15.0  #: seconds the keeper waits for its first user
REQUEST_BYTES = 65_536

log = logging.getLogger(__name__)


@dataclass
class Lease:
    """One open connection."""

    need: set[str] = field(default_factory=set)
    wait: set[str] = field(default_factory=set)
    waiting: bool = False
    text: bytes = b""


class Keeper:
    """The event loop around a Supervisor. One thread."""

    def __init__(self, home: Path, sockets: Path, *, volatile: bool = False) -> None:
        self.home, self.sockets, self.volatile = home, sockets, volatile
        self.supervisor = Supervisor(self.build, ORDER, home / "children.json")
        self.leases: dict[socket.socket, Lease] = {}
        self.stopping = False
        self.selector = selectors.DefaultSelector()

    def build(self, name: str) -> Service:
        if name == "postgres":
            return postgres.service(self.home, self.sockets, volatile=self.volatile)
        if name == "valkey":
            return valkey.service(self.home, self.sockets, stored_secret(self.home, "valkey"), volatile=self.volatile)
        return PROGRAMS[name](self.home, self.sockets)

    def serve(self, listener: socket.socket) -> None:
        """Until the last lease is gone, or a signal."""
        self.supervisor.end_orphans()
        self.selector.register(listener, selectors.EVENT_READ)
        patience = time.monotonic() + FIRST_LEASE
        while not self.stopping and (self.leases or time.monotonic() < patience):
            busy = self.supervisor.unsettled()
            for key, _ in self.selector.select(0.02 if busy else 0.2):
                if key.fileobj is listener:
                    self.accept(listener)
                elif isinstance(key.fileobj, socket.socket):
                    self.read(key.fileobj)
                    patience = 0.0
            self.supervisor.step(self.wanted())
            self.answer()
        listener.close()
        for connection in list(self.leases):
            self.drop(connection)
        self.supervisor.stop_all()

    def wanted(self) -> set[str]:
        return {name for lease in self.leases.values() for name in lease.need}

    def accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid != os.geteuid():
            connection.close()
            return
        connection.setblocking(False)
        self.leases[connection] = Lease()
        self.selector.register(connection, selectors.EVENT_READ)

    def read(self, connection: socket.socket) -> None:
        lease = self.leases[connection]
        try:
            data = connection.recv(REQUEST_BYTES)
        except ConnectionError:
            data = b""
        lease.text += data
        if not data or len(lease.text) > REQUEST_BYTES:
            self.drop(connection)
            return
        *lines, lease.text = lease.text.split(b"\n")
        try:
            for line in lines:
                self.ask(lease, json.loads(line))
        except (ValueError, TypeError, KeyError):
            self.drop(connection)

    def ask(self, lease: Lease, request: dict[str, list[str]]) -> None:
        """Take a request; it is answered when its time comes."""
        if request:
            lease.need, lease.wait = set(request["need"]) & set(ORDER), set(request["wait"]) & set(ORDER)
        lease.waiting = True

    def drop(self, connection: socket.socket) -> None:
        self.selector.unregister(connection)
        connection.close()
        del self.leases[connection]

    def answer(self) -> None:
        """Tell those who wait, once there is something to tell."""
        for connection, lease in list(self.leases.items()):
            if not lease.waiting:
                continue
            slots = [self.supervisor.slots[name] for name in lease.wait if name in self.supervisor.slots]
            failed = next((slot for slot in slots if slot.hopeless), None)
            if failed is not None:
                hint = f"The whole log: {failed.service.log}"
                self.send(connection, {"error": failed.problem, "hint": hint})
            elif len(slots) == len(lease.wait) and all(slot.up for slot in slots):
                self.send(connection, {"state": self.supervisor.state(), "keeper": os.getpid()})

    def send(self, connection: socket.socket, reply: dict[str, object]) -> None:
        self.leases[connection].waiting = False
        try:
            connection.sendall(json.dumps(reply).encode() + b"\n")
        except OSError:
            self.drop(connection)

    def stop(self, *_: object) -> None:
        self.stopping = True


def secure_folder(folder: Path) -> None:
    """Make ``folder`` ours alone, or refuse it: whoever can write there can pose as our database."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.geteuid() or not folder.is_dir() or folder.is_symlink():
        raise PermanentError(f"{folder} belongs to somebody else.", hint="Set SYNERGY_HOME to a folder of your own.")
    if found.st_mode & 0o077:
        folder.chmod(0o700)


def only_one(home: Path, sockets: Path) -> IO[str] | None:
    """The lock of the one keeper; None when another keeper already serves. A stopping one is waited for."""
    lock = (home / "keeper.lock").open("a")
    deadline = time.monotonic() + 60
    while not locked(lock):
        if serving(sockets / SOCKET):
            lock.close()
            return None
        if time.monotonic() > deadline:
            raise PermanentError("Another keeper holds the lock and does not answer.")
        time.sleep(0.05)
    return lock


def locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def serving(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
            return True
        except OSError:
            return False


def listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(64)
    return listener
