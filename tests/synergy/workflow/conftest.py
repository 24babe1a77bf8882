"""Real worker processes on a tiny pipeline of the real shape (``synergy.chaos.pipeline``)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from monitor import clock as monitor_clock
from synergy.celery import app
from synergy.chaos import truth
from synergy.chaos.pipeline import AGENTS
from synergy.core.models import LIVE_RUN, Run
from synergy.embedded.programs import free_port, http
from synergy.workflow import engine, heart, services, wire

ROOT = Path(__file__).resolve().parents[3]
TINY = "synergy.chaos.pipeline"
CELERY = (sys.executable, "-m", "celery", "-A", "synergy.celery")
LEASE = 3


class Fleet:
    """Workers that a test starts, kills and freezes. All are gone at its end."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.log = folder / "steps.log"
        self.log.touch()
        self.truth = truth.Truth(self.log)
        self.env, self.folder = {**env, truth.ENV: str(self.log)}, folder
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, count: int = 1, *, concurrency: int = 3, pool: str = "prefork", **env: str) -> subprocess.Popen[bytes]:
        """Workers that have said that they are ready; the last one is returned."""
        marks = []
        for _ in range(count):
            name = f"w{len(self.workers)}"
            mark = self.folder / f"{name}.ready"
            argv = (*CELERY, "worker", "-Q", "agents,browser,tests,control", "-P", pool, "-c", str(concurrency), "-n", name)
            with (self.folder / f"{name}.log").open("ab") as out:
                self.workers.append(
                    subprocess.Popen(
                        (*argv, "--without-gossip", "--without-mingle"),
                        cwd=ROOT,
                        env={**self.env, "SYNERGY_READY_FILE": str(mark), **env},
                        stdout=out,
                        stderr=out,
                        start_new_session=True,
                    )
                )
            marks.append(mark)
        wait_for(lambda: all(mark.exists() for mark in marks), 60, self.output)
        return self.workers[-1]

    def kill(self, worker: subprocess.Popen[bytes], how: int = signal.SIGKILL) -> None:
        """A signal for the worker and all its children."""
        os.killpg(worker.pid, how)
        if how == signal.SIGKILL:
            worker.wait(10)

    def stop(self) -> None:
        for worker in self.workers:
            try:
                os.killpg(worker.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            worker.wait(10)

    def output(self) -> str:
        return "\n".join(file.read_text()[-3000:] for file in sorted(self.folder.glob("w*.log")))

    def begun(self, run: Run, step: str) -> list[float]:
        """When the body of ``step`` began, each time."""
        return [line.at for line in self.truth.of(run.id, step, "S")]

    def ended(self, run: Run, step: str) -> list[float]:
        return [line.at for line in self.truth.of(run.id, step, "E")]

    def pid(self, run: Run, step: str) -> int:
        """The process of the latest attempt, once there is one."""
        wait_for(lambda: self.begun(run, step), 20, self.output)
        return self.truth.of(run.id, step, "S")[-1].pid

    def finish(self, run: Run, seconds: float = 30) -> Run:
        """Wait until the run has ended."""
        wait_for(lambda: ended(run), seconds, lambda: f"{run.state} {story(run)}\n{self.output()}")
        return run


def wait_for(ready, seconds: float = 30, explain=lambda: ""):
    """The first true value of ``ready()``; fails the test after ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := ready():
            return value
        time.sleep(0.02)
    raise AssertionError(f"It did not happen in {seconds} s. {explain()}")


@contextmanager
def serving(env: dict[str, str], log: Path) -> Iterator[int]:
    """A web process that has answered, by its port."""
    port = free_port(0)
    argv = (
        sys.executable,
        "-m",
        "uvicorn",
        "synergy.asgi:application",
        "--port",
        str(port),
        "--lifespan",
        "off",
        "--no-access-log",
    )
    with log.open("wb") as out:
        web = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        wait_for(lambda: web.poll() is None and http(port, "/health"), 30, log.read_text)
        yield port
    finally:
        web.kill()
        web.wait()


@contextmanager
def broker_down():
    """No broker answers this process. Celery keeps its producers, so they are dropped on both ways."""

    def drop() -> None:
        app.close()
        app.amqp._producer_pool = None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.conf, "broker_url", "redis+socket:///nowhere/broker.sock?virtual_host=0")
        drop()
        yield
    drop()


def ended(run: Run) -> bool:
    run.refresh_from_db()
    return run.state not in LIVE_RUN


def story(run: Run) -> list[str]:
    """The history without notes: ``["created", "stack claimed", …]``."""
    return [f"{e.step} {e.kind}".strip() for e in run.events.all() if e.kind != "note"]


def states(run: Run) -> dict[str, str]:
    return dict(run.steps.values_list("name", "state"))


@pytest.fixture(scope="session")
def engine_env(django_db_setup, live_valkey, own_home):
    """The environment of worker processes that see the database and the broker of this test process."""
    database = settings.DATABASES["default"]
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
        "REDIS_URL": live_valkey,
        "SYNERGY_HOME": str(own_home),
        "SYNERGY_PIPELINE": TINY,
        "SYNERGY_LEASE": str(LEASE),
        "SYNERGY_BACKOFF": "0.5,0.5,0.5",
    }


@pytest.fixture
def tiny_pipeline(settings):
    settings.SYNERGY_PIPELINE = TINY


@pytest.fixture(scope="module")
def ledger(django_db_setup, django_db_blocker):
    """The database without a transaction around the test, shared with live workers, emptied when the module is through."""
    with django_db_blocker.unblock():
        yield
        call_command("flush", interactive=False, verbosity=0)
        connection.close()


@pytest.fixture
def broker(live_valkey):
    """The broker, empty."""
    client = redis.Redis.from_url(live_valkey)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def fleet(engine_env, ledger, broker, tiny_pipeline, tmp_path):
    """No worker yet; the test starts, kills and freezes its own."""
    made = Fleet(engine_env, tmp_path)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def shared_fleet(engine_env, ledger, tmp_path_factory):
    made = Fleet(engine_env, tmp_path_factory.mktemp("crew"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def crew(shared_fleet, tiny_pipeline):
    """One worker with three children that nobody harms, shared by the tests of a module."""
    return shared_fleet


def words(**orders) -> str:
    """A message with these orders; each agent says that it cost $0.25."""
    for agent in AGENTS:
        orders[f"code:{agent}"] = {"cost": 0.25, **orders.get(f"code:{agent}", {})}
    return f"Build this for us: {json.dumps(orders)}"


def submit(send: bool = True, **orders) -> Run:
    """Start a run of the tiny pipeline: ``submit(sleep=0.1, ui={"raise": "transient"})``."""
    run, ready = services.create_run(words(**orders), tenant=services.default_tenant())
    if send:
        wire.send(ready)
    return run


@pytest.fixture
def rows(transactional_db, tiny_pipeline, broker, monkeypatch):
    """The ledger without any worker, on a database that counts as up for long; its heart is stilled afterwards."""
    for module in (engine, monitor_clock):
        monkeypatch.setattr(module, "TIMES", replace(engine.TIMES, calm=0.0))
    yield
    heart.still()
