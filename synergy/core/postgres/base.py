"""Django's PostgreSQL backend on a pool: a thread that closes its connection gives it back, one that opens one takes it again.

Threads come and go with each request, and Celery closes connections around each task; neither costs a new session.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.conf import settings
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from synergy.core.postgres.pool import Link, Pool

#: A server that vanished is noticed within about 15 s.
WATCHED = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

_pools: dict[tuple[Any, ...], Pool] = {}


class DatabaseWrapper(base.DatabaseWrapper):
    """``lend`` is for those who need no transaction and no ORM."""

    _home: Pool | None = None  # where ``connection`` came from: after a fork it is not the pool of this process

    def get_connection_params(self) -> dict[str, Any]:
        return {**WATCHED, **super().get_connection_params(), "prepare_threshold": 1}  # Django's own cursors prepare nothing

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if self.alias == NO_DB_ALIAS:
            return super().get_new_connection(conn_params)
        home = self._pool()
        link = home.take(partial(self._dial, conn_params))
        self._home = home
        return link

    def _close(self) -> None:
        if self.connection is not None:
            with self.wrap_database_errors:
                if self._home is None:
                    self.connection.close()
                else:
                    self._home.give(self.connection)
            self.connection = self._home = None

    def close_pool(self) -> None:
        """Close what rests in the pool of this process."""
        self._pool().drain()

    @contextmanager
    def lend(self) -> Iterator[Link]:
        """A connection for statements that are a transaction each: this thread's own, or one of the pool.

        A thread in the middle of a transaction gets another one. Raises psycopg's errors, not Django's.
        """
        if self.connection is not None and self.autocommit:
            yield self.connection
            return
        home = self._pool()
        link = home.take(lambda: self._dial(self.get_connection_params()))
        try:
            yield link
        finally:
            home.give(link)

    def _dial(self, params: dict[str, Any]) -> Link:
        link: Link = super().get_new_connection(params)
        link.autocommit = True
        # Plan each prepared statement once: plans do not depend on the values, and planning costs more than running.
        link.execute("SET plan_cache_mode = force_generic_plan")
        return link

    def _pool(self) -> Pool:
        """The pool of this process: a forked child makes its own."""
        place = (os.getpid(), *(self.settings_dict[name] for name in ("HOST", "PORT", "NAME", "USER")))
        if place not in _pools:
            _pools.setdefault(place, Pool(settings.DATABASE_CONNECTIONS))
        return _pools[place]
