"""A worker's turn: claim a step, run it, record it, go on with the next one for as long as that needs nobody else."""

from __future__ import annotations

import errno
import logging
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from django.db import InterfaceError, OperationalError, close_old_connections

from synergy.core import spans
from synergy.core.errors import (
    ApprovalNeeded,
    BadInput,
    BudgetSpent,
    Cancelled,
    NotBuildable,
    PermanentError,
    SynergyError,
    TransientError,
)
from synergy.core.types import Delivery, Value
from synergy.workflow import approval, engine, steps
from synergy.workflow.book import Ledger
from synergy.workflow.db import persist
from synergy.workflow.engine import Attempt, Ready, Recorded
from synergy.workflow.heart import Heart, Watched, heart
from synergy.workflow.shape import Shape, StepSpec, shape
from synergy.workflow.steps import Inputs

log = logging.getLogger(__name__)

#: what a step raises on purpose, and cannot be helped by another try → kind of its end
ENDS: tuple[tuple[tuple[type[SynergyError], ...], str], ...] = (
    ((BudgetSpent, ApprovalNeeded), "blocked"),
    ((BadInput, NotBuildable), "refused"),
    ((SynergyError,), "failed"),
)
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Turn:
    """``worked``: this many steps were claimed. ``ready`` wants messages."""

    worked: int
    ready: tuple[Ready, ...] = ()


def take(run: uuid.UUID, name: str, *, goes_on: Callable[[str], bool]) -> Turn:
    """Run ``name`` and what follows in line. ``goes_on(queue)``: whether this worker may take a step of that queue at once."""
    pipeline = shape()
    pulse = heart(pipeline.engine)
    attempt = engine.claim(pipeline, run, name, pulse.worker)
    worked, ready = 0, tuple[Ready, ...]()
    known: Inputs | None = None
    while attempt is not None:
        worked += 1
        recorded, known = _one(pipeline, pulse, attempt, goes_on, known)
        attempt, ready = recorded.next, recorded.ready
        pulse.news(run)
        close_old_connections()
    return Turn(worked, ready)


def _one(
    pipeline: Shape, pulse: Heart, attempt: Attempt, goes_on: Callable[[str], bool], known: Inputs | None
) -> tuple[Recorded, Inputs | None]:
    """Run one step; whatever happens ends in the ledger. Also what is known to who goes on."""
    spec = pipeline.spec(attempt.name)
    watched = pulse.watch(attempt)
    recorded = Recorded(accepted=False)
    with _given_back(attempt, watched):
        inputs = steps.read(pipeline, attempt, known)
        value = _run(pipeline, spec, pulse, watched, inputs)
        result, facts = value.model_dump_json(), steps.facts(value, inputs)
        following = pipeline.after(spec.name)
        inline = len(following) == 1 and goes_on(following[0].queue)
        recorded = engine.record(pipeline, attempt, result, facts=facts, inline=inline)
        known = steps.with_result(pipeline, inputs, spec.name, result) if recorded.next else None
    pulse.unwatch(attempt)
    return recorded, known


def _run(pipeline: Shape, spec: StepSpec, pulse: Heart, watched: Watched, inputs: Inputs) -> Value:
    run = watched.attempt.run
    if spec.result is Delivery:
        approval.require(run, spec.name)
    book = Ledger(run, spec.name)
    place = steps.bench(run, inputs.project, watched.stop.is_set, lambda line: pulse.note(run, spec.name, line), book)
    with spans.span(f"step {spec.name}", _told(watched.attempt), within=spans.of_run(*inputs.trace)):
        value = spec.load()(place, *steps.arguments(pipeline, spec, run, inputs, place))
    if not isinstance(value, spec.result):
        raise PermanentError(f"{spec.name} gave a {type(value).__name__} where a {spec.result.__name__} was due.")
    return value


def _told(attempt: Attempt) -> spans.Attributes:
    """What the span of an attempt says, with the names of OpenTelemetry's conventions where there are some."""
    step, _, agent = attempt.name.partition(":")
    known: dict[str, str | int] = {
        "synergy.run.id": str(attempt.run),
        "synergy.step": attempt.name,
        "synergy.attempt": attempt.number,
        "gen_ai.workflow.name": "synergy",
    }
    if agent:
        known |= {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent}
    elif step == "plan":
        known |= {"gen_ai.operation.name": "plan"}
    return known


@contextmanager
def _given_back(attempt: Attempt, watched: Watched) -> Iterator[None]:
    """Translate what a step raises into the row's next state. Nothing but an orderly exit of the process passes through."""
    try:
        yield
    except (SystemExit, KeyboardInterrupt):
        _give_back(attempt, "released")
        raise
    except Exception as error:  # noqa: BLE001  # a step is foreign code: whatever it raises must end in the ledger
        _end(attempt, watched, error)


def _end(attempt: Attempt, watched: Watched, error: Exception) -> None:
    kind, text, again_in = _judge(error, watched)
    detail = "" if isinstance(error, SynergyError) else "".join(traceback.format_exception(error))[-8000:]
    if not _give_back(attempt, kind, text, again_in, detail):
        log.info("%s of %s ended after it was taken away: %s", attempt.name, attempt.run, text)
        engine.refuse(attempt)


def _judge(error: Exception, watched: Watched) -> tuple[str, str, float | None]:
    """(kind, words for a person, seconds until the next try) of what a step raised."""
    if watched.overdue and isinstance(error, Cancelled | TransientError):
        return "overdue", "It took longer than it may.", None
    if isinstance(error, TransientError):
        return "retry", str(error), error.retry_after
    if isinstance(error, SynergyError):
        return next(kind for kinds, kind in ENDS if isinstance(error, kinds)), str(error), None
    if isinstance(error, OperationalError | InterfaceError | psycopg.OperationalError):
        return "retry", f"The database did not answer: {str(error).strip()}", None
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return "retry", f"The disk is full: {error.filename or 'a file'} could not be written.", None
    if isinstance(error, MemoryError):
        return "retry", "The worker ran out of memory.", None
    return "failed", f"Internal error: {type(error).__name__}: {error}", None


def _give_back(attempt: Attempt, kind: str, error: str = "", again_in: float | None = None, detail: str = "") -> bool:
    return persist(
        lambda: engine.give_back(
            attempt.run, attempt.name, attempt.token, kind=kind, error=error, again_in=again_in, detail=detail
        )
    )
