"""The HTTP interface, through the whole stack of Django."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from synergy.core.models import Membership, Run, Step, Tenant
from synergy.workflow import services, wire
from tests.synergy.workflow.conftest import ROOT, broker_down, submit, wait_for
from tests.synergy.workflow.test_ledger import run_to, side_by_side

MESSAGE = {"message": "Track orders and customers for a bakery"}


@pytest.fixture
def person(rows):
    """A client of somebody who belongs to a tenant."""

    def make(name: str, member: bool = True) -> APIClient:
        user = get_user_model().objects.create_user(name, password="x")
        if member:
            Membership.objects.create(user=user, tenant=Tenant.objects.create(name=name, slug=name))
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
        return client

    return make


@pytest.fixture
def sent(monkeypatch):
    """What was handed to the thread that talks to the broker."""
    handed: list = []
    monkeypatch.setattr(wire, "send_soon", handed.append)
    return handed


def test_a_run_is_accepted_and_can_be_looked_at(person, sent):
    client = person("ada")
    answer = client.post("/api/runs", {**MESSAGE, "stack": "fastapi-react", "project": "Bakery"}, format="json")
    assert answer.status_code == 202
    assert answer["Location"] == f"/api/runs/{answer.json()['id']}"
    [[ready]] = sent
    assert str(ready.run) == answer.json()["id"]
    run = client.get(answer["Location"]).json()
    assert (run["state"], run["message"], run["project"]) == ("queued", MESSAGE["message"], "bakery")
    assert [step["state"] for step in run["steps"]] == ["ready"] + ["waiting"] * 11
    assert run["verdict"] is None
    assert run["not_built"] == []
    stored = Run.objects.get()
    assert stored.tenant.slug == "ada"
    assert stored.options == {"stack": "fastapi-react"}


def test_a_repeated_request_gives_the_same_run(person, sent):
    client = person("ada")
    first, again = (client.post("/api/runs", MESSAGE, format="json", headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert Run.objects.count() == 1
    clash = client.post("/api/runs", {"message": "Another"}, format="json", headers={"Idempotency-Key": "k"})
    assert clash.status_code == 400
    assert "another message" in clash.json()["error"]["message"]


def test_the_runs_of_others_do_not_exist(person, sent):
    own = person("ada").post("/api/runs", MESSAGE, format="json")
    other = person("bob").get(own["Location"])
    assert other.status_code == 404
    assert other.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("member", [True, False])
def test_who_is_nobody_may_do_nothing(person, member):
    client = person("eve", member=False) if member else APIClient()
    answer = client.post("/api/runs", MESSAGE, format="json")
    assert answer.status_code == (403 if member else 401)
    assert set(answer.json()["error"]) == {"code", "message", "hint"}
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "message"),
        ({"message": ""}, "message"),
        ({"message": "   "}, "empty"),
        ({"message": "a\0b"}, "message"),
        ({"message": ["x"]}, "message"),
        ({"message": "x" * 100_001}, "100,001 characters"),
        ({**MESSAGE, "stack": "cobol"}, "no stack 'cobol'"),
        ({**MESSAGE, "project": "p" * 200}, "project"),
        ({**MESSAGE, "project": "a\x1b[31mb"}, "printable"),
    ],
)
def test_bad_input_is_one_clear_sentence_in_one_shape(person, sent, body, says):
    answer = person("ada").post("/api/runs", body, format="json")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_input"
    assert says in answer.json()["error"]["message"]
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [(b"{nonsense", "application/json", 400), (b"message=x", "application/x-www-form-urlencoded", 415)],
)
def test_what_is_not_json_is_refused_in_the_same_shape(person, content, kind, status):
    answer = person("ada").post("/api/runs", content, content_type=kind)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "hint"}


def test_a_broker_that_is_down_does_not_hold_up_the_request(person):
    client = person("ada")
    client.get("/api/runs")
    with broker_down():
        began = time.monotonic()
        answer = client.post("/api/runs", MESSAGE, format="json")
        took = time.monotonic() - began
        assert answer.status_code == 202
        assert took < 0.5
        step = Step.objects.get(run_id=answer.json()["id"], name="stack")
        wait_for(lambda: Step.objects.filter(id=step.id, sends=0).exists(), 10)  # known to be unsent: due at once


def owned(name: str) -> Run:
    """A run of the tenant ``name``, two steps of which are done or running."""
    run = submit(send=False)
    run_to(run, "plan")
    Run.objects.filter(id=run.id).update(tenant=Tenant.objects.get(slug=name))
    return run


def test_a_client_decides_about_its_run(person, sent):
    client = person("ada")
    run = owned("ada")
    for action, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled"), ("retry", "queued")):
        answer = client.post(f"/api/runs/{run.id}/{action}")
        assert (answer.status_code, answer.json()) == (202, {"id": str(run.id), "state": state})
        assert client.get(answer["Location"]).json()["state"] == state
    assert [[ready.name for ready in handed] for handed in sent if handed] == [["plan"]]


def test_a_client_forks_its_run_from_a_step(person, sent):
    client = person("ada")
    run = owned("ada")
    answer = client.post(f"/api/runs/{run.id}/fork", {"step": "plan"}, format="json")
    assert answer.status_code == 202
    fork = Run.objects.get(id=answer.json()["id"])
    assert (fork.parent, fork.tenant.slug, answer["Location"]) == (run, "ada", f"/api/runs/{fork.id}")
    assert [step["state"] for step in client.get(answer["Location"]).json()["steps"]][:3] == ["done", "ready", "waiting"]
    [[ready]] = sent
    assert (ready.run, ready.name) == (fork.id, "plan")


@pytest.mark.parametrize("action", ["cancel", "retry", "pause", "resume", "fork"])
def test_runs_that_are_unknown_or_of_others_cannot_be_decided_about(person, sent, action):
    person("ada")
    run = owned("ada")
    bob = person("bob")
    before = list(run.events.values_list("kind", flat=True))
    for missing in (run.id, uuid.uuid4()):
        answer = bob.post(f"/api/runs/{missing}/{action}", {"step": "plan"}, format="json")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert APIClient().post(f"/api/runs/{run.id}/{action}").status_code == 401
    assert list(run.events.values_list("kind", flat=True)) == before
    assert (Run.objects.count(), sent) == (1, [])


@pytest.mark.parametrize(
    ("state", "action", "body", "says", "hint"),
    [
        ("completed", "retry", {}, "Only a failed or cancelled run", "Fork it from a step"),
        ("completed", "cancel", {}, "is completed", "ended already"),
        ("completed", "pause", {}, "is completed", "queued or running"),
        ("running", "resume", {}, "is running", "Only a paused run"),
        ("running", "fork", {"step": "visuals"}, "plan, code:frontend", "It can start from: stack, plan."),
        ("running", "fork", {"step": "nonsense"}, "no step 'nonsense'", "Steps: stack, plan"),
        ("running", "fork", {}, "step: This field is required.", ""),
        ("running", "fork", {"step": ["plan"]}, "step: Not a valid string.", ""),
        ("running", "fork", ["plan"], "Invalid data", ""),
        ("running", "fork", {"step": "x" * 41}, "40 characters", ""),
    ],
)
def test_what_cannot_be_done_with_a_run_is_said_with_what_can(person, sent, state, action, body, says, hint):
    client = person("ada")
    run = owned("ada")
    Run.objects.filter(id=run.id).update(state=state)
    answer = client.post(f"/api/runs/{run.id}/{action}", body, format="json")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "bad_input")
    assert says in error["message"]
    assert hint in error["hint"]
    run.refresh_from_db()
    assert (run.state, Run.objects.count(), sent) == (state, 1, [])


def test_of_two_requests_to_resume_at_once_one_is_served(person, sent):
    client = person("ada")
    run = owned("ada")
    services.pause(run)
    key = client._credentials["HTTP_AUTHORIZATION"]

    def resume() -> int:
        return APIClient(headers={"Authorization": key}).post(f"/api/runs/{run.id}/resume").status_code

    assert sorted(side_by_side(resume, resume)) == [202, 400]
    assert run.events.filter(kind="resumed").count() == 1


def test_looking_at_a_run_takes_a_fixed_number_of_queries(person):
    client = person("ada")
    run = submit(send=False)
    Run.objects.filter(id=run.id).update(tenant=Tenant.objects.get(slug="ada"))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/api/runs/{run.id}").status_code == 200
    assert len(queries) <= 5, [q["sql"] for q in queries]


def test_who_administers_works_as_the_default_tenant(rows, sent):
    root = get_user_model().objects.create_superuser("root", password="x")
    client = APIClient()
    client.force_authenticate(root)
    assert client.post("/api/runs", MESSAGE, format="json").status_code == 202
    assert Run.objects.get().tenant == services.default_tenant()


def test_the_web_process_talks_to_the_configured_broker():
    code = "import synergy.asgi, celery; print(celery.current_app.main, celery.current_app.conf.task_default_queue)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["synergy", "control"]


def test_the_estimate_is_that_of_the_tenant(person):
    assert person("ada").get("/api/estimate").json() == {"runs": 0}
    assert APIClient().get("/api/estimate").status_code == 401


def test_the_analytics_are_those_of_the_tenant_and_take_a_number(person):
    client = person("ada")
    assert client.get("/api/analytics").json()["weeks"] == []
    assert client.get("/api/analytics?weeks=many").status_code == 400
    assert APIClient().get("/api/analytics").status_code == 401
