"""Error budget spent → a person approves: the delivery waits, and only a person lets it go on."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from slo.models import AlertTarget, DayOfObjective, Delivery
from synergy.core.errors import ApprovalNeeded
from synergy.core.models import Event, Membership, Run, RunState, Tenant
from synergy.workflow import approval, engine, services, wire
from synergy.workflow.shape import shape
from tests.synergy.workflow.conftest import states, story, submit, wait_for

pytestmark = pytest.mark.timeout(60)


def spend(tenant: Tenant, objective: str = "gates", bad: int = 5, total: int = 100) -> None:
    DayOfObjective.objects.create(tenant=tenant, objective=objective, day=timezone.now().date(), bad=bad, total=total)


@pytest.fixture
def strict():
    """The tenant of the runs here wants to approve; afterwards everything is as it was."""
    tenant = services.default_tenant()
    Tenant.objects.filter(pk=tenant.pk).update(approves=True)
    yield tenant
    Tenant.objects.filter(pk=tenant.pk).update(approves=False)
    DayOfObjective.objects.filter(tenant=tenant).delete()


def resting(run: Run) -> bool:
    run.refresh_from_db()
    return run.state == RunState.PAUSED


def test_a_run_rests_before_its_delivery_and_goes_on_when_a_person_says_so(crew, strict):
    spend(strict)
    target = AlertTarget.objects.create(tenant=strict, name="us", kind="email", address="us@example.org")
    run = submit()
    wait_for(lambda: resting(run), 20, crew.output)
    assert "“Gates that passed”, 5 of 100 were bad in 30 days, 1% may be" in run.reason
    assert run.verdict["passed"]
    assert states(run)["slo"] == "done"
    assert states(run)["delivery"] == "ready"
    assert crew.begun(run, "delivery") == []
    ada = get_user_model().objects.create_user("ada", password="x")
    Membership.objects.create(user=ada, tenant=strict)
    key = Token.objects.create(user=ada).key
    assert APIClient(headers={"Authorization": f"Token {key}"}).post(f"/api/runs/{run.id}/resume").status_code == 202
    wire.send([engine.Ready(run.id, "delivery", "control")])  # what is sent on commit does not leave a test's transaction
    crew.finish(run)
    assert (run.state, len(crew.begun(run, "delivery"))) == (RunState.COMPLETED, 1)
    assert run.steps.get(name="delivery").attempt == 1  # that it waited was no try
    told = story(run)
    assert told[-7:] == [
        "delivery claimed", "delivery blocked", "paused", "resumed", "delivery claimed", "delivery done", "finished",
    ]  # fmt: skip
    assert run.events.get(kind="resumed").data == {"by": "ada"}
    alerts = Delivery.objects.filter(target=target).order_by("id").values_list("alert", flat=True)
    assert [alert["state"] for alert in alerts] == ["firing", "resolved"]
    assert str(run.id) in alerts[0]["text"]


@pytest.mark.parametrize(
    ("objective", "bad", "total"),
    [("gates", 1, 100), ("gates", 2, 3), ("latency", 50, 100), ("visual", 4, 100)],
    ids=["one, and that is all that may be", "few", "nobody has to approve what is late", "not spent"],
)
def test_a_run_with_budget_left_is_delivered(crew, strict, objective, bad, total):
    spend(strict, objective, bad, total)
    assert crew.finish(submit()).state == RunState.COMPLETED


def test_who_does_not_want_to_approve_is_not_asked(crew, strict):
    spend(strict)
    Tenant.objects.filter(pk=strict.pk).update(approves=False)
    assert crew.finish(submit()).state == RunState.COMPLETED


@pytest.fixture
def waiting(rows, strict):
    """A run at its delivery."""
    spend(strict)
    run = submit(send=False)
    run.steps.exclude(name="delivery").update(state="done", result="{}")
    run.steps.filter(name="delivery").update(state="ready", need=0)
    return run


def asked(run: Run) -> engine.Attempt:
    """The delivery is claimed, and held up."""
    attempt = engine.claim(shape(), run.id, "delivery", uuid.uuid4())
    assert attempt is not None
    with pytest.raises(ApprovalNeeded) as error:
        approval.require(run.id, "delivery")
    return attempt if engine.give_back(run.id, "delivery", attempt.token, kind="blocked", error=str(error.value)) else None


@pytest.mark.django_db(transaction=True)
def test_only_going_on_after_it_was_asked_approves(waiting):
    services.pause(waiting)
    services.resume(waiting)  # before anybody knew
    asked(waiting)
    with pytest.raises(ApprovalNeeded):
        approval.require(waiting.id, "delivery")
    services.resume(waiting)
    approval.require(waiting.id, "delivery")


@pytest.mark.django_db(transaction=True)
def test_one_that_a_person_paused_meanwhile_says_why_it_needs_approval(waiting):
    attempt = engine.claim(shape(), waiting.id, "delivery", uuid.uuid4())
    services.pause(waiting)
    engine.give_back(waiting.id, "delivery", attempt.token, kind="blocked", error="An error budget is spent.")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (RunState.PAUSED, "An error budget is spent.")


@pytest.mark.django_db(transaction=True)
def test_an_approval_is_of_one_run(waiting):
    asked(waiting)
    services.resume(waiting)
    waiting.steps.filter(name="delivery").update(state="done", result="{}")
    fork, _ = services.fork(waiting, "delivery")
    with pytest.raises(ApprovalNeeded):
        approval.require(fork.id, "delivery")


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_while_it_asks_approves_nothing(waiting):
    with pytest.raises(ApprovalNeeded):
        approval.require(waiting.id, "delivery")
    Event.objects.create(run=waiting, step="delivery", kind="lost")
    with pytest.raises(ApprovalNeeded):
        approval.require(waiting.id, "delivery")
