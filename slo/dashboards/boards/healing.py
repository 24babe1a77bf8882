"""What went wrong and was mended: retries, incidents, how long recovery took, who is alive."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from slo.dashboards.parts import Limit, Query, Row, bars, board, figure, graph

RETRIES, INCIDENTS, RECOVERY = "workflow_step_retries_total", "incidents_total", "recovery_seconds"
WORKERS = Query("workers", "workers")
ALIVE = Limit(1, least=True)


def total(metric: str, by: str = "", window: str = "$__range") -> str:
    return f"sum{f' by ({by}) ' if by else ''}(increase({metric}[{window}]))"


def p95(by: str, window: str = "$__range") -> str:
    return f"histogram_quantile(0.95, {total(f'{RECOVERY}_bucket', by, window)})"


def figures() -> Row:
    told = total(f'{INCIDENTS}{{alert="yes"}}')
    return Row(
        "In the chosen time",
        (
            figure("Incidents", "Repairs in the chosen time.", "short", Query(total(INCIDENTS), "incidents"), width=6),
            figure("Told to people", "Incidents that somebody must know.", "short", Query(told, "told"), limit=Limit(1), width=6),
            figure(
                "Recovery",
                "95 of 100 repairs came within this time after the fault, as far as that is known.",
                "s",
                Query(p95("le"), "p95"),
                width=6,
            ),
            figure("Workers", "Worker processes whose heartbeat is fresh.", "short", WORKERS, limit=ALIVE, width=6),
        ),
    )


def repairs() -> Row:
    remedy = "{{remedy}}"
    return Row(
        "Incidents",
        (
            bars("Incidents by remedy", "Repairs, by what was done.", "short", Query(total(INCIDENTS, "remedy"), remedy)),
            graph(
                "Incidents over time", "Repairs of an hour.", "short", Query(total(INCIDENTS, "remedy", "1h"), remedy), width=16
            ),
            bars("Recovery by remedy", "95 of 100 repairs came sooner.", "s", Query(p95("remedy, le"), remedy)),
            graph(
                "Recovery over time",
                "95 of 100 repairs of an hour came sooner.",
                "s",
                Query(p95("remedy, le", "1h"), remedy),
                width=16,
            ),
        ),
    )


def retries() -> Row:
    recorded = total('workflow_steps_total{state="done"}')
    share = f"{total(RETRIES, 'cause')} / ignoring (cause) group_left () ({recorded} > 0)"
    return Row(
        "Retries and workers",
        (
            bars(
                "Retries by cause",
                "failed: an error worth another try; lost: the worker died.",
                "short",
                Query(total(RETRIES, "cause"), "{{cause}}"),
            ),
            graph(
                "Retries over time",
                "Attempts of an hour beyond the first.",
                "short",
                Query(total(RETRIES, "step, cause", "1h"), "{{step}}: {{cause}}"),
                width=16,
            ),
            bars(
                "Retries for each step",
                "Attempts beyond the first, divided by the steps that were recorded.",
                "percentunit",
                Query(share, "{{cause}}"),
            ),
            graph("Live workers", "Worker processes whose heartbeat is fresh.", "short", WORKERS, limit=ALIVE, width=16),
        ),
    )


def part() -> Dashboard:
    about = "What went wrong and was mended, of all tenants. Each incident is listed in the admin: what was seen, what was done."
    return board("healing", "Synergy: healing", about, (figures(), repairs(), retries()))
