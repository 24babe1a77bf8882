"""Connections that the threads of one process share.

Not psycopg's pool, which Django can use too (``OPTIONS["pool"]``): Celery closes that one around every task of a prefork child,
and after a restart of the server it sleeps for 1, 2, 4 s for each connection that it finds dead, so that requests fail.
"""

from __future__ import annotations

import select
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

Link = psycopg.Connection[tuple[Any, ...]]

PATIENCE = 5.0  #: seconds a thread waits for its turn
AGAIN = 0.2  #: seconds after a server refused a connection in which this process asks for no other, if it has any
REST = 60.0  #: seconds a connection may rest before it is closed, when another one comes back


@dataclass(eq=False)
class Turn:
    """A thread's place in the line. Once ``come``, it has ``link``, or room to open one."""

    come: threading.Event = field(default_factory=threading.Event)
    link: Link | None = None


class Pool:
    """At most ``room`` connections. The one that came back last goes out first, so that those that are too many grow old."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._lock = threading.Lock()
        self._line: deque[Turn] = deque()
        self._resting: deque[tuple[float, Link]] = deque()
        self._lent = 0  # connections that are out, or on their way
        self._full_until = 0.0  # the server's last refusal holds until then

    def take(self, dial: Callable[[], Link]) -> Link:
        """A connection that works: one that rests, or what ``dial`` opens. First come, first served.

        psycopg.OperationalError: none came free in time; or none can be opened, and this process has none to wait for.
        """
        end = time.monotonic() + PATIENCE
        while True:
            rested = self._wait(end)
            if rested is not None and works(rested):
                return rested
            try:
                if rested is not None:
                    rested.close()
                return dial()
            except psycopg.OperationalError:
                if not self._leave(refused=True):
                    raise
            except BaseException:
                self._leave()
                raise

    def give(self, link: Link) -> None:
        """Take ``link`` back. One that is broken, or in the middle of something, is closed."""
        kept = link.pgconn.transaction_status == TransactionStatus.IDLE and link.autocommit
        if not kept:
            link.close()
        self._leave(link if kept else None)

    def drain(self) -> None:
        """Close all that rest."""
        with self._lock:
            rested, self._resting = self._resting, deque()
        for _, link in rested:
            link.close()

    def _wait(self, end: float) -> Link | None:
        """A connection that rested, or None: there is room for a new one. Either counts as lent."""
        turn = Turn()
        with self._lock:
            self._line.append(turn)
            self._call()
        while not turn.come.wait(min(AGAIN, max(0.0, end - time.monotonic()))):
            with self._lock:
                self._call()
                if not turn.come.is_set() and time.monotonic() >= end:
                    self._line.remove(turn)
                    raise psycopg.OperationalError(f"No database connection came free in {PATIENCE:.0f} s.")
        return turn.link

    def _call(self) -> None:
        """Serve the line as far as there is something to give. In the lock."""
        room = self.room if time.monotonic() >= self._full_until else 1
        while self._line and (self._resting or self._lent < room):
            turn = self._line.popleft()
            turn.link = self._resting.pop()[1] if self._resting else None
            self._lent += 1
            turn.come.set()

    def _leave(self, link: Link | None = None, *, refused: bool = False) -> bool:
        """A place is free again; ``link`` rests. Whether there are any other connections."""
        old = []
        with self._lock:
            self._lent -= 1
            now = time.monotonic()
            if refused:
                self._full_until = now + AGAIN
            if link is not None:
                self._resting.append((now, link))
            while self._resting and self._resting[0][0] < now - REST:
                old.append(self._resting.popleft()[1])
            self._call()
            others = bool(self._resting or self._lent)
        for rusty in old:
            rusty.close()
        return others


def works(link: Link) -> bool:
    """Whether the server still holds its end. Nobody speaks to a connection that rests: what can be read there is its end."""
    if link.closed:
        return False
    news = select.poll()
    news.register(link.fileno(), select.POLLIN)
    return not news.poll(0)
