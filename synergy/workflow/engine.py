"""The engine: claim, record, give back, send. It knows rows and names, neither what steps do nor how messages travel.

Rules: a step is worked on by whoever holds its token. Recording is fenced by that token. A ready row is its own outbox: what is
sent by nobody is sent by the monitor. Each function may be repeated after a lost answer.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Extract, Now

from synergy.core.models import LIVE_RUN, LIVE_STEP, WORKING_RUN, Event, Run, RunState, Step, StepState, WorkerBeat
from synergy.workflow import sql
from synergy.workflow.db import Row, ask, rows
from synergy.workflow.shape import Shape
from synergy.workflow.times import TIMES

UNCOUNTED = ("released", "blocked")  #: ends of an attempt that do not count as a try


@dataclass(frozen=True)
class Ready:
    """A step that may be claimed and wants a message."""

    run: uuid.UUID
    name: str
    queue: str
    resent: bool = False  #: a message was sent before and nothing came of it
    late: float = 0.0  #: seconds since it was due


@dataclass(frozen=True)
class Attempt:
    """The right to run a step, and to record what came of it."""

    run: uuid.UUID
    name: str
    token: uuid.UUID
    worker: uuid.UUID
    number: int
    inputs: Row | None = field(default=None, repr=False, compare=False)  #: as ``sql.INPUTS`` has it; None = not read yet


@dataclass(frozen=True)
class Facts:
    """What a result says about its run. ``final`` ends the run."""

    stack: str | None = None
    confidence: float | None = None
    verdict: Mapping[str, object] | None = None
    final: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Recorded:
    """``accepted`` is False for a zombie. ``next`` was claimed in the same statement; ``ready`` wants messages."""

    accepted: bool
    next: Attempt | None = None
    ready: tuple[Ready, ...] = ()


def enter(shape: Shape, run: Run, slug: str, title: str, taken: Sequence[str] = ()) -> list[Ready] | None:
    """Write ``run``, which is new, its steps, and its project (``slug``, else made as ``title``); None when it is there already.

    ``taken``: steps whose results are taken over from the run's parent. IntegrityError: another run makes the same project just
    now; nothing was written, and the next try finds it.
    """
    needs = [sum(before.name not in taken for before in shape.just_before(spec.name)) for spec in shape]
    values = {
        "run": run.id,
        "tenant": run.tenant_id,
        "slug": slug,
        "title": title,
        "message": run.message,
        "options": json.dumps(run.options),
        "stack": run.stack,
        "confidence": run.confidence,
        "cost": run.cost_usd,
        "budget": run.budget_usd,
        "engine": run.engine,
        "key": run.idempotency_key,
        "trace": run.trace_id,
        "span": run.span_id,
        "parent": run.parent_id,
        "revises": run.revises_id,
        "carried": run.carried_seconds,
        "names": [spec.name for spec in shape],
        "queues": [spec.queue for spec in shape],
        "limits": [float(spec.seconds) for spec in shape],
        "needs": needs,
        "taken": list(taken),
        "resend": TIMES.resend,
    }
    found = ask(sql.ENTER, values)
    if not found:
        return None
    run.project_id, run.created_at = found[0]
    run._state.adding = False
    return [Ready(run.id, s.name, s.queue) for s, need in zip(shape, needs, strict=True) if not need and s.name not in taken]


def claim(shape: Shape, run: uuid.UUID, name: str, worker: uuid.UUID) -> Attempt | None:
    """Take ``name`` of ``run``; None when there is nothing to take."""
    token = uuid.uuid4()
    values = {"run": run, "name": name, "token": token, "worker": worker, "engine": shape.engine, "lease": TIMES.lease}
    found = rows(sql.CLAIM, {**values, "names": shape.sources(name)})
    return Attempt(run, name, token, worker, found[0][0], found[0][1:]) if found else None


def record(shape: Shape, attempt: Attempt, result: str, *, facts: Facts | None = None, inline: bool = False) -> Recorded:
    """Record ``result`` (JSON) and ready what comes next; with ``inline`` the only successor is claimed at once."""
    following = [] if facts and facts.final else [spec.name for spec in shape.after(attempt.name)]
    token = uuid.uuid4()
    values = {
        "run": attempt.run,
        "name": attempt.name,
        "token": attempt.token,
        "worker": attempt.worker,
        "result": result,
        "next": following,
        "next_token": token,
        "inline": inline and len(following) == 1,
        "facts": _facts(facts),
        "final": facts.final if facts else None,
        "reason": facts.reason if facts else None,
        "lease": TIMES.lease,
        "resend": TIMES.resend,
    }
    found = rows(sql.RECORD, values) or rows(sql.RECORDED, values)
    if not found:
        refuse(attempt)
        return Recorded(accepted=False)
    mine = [
        Attempt(attempt.run, name, token, attempt.worker, number) for name, state, _, number, *_ in found if state == "running"
    ]
    ready = tuple(Ready(attempt.run, name, queue) for name, state, queue, *_ in found if state == "ready")
    return Recorded(accepted=True, next=mine[0] if mine else None, ready=ready)


def refuse(attempt: Attempt) -> None:
    """Remember that an attempt ended after it had been taken away."""
    rows(sql.FENCED, {"run": attempt.run, "name": attempt.name, "worker": attempt.worker, "attempt": attempt.number})


def _facts(facts: Facts | None) -> str | None:
    """Facts for the run's row as JSON; None leaves the row alone."""
    if facts is None:
        return None
    known = {"stack": facts.stack, "confidence": facts.confidence, "verdict": facts.verdict}
    return json.dumps({key: value for key, value in known.items() if value is not None})


