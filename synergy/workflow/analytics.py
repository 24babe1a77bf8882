"""What became of a tenant's runs: by week and stack, by step, by gate; and how right the confidence was. All from the ledger."""

from __future__ import annotations

from typing import Any

from django.db import connection

from slo.budgets import budgets
from synergy.core.models import Tenant

MOST_WEEKS = 52

ENDED = """
WITH ended AS (
  SELECT r.id, r.stack, r.state, r.cost_usd, r.confidence, r.verdict,
    date_trunc('week', r.created_at AT TIME ZONE 'UTC')::date AS week,
    r.carried_seconds + extract(epoch FROM r.finished_at - r.started_at) AS seconds
  FROM core_run r
  WHERE r.tenant_id = %(tenant)s AND r.created_at > now() - %(weeks)s * interval '1 week' AND r.finished_at IS NOT NULL
)
"""
WEEKS = """
SELECT week::text, coalesce(nullif(stack, ''), 'none'), count(*), count(*) FILTER (WHERE state = 'completed'),
  count(*) FILTER (WHERE state = 'rejected'), count(*) FILTER (WHERE state = 'refused'), count(*) FILTER (WHERE state = 'failed'),
  percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds), percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds), sum(cost_usd)
FROM ended GROUP BY 1, 2 ORDER BY 1 DESC, 2
"""
STEPS = """
SELECT s.name, count(*),
  percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM s.finished_at - s.started_at)),
  percentile_disc(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM s.finished_at - s.started_at)),
  sum(s.fails), sum(s.losses), sum(s.cost_usd)
FROM core_step s JOIN ended ON ended.id = s.run_id WHERE s.state = 'done' AND s.finished_at IS NOT NULL
GROUP BY s.name ORDER BY min(s.position)
"""
GATES = """
SELECT gate ->> 'gate', count(*), count(*) FILTER (WHERE NOT (gate ->> 'passed')::boolean)
FROM ended, jsonb_array_elements(ended.verdict -> 'gates') gate GROUP BY 1 ORDER BY 3 DESC, 1
"""
RECOVERY = """
SELECT i.remedy, count(*), count(*) FILTER (WHERE i.alert),
  percentile_disc(0.5) WITHIN GROUP (ORDER BY i.since_seconds), percentile_disc(0.95) WITHIN GROUP (ORDER BY i.since_seconds)
FROM monitor_incident i JOIN ended ON ended.id = i.run_id GROUP BY 1 ORDER BY 2 DESC, 1
"""
CURVE = """
SELECT least(floor(confidence * 10), 9)::int, count(*), avg(confidence), count(*) FILTER (WHERE state = 'completed')
FROM ended WHERE confidence IS NOT NULL AND state IN ('completed', 'rejected') GROUP BY 1 ORDER BY 1
"""


def analytics(tenant: Tenant, weeks: int = 12) -> dict[str, Any]:
    """The runs of ``tenant`` that were started in the last ``weeks`` and have ended. Six queries.

    ``budgets``: error budgets, always of the last 30 days (``left``: the share of each that is not used up).

    ``recovery``: repairs by the monitor, with the seconds from each fault to its repair. ``confidence``: a point for each tenth
    in which runs lie: mean confidence, and the share of its runs that passed all gates.
    """
    given = {"tenant": tenant.pk, "weeks": max(1, min(weeks, MOST_WEEKS))}
    return {
        "budgets": [
            {
                "objective": one.title, "asked": one.asked, "bad": one.bad, "events": one.total, "left": one.left,
                "spent": one.spent,
            }
            for one in budgets(tenant.pk)
        ],
        "weeks": [
            {
                "week": week, "stack": stack, "runs": count, "completed": completed, "rejected": rejected, "refused": refused,
                "failed": failed, "seconds_p50": _number(p50), "seconds_p95": _number(p95), "cost_usd": float(cost),
            }
            for week, stack, count, completed, rejected, refused, failed, p50, p95, cost in _rows(WEEKS, given)
        ],
        "steps": [
            {
                "step": name, "done": count, "seconds_p50": _number(p50), "seconds_p95": _number(p95),
                "failed_attempts": int(fails), "lost_attempts": int(losses), "cost_usd": float(cost),
            }
            for name, count, p50, p95, fails, losses, cost in _rows(STEPS, given)
        ],
        "gates": [{"gate": gate, "judged": judged, "failed": failed} for gate, judged, failed in _rows(GATES, given)],
        "recovery": [
            {"remedy": remedy, "repairs": count, "alerts": alerts, "seconds_p50": _number(p50), "seconds_p95": _number(p95)}
            for remedy, count, alerts, p50, p95 in _rows(RECOVERY, given)
        ],
        "confidence": [
            {"from": tenth / 10, "runs": count, "mean": round(float(mean), 4), "passed": round(passed / count, 4)}
            for tenth, count, mean, passed in _rows(CURVE, given)
        ],
    }  # fmt: skip


def _rows(sql: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(ENDED + sql, given)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _number(value: object) -> float | None:
    return None if value is None else round(float(str(value)), 3)
