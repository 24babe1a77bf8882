"""The quick look for trouble in every worker process: a thread that needs no leader and no broker."""

from __future__ import annotations

import logging
import os
import random
import threading
import time

from django.db import InterfaceError, OperationalError, connection

from monitor.services import heal
from synergy.workflow.times import TIMES

log = logging.getLogger(__name__)

RECONNECT = 0.1  #: seconds between two tries to reach the database again


class Watch:
    """Heals once when it starts, then at every tick until it is stopped."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(timeout=5)

    def _live(self) -> None:
        calm_at = 0.0
        while not self._ended.is_set():
            pause = TIMES.tick * random.uniform(0.8, 1.0)  # noqa: S311  # so that workers do not look in step
            try:
                heal(quick=True, calm=time.monotonic() >= calm_at)
            except (OperationalError, InterfaceError) as error:
                log.warning("watch: %s", str(error).strip())
                connection.close()
                calm_at = time.monotonic() + TIMES.calm  # when our session was lost, all were, and all locks with them
                pause = RECONNECT
            except Exception:  # a watch that ended would watch nothing
                log.exception("watch: a look failed")
            self._ended.wait(pause)
        connection.close()


_watches: dict[int, Watch] = {}


def watch() -> None:
    """Start the watch of this process, once."""
    if os.getpid() not in _watches:
        _watches.clear()
        _watches[os.getpid()] = Watch()
        _watches[os.getpid()].start()


def rest() -> None:
    """Stop the watch of this process, if there is one."""
    if mine := _watches.pop(os.getpid(), None):
        mine.stop()