@transaction.atomic
def give_back(
    run: uuid.UUID, name: str, token: uuid.UUID, *, kind: str, error: str = "", again_in: float | None = None, detail: str = ""
) -> bool:
    """End an attempt without a result. ``kind``: failed, refused (both end the run), retry, overdue, lost, released, blocked.

    What may be tried again becomes ready after 10, 20, 40 s (``again_in`` overrides), at once after the first death of a worker
    and after a release; once its tries are used up it fails for good. ``blocked``: the run rests until a person resumes it. False
    when the attempt is no longer the token's.
    """
    steps = {step.name: step for step in Step.objects.select_for_update().filter(run_id=run).order_by("id")}
    step = steps.get(name)
    if step is None or step.token != token or step.state != StepState.RUNNING:
        return False
    wait = _wait(step, kind, again_in)
    Event.objects.create(
        run_id=run,
        step=name,
        kind=kind if wait is not None or kind in ("failed", "refused") else "dead_letter",
        attempt=step.attempt,
        worker=step.worker,
        data={"error": error, "again_in": wait, "detail": detail},
    )
    step.error, step.token, step.worker, step.lease, step.deadline = error, None, None, None, None
    if wait is None:
        _fail(step, kind, error)
    else:
        step.state, step.sends, step.attempt = StepState.READY, 0, step.attempt - (kind in UNCOUNTED)
        step.ready_at = Now()
        step.due = step.next_attempt_at = Now() + timedelta(seconds=wait)
    step.save()
    if kind == "blocked" and not rest(run, error):  # a person paused it meanwhile, and has to know this, too
        Run.objects.filter(id=run, state=RunState.PAUSED).update(reason=error)
    return True


def rest(run: uuid.UUID, reason: str) -> bool:
    """Let a run rest: what runs is recorded, nothing new starts, its clock stands. False when it was not working."""
    stopped = stopped_clock(Now())
    if not Run.objects.filter(id=run, state__in=WORKING_RUN).update(state=RunState.PAUSED, reason=reason, **stopped):
        return False
    Event.objects.create(run_id=run, kind="paused", data={"reason": reason} if reason else {})
    ask(f"SELECT {sql.wake('%(run)s::uuid')}", {"run": run})
    return True


def stopped_clock(end: Combinable) -> dict[str, Any]:
    """The run's clock rests: what it showed is carried over, and it starts anew with the next claim."""
    shown = Coalesce(Extract(ExpressionWrapper(end - F("started_at"), output_field=DurationField()), "epoch"), 0.0)
    return {"carried_seconds": F("carried_seconds") + shown, "started_at": None}


def _wait(step: Step, kind: str, again_in: float | None) -> float | None:
    """Count what happened in the row; seconds until the next attempt, or None when there is none."""
    backoff = TIMES.backoff
    if kind in ("retry", "overdue"):
        step.fails += 1
        if step.fails > len(backoff):
            return None
        return min(again_in, 900.0) if again_in is not None else _jitter(backoff[step.fails - 1])
    if kind == "lost":
        step.losses += 1
        if step.losses > TIMES.losses:
            return None
        return 0.0 if step.losses == 1 else _jitter(backoff[min(step.losses - 2, len(backoff) - 1)])
    return 0.0 if kind in UNCOUNTED else None


def _jitter(seconds: float) -> float:
    """Up to 20 % more, so that steps which failed together do not come back together."""
    return seconds * random.uniform(1.0, 1.2)  # noqa: S311  # not a secret


