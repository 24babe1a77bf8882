"""How the engine speaks to the database: prepared statements, and what to do when the database is away.

A statement that runs into a lost connection is sent again, so every statement of the engine is written to be repeated.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import psycopg
from django.db import InterfaceError, OperationalError
from django.db import connection as django_connection
from opentelemetry.trace import SpanKind
from psycopg.pq import TransactionStatus

from synergy.core.postgres.base import DatabaseWrapper
from synergy.core.spans import span

connection = cast(DatabaseWrapper, django_connection)

SHOWN = 300  #: characters of a statement that a trace shows; values are never in it
PATIENCE = 120.0  #: seconds a statement waits for a database that is away

Row = tuple[Any, ...]
Done = TypeVar("Done")


def connect() -> psycopg.Connection[Row]:
    """A connection of its own, autocommitting, outside the pool: for a session that listens or holds a lock."""
    wanted = connection.get_connection_params()
    known = {key: wanted[key] for key in wanted if key not in ("cursor_factory", "context")}
    return psycopg.connect(**known, autocommit=True)


def rows(sql: str, values: Mapping[str, Any], patience: float = PATIENCE) -> list[Row]:
    """Run one statement in a transaction of its own and return its rows.

    Repeated while the database is away, for ``patience`` seconds; psycopg.OperationalError after that.
    """
    end = time.monotonic() + patience
    while True:
        try:
            with connection.lend() as link:
                return _run(link, sql, values)
        except psycopg.OperationalError:  # restarting, unreachable, full, a deadlock, or a connection from before the restart
            if time.monotonic() >= end:
                raise
            if not connection.in_atomic_block:
                connection.close()
            pause()


def ask(sql: str, values: Mapping[str, Any]) -> list[Row]:
    """Run one statement on Django's connection of this thread; never repeated. For those who must notice that it was lost."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return _run(connection.connection, sql, values)


_planned: WeakKeyDictionary[psycopg.Connection[Row], set[str]] = WeakKeyDictionary()


def _run(link: psycopg.Connection[Row], sql: str, values: Mapping[str, Any]) -> list[Row]:
    """With a cursor of psycopg: Django's put the values into the text, so that each statement would be planned anew.

    Each is planned once for a connection, and the plan is kept while the ledger grows. In a young ledger, where reading a whole
    table is as quick as its index, that plan would be the wrong one soon, so while it is made only indexes count.
    """
    with span("engine", {"db.system": "postgresql", "db.statement": sql.strip()[:SHOWN]}, kind=SpanKind.CLIENT):
        return _planned_once(link, sql, values)


def _planned_once(link: psycopg.Connection[Row], sql: str, values: Mapping[str, Any]) -> list[Row]:
    known = _planned.setdefault(link, set())
    if sql in known or link.pgconn.transaction_status != TransactionStatus.IDLE:
        return psycopg.Cursor(link).execute(sql.encode(), values).fetchall()
    link.execute("SET enable_seqscan = off")
    try:
        found = psycopg.Cursor(link).execute(sql.encode(), values, prepare=True).fetchall()
    finally:
        if not link.closed:
            link.execute("RESET enable_seqscan")
    known.add(sql)
    return found


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
            pause()


def pause() -> None:
    """Between two tries; processes that lost the same server do not come back in step."""
    time.sleep(random.uniform(0.05, 0.15))  # noqa: S311  # not a secret
