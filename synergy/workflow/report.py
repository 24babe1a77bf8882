"""What there is to say about a run, as plain data: for the command line, the HTTP interface and the admin."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
from django.db.models import Count, Q, Sum

from synergy.core.models import LIVE_RUN, Run, Step, StepState
from synergy.core.types import (
    Clause,
    ClauseStatus,
    Delivery,
    Plan,
    PlanChange,
    Resolution,
    StackChoice,
    Value,
    Verdict,
    VisualReport,
    Walked,
)
from synergy.workflow.db import PATIENCE, connect, persist

RECORDED: dict[str, tuple[str, type[Value]]] = {  #: step → field of Results, type
    "stack": ("stack", StackChoice),
    "plan": ("plan", Plan),
    "visuals": ("visuals", VisualReport),
    "conflicts": ("resolution", Resolution),
    "slo": ("verdict", Verdict),
    "delivery": ("delivery", Delivery),
}


@dataclass(frozen=True)
class Results:
    """The recorded values of one run; None = not there (yet)."""

    stack: StackChoice | None = None
    plan: Plan | None = None
    visuals: VisualReport | None = None
    resolution: Resolution | None = None
    verdict: Verdict | None = None
    delivery: Delivery | None = None

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The requirement ledger: settled by the verdict, else as planned."""
        if self.verdict is not None:
            return self.verdict.clauses
        return self.plan.clauses if self.plan is not None else ()

    @property
    def walked(self) -> tuple[Walked, ...]:
        """What the browser checks came to: after mediation, as they are now."""
        if self.visuals is None:
            return ()
        return self.visuals.walked if self.resolution is None else self.resolution.walked_now(self.visuals)


def results(steps: list[Step]) -> Results:
    """Read back what the steps recorded. What cannot be read (another version wrote it) is left out."""
    found: dict[str, Any] = {}
    for step in steps:
        if step.result and step.name in RECORDED:
            with suppress(ValueError):
                name, kind = RECORDED[step.name]
                found[name] = kind.model_validate_json(step.result)
    return Results(**found)


def summary(run: Run) -> dict[str, Any]:
    """Everything that a machine may want to know. Three queries."""
    steps = list(run.steps.order_by("position"))
    values = results(steps)
    return {
        "id": str(run.id),
        "trace_id": run.trace_id,
        "state": run.state,
        "reason": run.reason,
        "message": run.message,
        "project": run.project.slug,
        "stack": _stack(run, values.stack),
        "confidence": run.confidence,
        "cost_usd": float(run.cost_usd),
        "held_usd": float(run.reserved_usd),
        "budget_usd": float(run.budget_usd),
        "spending": [asdict(spent) for spent in spending(run)],
        "seconds": run_seconds(run),
        "created_at": _time(run.created_at),
        "started_at": _time(run.started_at),
        "finished_at": _time(run.finished_at),
        "steps": [_step(step) for step in steps],
        "verdict": values.verdict.model_dump(mode="json", include={"passed", "gates"}) if values.verdict else None,
        "requirements": [clause.model_dump(mode="json") for clause in values.clauses],
        "not_built": not_built(values.clauses),
        "revises": str(run.revises_id) if run.revises_id else None,
        "changes": [change.model_dump(mode="json") for change in changes(run, values)],
        "edits": [note.model_dump(mode="json") for note in values.verdict.edits] if values.verdict else [],
        "delivery": values.delivery.model_dump(mode="json") if values.delivery else None,
    }


@dataclass(frozen=True)
class Spent:
    """What a run spent for one activity, in US dollars. ``wasted``: for answers of no use; ``saved``: they were at hand."""

    activity: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    wasted_usd: float
    saved_usd: float


def spending(run: Run) -> list[Spent]:
    """What was spent for each activity; what is held for calls whose end is not known is ``reserved_usd``."""
    lost = Q(wasted=True) | Q(step__in=run.steps.filter(state=StepState.FAILED).values("name"))
    sums = {
        "calls": Count("id"),
        "sum_in": Sum("tokens_in"),
        "sum_out": Sum("tokens_out"),
        "cost": Sum("cost_usd"),
        "wasted_usd": Sum("cost_usd", filter=lost, default=Decimal(0)),
        "saved": Sum("saved_usd"),
    }
    rows = run.calls.filter(answer__isnull=False).values_list("activity").annotate(**sums)
    rows = rows.order_by("activity")
    return [Spent(name, calls, t_in, t_out, *map(float, money)) for name, calls, t_in, t_out, *money in rows]


def not_built(clauses: tuple[Clause, ...]) -> list[dict[str, str]]:
    """What was asked for and is not there, with the reason."""
    return [{"id": c.id, "text": c.text, "reason": c.reason} for c in clauses if c.status == ClauseStatus.NOT_BUILT]


def changes(run: Run, values: Results) -> tuple[PlanChange, ...]:
    """What ``run`` changes of its project; () for a run that makes something new, or that has no plan yet."""
    history = values.plan.history if run.revises_id and values.plan else ()
    return history[-1].changes if history else ()


def run_seconds(run: Run) -> float | None:
    """From the first claim to the end, or to now, rests not counted; None before it began."""
    if run.started_at is None:
        return round(run.carried_seconds, 3) or None
    return round(run.carried_seconds + ((run.finished_at or datetime.now(UTC)) - run.started_at).total_seconds(), 3)


def step_seconds(step: Step) -> float | None:
    """How long its last attempt took, or takes."""
    if step.started_at is None:
        return None
    end = step.finished_at or (datetime.now(UTC) if step.state == "running" else None)
    return round((end - step.started_at).total_seconds(), 3) if end else None


def _stack(run: Run, choice: StackChoice | None) -> dict[str, Any] | None:
    if choice is None:
        return None
    kept = {"inferred", "built_with", "abstained", "by_hand", "reason", "confidence"}
    return choice.model_dump(mode="json", include=kept)


def _step(step: Step) -> dict[str, Any]:
    kept = {"name": step.name, "state": step.state, "attempt": step.attempt, "error": step.error}
    return {**kept, "seconds": step_seconds(step), "started_at": _time(step.started_at), "finished_at": _time(step.finished_at)}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None


def follow(run_id: uuid.UUID, every: float = 1.0) -> Iterator[Run]:
    """The run each time there is news of it, and at least once in ``every`` seconds, until it has ended.

    A database that restarts is waited for; psycopg's or Django's OperationalError when it stays away.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with connect() as session:
                session.execute(f"LISTEN synergy_run_{run_id.hex}")
                while True:
                    run = persist(lambda: Run.objects.select_related("project").get(id=run_id))
                    yield run
                    if run.state not in LIVE_RUN:
                        return
                    list(session.notifies(timeout=every, stop_after=1))
                    end = time.monotonic() + PATIENCE
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
