"""400 steps on a real worker with eight children, some of which are killed: /metrics counts 400, not one more or less."""

from __future__ import annotations

import os
import signal
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from slo import folding
from slo.models import Sample
from synergy.core.models import LIVE_RUN, Run
from synergy.core.processes import descendants
from tests.synergy.workflow.conftest import story, submit, wait_for

pytestmark = pytest.mark.acceptance
PIPELINE = "tests.synergy.workflow.counted"
RUNS, STEPS, CHILDREN, KILLS = 40, 400, 8, 4
SLEEP = 0.05  #: seconds of each step, so that there is something to kill


@pytest.fixture
def counted(client, settings):
    """Sums of counters as a scraper reads them: ``counted("workflow_steps_total", state="done")``."""
    settings.METRICS_TOKEN = "t"

    def read(name: str, **labels: str) -> float:
        page = client.get("/metrics", headers={"Authorization": "Bearer t"})
        samples = [s for family in text_string_to_metric_families(page.content.decode()) for s in family.samples]
        return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())

    return read


def kill_one_at_work(fleet, worker, dead: set[int]) -> None:
    """SIGKILL for a child of ``worker`` in the middle of a step."""

    def at_work() -> int | None:
        lines = fleet.truth.lines()
        over = {(line.run, line.step, line.pid) for line in lines if line.what == "E"}
        alive = set(descendants(worker.pid)) - dead
        busy = [line for line in lines if line.what == "S" and line.pid in alive and (line.run, line.step, line.pid) not in over]
        # of those that have just begun, so that it is still at work when the signal comes
        return next((line.pid for line in busy if time.monotonic() - line.at < SLEEP / 2), None)

    pid = wait_for(at_work, 20, fleet.output)
    os.kill(pid, signal.SIGKILL)
    dead.add(pid)


def test_400_steps_over_eight_children_that_are_killed_are_400(fleet, settings, counted, monkeypatch):
    settings.SYNERGY_PIPELINE = PIPELINE
    worker = fleet.start(concurrency=CHILDREN, SYNERGY_PIPELINE=PIPELINE)
    assert len(list(descendants(worker.pid))) >= CHILDREN
    dead: set[int] = set()
    for number in range(RUNS):
        submit(sleep=SLEEP)
        if number % (RUNS // KILLS) == RUNS // KILLS - 1:
            kill_one_at_work(fleet, worker, dead)
            counted("workflow_steps_total")  # somebody scrapes meanwhile
    live = Run.objects.filter(state__in=LIVE_RUN)
    wait_for(lambda: not live.exists(), 90, lambda: f"{[story(run)[-5:] for run in live[:3]]}\n{fleet.output()}")

    assert len(dead) == KILLS
    assert counted("workflow_steps_total", state="done") == STEPS
    assert counted("workflows_completed_total", verdict="completed") == RUNS
    assert counted("workflow_steps_total", state="done") == STEPS  # whoever asks again
    assert counted("workflow_step_retries_total", cause="lost") > 0  # the kills hit work

    # Seeded: what was added is not marked as added. Then the same count is wrong.
    monkeypatch.setattr(folding, "F", lambda name: None)
    Sample.objects.all().delete()
    Run.objects.update(metered_at=None)
    assert counted("workflow_steps_total", state="done") > STEPS
