"""Synergy's own processes: web, worker, beat and Flower."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from synergy.embedded.process import Child, Service
from synergy.env import env_int, stored_secret

BASE_DIR = Path(__file__).resolve().parents[2]
QUEUES = "agents,browser,tests,control"
CLOCKWORK = (sys.executable, "-m", "synergy.embedded.clockwork")
SERVERS = ("postgres", "valkey")


def worker(home: Path, sockets: Path) -> Service:
    """One prefork worker for all queues; SYNERGY_CONCURRENCY children."""
    mark = sockets / "worker.ready"
    return program(
        home,
        "worker",
        (*CLOCKWORK, "worker", QUEUES),
        env={"SYNERGY_READY_FILE": str(mark)},
        prepare=lambda: mark.unlink(missing_ok=True),
        ready=lambda child: mark.exists(),
        stop=signal.SIGQUIT,  # does not wait for running steps: the ledger gives them to the next worker
        patience=0.5,
    )


def beat(home: Path, sockets: Path) -> Service:
    """The clock. Its schedule file is only a memory of last runs, so it may live in the runtime folder."""
    return program(home, "beat", (*CLOCKWORK, "beat", str(sockets / "beat")))


def web(home: Path, sockets: Path) -> Service:
    port = free_port(env_int("SYNERGY_PORT", 8000, high=65535))
    server = (sys.executable, "-m", "uvicorn", "synergy.asgi:application", "--host", "127.0.0.1", "--port", str(port))
    argv = (*server, "--no-access-log", "--timeout-graceful-shutdown", "3", "--lifespan", "off")
    return program(home, "web", argv, ready=lambda child: http(port, "/health"), address=f"http://127.0.0.1:{port}")


def flower(home: Path, sockets: Path) -> Service:
    """Flower on loopback behind a password that is made once."""
    port = free_port(env_int("SYNERGY_FLOWER_PORT", 5555, high=65535))
    argv = (
        sys.executable,
        "-m",
        "celery",
        "-A",
        "synergy.celery",
        "flower",
        f"--conf={BASE_DIR / 'synergy/embedded/flowerconfig.py'}",
        "--address=127.0.0.1",
        f"--port={port}",
        "--enable_events",
    )
    env = {"FLOWER_BASIC_AUTH": f"synergy:{stored_secret(home, 'flower')}"}  # not an argument: everybody can read those
    return program(
        home, "flower", argv, env=env, ready=lambda child: http(port, "/healthcheck"), address=f"http://127.0.0.1:{port}"
    )


PROGRAMS: dict[str, Callable[[Path, Path], Service]] = {"worker": worker, "beat": beat, "web": web, "flower": flower}


def program(
    home: Path,
    name: str,
    argv: tuple[str, ...],
    *,
    env: dict[str, str] | None = None,
    prepare: Callable[[], None] = lambda: None,
    ready: Callable[[Child], bool] = lambda child: True,
    stop: signal.Signals = signal.SIGTERM,
    patience: float = 5.0,
    address: str = "",
) -> Service:
    """A process of ours: runs in the repository, with this process's environment, after the servers."""
    own = {"SYNERGY_HOME": str(home), "DJANGO_SETTINGS_MODULE": "synergy.settings", "PYTHONUNBUFFERED": "1"}
    return Service(
        name=name,
        argv=argv,
        cwd=BASE_DIR,
        env={**os.environ, **own, **(env or {})},
        log=home / "logs" / f"{name}.log",
        after=SERVERS,
        prepare=prepare,
        ready=ready,
        stop=stop,
        patience=patience,
        address=address,
    )


def free_port(wanted: int) -> int:
    """``wanted`` on loopback, or any free port when it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return wanted


def http(port: int, path: str) -> bool:
    """Whether loopback answers 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
