"""Who is measured, and how each is started. A new peer is a file beside this one and a line in ``PEERS``."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from peers import ledger
from peers.stage import ROOT, SERVERS, Stage

CHILDREN = 3  #: of Synergy's shipped worker, so of Celery's too


@dataclass(frozen=True)
class Crew:
    """The processes of a peer that is ready for orders. ``feeder`` reads names of runs from its standard input."""

    feeder: subprocess.Popen[bytes]
    workers: tuple[int, ...]
    servers: tuple[int, ...]

    def submit(self, runs: Collection[str]) -> None:
        assert self.feeder.stdin
        self.feeder.stdin.write((" ".join(runs) + "\n").encode())
        self.feeder.stdin.flush()


@dataclass(frozen=True)
class Peer:
    """``start`` gets it going with fresh workers. ``needs``: what of the extras; ``share``: of the runs at once."""

    name: str
    start: Callable[[Stage, Python], Crew]
    needs: tuple[str, ...] = ()
    share: float = 1.0


@dataclass(frozen=True)
class Python:
    """The interpreter that has the extras; None = they could not be installed."""

    path: Path | None

    def has(self, name: str) -> bool:
        """Whether there is a program or a module called ``name``."""
        if self.path is None:
            return False
        argv = [str(self.path), "-c", f"import {name}"]
        return bool(self.program(name)) or subprocess.run(argv, capture_output=True, check=False).returncode == 0

    def program(self, name: str) -> str | None:
        return which(name, path=str(self.path.parent)) if self.path else None


def synergy(recorded: int) -> Callable[[Stage, Python], Crew]:
    """Worker and beat as shipped, on a ledger with ``recorded`` runs; started through Django, as the product does it."""

    def start(stage: Stage, python: Python) -> Crew:
        ledger.fresh(stage.sockets, recorded)
        stage.need("worker", "beat")
        feeder = stage.start([sys.executable, "-m", "peers.synergy_peer"], name="synergy-feeder", cwd=ROOT)
        return Crew(feeder, (stage.pids["worker"], stage.pids["beat"]), servers(stage, *SERVERS))

    return start


def celery(name: str, *pool: str) -> Callable[[Stage, Python], Crew]:
    """Celery's own canvas, its worker as its documentation starts it."""

    def start(stage: Stage, python: Python) -> Crew:
        argv = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "peers.celery_peer",
            "worker",
            *pool,
            "--without-gossip",
            "--without-mingle",
        ]
        worker = stage.start([*argv, "-l", "error"], name=name, cwd=stage.home)
        feeder = stage.start([sys.executable, "-m", "peers.celery_peer"], name=f"{name}-feeder", cwd=stage.home)
        return Crew(feeder, (worker.pid,), servers(stage, "valkey"))

    return start


def alone(module: str) -> Callable[[Stage, Python], Crew]:
    """One process that starts runs and works on them, with its state in PostgreSQL."""

    def start(stage: Stage, python: Python) -> Crew:
        worker = stage.start([python.path, "-m", f"peers.{module}"], name=module, cwd=stage.home)
        return Crew(worker, (worker.pid,), servers(stage, "postgres"))

    return start


def temporal(*, local: bool) -> Callable[[Stage, Python], Crew]:
    """The development server with a fresh file, one worker, one client."""

    def start(stage: Stage, python: Python) -> Crew:
        port = free_port()
        file = stage.home / f"temporal-{port}.db"
        argv = [python.program("temporal"), "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", port]
        server = stage.start([*argv, "--db-filename", file, "--log-level", "error"], name="temporal", cwd=stage.home)
        where = (f"127.0.0.1:{port}", "local" if local else "normal")
        module = [python.path, "-m", "peers.temporal_peer"]
        worker = stage.start([*module, "work", *where], name="temporal-worker", cwd=stage.home)
        feeder = stage.start([*module, "feed", *where], name="temporal-feeder", cwd=stage.home)
        return Crew(feeder, (worker.pid,), (server.pid,))

    return start


def servers(stage: Stage, *names: str) -> tuple[int, ...]:
    return tuple(stage.pids[name] for name in names)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


PEERS = {
    peer.name: peer
    for peer in (
        Peer("synergy", synergy(ledger.FEW)),
        Peer("synergy-10000", synergy(ledger.MANY)),
        Peer("celery", celery("celery", "-P", "prefork", "-c", str(CHILDREN))),
        Peer("celery-threads", celery("celery-threads", "-P", "threads", "-c", "32")),
        Peer("dbos", alone("dbos_peer"), ("dbos",)),
        Peer("langgraph", alone("langgraph_peer"), ("langgraph.graph", "langgraph.checkpoint.postgres")),
        Peer("temporal-local", temporal(local=True), ("temporalio", "temporal")),
        Peer("temporal", temporal(local=False), ("temporalio", "temporal"), share=0.25),
    )
}


def present(peers: Collection[Peer], python: Python) -> tuple[list[Peer], dict[str, str]]:
    """Those whose packages are there, and for each other one why it is left out."""
    absent = {peer.name: [name for name in peer.needs if not python.has(name)] for peer in peers}
    skipped = {name: f"{', '.join(missing)} not installed" for name, missing in absent.items() if missing}
    return [peer for peer in peers if peer.name not in skipped], skipped
