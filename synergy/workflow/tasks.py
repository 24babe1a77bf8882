"""The one task of the workflow, and the life of a worker process."""

from __future__ import annotations

import mmap
import uuid
from typing import Any

from celery import Task, current_app, shared_task
from celery.signals import worker_process_init, worker_process_shutdown, worker_shutting_down

from synergy.core import scratch
from synergy.workflow import engine, turn, wire
from synergy.workflow.heart import heart, still
from synergy.workflow.shape import shape

LEAVING = mmap.mmap(-1, 1)  #: one byte that the worker shares with its children, whichever pool it uses


@shared_task(name=wire.STEP_TASK, bind=True, acks_late=True, ignore_result=True)
def step(self: Task[Any, None], run: str, name: str, in_chord: bool = False) -> None:
    """Look at one row; if it is ready, work. A message that comes late or twice finds nothing to do."""
    done = turn.take(uuid.UUID(run), name, goes_on=serves)
    if not in_chord:
        wire.send(done.ready)
    elif done.worked == 1:  # the chord sends its body itself, but one that lost a part never does
        wire.send(done.ready if done.ready and engine.repaired(done.ready[0].run, shape().siblings(name)) else ())
    else:  # nothing to do: the body must not go out before its header is done; or it was done here, and need not go out
        wire.send(done.ready)
        self.request.chord = None  # so this is no part that counts; raising Ignore says the same and costs a traceback


def serves(queue: str) -> bool:
    """Whether this worker consumes ``queue`` and is not about to leave."""
    return not LEAVING[0] and queue in current_app.amqp.queues.consume_from


@worker_shutting_down.connect
def drain(**_: Any) -> None:
    """SIGTERM: the step that runs is finished, what follows is left to others."""
    LEAVING[0] = 1


@worker_process_init.connect
def begin(**_: Any) -> None:
    """A child was forked: it has temporary files of its own, and beats before it gets its first task."""
    scratch.enter()
    heart(shape().engine, expendable=True, queues=",".join(sorted(current_app.amqp.queues.consume_from)))


@worker_process_shutdown.connect
def end(**_: Any) -> None:
    still()
    scratch.leave()
