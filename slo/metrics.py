"""Every metric of Synergy: its name, what it says, its labels and buckets, and how it is printed.

Counters are not kept by processes, which are killed, but in the database: each run is added once when it has ended, in one
transaction (``slo.folding``). So they are the same whatever process is asked, and right after any ``kill -9``. What changes while
runs go on is read from the ledger when somebody looks.

``increase()`` of Prometheus sees a series from its second value on, so a series that began with its first event would hide it
from every alert. Therefore each tenant has all its series at 0 before anything happens, as far as their labels are closed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import get_args

from django.conf import settings
from django.db import connection
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from slo.levels import levels
from slo.models import Sample
from synergy.core.models import LIVE_RUN, RunState, Tenant
from synergy.core.stacks import stacks
from synergy.core.types import Conflict

SLOW_SECONDS = 720  #: of the service level: an edge of the buckets, so that quantiles and the exact counter agree

SHARES = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 1.0)
SECONDS = (1, 5, 15, 30, 60, 90, 120, 180, 300, 480, SLOW_SECONDS, 900, 1800, 3600)
RECOVERY_SECONDS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 900, 3600)
RATIOS = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Counted:
    """A counter, or with ``buckets`` a histogram. Labels have few values: slugs, states, names of parts."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


COUNTED = (
    Counted("stack_confidence", "Calibrated confidence of the chosen stack.", ("tenant", "stack"), SHARES),
    Counted("stack_unsure_total", "Stacks chosen with a confidence below 0.8.", ("tenant",)),
    Counted("ui_components_generated_total", "Components written.", ("tenant", "stack")),
    Counted("conflicts_detected_total", "Conflicts between contract, backend and frontend.", ("tenant", "kind")),
    Counted("conflicts_resolved_total", "Conflicts that were settled.", ("tenant", "kind")),
    Counted("conflict_similarity", "Lowest similarity of all compared pairs of a run.", ("tenant", "when"), SHARES),
    Counted("visual_tests_total", "Pictures taken and judged.", ("tenant",)),
    Counted("visual_tests_passed_total", "Pictures without a serious finding.", ("tenant",)),
    Counted("visual_tests_failed_total", "Pictures with a serious finding.", ("tenant",)),
    Counted("visual_diff_score", "Share of the pixels that differ from the approved picture.", ("tenant",), RATIOS),
    Counted("workflows_completed_total", "Runs that ended, by how.", ("tenant", "verdict")),
    Counted("workflow_duration_seconds", "From the first claim to the end, rests not counted.", ("tenant",), SECONDS),
    Counted("workflow_slow_total", f"Runs that took longer than {SLOW_SECONDS} s.", ("tenant",)),
    Counted("workflow_step_seconds", "How long the attempt of a step took that was recorded.", ("step",), SECONDS),
    Counted("workflow_steps_total", "Steps that were recorded.", ("step", "state")),
    Counted(
        "workflow_step_retries_total", "Attempts of steps beyond the first, by what ended the one before.", ("step", "cause")
    ),
    Counted("gate_results_total", "Gates that were judged.", ("tenant", "gate", "result")),
    Counted("openrouter_tokens_used_total", "Tokens that were paid for.", ("tenant", "activity", "model", "direction")),
    Counted("openrouter_cost_usd_total", "US dollars booked for calls.", ("tenant", "activity", "model")),
    Counted("openrouter_wasted_usd_total", "Of these, for answers of no use.", ("tenant", "activity")),
    Counted("openrouter_saved_usd_total", "US dollars that answers at hand saved.", ("tenant", "activity")),
)
BY_NAME = {counted.name: counted for counted in COUNTED}


def labels_key(labels: Mapping[str, str]) -> str:
    """Labels as they are stored: JSON with sorted keys, values cut to 60 characters."""
    return json.dumps({name: str(value)[:60] for name, value in sorted(labels.items())}, ensure_ascii=False)


