"""The admin, as a reviewer uses it."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from monitor.models import Incident
from monitor.remedies.base import Repair
from monitor.services import _teller
from synergy.core.artifacts import ArtifactStore
from synergy.core.models import Membership, Project, Run, Tenant
from synergy.core.spending import Order, Paid
from synergy.core.types import GateResult, Shot, Verdict, VisualReport
from synergy.workflow import services, wire
from synergy.workflow.book import Ledger
from tests.synergy.workflow.conftest import submit
from tests.synergy.workflow.test_ledger import run_to

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def root(rows):
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root", password="x"))
    return client


@pytest.fixture
def store(settings):
    return ArtifactStore(settings.ARTIFACTS_DIR)


def looker(name: str, *permissions: str) -> Client:
    """Staff of a tenant of their own that may look, and what else is said."""
    user = get_user_model().objects.create_user(name, password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=("view_run", *permissions)))
    Membership.objects.create(user=user, tenant=Tenant.objects.get_or_create(slug=name, defaults={"name": name})[0])
    client = Client()
    client.force_login(user)
    return client


def judged(store: ArtifactStore) -> Run:
    """A run with a verdict, a screenshot and a hostile message."""
    run, _ = services.create_run("Build <script>alert(1)</script> shop", tenant=services.default_tenant())
    shot = Shot(page="home", width=375, height=10, image=store.put(PNG), text="t", diff_ratio=0.012)
    visuals = VisualReport(
        browser="b",
        fonts="f",
        axe="4",
        pages=1,
        widths=(375,),
        shots=(shot,),
        findings=(),
        controls=1,
        calls=(),
        seconds=1,
        project_hash="h",
    )
    gate = GateResult(gate="cost", value=0.1, threshold=5, comparison="<", passed=True, reason="<b>cheap</b>")
    verdict = Verdict(gates=(gate,), passed=True, clauses=(), cost_usd=0.1, seconds=1)
    for name, value in (("visuals", visuals), ("slo", verdict)):
        run.steps.filter(name=name).update(result=value.model_dump_json(), state="done")
    return run


def page(run: Run) -> str:
    return reverse("admin:core_run_change", args=[run.id])


def test_a_reviewer_reads_verdict_steps_history_and_pictures_of_a_run(root, store):
    run = judged(store)
    text = root.get(page(run)).content.decode()
    for part in ("cost", "0.1", "code:backend", "created", "375 px", "1.20% changed"):
        assert part in text
    assert "<script>alert(1)" not in text
    assert "<b>cheap</b>" not in text


def test_the_page_of_a_run_takes_a_fixed_number_of_queries(root, store):
    run = judged(store)
    counts = []
    for more in (0, 20):
        for _ in range(more):
            run.events.create(kind="claimed", step="plan")
        with CaptureQueriesContext(connection) as queries:
            root.get(page(run))
        counts.append(len(queries))
    assert counts[1] <= counts[0] <= 14


def test_the_list_takes_a_fixed_number_of_queries(root):
    counts = []
    for _ in range(2):
        for _ in range(5):
            submit(send=False, sleep=len(counts))
        with CaptureQueriesContext(connection) as queries:
            assert root.get(reverse("admin:core_run_changelist")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


@pytest.mark.parametrize("name", ["core_run", "core_project", "core_tenant", "core_workerbeat", "monitor_incident"])
def test_every_list_can_be_searched_and_filtered(root, name):
    run = submit(send=False)
    address = reverse(f"admin:{name}_changelist")
    assert root.get(address, {"q": str(run.id)[:8]}).status_code == 200
    assert root.get(address).status_code == 200


def test_a_run_is_found_by_the_beginning_of_its_id(root):
    run, other = submit(send=False), submit(send=False)
    text = root.get(reverse("admin:core_run_changelist"), {"q": str(run.id)[:8]}).content.decode()
    assert str(run.id) in text
    assert str(other.id) not in text


def act(client: Client, action: str, *runs: Run):
    data = {"action": action, "_selected_action": [str(run.id) for run in runs]}
    return client.post(reverse("admin:core_run_changelist"), data, follow=True).content.decode()


def test_a_reviewer_cancels_retries_pauses_and_resumes(root, monkeypatch):
    sent: list = []
    monkeypatch.setattr(wire, "send_soon", sent.extend)
    run = submit(send=False)
    for action, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled"), ("retry", "queued")):
        assert "Done for 1 runs." in act(root, action, run)
        run.refresh_from_db()
        assert run.state == state
    assert [step.name for step in sent] == ["stack", "stack"]
    assert "Only a failed or cancelled run" in act(root, "retry", run)


def press(client: Client, run: Run, action: str, **data: str):
    return client.post(reverse(f"admin:run_{action}", args=[run.id]), data, follow=True)


def test_a_reviewer_decides_on_the_page_of_a_run(root, monkeypatch):
    sent: list = []
    monkeypatch.setattr(wire, "send_soon", sent.extend)
    run = submit(send=False)
    run_to(run, "plan")
    assert "formaction" in root.get(page(run)).content.decode()
    for action, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled"), ("retry", "queued")):
        answer = press(root, run, action)
        assert answer.redirect_chain == [(page(run), 302)]
        assert f"Done: this run is {state}." in answer.content.decode()
    assert "can be tried again" in press(root, run, "retry").content.decode()


def test_a_reviewer_forks_a_run_from_a_step_whose_predecessors_are_done(root, monkeypatch):
    sent: list = []
    monkeypatch.setattr(wire, "send_soon", sent.extend)
    run = submit(send=False)
    run_to(run, "plan")
    offered = re.findall(r"<option>(.*?)</option>", root.get(page(run)).content.decode())
    assert offered == ["stack", "plan"]
    press(root, run, "fork", step="plan")
    fork = Run.objects.get(parent=run)
    assert [(ready.run, ready.name) for ready in sent] == [(fork.id, "plan")]
    for step, says in (("visuals", "never ended"), ("nonsense", "There is no step"), ("", "There is no step")):
        assert says in html.unescape(press(root, run, "fork", step=step).content.decode())
    assert Run.objects.filter(parent=run).count() == 1


def test_decisions_are_for_those_who_may_decide_about_the_run(root):
    run = submit(send=False)
    eve, ada = looker("eve", "change_run"), looker("ada")
    Run.objects.filter(id=run.id).update(tenant=Tenant.objects.get(slug="ada"))
    assert press(eve, run, "cancel").status_code == 404
    assert press(ada, run, "cancel").status_code == 403
    assert "formaction" not in ada.get(page(run)).content.decode()
    assert root.get(reverse("admin:run_cancel", args=[run.id])).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(get_user_model().objects.get(username="root"))
    assert press(strict, run, "cancel").status_code == 403
    run.refresh_from_db()
    assert run.state == "queued"


def test_the_page_of_a_run_shows_its_incidents_and_the_list_what_waits(root):
    run = submit(send=False)
    Incident.objects.create(run=run, remedy="lost_steps", seen="It was <gone>.", done="Again.", since_seconds=1)
    loud = Incident.objects.create(remedy="silent_beat", seen="Beat is away.", done="So be it.", since_seconds=1, alert=True)
    text = root.get(page(run)).content.decode()
    assert "It was &lt;gone&gt;." in text
    listed = reverse("admin:monitor_incident_changelist")
    alerts = root.get(listed, {"alert__exact": "1"}).content.decode()
    assert loud.seen in alerts
    assert "It was" not in alerts
    assert "Queues now" in alerts
    assert re.search(r"<td>agents</td><td>1</td>", alerts)


def test_incidents_of_others_are_not_shown(rows):
    run, other = submit(send=False), submit(send=False)
    ada = looker("ada", "view_incident")
    Run.objects.filter(id=run.id).update(tenant=Tenant.objects.get(slug="ada"))
    for of in (run, other, None):
        _teller("lost_steps", [])(Repair(f"Seen in {of and of.id}", "Again.", of and of.id))
    text = ada.get(reverse("admin:monitor_incident_changelist")).content.decode()
    assert f"Seen in {run.id}" in text
    assert f"Seen in {other.id}" not in text
    assert "Seen in None" not in text
    assert "Queues now" not in text


def test_who_may_only_look_cannot_act_and_sees_the_own_tenant_only(rows):
    client = looker("ada")
    own, other = submit(send=False), submit(send=False)
    Run.objects.filter(id=own.id).update(tenant=Tenant.objects.get(slug="ada"))
    text = client.get(reverse("admin:core_run_changelist")).content.decode()
    assert str(own.id) in text
    assert str(other.id) not in text
    assert client.get(page(other)).status_code == 302
    act(client, "cancel", own)
    own.refresh_from_db()
    assert own.state == "queued"
    act(looker("ada2", "change_run"), "cancel", own)  # of another tenant
    own.refresh_from_db()
    assert own.state == "queued"


def test_nobody_edits_the_ledger_by_hand(root):
    run = submit(send=False)
    assert root.post(page(run), {"state": "completed"}).status_code == 403
    assert root.post(reverse("admin:core_run_delete", args=[run.id]), {"post": "yes"}).status_code == 403
    assert root.get(reverse("admin:core_run_add")).status_code == 403


def test_a_picture_is_shown_and_anything_else_is_a_download_without_rights(root, store):
    run = judged(store)
    page_shot = store.put(PNG)
    hostile = store.put(b"<html><script>alert(1)</script>")
    run.steps.filter(name="tests").update(result=json.dumps({"log": hostile}))
    picture = root.get(reverse("admin:run_artifact", args=[run.id, page_shot]))
    other = root.get(reverse("admin:run_artifact", args=[run.id, hostile]))
    assert picture["Content-Type"] == "image/png"
    assert other["Content-Type"] == "application/octet-stream"
    assert other["Content-Disposition"].startswith("attachment")
    for response in (picture, other):
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_artifacts_are_for_those_who_may_see_the_run_and_belong_to_it(root, store):
    run, foreign = judged(store), store.put(b"of another run")
    own = store.put(PNG)
    assert root.get(reverse("admin:run_artifact", args=[run.id, foreign])).status_code == 404
    assert root.get(reverse("admin:run_artifact", args=[run.id, "..%2Fsecret"])).status_code == 404
    address = reverse("admin:run_artifact", args=[run.id, own])
    assert looker("eve").get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_projects_show_their_runs(root):
    submit(send=False)
    submit(send=False)
    assert Project.objects.count() == 1
    assert root.get(reverse("admin:core_project_changelist")).status_code == 200


def test_the_money_of_a_run_is_shown_with_each_question_and_answer(root):
    run = submit(send=False)
    book, order = Ledger(run.id, "plan"), Order("k", 0.01, "plan", "<b>Plan it.</b>")
    book.reserve(order)
    book.settle(order, Paid("<script>an answer</script>", 0.0025, "some/model", 1200, 80))
    Ledger(run.id, "ui").reserve(Order("lost", 0.5, "ui"))
    text = root.get(page(run)).content.decode()
    for part in ("$0.0025", "1200", "$0.5000 held"):
        assert part in text
    listed = root.get(reverse("admin:core_call_changelist", query={"run__id__exact": run.pk})).content.decode()
    assert "some/model" in listed
    one = root.get(reverse("admin:core_call_change", args=[run.calls.get(step="plan").pk])).content.decode()
    assert "&lt;script&gt;an answer" in one
    assert "<script>an answer" not in one
    assert looker("eve").get(reverse("admin:core_call_change", args=[run.calls.get(step="plan").pk])).status_code in (302, 403)


def test_a_reviewer_resumes_a_run_that_has_spent_all_with_a_higher_limit(root):
    run = submit(send=False)
    Run.objects.filter(id=run.id).update(state="paused", reason="All is spent.", cost_usd=5)
    assert "with a budget of" in root.get(page(run)).content.decode()
    button = reverse("admin:run_resume", args=[run.id])
    assert "are spent already" in root.post(button, {"budget_usd": "5"}, follow=True).content.decode()
    assert "no amount of US dollars" in root.post(button, {"budget_usd": "five"}, follow=True).content.decode()
    root.post(button, {"budget_usd": "8"})
    run.refresh_from_db()
    assert (run.state, float(run.budget_usd)) == ("queued", 8.0)
