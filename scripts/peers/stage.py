"""Where peers are measured: one PostgreSQL and one Valkey, as Synergy starts them, and processes that end with the benchmark."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from peers import ledger
from peers.figures import StepLog, percentile
from synergy.embedded import postgres
from synergy.embedded.client import Lease, acquire
from synergy.embedded.process import LIBC, PR_SET_PDEATHSIG, signal_group, tail
from synergy.env import broker_url, runtime_dir, stored_secret

ROOT = Path(__file__).resolve().parents[2]
SERVERS = ("postgres", "valkey")
DATABASE = "peers"  #: of those that want one of their own


@dataclass
class Stage:
    """Servers that run; ``pids`` of the parts that the lease holds."""

    home: Path
    lease: Lease
    pids: dict[str, int]
    log: StepLog
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def sockets(self) -> Path:
        return runtime_dir(self.home)

    def need(self, *more: str) -> None:
        """Let the servers and ``more`` of Synergy's own processes run, and nothing else; returns when they have answered."""
        parts = self.lease.need([*SERVERS, *more])
        self.pids = {name: part.pid for name, part in parts.items() if part.pid}

    def start(self, argv: Sequence[object], *, name: str, cwd: Path) -> subprocess.Popen[bytes]:
        """A process in a group of its own that reads from a pipe; its output goes to ``home/logs``."""

        def die_with_parent() -> None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))

        with (self.home / "logs" / f"{name}.log").open("ab") as out:
            process = subprocess.Popen(
                [str(word) for word in argv],
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=die_with_parent,  # one thread only
            )
        self.started.append(process)
        return process

    def clear(self) -> None:
        """End all processes but the servers, and forget what waits in Valkey."""
        for process in self.started:
            signal_group(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdin:
                process.stdin.close()
        self.started.clear()
        self.need()
        self.log.forget()
        with redis.Redis(unix_socket_path=str(self.sockets / "valkey.sock"), password=stored_secret(self.home, "valkey")) as link:
            link.flushall()

    def said(self) -> str:
        """The last words of the processes that run beside the servers."""
        logs = [file for file in sorted((self.home / "logs").glob("*.log")) if file.stem not in ("keeper", *SERVERS)]
        return "\n".join(f"{file.stem}: {tail(file)}" for file in logs)

    def commit_ms(self, count: int = 200) -> float:
        """The floor: the median of a one-row durable commit, in ms."""
        found = []
        with postgres.connect(self.sockets, DATABASE) as link:
            link.execute("CREATE TABLE IF NOT EXISTS floor (n int)")
            for number in range(count):
                began = time.perf_counter()
                link.execute("INSERT INTO floor VALUES (%s)", [number])
                found.append(time.perf_counter() - began)
        return percentile(found, 0.5) * 1000


@contextmanager
def stage(home: Path, recorded: Sequence[int]) -> Iterator[Stage]:
    """Servers with their data in ``home``, and for each number of ``recorded`` runs a ledger that holds so many."""
    log = StepLog(home / "steps.log")
    os.environ.update(environment(home))
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    lease, parts = acquire(home, SERVERS)
    try:
        here = Stage(home, lease, {name: part.pid for name, part in parts.items() if part.pid}, log)
        subprocess.run([sys.executable, "manage.py", "migrate"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        for number in recorded:
            ledger.prepare(here.sockets, number)
        with postgres.connect(here.sockets, "postgres") as link:
            link.execute(f"CREATE DATABASE {DATABASE}".encode())
        try:
            yield here
        finally:
            here.clear()
    finally:
        lease.close()


def environment(home: Path) -> dict[str, str]:
    """What the processes of every peer find in their environment."""
    url = f"unix://:{stored_secret(home, 'valkey')}@{runtime_dir(home)}/valkey.sock"
    return {
        "SYNERGY_HOME": str(home),
        "SYNERGY_PIPELINE": "peers.pipeline",
        "PYTHONPATH": str(ROOT / "scripts"),
        "STEP_LOG": str(home / "steps.log"),
        "PEERS_DATABASE": f"postgresql://postgres@/{DATABASE}?host={runtime_dir(home)}",
        "PEERS_BROKER": broker_url(url, 0),
        "PEERS_RESULTS": broker_url(url, 1),
    }