def increments(name: str, labels: Mapping[str, str], value: float) -> Iterator[tuple[str, str, float]]:
    """(series, labels, by how much) of one observation. KeyError for a metric or labels that do not exist."""
    counted = BY_NAME[name]
    if set(labels) != set(counted.labels):
        raise KeyError(f"{name} has the labels {counted.labels}, not {tuple(labels)}.")
    key = labels_key(labels)
    if not counted.buckets:
        yield name, key, value
        return
    for edge in counted.buckets:
        if value <= edge:
            yield f"{name}_bucket:{edge:g}", key, 1
    yield f"{name}_count", key, 1
    yield f"{name}_sum", key, value


# --- what has not happened yet -----------------------------------------------------------------------------------------

TENANTS = 200  #: the newest, which begin at 0; older ones have had their first events, or count from their second


def closed() -> dict[str, tuple[str, ...]]:
    """Label → all values that it can have."""
    return {
        "verdict": tuple(state.value for state in RunState if state not in LIVE_RUN),
        "gate": tuple(levels()),
        "result": ("passed", "failed"),
        "kind": get_args(Conflict.model_fields["kind"].annotation),
        "when": ("before", "after"),
        "stack": tuple(stacks()),
    }


def zeros(tenants: Iterable[str]) -> Iterator[tuple[Counted, str]]:
    """(metric, labels) of each series that belongs to a tenant and has no label that is open."""
    values = closed() | {"tenant": tuple(tenants)}
    for counted in COUNTED:
        if "tenant" in counted.labels and values.keys() >= set(counted.labels):
            for row in product(*(values[label] for label in counted.labels)):
                yield counted, labels_key(dict(zip(counted.labels, row, strict=True)))


# --- what changes while runs go on -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Looked:
    """What one statement reads: its columns are the labels, then the value. A gauge, or a counter when its name says so.

    With ``buckets`` a histogram: after the labels the values of all edges (rising counts), the count and the sum. The statement
    may ask for ``queues``, the names of all queues.
    """

    name: str
    help: str
    labels: tuple[str, ...]
    sql: str
    buckets: tuple[float, ...] = ()


#: Also of an empty queue: an autoscaler that finds no value never scales down.
DEPTH = """
SELECT q.name, count(s.id) FROM unnest(%(queues)s::text[]) AS q(name)
LEFT JOIN core_step s ON s.queue = q.name AND s.state = 'ready' GROUP BY q.name
"""
WAIT = "SELECT queue, greatest(0, extract(epoch FROM now() - min(ready_at))) FROM core_step WHERE state = 'ready' GROUP BY queue"
RUNS = "SELECT state, count(*) FROM core_run WHERE state IN ('queued', 'running', 'paused') GROUP BY state"
COST = """
SELECT t.slug, p.slug, max(r.cost_usd) FROM core_run r
JOIN core_project p ON p.id = r.project_id JOIN core_tenant t ON t.id = r.tenant_id
WHERE r.state IN ('queued', 'running', 'paused') OR r.created_at > now() - interval '1 hour'
GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 200
"""
LEFT = """
SELECT t.slug, p.slug, min(r.budget_usd - r.cost_usd - r.reserved_usd) FROM core_run r
JOIN core_project p ON p.id = r.project_id JOIN core_tenant t ON t.id = r.tenant_id
WHERE r.state IN ('queued', 'running', 'paused') OR r.created_at > now() - interval '1 hour'
GROUP BY 1, 2 ORDER BY 3 LIMIT 200
"""
FRESH = "SELECT count(*) FROM core_workerbeat WHERE beat > now() - interval '1 minute'"
INCIDENTS = """
SELECT remedy, CASE WHEN alert THEN 'yes' ELSE 'no' END, count(*) FROM monitor_incident GROUP BY 1, 2
"""  # rows of `monitor`, which is above this app: by name only, and only ever added, so that the count is a counter
RECOVERY = f"""
SELECT remedy, {", ".join(f"count(*) FILTER (WHERE since_seconds <= {edge:g})" for edge in RECOVERY_SECONDS)},
count(*), sum(since_seconds) FROM monitor_incident WHERE since_seconds > 0 GROUP BY 1
"""  # noqa: S608  # numbers of this file
OF_PROJECT = ("tenant", "project")

