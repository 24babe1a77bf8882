"""Ended runs are added to the counters and to the error budgets, each end once: all in one transaction."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from inference.confidence import THRESHOLD
from slo.budgets import Days
from slo.crowding import Crowd
from slo.metrics import SLOW_SECONDS, increments
from synergy.core.models import UNMETERED, Call, Run, Step, StepState
from synergy.core.types import SERIOUS

LOCK = 7_360_244  #: advisory lock: one process adds at a time
MOST = 50  #: runs in one transaction
NEVER = datetime.min.replace(tzinfo=UTC)

ADD = """
INSERT INTO slo_sample (name, labels, value) SELECT * FROM unnest(%s::text[], %s::text[], %s::float8[])
ON CONFLICT (name, labels) DO UPDATE SET value = slo_sample.value + excluded.value
"""

#: Metric, labels, value. 0 is added, too, where bad ones are counted beside all: Prometheus must see a counter before it grows,
#: or the first bad event is missed, and who never had one has no share of bad ones instead of 0.
Seen = tuple[str, dict[str, str], float]


def fold(most: int = MOST) -> int:
    """Add up to ``most`` ended runs that were not added yet; how many. 0 too while another process adds."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        open_ = Run.objects.filter(UNMETERED).select_for_update(of=("self",), skip_locked=True).select_related("tenant")
        runs = list(open_.order_by("finished_at")[:most])
        if not runs:
            return 0
        sums: Counter[tuple[str, str]] = Counter()
        crowd, days = Crowd(), Days()
        for run, name, labels, value in ((row[0], *seen) for row in _with_rows(runs) for seen in _seen(*row)):
            for series, key, by in increments(name, crowd.admit(labels), value):
                sums[series, key] += by  # type: ignore[assignment]  # of floats
                days.add(run, series, labels, by)
        rows = sorted(sums.items())
        cursor.execute(ADD, [[s for (s, _), _ in rows], [k for (_, k), _ in rows], [float(v) for _, v in rows]])
        days.write()
        Run.objects.filter(id__in=[run.id for run in runs]).update(metered_at=F("finished_at"))
        return len(runs)


def _with_rows(runs: list[Run]) -> Iterator[tuple[Run, list[Step], list[Call]]]:
    """Each run with its steps and calls since it was added last: a run that is tried again ends twice."""
    ids = [run.id for run in runs]
    steps, calls = list(Step.objects.filter(run_id__in=ids)), list(Call.objects.filter(run_id__in=ids))
    for run in runs:
        since = run.metered_at or NEVER
        yield (
            run,
            [s for s in steps if s.run_id == run.id and s.finished_at and s.finished_at > since],
            [c for c in calls if c.run_id == run.id and c.at > since],
        )


def _seen(run: Run, steps: list[Step], calls: list[Call]) -> Iterator[Seen]:
    tenant = {"tenant": run.tenant.slug}
    yield "workflows_completed_total", tenant | {"verdict": run.state}, 1
    seconds = _seconds(run)
    if seconds is not None:
        yield "workflow_duration_seconds", tenant, seconds
        yield "workflow_slow_total", tenant, int(seconds > SLOW_SECONDS)
    for step in steps:
        yield from _of_step(step)
        if step.state == StepState.DONE:
            yield from _of_result(step.name, json.loads(step.result or "{}"), tenant, run.stack or "none")
    for call in calls:
        yield from _of_call(call, tenant)


def _seconds(run: Run) -> float | None:
    if run.started_at is None or run.finished_at is None:
        return None
    return float(run.carried_seconds + (run.finished_at - run.started_at).total_seconds())


def _of_step(step: Step) -> Iterator[Seen]:
    yield "workflow_steps_total", {"step": step.name, "state": step.state}, 1
    if step.state == StepState.DONE and step.started_at and step.finished_at:
        yield "workflow_step_seconds", {"step": step.name}, (step.finished_at - step.started_at).total_seconds()
    for cause, count in (("failed", step.fails), ("lost", step.losses)):
        if count:
            yield "workflow_step_retries_total", {"step": step.name, "cause": cause}, count


def _of_result(name: str, result: dict[str, Any], tenant: dict[str, str], stack: str) -> Iterator[Seen]:
    """What a recorded result says, by the step that recorded it. Pipelines whose results are others say nothing."""
    if name == "stack" and result.get("inferred"):
        confidence = float(result.get("confidence", 0))
        yield "stack_confidence", tenant | {"stack": str(result["inferred"])}, confidence
        yield "stack_unsure_total", tenant, int(confidence < THRESHOLD)
    elif name == "ui" and result.get("components"):
        yield "ui_components_generated_total", tenant | {"stack": stack}, len(result["components"])
    elif name == "visuals" and "shots" in result:
        yield from _of_shots(result, tenant)
    elif name == "conflicts" and "conflicts" in result:
        yield from _of_conflicts(result, tenant)
    elif name == "slo":
        for gate in result.get("gates", []):
            judged = tenant | {"gate": str(gate["gate"])}
            yield "gate_results_total", judged | {"result": "passed"}, int(gate["passed"])
            yield "gate_results_total", judged | {"result": "failed"}, int(not gate["passed"])


def _of_shots(result: dict[str, Any], tenant: dict[str, str]) -> Iterator[Seen]:
    serious = {(f["page"], f["width"]) for f in result["findings"] if f["severity"] in SERIOUS}
    for shot in result["shots"]:
        failed = bool({(shot["page"], shot["width"]), (shot["page"], None)} & serious)
        yield "visual_tests_total", tenant, 1
        yield "visual_tests_passed_total", tenant, int(not failed)
        yield "visual_tests_failed_total", tenant, int(failed)
        if shot["diff_ratio"] is not None:
            yield "visual_diff_score", tenant, float(shot["diff_ratio"])


def _of_conflicts(result: dict[str, Any], tenant: dict[str, str]) -> Iterator[Seen]:
    for conflict in result["conflicts"]:
        kind = tenant | {"kind": str(conflict["kind"])}
        yield "conflicts_detected_total", kind, 1
        yield "conflicts_resolved_total", kind, int(conflict["resolved"])
    for when in ("before", "after"):
        yield "conflict_similarity", tenant | {"when": when}, float(result[f"similarity_{when}"])


def _of_call(call: Call, tenant: dict[str, str]) -> Iterator[Seen]:
    activity = tenant | {"activity": call.activity or call.step}
    paid = activity | {"model": call.model or "none"}
    if call.cost_usd:
        yield "openrouter_tokens_used_total", paid | {"direction": "in"}, call.tokens_in
        yield "openrouter_tokens_used_total", paid | {"direction": "out"}, call.tokens_out
        yield "openrouter_cost_usd_total", paid, float(call.cost_usd)
        yield "openrouter_wasted_usd_total", activity, float(call.cost_usd) if call.wasted else 0
    if call.saved_usd:
        yield "openrouter_saved_usd_total", activity, float(call.saved_usd)
