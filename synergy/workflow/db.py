"""Connections of the engine itself, beside Django's: pooled per process, autocommitting, with prepared statements.

Celery closes Django's connections around every task; a claim must not pay for a new one. A statement that runs into a lost
connection is sent again, so every statement of the engine is written to be repeated.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import psycopg
from django.db import InterfaceError, OperationalError, connection
from psycopg_pool import ConnectionPool

POOL_MAX = 4  #: connections of one process: a claim holds one for about a millisecond
PATIENCE = 120.0  #: seconds a statement waits for a database that is away

Row = tuple[Any, ...]
Done = TypeVar("Done")


def parameters() -> dict[str, Any]:
    """How to reach the database that Django uses. A server that vanished is noticed within about 15 s."""
    wanted = connection.get_connection_params()
    known = {key: wanted[key] for key in wanted if key not in ("cursor_factory", "context", "prepare_threshold")}
    watch = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
    return {"connect_timeout": 5, **watch, **known}


def connect() -> psycopg.Connection[Row]:
    """A connection of its own, autocommitting: for a session that listens or holds a lock."""
    return psycopg.connect(**parameters(), autocommit=True, prepare_threshold=1)


_lock = threading.Lock()
_pools: dict[int, ConnectionPool[psycopg.Connection[Row]]] = {}


def pool() -> ConnectionPool[psycopg.Connection[Row]]:
    """The pool of this process; a forked child makes its own."""
    with _lock:
        mine = _pools.get(os.getpid())
        if mine is None:
            _pools.clear()
            mine = ConnectionPool(
                kwargs={**parameters(), "autocommit": True, "prepare_threshold": 1},
                configure=_plan_once,
                min_size=1,
                max_size=POOL_MAX,
                num_workers=1,
                timeout=5.0,
                name="engine",
                open=True,
            )
            _pools[os.getpid()] = mine
        return mine


def _plan_once(link: psycopg.Connection[Row]) -> None:
    """Plan each statement once for each connection: plans do not depend on the values, and planning costs more than running."""
    link.execute("SET plan_cache_mode = force_generic_plan")


def close() -> None:
    """Close the pool of this process (tests, orderly exit)."""
    with _lock:
        mine = _pools.pop(os.getpid(), None)
    if mine is not None:
        mine.close()


def rows(sql: str, values: Mapping[str, Any], patience: float = PATIENCE) -> list[Row]:
    """Run one statement in a transaction of its own and return its rows.

    Repeated while the database is away, for ``patience`` seconds; psycopg.OperationalError after that.
    """
    end = time.monotonic() + patience
    while True:
        try:
            return _once(sql, values)
        except psycopg.OperationalError:  # restarting, unreachable, a deadlock, or a connection from before the restart
            if time.monotonic() >= end:
                raise
            time.sleep(0.1)


def _once(sql: str, values: Mapping[str, Any]) -> list[Row]:
    mine = pool()
    link = mine.getconn()
    try:
        return link.execute(sql.encode(), values).fetchall()
    finally:
        mine.putconn(link)


def persist(work: Callable[[], Done], patience: float = PATIENCE) -> Done:
    """Call ``work`` (a transaction on Django's connection) until the database has answered; it may run more than once."""
    end = time.monotonic() + patience
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            if time.monotonic() >= end:
                raise
            connection.close()
            time.sleep(0.1)


def ask(sql: str, values: Mapping[str, Any]) -> list[Row]:
    """Run one statement on Django's connection of this thread; never repeated. For those who must notice that it was lost."""
    with connection.cursor() as cursor:
        cursor.execute(sql, dict(values))
        return list(cursor.fetchall())
