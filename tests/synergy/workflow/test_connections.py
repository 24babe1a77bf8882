"""Connections to PostgreSQL: how many there are, and what happens when the server is full or comes back. All processes are real.

One home of its own: its server may be filled up and killed. Eight worker children and the web process, on the tiny pipeline.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from synergy.core.postgres.pool import works
from synergy.embedded.client import acquire
from synergy.embedded.programs import SERVERS
from synergy.env import runtime_dir
from tests.synergy.workflow.conftest import LEASE, ROOT, TINY, serving, wait_for

pytestmark = pytest.mark.acceptance

CHILDREN, WEB = 8, 8
A_CHILD = 3  #: its heart, its watch, and one that the engine shares with the step that runs
ALL = CHILDREN * A_CHILD + WEB
#: Also those that are still on their way in, of whom the server does not know the name yet.
OURS = """
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND usename IS DISTINCT FROM 'postgres' AND application_name <> 'hog'
"""
PREPARE = """
import django; django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
from rest_framework.authtoken.models import Token
call_command("migrate", verbosity=0)
print(Token.objects.create(user=get_user_model().objects.create_superuser("root", password="x")).key)
"""


class House:
    """A running system of its own, and a look at its server."""

    def __init__(self, home: Path, lease, key: str) -> None:
        self.home, self.lease, self.key = home, lease, key
        self._link: psycopg.Connection | None = None

    def need(self, *names: str) -> None:
        parts = self.lease.need([*SERVERS, *names])
        self.address = parts["web"].address if "web" in parts else ""

    def link(self, **more) -> psycopg.Connection:
        wanted = {"host": str(runtime_dir(self.home)), "user": "postgres", "dbname": "synergy", "autocommit": True, **more}
        return psycopg.connect(**wanted)

    def rows(self, statement: str, *values) -> list[tuple]:
        if self._link is None or not works(self._link):  # one for all questions: each new one would be counted
            self.close()
            self._link = self.link()
        return self._link.execute(statement, values or None).fetchall()

    def close(self) -> None:
        if self._link is not None:
            self._link.close()

    def call(self, path: str, body: dict | None = None) -> tuple[int, dict, float]:
        """(status, answer, seconds) of a request to the web process."""
        web = HTTPConnection(urlsplit(self.address).netloc, timeout=30)
        headers = {"Authorization": f"Token {self.key}", "Content-Type": "application/json"}
        began = time.monotonic()
        web.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
        answer = web.getresponse()
        text = answer.read()
        web.close()
        return answer.status, json.loads(text), time.monotonic() - began

    def submit(self, **orders) -> str:
        status, answer, _ = self.call("/api/runs", {"message": f"Build this for us: {json.dumps(orders)}"})
        assert status == 202, answer
        return answer["id"]

    def workers(self) -> set:
        return {worker for (worker,) in self.rows("SELECT id FROM core_workerbeat")}

    def finish(self, runs: list[str], seconds: float = 60) -> None:
        """All are completed, each step was recorded once and claimed once, and nobody was called dead."""
        done = "SELECT count(*) FROM core_run WHERE id = ANY(%s::uuid[]) AND state = 'completed'"
        wait_for(lambda: self.rows(done, runs) == [(len(runs),)], seconds, lambda: str(self.story(runs)))
        for kind in ("done", "claimed"):
            told = self.rows(f"SELECT run_id, step FROM core_event WHERE run_id = ANY(%s::uuid[]) AND kind = '{kind}'", runs)
            assert len(told) == len(set(told)) == 12 * len(runs)
        assert self.rows("SELECT * FROM monitor_incident WHERE remedy IN ('dead_workers', 'lost_steps')") == []

    def story(self, runs: list[str]) -> list[tuple]:
        return self.rows("SELECT name, state, error FROM core_step WHERE run_id = ANY(%s::uuid[]) AND state <> 'done'", runs)

    @contextmanager
    def watched(self):
        """Gives a list that grows by the number of our backends, every few milliseconds in which the server answers."""
        seen: list[int] = []
        end = threading.Event()

        def look() -> None:
            while not end.is_set():
                with suppress(psycopg.Error), self.link(dbname="postgres") as link:
                    while not end.is_set():
                        seen.append(link.execute(OURS).fetchone()[0])
                        time.sleep(0.002)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            wait_for(lambda: seen)
            yield seen
        finally:
            end.set()
            thread.join()

    @contextmanager
    def hog(self):
        """Somebody else takes every connection that the server has left; gives their number."""
        taken: list[psycopg.Connection] = []
        try:
            with suppress(psycopg.OperationalError):
                while True:
                    taken.append(self.link(user="synergy", application_name="hog"))
            yield len(taken)
        finally:
            for link in taken:
                link.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    home = tmp_path_factory.mktemp("house")
    log = home / "steps.log"
    log.touch()
    env = {"SYNERGY_HOME": home, "SYNERGY_PIPELINE": TINY, "SYNERGY_CONCURRENCY": CHILDREN, "SYNERGY_PORT": 0, "STEP_LOG": log}
    env |= {"SYNERGY_LEASE": LEASE, "SYNERGY_DB_CONNECTIONS": WEB, "DJANGO_SETTINGS_MODULE": "synergy.settings"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, str(value))
        for name in ("DATABASE_URL", "REDIS_URL"):
            patch.delenv(name, raising=False)
        lease, _ = acquire(home, SERVERS)  # not volatile: a killed server must keep what it committed
        key = subprocess.run([sys.executable, "-c", PREPARE], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
        made = House(home, lease, key)
        yield made
        made.close()
        lease.close()


@pytest.fixture
def running(house):
    """The house with its web process and its worker, all children up."""
    house.need("web", "worker")
    wait_for(lambda: len(house.workers()) == CHILDREN, 60)
    return house


def test_eight_children_start_without_a_storm_and_work_with_three_connections_each(house):
    house.need()
    with house.watched() as seen:
        house.need("worker")
        wait_for(lambda: len(house.workers()) == CHILDREN, 60)
        assert 0 < max(seen) <= CHILDREN * A_CHILD
        house.need("web", "worker")
        house.finish([house.submit(sleep=0.02) for _ in range(16)])
        assert max(seen) <= CHILDREN * A_CHILD + 1  # and the one of a web process that is asked one thing after the other


def crowd(house: House) -> int:
    """400 requests, 40 at a time; the most backends that there were."""
    run = house.submit()
    with house.watched() as seen, ThreadPoolExecutor(40) as people:
        answers = [status for status, _, _ in people.map(lambda _: house.call(f"/api/runs/{run}"), range(400))]
    assert answers == [200] * 400
    return max(seen)


def test_a_crowd_at_the_web_process_takes_no_more_than_its_share(house):
    house.need()  # without a worker, so that all connections are the web's
    house.need("web")
    assert crowd(house) <= WEB


def test_without_a_limit_the_crowd_would_take_a_connection_each(house, monkeypatch):
    """The seeded defect: a web process with room for all."""
    house.need()
    url = f"postgresql://synergy@/synergy?host={runtime_dir(house.home)}"
    env = {**os.environ, "DATABASE_URL": url, "SYNERGY_DB_CONNECTIONS": "80"}
    with serving(env, house.home / "logs" / "crowded.log") as port:
        monkeypatch.setattr(house, "address", f"http://127.0.0.1:{port}")
        assert crowd(house) > WEB


def test_a_full_server_delays_what_it_cannot_serve_and_breaks_nothing(running):
    before = running.workers()
    runs = [running.submit(sleep=0.3) for _ in range(4)]
    with running.hog() as taken:
        assert taken >= 100 - 3 - ALL - 5
        full = running.rows("SELECT now()")[0][0]
        # the web process goes on with the connections that it has, and the workers hold theirs
        runs.append(running.submit(sleep=0.1))
        lived = "SELECT count(*) FROM core_workerbeat WHERE beat > %s + %s * interval '1 second'"
        wait_for(lambda: running.rows(lived, full, LEASE + 1) == [(CHILDREN,)], 30)
    running.finish(runs)
    assert running.workers() == before


def test_a_web_process_that_finds_the_server_full_says_so_in_the_shape_of_all_errors_and_recovers(house):
    house.need()
    house.need("web")  # it has no connection yet
    body = {"message": "Build this for us: {}"}
    with house.hog() as taken:
        assert taken > 0
        status, answer, took = house.call("/api/runs", body)
        assert (status, set(answer["error"]), answer["error"]["code"]) == (503, {"code", "message", "hint"}, "unavailable")
        assert took < 10
        assert house.call("/ready")[0] == 503
        assert house.call("/health")[0] == 200
    assert house.call("/ready")[0] == 200
    assert house.call("/api/runs", body)[0] == 202


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["restarted", "killed"])
def test_after_a_restart_of_the_server_all_come_back_and_no_more_than_all(running, how):
    before = running.workers()
    runs = [running.submit(sleep=0.2) for _ in range(12)]
    with running.watched() as seen:
        server = running.lease.look()["postgres"].pid
        seen.clear()
        os.kill(server, how)
        wait_for(lambda: running.lease.look()["postgres"].pid not in (None, server), 30)
        running.need("web", "worker")
        status, answer, took = running.call(f"/api/runs/{runs[0]}")
        assert (status, took < 5) == (200, True), answer
        running.finish(runs)
        assert max(seen) <= ALL
    assert running.workers() == before
