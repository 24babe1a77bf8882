"""The pool below Django's connections, on a real server."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction

from synergy.core.postgres import pool as pooling
from synergy.core.postgres.base import _pools
from synergy.core.postgres.pool import Pool
from tests.synergy.workflow.conftest import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
ROOM = 4


@pytest.fixture
def server(postgres):
    """A superuser's session that looks at ours."""
    with psycopg.connect(host=str(postgres), user="postgres", dbname="postgres", autocommit=True) as session:
        yield session


@pytest.fixture(autouse=True)
def small(settings, server):
    """A fresh pool with little room, and no session of an earlier test that is still about to end."""
    settings.DATABASE_CONNECTIONS = ROOM
    connection.close()
    connection.close_pool()
    _pools.clear()
    server.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) pid", [list(backends(server))])
    yield
    connection.close()
    connection.close_pool()
    _pools.clear()


def backends(server) -> set[int]:
    found = server.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [settings.DATABASES["default"]["NAME"]])
    return {pid for (pid,) in found.fetchall()}


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def visit(seconds: float = 0.0) -> int:
    """What a request does: take a connection, use it, give it back."""
    try:
        pid = backend()
        time.sleep(seconds)
        return pid
    finally:
        connection.close()


def dial() -> psycopg.Connection:
    """A session outside the pool."""
    wanted = connection.get_connection_params()
    return psycopg.connect(**{name: wanted[name] for name in ("host", "port", "user", "dbname")}, autocommit=True)


@contextmanager
def threads(count: int):
    with ThreadPoolExecutor(count) as crew:
        yield crew


@contextmanager
def held(count: int):
    """Other threads that have ``count`` connections."""
    gate, leave = threading.Barrier(count + 1), threading.Event()

    def hold() -> None:
        backend()
        gate.wait()
        leave.wait()
        connection.close()

    with threads(count) as crew:
        for _ in range(count):
            crew.submit(hold)
        gate.wait()
        try:
            yield
        finally:
            leave.set()


def test_threads_that_come_and_go_use_one_session_after_the_other(server):
    seen = set()
    for _ in range(5):
        with threads(1) as crew:
            seen.add(crew.submit(visit).result())
    assert len(seen) == 1
    assert backends(server) == seen


def test_a_crowd_is_served_in_turn_by_few_sessions(server):
    with threads(40) as crew:
        seen = list(crew.map(lambda _: visit(0.01), range(200)))
    assert len(seen) == 200
    assert 1 <= len(set(seen)) <= ROOM
    assert backends(server) <= set(seen)


def test_who_came_first_is_served_first():
    pool, order = Pool(1), []

    def queue(number: int) -> None:
        link = pool.take(dial)
        order.append(number)
        pool.give(link)

    link = pool.take(dial)
    with threads(5) as crew:
        for number in range(5):
            crew.submit(queue, number)
            wait_for(lambda: len(pool._line) == number + 1)  # noqa: B023  # it is waited for at once
        pool.give(link)
    assert order == [0, 1, 2, 3, 4]
    pool.drain()


def test_when_no_place_comes_free_it_is_said_in_time(monkeypatch):
    monkeypatch.setattr(pooling, "PATIENCE", 0.3)
    with held(ROOM):
        began = time.monotonic()
        with pytest.raises(OperationalError, match="No database connection came free"):
            visit()
        assert 0.3 <= time.monotonic() - began < 3
    assert visit()  # and nothing was lost by it


@pytest.mark.parametrize("looks", [True, False])
def test_after_the_server_was_away_the_first_request_finds_a_new_session(server, monkeypatch, looks):
    """Without the look at what rests (the seeded defect) it fails."""
    if not looks:
        monkeypatch.setattr(pooling, "works", lambda link: True)
    with held(ROOM):
        old = backends(server)
    assert len(old) == ROOM
    server.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) pid", [list(old)])
    began = time.monotonic()
    if looks:
        assert visit() not in old
        assert time.monotonic() - began < 1
        with threads(ROOM) as crew:
            assert not set(crew.map(lambda _: visit(0.05), range(ROOM))) & old
    else:
        with pytest.raises(OperationalError):
            visit()


def test_a_session_that_dies_in_use_is_not_kept(server):
    pid = backend()
    server.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(OperationalError):
        backend()
    connection.close()
    assert visit() != pid


def test_a_transaction_that_was_left_open_is_not_handed_to_the_next():
    pid = backend()
    connection.set_autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE leftover (x int)")
    connection.close()
    assert visit() != pid
    with connection.lend() as link:
        assert link.autocommit
        assert link.execute("SELECT to_regclass('leftover')").fetchone() == (None,)


def test_what_rested_for_long_is_closed_when_another_comes_back(server, monkeypatch):
    with held(ROOM):
        pass
    assert len(backends(server)) == ROOM
    monkeypatch.setattr(pooling, "REST", 0.0)
    visit()
    wait_for(lambda: len(backends(server)) == 1)


def test_a_loan_uses_the_own_session_but_never_the_middle_of_a_transaction():
    mine = backend()
    with connection.lend() as link:
        assert link.info.backend_pid == mine
    with transaction.atomic():
        assert backend() == mine
        with connection.lend() as link:
            assert link.info.backend_pid != mine
    connection.close()
    with connection.lend() as link:
        assert link.info.backend_pid
    assert connection.connection is None


def test_a_forked_child_has_sessions_of_its_own(server):
    with held(2):
        before = backends(server)
    mine = backend()  # and another one rests
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def child() -> None:
        connection.connection = connection._home = None  # as Celery does: what the parent has is the parent's
        theirs.send((visit(), visit()))

    process = context.Process(target=child)
    process.start()
    first, again = ours.recv()
    process.join(10)
    assert first == again
    assert first not in before
    assert backend() == mine


def test_where_nothing_answers_and_nothing_is_open_it_fails_at_once():
    def nobody():
        raise psycopg.OperationalError("nobody there")

    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError, match="nobody there"):
        Pool(ROOM).take(nobody)
    assert time.monotonic() - began < pooling.AGAIN


def test_while_the_server_is_full_threads_wait_for_what_this_process_has():
    """The server refuses, as when ``max_connections`` is reached; one thread of ours has a session and gives it back."""
    pool, tried = Pool(ROOM), []

    def refuse():
        tried.append(1)
        raise psycopg.OperationalError("too many clients")

    def use():
        taken = pool.take(refuse)
        pool.give(taken)
        return taken

    link = pool.take(dial)
    with threads(8) as crew:
        waiting = [crew.submit(use) for _ in range(8)]
        wait_for(lambda: tried)
        pool.give(link)
        assert {future.result() for future in waiting} == {link}
    assert len(tried) <= 3  # they did not storm the server
    pool.drain()
