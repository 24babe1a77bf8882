"""Reads the ledger and the history after the fact, and proves what the engine promises. It knows nothing of how a fault was made.

Every run has ended as it should; the state machine was obeyed; no step has two outcomes; nothing was charged or stored twice;
nobody holds a lease, a lock, a message or a process any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from synergy.chaos.provider import Provider
from synergy.core.artifacts import digest
from synergy.core.models import LIVE_STEP, Call, Event, Run, RunState, Step, StepState, WorkerBeat
from synergy.workflow.shape import shape

#: What may follow what in the life of one step. ``None`` is its beginning; a retry of the whole run begins anew.
FOLLOWS: dict[str | None, set[str]] = {
    None: {"claimed"},
    "claimed": {"done", "retry", "lost", "overdue", "released", "blocked", "failed", "refused", "dead_letter"},
    "retry": {"claimed"},
    "lost": {"claimed"},
    "overdue": {"claimed"},
    "released": {"claimed"},
    "blocked": {"claimed"},
    "done": set(),
    "failed": set(),
    "refused": set(),
    "dead_letter": set(),
}
ANYTIME = {"fenced", "note"}  #: what a zombie may still say


class Watched(Protocol):
    @property
    def provider(self) -> Provider: ...


def check(runs: Sequence[Run], expected: Mapping[str, tuple[str, ...]], stage: Watched) -> tuple[int, list[str]]:
    """(charges too many, problems) of these runs. ``expected``: run → states it may end in, else ``completed``."""
    problems: list[str] = []
    for run in Run.objects.filter(id__in=[run.id for run in runs]).prefetch_related("steps"):
        allowed = expected.get(str(run.id), (RunState.COMPLETED,))
        if run.state not in allowed:
            problems.append(f"Run {run.id} ended as {run.state} ({run.reason}), not as {' or '.join(allowed)}.")
        steps = list(run.steps.all())
        problems += outcomes(run, steps)
        problems += history(run, list(Event.objects.filter(run=run).order_by("id")))
        problems += artifacts(steps)
    charged, money = charges(runs, stage.provider)
    return charged, problems + money


def outcomes(run: Run, steps: Sequence[Step]) -> list[str]:
    """A run that has ended has no live step, and each step has just the outcome that fits."""
    found = []
    for step in steps:
        if step.state in LIVE_STEP and run.finished_at is not None:
            found.append(f"{step.name} of {run.id} is {step.state} though its run has ended.")
        if (step.state == StepState.DONE) != (step.result is not None):
            found.append(f"{step.name} of {run.id} is {step.state} with{'' if step.result else 'out'} a result.")
        if step.state != StepState.RUNNING and (step.lease or step.deadline):
            found.append(f"{step.name} of {run.id} is {step.state} and still holds a lease.")
    if run.state == RunState.COMPLETED and any(step.state != StepState.DONE for step in steps):
        found.append(f"Run {run.id} is completed, but not all of its steps are done.")
    return found


def history(run: Run, events: Sequence[Event]) -> list[str]:
    """The events obey the state machine: one outcome a step, none before the level above it, one end of the run."""
    found: list[str] = []
    last: dict[str, str | None] = {}
    done: set[str] = set(_inherited(run))
    ends = 0
    for event in events:
        if event.kind == "retried":
            last, ends = {}, 0
        ends += event.kind == "finished"
        if event.step and event.kind not in ANYTIME:
            found += [f"{event.step} of {run.id} {words}" for words in _illegal(event, last.get(event.step), done)]
            last[event.step] = event.kind
            done |= {event.step} if event.kind == "done" else set()
    if ends != int(run.finished_at is not None):
        found.append(f"Run {run.id} ended {ends} times.")
    return found


def _illegal(event: Event, before: str | None, done: set[str]) -> Iterator[str]:
    """What is wrong with ``event`` after the event ``before`` of the same step, when the steps ``done`` were done."""
    if event.kind not in FOLLOWS.get(before, set()):
        yield f"was {event.kind} after {before or 'nothing'}."
    if event.kind == "claimed" and not set(shape().before(event.step)) <= done:
        yield "began before the steps above it were done."
    if event.kind == "done" and event.step in done:
        yield "has two outcomes."


def _inherited(run: Run) -> set[str]:
    """Steps that a fork took over: they have a result and no history of their own."""
    if run.parent_id is None:
        return set()
    own = set(run.events.filter(kind="claimed").values_list("step", flat=True))
    return {step.name for step in run.steps.all() if step.state == StepState.DONE} - own


def artifacts(steps: Sequence[Step]) -> list[str]:
    """Every artifact that a result names is in the store, whole."""
    found = []
    for step in steps:
        for sha in set(addresses(step.result or "")):
            file = settings.ARTIFACTS_DIR / sha[:2] / sha[2:]
            if not file.exists():
                found.append(f"{step.name} of {step.run_id} names an artifact that is not in the store.")
            elif digest(file.read_bytes()) != sha:
                found.append(f"{step.name} of {step.run_id} names an artifact that is damaged.")
    return found


def addresses(text: str) -> list[str]:
    """The addresses of artifacts in a recorded result."""
    return [word for word in text.split('"') if len(word) == 64 and set(word) <= set("0123456789abcdef")]


def charges(runs: Sequence[Run], provider: Provider) -> tuple[int, list[str]]:
    """What was charged too often: by the provider for one call, or to a run for one answer."""
    ids = [run.id for run in runs]
    wanted = {str(run) for run in ids}
    twice = sum(count - 1 for key, count in provider.charges.items() if provider.runs[key] in wanted)
    found = [f"The provider charged {twice} calls again."] if twice else []
    booked = dict(Step.objects.filter(run_id__in=ids).values_list("run_id").annotate(Sum("cost_usd")))
    calls = dict(Call.objects.filter(run_id__in=ids).values_list("run_id").annotate(Sum("cost_usd")))
    for run in Run.objects.filter(id__in=ids, parent=None, state=RunState.COMPLETED):
        paid, steps = calls.get(run.id, Decimal(0)), booked.get(run.id, Decimal(0))
        if run.cost_usd != steps or steps != paid:
            twice += 1
            found.append(f"Run {run.id} was charged {run.cost_usd}, its steps {steps}, its calls cost {paid}.")
    paid_calls = Call.objects.filter(run_id__in=ids, activity="pay")
    kept = Counter(str(run) for run in paid_calls.values_list("run_id", flat=True))
    charged = Counter(provider.runs[key] for key in provider.charges)
    for run in Run.objects.filter(id__in=ids, state=RunState.COMPLETED, parent=None):
        if kept[str(run.id)] != charged[str(run.id)]:
            found.append(f"Run {run.id} keeps {kept[str(run.id)]} answers, the provider charged {charged[str(run.id)]}.")
    return twice, found


LOCKS = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (
  SELECT oid FROM pg_database WHERE datname = current_database())
"""


def leftovers() -> list[str]:
    """What must not be left once all runs have ended and all workers have left: beats, locks, leases, live steps."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(LOCKS)
        if locks := cursor.fetchone()[0]:
            found.append(f"{locks} advisory locks are still held.")
    if beats := WorkerBeat.objects.count():
        found.append(f"{beats} workers still beat.")
    live = Step.objects.filter(state__in=LIVE_STEP).exclude(run__state=RunState.PAUSED)
    found += [f"{step.name} of {step.run_id} is {step.state}." for step in live[:10]]
    if leases := Step.objects.filter(lease__isnull=False).count():
        found.append(f"{leases} leases are left.")
    return found
