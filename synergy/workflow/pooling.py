"""The child processes of a worker: Celery's own, but nothing that they say is forgotten when the broker goes away."""

from __future__ import annotations

from collections.abc import Callable
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from celery.concurrency import asynpool, prefork

if TYPE_CHECKING:
    Reading = GeneratorType[None, None, None]


class ResultHandler(asynpool.ResultHandler):
    """Reads what the children say, and goes on where it was when the broker comes back.

    What a child says may arrive in parts: a long traceback does not fit into a pipe. When the broker goes away between two parts,
    Celery forgets the first, cannot read the second alone, and does not listen to that child any more. The child counts as busy
    for ever, and when all do, the worker lives and does nothing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._begun: dict[int, tuple[object, Reading]] = {}  #: file descriptor → whose it is, and who reads it

    def _recv_message(self, add_reader: Callable[..., None], fd: int, callback: Callable[[Any], None]) -> Reading:
        child = self.fileno_to_outq.get(fd)  # type: ignore[attr-defined]  # the stubs do not know it
        before, reading = self._begun.get(fd, (None, None))
        if reading is None or reading.gi_frame is None or before is not child:  # all was read, or another child has its number
            reading = super()._recv_message(add_reader, fd, callback)  # type: ignore[misc]
            self._begun[fd] = child, reading
        return reading


class AsynPool(asynpool.AsynPool):
    ResultHandler = ResultHandler


class TaskPool(prefork.TaskPool):
    Pool = AsynPool
