"""What a person may do with runs: start, cancel, retry, fork, pause, resume. All of it in the ledger, nothing on the wire.

Functions that make steps ready return them: whoever called may send messages (``tasks.send``), else the monitor does, later.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.text import slugify

from inference.incoming import read_message
from synergy.core.artifacts import ArtifactStore, digest
from synergy.core.errors import BadInput
from synergy.core.models import LIVE_RUN, Event, Membership, Run, RunState, Step, StepState, Tenant
from synergy.core.spans import here
from synergy.core.stacks import stack as known_stack
from synergy.core.types import ChangeSet
from synergy.workflow import engine, steps
from synergy.workflow.engine import Ready
from synergy.workflow.heart import STOP_CHANNEL
from synergy.workflow.shape import shape
from synergy.workflow.times import TIMES

KEY_LENGTH = 200
NAME_LENGTH = 80
BUDGET_USD, MOST_USD = 5.0, 1000  #: a run may cost, unless it is told; at most
WORK_KEPT = timedelta(days=1)  #: the work folder of a run that has ended


class UnknownRun(BadInput):
    """There is no such run."""


def tenant_of(user: AbstractBaseUser | AnonymousUser) -> Tenant | None:
    """Whose rows a person may see; None = nobody's. Who administers the installation works as its default tenant."""
    member = Membership.objects.select_related("tenant").filter(user_id=user.pk or 0).first()
    if member is not None:
        return member.tenant
    return default_tenant() if getattr(user, "is_superuser", False) else None


def default_tenant() -> Tenant:
    """The tenant of who works on this machine."""
    return Tenant.objects.get_or_create(slug="default", defaults={"name": "Default"})[0]


def create_run(
    message: str,
    *,
    tenant: Tenant,
    project: str = "",
    stack: str | None = None,
    edits: ChangeSet | None = None,
    budget_usd: float = BUDGET_USD,
    key: str | None = None,
    revises: Run | None = None,
    base: str = "",
) -> tuple[Run, list[Ready]]:
    """Accept a message. The same ``key`` gives the same run again, however often it is asked for.

    ``revises`` and ``base`` (artifact of a ``Base``): the delivery that the message is to change, see ``changes.change``.

    Raises BadInput: message empty, too long or not text; stack or name unknown; key used for another message.
    """
    text = read_message(message)
    options: dict[str, object] = {"stack": known_stack(stack).slug} if stack else {}
    if edits:
        options["edits"] = edits.model_dump(mode="json")
    if base:
        options["base"] = base
    if key is not None and not 0 < len(key) <= KEY_LENGTH:
        raise BadInput(f"An idempotency key has 1 to {KEY_LENGTH} characters.")
    slug, title = _project(project, text)
    pipeline = shape()
    trace_id, span_id = here()
    run = Run(
        tenant=tenant,
        message=text,
        options=options,
        engine=pipeline.engine,
        budget_usd=_budget(budget_usd),
        idempotency_key=key,
        trace_id=trace_id,
        span_id=span_id,
        revises=revises,
    )
    try:
        ready = engine.enter(pipeline, run, slug, title)
    except IntegrityError:  # somebody else made the project at this moment: now it is there
        ready = engine.enter(pipeline, run, slug, title)
    if ready is not None:
        return run, ready
    assert key is not None  # its id is new
    return _again(tenant, key, text), []


def _budget(usd: float) -> Decimal:
    if not 0 < usd <= MOST_USD:
        raise BadInput(f"A budget is more than 0 and at most {MOST_USD:,} US dollars.")
    return Decimal(str(usd))


def _again(tenant: Tenant, key: str, text: str) -> Run:
    """The run that took ``key`` first."""
    run = Run.objects.get(tenant=tenant, idempotency_key=key)
    if run.message != text:
        raise BadInput("This idempotency key was used for another message.", hint="Send a new key with a new message.")
    return run


def _project(name: str, message: str) -> tuple[str, str]:
    """(slug, title) of the project called ``name``; without a name each message has one of its own."""
    given = " ".join(name.split())
    if len(given) > NAME_LENGTH or not given.isprintable():
        raise BadInput(f"A project's name has at most {NAME_LENGTH} printable characters.")
    title = given or " ".join(message.split())[:NAME_LENGTH]
    slug = slugify(given)[:NAME_LENGTH] if given else ""
    if not slug:
        slug = f"{slugify(title)[:48]}-{digest((given or message).encode())[:8]}".strip("-")
    return slug, title


def find_run(run_id: uuid.UUID | str, tenant: Tenant | None = None) -> Run:
    """The run, or UnknownRun: to a tenant, the runs of others do not exist."""
    try:
        found = Run.objects.select_related("project").filter(id=run_id if isinstance(run_id, uuid.UUID) else uuid.UUID(run_id))
        return (found if tenant is None else found.filter(tenant=tenant)).get()
    except (ValueError, Run.DoesNotExist):
        raise UnknownRun(f"There is no run {run_id}.") from None


