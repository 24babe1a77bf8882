"""What a run will take: said from what earlier ones of the same tenant took, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from synergy.core.models import Project, Run, RunState, Tenant
from synergy.workflow.estimate import estimate, percentile

pytestmark = pytest.mark.django_db


def ended(tenant, seconds, cost, state=RunState.COMPLETED):
    project, _ = Project.objects.get_or_create(tenant=tenant, slug="shop", defaults={"name": "Shop"})
    now = timezone.now()
    return Run.objects.create(
        tenant=tenant, project=project, message="A shop", state=state, cost_usd=cost, engine="synergy/3",
        started_at=now - timedelta(seconds=seconds), finished_at=now,
    )  # fmt: skip


def test_the_history_of_the_tenant_says_what_a_run_takes():
    ours, others = (Tenant.objects.create(name=name, slug=name) for name in ("ours", "others"))
    for n in range(1, 21):
        ended(ours, n * 10, n / 100)
    ended(ours, 9999, 5, RunState.FAILED)
    ended(others, 9999, 5)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = estimate(ours)
    assert len(queries) == 1
    assert (found.runs, found.seconds_p50, found.seconds_p95) == (20, 100, 190)
    assert (found.cost_usd_p50, found.cost_usd_p95) == (0.1, 0.19)
    assert "Usually 100 s and $0.1000" in str(found)


def test_two_runs_are_no_history():
    tenant = Tenant.objects.create(name="new", slug="new")
    assert estimate(tenant) is None
    for _ in range(2):
        ended(tenant, 80, 0)
    assert estimate(tenant) is None
    ended(tenant, 80, 0)
    assert estimate(tenant).runs == 3


@pytest.mark.parametrize(("q", "value"), [(50, 2), (95, 4), (0, 1), (100, 4)])
def test_percentiles_are_values_that_were_measured(q, value):
    assert percentile([4, 1, 3, 2], q) == value
