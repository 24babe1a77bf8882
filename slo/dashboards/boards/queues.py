"""What waits, for how long, and who works on it."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from slo.dashboards.parts import OF, Limit, Query, Row, board, figure, graph


def part() -> Dashboard:
    some = Query("workers", "workers")
    alive = Limit(1, least=True)
    busy = "sum(workflows_live) / (sum(workers) > 0)"
    done = f"sum(increase(workflows_completed_total{{{OF}}}[1h]))"
    figures = (
        figure(
            "Waiting steps", "Steps that are ready and wait for a worker.", "short", Query("sum(queue_depth)", "steps"), width=6
        ),
        figure("Longest wait", "How long the oldest ready step waits.", "s", Query("max(queue_wait_seconds)", "oldest"), width=6),
        figure("Runs that go on", "Runs that have not ended, by state.", "short", Query("workflows_live", "{{state}}"), width=6),
        figure("Workers", "Worker processes whose heartbeat is fresh.", "short", some, limit=alive, width=6),
    )
    time = (
        graph("Waiting steps by queue", "Steps that are ready.", "short", Query("queue_depth", "{{queue}}"), stacked=True),
        graph("Longest wait by queue", "How long the oldest ready step waits.", "s", Query("queue_wait_seconds", "{{queue}}")),
        graph("Runs by state", "Runs that have not ended.", "short", Query("workflows_live", "{{state}}"), stacked=True, width=8),
        graph("Workers over time", "Worker processes whose heartbeat is fresh.", "short", some, limit=alive, width=8),
        graph(
            "Load",
            "Runs that go on for each worker, and runs that ended within an hour.",
            "short",
            Query(busy, "runs for each worker"),
            Query(done, "ended within an hour"),
            width=8,
        ),
    )
    about = "What waits for a worker. Depth grows while all workers are busy: more of them; no worker serves it: an incident."
    return board("queues", "Synergy: queues", about, (Row("Now", figures), Row("Over time", time)))
