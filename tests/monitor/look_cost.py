"""What a quick look costs: ``python -m pytest -q -s tests/monitor/look_cost.py``. Not a test: it prints, for a person."""

from __future__ import annotations

import statistics
import time

import pytest
from django.db import connection, connections

from monitor import services as monitor
from synergy.workflow import wire
from synergy.workflow.heart import Heart
from tests.synergy.workflow.conftest import submit

pytestmark = pytest.mark.usefixtures("rows")
LOOKS = 300
FILL = """
INSERT INTO core_run (id, tenant_id, project_id, message, options, state, reason, stack, engine, trace_id, cost_usd, budget_usd,
  carried_seconds, created_at)
SELECT gen_random_uuid(), %(tenant)s, %(project)s, 'm', '{}', 'completed', '', '', 'tiny/1', 't', 0, 5, 0, now()
FROM generate_series(1, 100000);
INSERT INTO core_step (run_id, name, position, queue, limit_seconds, state, need, attempt, fails, losses, sends, cost_usd, error)
SELECT id, 'step' || n, n, 'agents', 300, 'done', 0, 1, 0, 0, 1, 0, '' FROM core_run, generate_series(1, 10) n
WHERE state = 'completed';
"""


def measure(what: str) -> None:
    monitor.heal()
    took, client = [], []
    for _ in range(LOOKS):
        began, cpu = time.perf_counter(), time.thread_time()
        monitor.heal(quick=True)
        took.append((time.perf_counter() - began) * 1000)
        client.append((time.thread_time() - cpu) * 1000)
        time.sleep(0.005)
    took.sort()
    p95 = took[int(LOOKS * 0.95)]
    cpu = statistics.median(client)
    line = f"{what}: median {statistics.median(took):.2f} ms, p95 {p95:.2f} ms, CPU of the client {cpu:.2f} ms"
    print(f"\n{line}")  # noqa: T201


def test_cost(monkeypatch):
    monkeypatch.setattr(wire, "backlog", lambda queues: dict.fromkeys(queues, 10_000))
    run = submit(send=False)
    hearts = [Heart("tiny/1") for _ in range(8)]
    for heart in hearts:
        heart.start()
    run.steps.update(due=None)
    measure("8 workers, nothing to do")
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"tenant": run.tenant_id, "project": run.project_id})
        cursor.execute("ANALYZE core_run, core_step, core_event")
    measure("the same beside 1,000,000 recorded steps")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_step s SET state = 'ready', sends = 1, due = now(), ready_at = now() FROM (SELECT id FROM core_run"
            " WHERE state = 'completed' LIMIT 10000) r WHERE s.run_id = r.id AND s.name = 'step1'"
        )
        cursor.execute("UPDATE core_run SET state = 'running' WHERE id IN (SELECT run_id FROM core_step WHERE state = 'ready')")
        cursor.execute("ANALYZE core_run, core_step")
    measure("and 10,000 ready steps that the broker holds")
    for heart in hearts:
        heart.stop()
    connections.close_all()