LOOKED = (
    Looked("queue_depth", "Steps that are ready and wait for a worker.", ("queue",), DEPTH),
    Looked("queue_wait_seconds", "How long the oldest of them waits.", ("queue",), WAIT),
    Looked("workflows_live", "Runs that have not ended.", ("state",), RUNS),
    Looked("project_cost_usd", "US dollars of the dearest run that goes on or began within the hour.", OF_PROJECT, COST),
    Looked("project_budget_left_usd", "US dollars that such a run may still cost, at least.", OF_PROJECT, LEFT),
    Looked("workers", "Worker processes whose heartbeat is fresh.", (), FRESH),
    Looked("incidents_total", "Repairs, by the remedy; alert: somebody had to know.", ("remedy", "alert"), INCIDENTS),
    Looked("recovery_seconds", "From a fault to its repair, where it is known.", ("remedy",), RECOVERY, RECOVERY_SECONDS),
)


class Ledger:
    """A collector of ``prometheus_client``: all of the above, as the database has it now."""

    def collect(self) -> Iterator[Metric]:
        stored: dict[str, dict[str, float]] = {}
        for name, labels, value in Sample.objects.values_list("name", "labels", "value"):
            stored.setdefault(name, {})[labels] = value
        for counted, labels in zeros(Tenant.objects.order_by("-id").values_list("slug", flat=True)[:TENANTS]):
            for name in (f"{counted.name}_count", f"{counted.name}_sum") if counted.buckets else (counted.name,):
                stored.setdefault(name, {}).setdefault(labels, 0.0)
        for counted in COUNTED:
            yield _histogram(counted, stored) if counted.buckets else _counter(counted, stored)
        for looked in LOOKED:
            with connection.cursor() as cursor:
                cursor.execute(looked.sql, {"queues": list(settings.QUEUES)})
                yield _family(looked, cursor.fetchall())


def _counter(counted: Counted, stored: Mapping[str, Mapping[str, float]]) -> Metric:
    family = CounterMetricFamily(counted.name.removesuffix("_total"), counted.help, labels=counted.labels)
    for key, value in sorted(stored.get(counted.name, {}).items()):
        family.add_metric(_values(counted, key), value)
    return family


def _histogram(counted: Counted, stored: Mapping[str, Mapping[str, float]]) -> Metric:
    family = HistogramMetricFamily(counted.name, counted.help, labels=counted.labels)
    for key, count in sorted(stored.get(f"{counted.name}_count", {}).items()):
        edges = [(f"{edge:g}", stored.get(f"{counted.name}_bucket:{edge:g}", {}).get(key, 0.0)) for edge in counted.buckets]
        total = stored[f"{counted.name}_sum"][key]
        family.add_metric(_values(counted, key), [*edges, ("+Inf", count)], sum_value=total)
    return family


def _family(looked: Looked, rows: Iterable[tuple[object, ...]]) -> Metric:
    if looked.buckets:
        return _timed(looked, rows)
    kind = CounterMetricFamily if looked.name.endswith("_total") else GaugeMetricFamily
    family = kind(looked.name.removesuffix("_total"), looked.help, labels=looked.labels)
    for *labels, value in rows:
        family.add_metric([str(label) for label in labels], float(str(value)))
    return family


def _timed(looked: Looked, rows: Iterable[tuple[object, ...]]) -> Metric:
    family = HistogramMetricFamily(looked.name, looked.help, labels=looked.labels)
    for row in rows:
        labels = [str(label) for label in row[: len(looked.labels)]]
        *edges, count, total = (float(str(value)) for value in row[len(looked.labels) :])
        buckets = [(f"{edge:g}", value) for edge, value in zip(looked.buckets, edges, strict=True)]
        family.add_metric(labels, [*buckets, ("+Inf", count)], sum_value=total)
    return family


def _values(counted: Counted, key: str) -> list[str]:
    known = json.loads(key)
    return [known[name] for name in counted.labels]
