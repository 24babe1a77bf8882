"""What the ledger says about a tenant's runs, and about nobody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monitor.models import Incident
from synergy.core.models import Membership, Project, Run, RunState, Step, StepState, Tenant
from synergy.workflow.analytics import analytics

pytestmark = pytest.mark.django_db


def ended(tenant, seconds, state=RunState.COMPLETED, confidence=0.93, cost="0.10", age=0, stack="fastapi-react"):
    project, _ = Project.objects.get_or_create(tenant=tenant, slug="shop", defaults={"name": "Shop"})
    now = timezone.now() - timedelta(weeks=age)
    gates = [{"gate": "cost", "passed": True}, {"gate": "walks", "passed": state == RunState.COMPLETED}]
    run = Run.objects.create(
        tenant=tenant, project=project, message="A shop", state=state, engine="synergy/3", stack=stack, confidence=confidence,
        cost_usd=cost, verdict={"passed": True, "gates": gates}, started_at=now - timedelta(seconds=seconds), finished_at=now,
    )  # fmt: skip
    Run.objects.filter(id=run.id).update(created_at=now)
    Step.objects.create(
        run=run, name="ui", position=5, queue="agents", limit_seconds=60, need=0, state=StepState.DONE, fails=1, losses=2,
        started_at=now - timedelta(seconds=seconds / 10), finished_at=now,
    )  # fmt: skip


@pytest.fixture
def ours():
    tenant = Tenant.objects.create(name="ours", slug="ours")
    for n in range(1, 11):
        ended(tenant, n * 10)
    ended(tenant, 500, RunState.REJECTED, confidence=0.55, stack="")
    ended(Tenant.objects.create(name="theirs", slug="theirs"), 9999, cost="5.00")
    return tenant


def test_weeks_steps_gates_and_the_reliability_of_the_confidence(ours):
    with CaptureQueriesContext(connection) as queries:
        found = analytics(ours)
    assert len(queries) <= 6
    first, second = sorted(found["weeks"], key=lambda week: week["stack"])
    assert (first["stack"], first["runs"], first["completed"], first["rejected"]) == ("fastapi-react", 10, 10, 0)
    assert (first["seconds_p50"], first["seconds_p95"], first["cost_usd"]) == (50, 100, 1.0)
    assert (second["stack"], second["rejected"]) == ("none", 1)
    (step,) = found["steps"]
    assert (step["step"], step["done"], step["failed_attempts"], step["lost_attempts"]) == ("ui", 11, 11, 22)
    assert step["seconds_p95"] == 50
    assert found["gates"] == [{"gate": "walks", "judged": 11, "failed": 1}, {"gate": "cost", "judged": 11, "failed": 0}]
    assert found["confidence"] == [
        {"from": 0.5, "runs": 1, "mean": 0.55, "passed": 0.0},
        {"from": 0.9, "runs": 10, "mean": 0.93, "passed": 1.0},
    ]


def test_what_is_older_is_left_out(ours):
    ended(ours, 10, age=5)
    assert sum(week["runs"] for week in analytics(ours, 4)["weeks"]) == 11
    assert sum(week["runs"] for week in analytics(ours, 6)["weeks"]) == 12


def test_a_tenant_without_runs_has_empty_tables():
    found = analytics(Tenant.objects.create(name="new", slug="new"))
    assert {(row["bad"], row["events"], row["left"], row["spent"]) for row in found.pop("budgets")} == {(0, 0, 1.0, False)}
    assert found == {
        "weeks": [],
        "steps": [],
        "gates": [],
        "recovery": [],
        "confidence": [],
    }


def test_repairs_are_told_with_their_time(ours):
    run = Run.objects.filter(tenant=ours).first()
    for seconds in (2.0, 8.0):
        Incident.objects.create(remedy="lost", run=run, since_seconds=seconds, took_seconds=0.1, alert=seconds > 5)
    assert analytics(ours)["recovery"] == [{"remedy": "lost", "repairs": 2, "alerts": 1, "seconds_p50": 2, "seconds_p95": 8}]


def test_the_page_shows_the_own_tenant_and_who_administers_chooses(ours, client, django_user_model):
    ada = django_user_model.objects.create_user("ada", password="x", is_staff=True)
    ada.user_permissions.set(Permission.objects.filter(codename="view_run"))
    Membership.objects.create(user=ada, tenant=ours)
    client.force_login(ada)
    page = client.get("/admin/core/run/analytics/").content.decode()
    assert "fastapi-react" in page
    assert "<circle" in page
    assert "9999" not in page
    assert client.get("/admin/core/run/analytics/?tenant=theirs").status_code == 404
    client.force_login(django_user_model.objects.create_superuser("root", password="x"))
    page = client.get("/admin/core/run/analytics/?tenant=theirs&weeks=nonsense").content.decode()
    assert "9999" in page
    assert "How runs went" in client.get("/admin/core/run/").content.decode()


def test_the_page_is_closed_to_others(ours, client, django_user_model):
    client.force_login(django_user_model.objects.create_user("eve", password="x", is_staff=True))
    assert client.get("/admin/core/run/analytics/").status_code == 403
