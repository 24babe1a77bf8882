"""The sign of life of a worker process: one thread, one database session.

It beats, renews the leases of the attempts it knows of, tells these when to stop, writes their progress and wakes who waits for
news. The session holds an advisory lock: when the process dies the lock is free at once, and everybody can see it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import select
import signal
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field

import psycopg

from synergy.workflow import sql
from synergy.workflow.db import Row, connect
from synergy.workflow.engine import Attempt
from synergy.workflow.times import TIMES

log = logging.getLogger(__name__)

GATHER = 0.2  #: seconds in which news are gathered, so that short steps do not pay for a message each; an end is told at once
STOP_CHANNEL = "synergy_stop"  #: a run was ended from outside: look at once, not at the next beat


@dataclass
class Watched:
    """An attempt that is being worked on. ``stop`` is set when it must end; ``overdue`` says that it took too long."""

    attempt: Attempt
    stop: threading.Event = field(default_factory=threading.Event)
    overdue: bool = False
    began: float = field(default_factory=time.monotonic)
    told: float = 0.0  #: when ``stop`` was set (monotonic seconds)


class Heart:
    """Beats until the process ends. ``worker`` is valid once ``start`` returned.

    An ``expendable`` process (a pool's child with one task) that works on although it was told to stop is killed: by itself.
    """

    def __init__(self, engine: str, *, expendable: bool = False, queues: str = "") -> None:
        self.worker = uuid.uuid4()
        self.expendable = expendable
        self.engine = engine
        self.queues = queues
        self._key = self.worker.int & (2**62 - 1)
        self._watched: dict[uuid.UUID, Watched] = {}
        self._notes: list[tuple[uuid.UUID, str, str]] = []
        self._news: set[uuid.UUID] = set()
        self._lock = threading.Lock()
        self._up = threading.Event()
        self._ended = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._thread = threading.Thread(target=self._live, name="heart", daemon=True)

    def start(self) -> None:
        """Beat for the first time, lock in hand; returns when both are so."""
        self._thread.start()
        self._up.wait()

    def stop(self) -> None:
        """The last beat: the row goes, the lock is freed, the thread ends."""
        self._ended.set()
        self._wake()
        self._thread.join(timeout=5)

    # --- what the attempts of this process use ---

    def watch(self, attempt: Attempt) -> Watched:
        watched = Watched(attempt)
        with self._lock:
            self._watched[attempt.token] = watched
        return watched

    def unwatch(self, attempt: Attempt) -> None:
        with self._lock:
            self._watched.pop(attempt.token, None)

    def note(self, run: uuid.UUID, step: str, line: str) -> None:
        """A line of progress, written soon; the newest 1,000 characters of it."""
        with self._lock:
            self._notes.append((run, step, line.replace("\0", "")[-1000:]))
            self._news.add(run)
        self._wake()

    def news(self, run: uuid.UUID) -> None:
        """Something changed: wake who waits for it."""
        with self._lock:
            self._news.add(run)
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: it is awake anyway
            os.write(self._wake_write, b"x")

    # --- the thread ---

    def _live(self) -> None:
        while not self._ended.is_set():
            try:
                with connect() as session:
                    session.execute("SET synchronous_commit = off")  # a beat that a crash takes back is no loss
                    session.execute(f"LISTEN {STOP_CHANNEL}")
                    self._beat_on(session)
                    session.execute("DELETE FROM core_workerbeat WHERE id = %s", [self.worker])
            except psycopg.Error as error:
                log.warning("heart: %s", str(error).strip() or type(error).__name__)
                self._ended.wait(random.uniform(0.05, 0.15))  # noqa: S311  # hearts that lost one server do not beat in step

    def _beat_on(self, session: psycopg.Connection[Row]) -> None:
        locked, due = False, time.monotonic()
        while not self._ended.is_set():
            if time.monotonic() >= due:
                locked = locked or self._take_lock(session)
                due = time.monotonic() + TIMES.beat
                self._beat(session)
                if locked:
                    self._up.set()
            self._tell(session)
            if self._pause(session, due - time.monotonic()):
                due = time.monotonic()

    def _take_lock(self, session: psycopg.Connection[Row]) -> bool:
        """After a lost connection the server may still hold the lock for our old session: then it is tried at each beat."""
        row = session.execute("SELECT pg_try_advisory_lock(%s)", [self._key]).fetchone()
        return bool(row and row[0])

    def _pause(self, session: psycopg.Connection[Row], seconds: float) -> bool:
        """Wait for the next beat, for work, or for a call to stop (True)."""
        ready, _, _ = select.select([session.fileno(), self._wake_read], [], [], max(0.0, seconds))
        if self._wake_read in ready:
            self._ended.wait(GATHER)
            os.read(self._wake_read, 4096)
        return session.fileno() in ready and any(session.notifies(timeout=0))

    def _beat(self, session: psycopg.Connection[Row]) -> None:
        with self._lock:
            mine = list(self._watched.values())
        values = {
            "worker": self.worker,
            "key": self._key,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "engine": self.engine,
            "queues": self.queues,
            "lease": TIMES.lease,
            "runs": [w.attempt.run for w in mine],
            "names": [w.attempt.name for w in mine],
            "tokens": [w.attempt.token for w in mine],
        }
        limits: dict[uuid.UUID, float] = dict(session.execute(sql.BEAT.encode(), values).fetchall())
        for watched in mine:
            limit = limits.get(watched.attempt.token)  # by our own clock: the database's may be set while we work
            if limit is None or time.monotonic() - watched.began > limit:  # no longer ours, or over its limit
                self._end(watched, overdue=limit is not None)

    def _end(self, watched: Watched, *, overdue: bool) -> None:
        if not watched.stop.is_set():
            watched.overdue, watched.told = overdue, time.monotonic()
            watched.stop.set()
        elif self.expendable and time.monotonic() - watched.told > TIMES.grace:
            log.error("%s of %s does not stop; its process is killed", watched.attempt.name, watched.attempt.run)
            os.kill(os.getpid(), signal.SIGKILL)

    def _tell(self, session: psycopg.Connection[Row]) -> None:
        with self._lock:
            notes, self._notes = self._notes, []
            news, self._news = list(self._news), set()
        if not news:
            return
        values = {
            "worker": self.worker,
            "runs": [run for run, _, _ in notes],
            "steps": [step for _, step, _ in notes],
            "lines": [line for _, _, line in notes],
            "wake": news,
        }
        session.execute(sql.NOTES.encode(), values)


_lock = threading.Lock()
_hearts: dict[int, Heart] = {}


def heart(engine: str, *, expendable: bool = False, queues: str = "") -> Heart:
    """The heart of this process; started on first use, so that a forked child has one of its own."""
    with _lock:
        mine = _hearts.get(os.getpid())
        if mine is None:
            mine = Heart(engine, expendable=expendable, queues=queues)
            mine.start()
            _hearts.clear()
            _hearts[os.getpid()] = mine
        return mine


def still() -> None:
    """Stop the heart of this process, if it beats."""
    with _lock:
        mine = _hearts.pop(os.getpid(), None)
    if mine is not None:
        mine.stop()