def _fail(step: Step, kind: str, error: str) -> None:
    step.state, step.finished_at = StepState.FAILED, Now()
    if kind in ("failed", "refused"):
        reason = error
    elif kind == "lost":
        reason = f"{step.name} was given up: its worker died {step.losses} times while it ran."
    else:
        reason = f"{step.name} was given up after {step.attempt} attempts: {error}"
    close_run(step.run_id, RunState.REFUSED if kind == "refused" else RunState.FAILED, reason, but=step.name)


def close_run(run: uuid.UUID, state: str, reason: str, *, but: str = "") -> bool:
    """End a run; all its live steps (``but`` one) end with it and whoever works on them is fenced. False when it had ended.

    In a transaction that holds the rows of its steps.
    """
    if not Run.objects.filter(id=run, state__in=LIVE_RUN).update(state=state, reason=reason, finished_at=Now()):
        return False
    ended = StepState.CANCELLED if state == RunState.CANCELLED else StepState.SKIPPED
    steps = Step.objects.filter(run_id=run, state__in=LIVE_STEP).exclude(name=but)
    steps.update(state=ended, token=None, worker=None, lease=None, deadline=None, due=None, finished_at=Now())
    Event.objects.create(run_id=run, kind="finished", data={"state": state, "reason": reason})
    ask(f"SELECT {sql.wake('%(run)s::uuid')}", {"run": run})
    return True


@transaction.atomic
def restart(run: uuid.UUID, names: Sequence[str], shape: Shape) -> list[Ready]:
    """Make ``names`` (not done) start anew: those that need nothing are ready, with a fresh count of attempts."""
    steps = {step.name: step for step in Step.objects.select_for_update().filter(run_id=run).order_by("id")}
    ready = []
    for name in names:
        step = steps[name]
        step.need = sum(steps[spec.name].state != StepState.DONE for spec in shape.just_before(name))
        step.state = StepState.WAITING if step.need else StepState.READY
        step.attempt = step.fails = step.losses = step.sends = 0
        step.error, step.result, step.started_at, step.finished_at, step.next_attempt_at = "", None, None, None, None
        if step.state == StepState.READY:
            step.ready_at, step.due, step.sends = Now(), Now() + timedelta(seconds=TIMES.resend), 1
            ready.append(Ready(run, name, step.queue))
        step.save()
    return ready


def repaired(run: uuid.UUID, names: Sequence[str]) -> bool:
    """Whether one of these steps took more than its first message or attempt."""
    return bool(rows(sql.REPAIRED, {"run": run, "names": list(names)}))


def bury() -> list[tuple[str, float]]:
    """Remove workers that are gone: (host:pid, seconds since their last beat). What they may have left unsent is due now."""
    found = ask(sql.BURY, {"lease": TIMES.lease, "calm": TIMES.calm})
    if found:
        ask(sql.LEFT, {"workers": [worker for worker, *_ in found]})
    return [(f"{host}:{pid}", silent) for _, host, pid, silent in found]


def abandoned() -> list[tuple[uuid.UUID, str, uuid.UUID, str, float]]:
    """Attempts to give back: run, step, token, ``lost`` or ``overdue``, seconds since it should have been noticed."""
    found = ask(sql.ABANDONED, {"grace": TIMES.grace, "calm": TIMES.calm})
    return [(run, name, token, kind, since) for run, name, token, kind, since in found]


def due_queues() -> dict[str, int]:
    """Queues in which something is due → how many messages the broker should hold for its ready steps."""
    return dict(ask(sql.DUE_QUEUES, {}))


def newcomers() -> bool:
    """Whether a worker has just come up: it may hold messages already that no child of it has looked at yet."""
    return WorkerBeat.objects.filter(started_at__gt=Now() - timedelta(seconds=TIMES.calm)).exists()


def workers() -> int:
    """How many worker processes live."""
    return WorkerBeat.objects.count()


def take_due(again: Mapping[str, int]) -> list[Ready]:
    """Ready steps to send now. ``again``: queue → how many of those that were sent before may be sent once more."""
    found = ask(sql.SEND, {"again": json.dumps(dict(again)), "resend": TIMES.resend})
    return [Ready(run, name, queue, resent=sends > 0, late=late) for run, name, queue, sends, late in found]


def unsent(ready: Sequence[Ready]) -> None:
    """The broker did not take these: they are due again at once."""
    rows(sql.UNSENT, {"runs": [r.run for r in ready], "names": [r.name for r in ready]}, patience=0)
