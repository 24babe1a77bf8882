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
from tests.synergy.workflow.test_ledger import FILL

pytestmark = pytest.mark.usefixtures("rows")
LOOKS = 300


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
        big = FILL.replace("generate_series(1, 3000)", "generate_series(1, 100000)")
        cursor.execute(big, {"tenant": run.tenant_id, "project": run.project_id})
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
