"""The wire: turns ready steps into Celery messages. A message is a hint to look at one row, so losing one is allowed.

Agents go out as a chord whose body is the step after them. A chord is sent once; repair sends its steps one by one.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby
from typing import Any

from celery import current_app
from celery.exceptions import CeleryError
from celery.utils import uuid
from kombu.exceptions import KombuError
from kombu.exceptions import OperationalError as BrokerError
from psycopg import OperationalError
from redis.exceptions import RedisError

from synergy.core.spans import carried
from synergy.workflow import engine
from synergy.workflow.engine import Ready
from synergy.workflow.shape import Shape, shape

log = logging.getLogger(__name__)

STEP_TASK = "synergy.workflow.step"
AWAY = (BrokerError, KombuError, CeleryError, RedisError, OSError)  #: what a broker that does not answer raises


def send(ready: Sequence[Ready]) -> bool:
    """Send a message for each; those that could not be sent are marked, so that the monitor sends them. True = all are out."""
    lost: list[Ready] = []
    for _, group in groupby(ready, key=lambda r: r.run):
        mine = list(group)
        try:
            _send(shape(), mine)
        except AWAY as error:
            log.warning("the broker did not take %d messages: %s", len(mine), error)
            lost += mine
    if lost:
        _mark(lost)
    return not lost


def _send(pipeline: Shape, ready: list[Ready]) -> None:
    """The ready steps of one run. A whole level that was never sent goes out as a chord."""
    first = ready[0].name
    fan_out = len(ready) > 1 and not any(r.resent for r in ready) and {r.name for r in ready} == set(pipeline.siblings(first))
    body = pipeline.after(first) if fan_out else ()
    if body:
        _send_chord(ready, Ready(ready[0].run, body[0].name, body[0].queue))
        return
    for step in ready:
        _publish(step)


def _send_chord(header: list[Ready], body: Ready) -> None:
    """What ``chord(header)(body)`` sends: Celery's workers count the parts and send the body.

    By hand, because the canvas copies and freezes its signatures for longer than it takes to send them (``make bench-engine``).
    """
    group = uuid()
    then = current_app.signature(STEP_TASK, _arguments(body), immutable=True, queue=body.queue, ignore_result=True)
    for index, step in enumerate(header):
        if index == len(header) - 1:  # before the last part may end; and not first, for it tries for long when the broker is away
            current_app.backend.set_chord_size(group, len(header))
        _publish(step, group_id=group, group_index=index, chord=then)


def _publish(step: Ready, **options: Any) -> None:
    arguments = _arguments(step, in_chord="chord" in options)
    current_app.send_task(STEP_TASK, arguments, queue=step.queue, ignore_result=True, retry=False, **options)


def _arguments(step: Ready, *, in_chord: bool = False) -> tuple[str, str, bool]:
    return str(step.run), step.name, in_chord


def _mark(lost: Sequence[Ready]) -> None:
    try:
        engine.unsent(lost)
    except OperationalError as error:  # both are away: the rows are due by themselves after a while
        log.warning("%s", error)


def backlog(queues: Sequence[str]) -> dict[str, int]:
    """Messages that wait in the broker, by queue; nothing when it does not answer."""
    found: dict[str, int] = {}
    with suppress(*AWAY), current_app.connection_for_read() as link:
        link.ensure_connection(max_retries=1, interval_start=0)
        channel = link.channel()
        for name in queues:  # declaring what exists changes nothing, and the answer has the number of messages
            declared = current_app.amqp.queues[name].bind(channel).queue_declare()
            found[name] = declared.message_count  # type: ignore[union-attr]  # the stubs know no named tuple
    return found


_soon: queue.SimpleQueue[Callable[[], bool]] = queue.SimpleQueue()
_sender: dict[int, threading.Thread] = {}


def send_soon(ready: Sequence[Ready]) -> None:
    """``send`` on a thread of its own: a request never waits for a broker."""
    mine = _sender.get(os.getpid())
    if mine is None or not mine.is_alive():
        thread = threading.Thread(target=_drain, name="sender", daemon=True)
        _sender[os.getpid()] = thread
        thread.start()
    _soon.put(partial(carried(send), ready))


def _drain() -> None:
    while True:
        _soon.get()()