@transaction.atomic
def cancel(run: Run) -> None:
    """End a run now and for good; who works on it is told within a beat. BadInput when it had ended."""
    list(Step.objects.select_for_update().filter(run=run).order_by("id"))
    Run.objects.filter(id=run.id, state__in=LIVE_RUN).update(cancel_requested_at=Now())
    if not engine.close_run(run.id, RunState.CANCELLED, "Cancelled by a person."):
        raise _impossible(run, "It has ended already: there is nothing left to cancel.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [STOP_CHANNEL, str(run.id)])


@transaction.atomic
def retry(run: Run) -> list[Ready]:
    """Go on with a run that failed or was cancelled, from its last recorded steps, with fresh attempts."""
    ended = Run.objects.filter(id=run.id, state__in=(RunState.FAILED, RunState.CANCELLED), engine=shape().engine)
    fresh = {"reason": "", "reported": False, "cancel_requested_at": None, "finished_at": None}
    taken = ended.update(state=RunState.QUEUED, **fresh, **engine.stopped_clock(F("finished_at")))
    if not taken:
        run.refresh_from_db()
        if run.engine != shape().engine:
            raise BadInput(f"This run belongs to engine {run.engine}, this is {shape().engine}.", hint="Start it anew.")
        hint = "Fork it from a step to do that step and all after it once more."
        raise BadInput(f"Only a failed or cancelled run can be tried again; this one is {run.state}.", hint=hint)
    names = list(run.steps.exclude(state=StepState.DONE).order_by("id").values_list("name", flat=True))
    Event.objects.create(run=run, kind="retried", data={"steps": names})
    return engine.restart(run.id, names, shape())


@transaction.atomic
def fork(run: Run, step: str, *, edits: ChangeSet | None = None) -> tuple[Run, list[Ready]]:
    """A new run that takes over everything before ``step`` and goes on from there. BadInput when something of it is missing."""
    pipeline = shape()
    if run.engine != pipeline.engine:
        raise BadInput(f"This run belongs to engine {run.engine}, this is {pipeline.engine}.", hint="Start it anew.")
    before = pipeline.before(pipeline.spec(step).name)
    done = {s.name: s for s in run.steps.filter(name__in=before, state=StepState.DONE).defer("result")}
    if missing := [name for name in before if name not in done]:
        hint = f"It can start from: {', '.join(forkable(run))}."
        raise BadInput(f"It cannot start from {step}: {', '.join(missing)} never ended.", hint=hint)
    trace_id, span_id = here()
    fresh = Run(
        tenant=run.tenant,
        message=run.message,
        options={**run.options, **({"edits": edits.model_dump(mode="json")} if edits else {})},
        engine=run.engine,
        budget_usd=run.budget_usd,
        trace_id=trace_id,
        span_id=span_id,
        parent=run,
        revises_id=run.revises_id,
        stack=run.stack if done else "",
        confidence=run.confidence if done else None,
        cost_usd=sum((s.cost_usd for s in done.values()), Decimal(0)),
        carried_seconds=_elapsed(list(done.values())),
    )
    ready = engine.enter(pipeline, fresh, run.project.slug, run.project.name, list(done))
    assert ready is not None  # its id is new, and it has no key
    return fresh, ready


def forkable(run: Run) -> list[str]:
    """The steps that a fork of ``run`` may start from: all before them are done."""
    pipeline = shape()
    if run.engine != pipeline.engine:
        return []
    done = set(run.steps.filter(state=StepState.DONE).values_list("name", flat=True))
    return [spec.name for spec in pipeline if done.issuperset(pipeline.before(spec.name))]


def _elapsed(steps: Sequence[Step]) -> float:
    """Seconds from the first start to the last end."""
    starts = [s.started_at for s in steps if s.started_at]
    ends = [s.finished_at for s in steps if s.finished_at]
    return (max(ends) - min(starts)).total_seconds() if starts and ends else 0.0


@transaction.atomic
def pause(run: Run) -> None:
    """Let a run rest: what runs is recorded, nothing new starts."""
    if not engine.rest(run.id, ""):
        raise _impossible(run, "Only a queued or running run can be paused.")


@transaction.atomic
def resume(run: Run, *, budget_usd: float | None = None, by: str = "") -> list[Ready]:
    """Go on with a paused run, with another budget when one is given. Of two that do this at once, one does.

    ``by``: who wants it, for the history. Going on with a run that waits for approval approves it (``approval``).

    Raises BadInput when it is not paused, when the budget is out of range, or when all of it is spent already.
    """
    fresh: dict[str, Any] = {"state": RunState.QUEUED, "reason": ""}
    if budget_usd is not None:
        fresh["budget_usd"] = _budget(budget_usd)
    run.refresh_from_db()
    if run.state == RunState.PAUSED and run.cost_usd >= fresh.get("budget_usd", run.budget_usd):
        raise BadInput(f"${run.cost_usd:.2f} are spent already.", hint="Resume it with a higher budget.")
    if not Run.objects.filter(id=run.id, state=RunState.PAUSED).update(**fresh):
        raise _impossible(run, "Only a paused run can go on; one that failed or was cancelled can be tried again.")
    said = {"by": by or None, "budget_usd": budget_usd}
    Event.objects.create(run=run, kind="resumed", data={name: value for name, value in said.items() if value is not None})
    waiting = run.steps.select_for_update().filter(state=StepState.READY).order_by("id")
    ready = [Ready(run.id, step.name, step.queue) for step in waiting]
    again = {"sends": 1, "due": Now() + timedelta(seconds=TIMES.resend), "ready_at": Now()}  # the rest was not spent in a queue
    run.steps.filter(state=StepState.READY).update(**again)
    return ready


def _impossible(run: Run, hint: str) -> BadInput:
    run.refresh_from_db()
    return BadInput(f"That cannot be done with a run that is {run.state}.", hint=hint)


def tidy() -> int:
    """Remove the work folders of runs that ended a day ago, on this machine, and what killed writers left; how many folders."""
    ArtifactStore(Path(settings.ARTIFACTS_DIR)).sweep(older_than=WORK_KEPT.total_seconds())
    old = Run.objects.filter(id__in=steps.worked_on(), finished_at__lt=Now() - WORK_KEPT).exclude(state__in=LIVE_RUN)
    ids = list(old.values_list("id", flat=True))
    for run in ids:
        steps.remove_work(run)
    return len(ids)
