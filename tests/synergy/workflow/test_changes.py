"""A change of a project in the ledger: what it starts from, what it refuses, who may ask for it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from inference.planning.difference import plan_diff
from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import EDITS, MODEL, Bench
from synergy.core.errors import BadInput
from synergy.core.models import Membership, Run, RunState, StepState, Tenant
from synergy.core.revisions import BY_HAND, Base
from synergy.core.types import ChangeSet, EditNote, Feature, Message, Proof, Revision
from synergy.core.written import Attempt as Try
from synergy.core.written import Improved
from synergy.workflow import changes, services, steps, wire
from synergy.workflow.delivery import deliver
from synergy.workflow.engine import Attempt
from synergy.workflow.handwork import Found, from_zip
from synergy.workflow.report import summary
from synergy.workflow.shape import shape
from tests.slo import samples

pytestmark = pytest.mark.django_db
FIRST = "Track orders and customers for a bakery"


@pytest.fixture
def tenant():
    return Tenant.objects.create(name="ada", slug="ada")


@pytest.fixture
def place(tmp_path) -> Bench:
    (tmp_path / "project").mkdir()
    return Bench(root=tmp_path, store=ArtifactStore(Path(settings.ARTIFACTS_DIR)))


@pytest.fixture
def delivered(place):
    """Make a run of the real pipeline that has delivered: its rows, its results, its zip."""

    def make(
        tenant: Tenant, project: str = "Bakery", message: str = FIRST, run: Run | None = None, written=None, **update
    ) -> Run:
        run = run or services.create_run(message, tenant=tenant, project=project)[0]
        values = samples.clean_run(place)
        for step, fields in update.items():
            values = values.update(step, **fields)
        verdict = values.judged()
        handed = deliver(place, str(run.id), Message(text=message), *values.values().values(), verdict=verdict)
        by_agent = {f"code:{c.agent}": c for c in values.changes}
        results = {**values.values(), **by_agent, "conflicts": values.resolution, "slo": verdict, "delivery": handed}
        results["improve"] = written or Improved(agent=MODEL, files={})
        for step in run.steps.all():
            step.result, step.state = results[step.name].model_dump_json(), StepState.DONE
            step.save()
        Run.objects.filter(id=run.id).update(state=RunState.COMPLETED)
        run.refresh_from_db()
        return run

    return make


def base_of(run: Run) -> Base:
    return Base.model_validate_json(ArtifactStore(Path(settings.ARTIFACTS_DIR)).get_text(run.options["base"]))


def zipped(run: Run, **swaps: str) -> Found:
    """The delivery of ``run`` with files that a person changed (None: deleted)."""
    store = ArtifactStore(Path(settings.ARTIFACTS_DIR))
    parcel = io.BytesIO(store.get(summary(run)["delivery"]["archive"]))
    out = io.BytesIO()
    with zipfile.ZipFile(parcel) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            path = name.removeprefix("project/")
            if name.startswith("project/") and path in swaps:
                if swaps[path] is not None:
                    new.writestr(name, swaps[path])
            else:
                new.writestr(name, old.read(name))
        for path in swaps.keys() - {n.removeprefix("project/") for n in old.namelist()}:
            new.writestr(f"project/{path}", swaps[path])
    out.seek(0)
    return from_zip(out, store)


def test_a_change_starts_from_the_last_delivery(delivered, tenant):
    first = delivered(tenant)
    run, ready = changes.change("add a leaderboard", tenant=tenant, project="bakery")
    assert [step.name for step in ready] == ["stack"]
    assert (run.revises_id, run.project_id, run.message) == (first.id, first.project_id, "add a leaderboard")
    base = base_of(run)
    assert (base.run, base.messages) == (str(first.id), (FIRST,))
    assert base.plan.slug == "bakery-orders"
    assert set(base.generated) == {*samples.FILES, *samples.UI_FILES}
    assert base.edited is None
    assert base.shots


@pytest.mark.django_db(transaction=True)
def test_the_steps_get_what_it_starts_from(delivered, tenant, place):
    delivered(tenant)
    run, _ = changes.change("add a leaderboard", tenant=tenant, project="bakery")
    inputs = steps.read(shape(), Attempt(run.id, "stack", run.id, run.id, 1))
    _, base = steps.arguments(shape(), shape().spec("stack"), run.id, inputs, place)
    assert base == base_of(run)
    fresh, _ = services.create_run(FIRST, tenant=tenant, project="other")
    inputs = steps.read(shape(), Attempt(fresh.id, "stack", fresh.id, fresh.id, 1))
    assert steps.arguments(shape(), shape().spec("stack"), fresh.id, inputs, place)[1] is None


def test_changes_of_changes_know_all_that_was_asked_for(delivered, tenant):
    delivered(tenant)
    second, _ = changes.change("add a leaderboard", tenant=tenant, project="bakery")
    delivered(tenant, run=second, message="add a leaderboard")
    third, _ = changes.change("remove the orders", tenant=tenant, project="bakery")
    assert third.revises_id == second.id
    assert base_of(third).messages == (FIRST, "add a leaderboard")


def test_edits_are_what_differs_from_the_delivery_and_travel_with_the_run(delivered, tenant):
    first = delivered(tenant)
    files = {"README.md": "# Ours\n", "NOTES.md": "our own\n", "Makefile": None}
    run, _ = changes.change("add a leaderboard", tenant=tenant, project="bakery", edits=zipped(first, **files))
    base = base_of(run)
    assert base.by_hand == ("Makefile", "NOTES.md", "README.md")
    assert base.edited is not None
    assert (set(base.edited.files), base.edited.removed) == ({"README.md", "NOTES.md"}, ("Makefile",))
    assert run.options["edits"] == base.edited.model_dump(mode="json")


def test_edits_of_an_earlier_change_survive_without_being_sent_again(delivered, tenant, place):
    first = delivered(tenant)
    run, _ = changes.change(
        "add a leaderboard", tenant=tenant, project="bakery", edits=zipped(first, **{"README.md": "# Ours\n"})
    )
    merged = ChangeSet(agent=EDITS, files={"README.md": place.store.put_text("# Ours, merged\n")})
    note = EditNote(path="README.md", outcome="merged", reason="Both.")
    delivered(tenant, run=run, message="add a leaderboard", ui={"edits": merged, "edit_notes": (note,)})
    third, _ = changes.change("remove the orders", tenant=tenant, project="bakery")
    base = base_of(third)
    assert base.edited is not None
    assert (base.edited.files, base.by_hand) == (merged.files, ())


def test_edits_without_words_are_a_change_too(delivered, tenant):
    first = delivered(tenant)
    edits = zipped(first, **{"README.md": "# Ours\n"})
    run, _ = changes.change("", tenant=tenant, project="bakery", edits=edits)
    assert run.message == BY_HAND
    delivered(tenant, run=run, message=BY_HAND)
    again, _ = changes.change("add a leaderboard", tenant=tenant, project="bakery")
    assert base_of(again).messages == (FIRST,)
    with pytest.raises(BadInput, match="empty"):
        changes.change(" ", tenant=tenant, project="bakery")


def test_a_run_that_was_rejected_can_be_changed_and_one_that_failed_is_passed_over(delivered, tenant):
    first = delivered(tenant)
    Run.objects.filter(id=first.id).update(state=RunState.REJECTED)
    broken, _ = services.create_run("Another", tenant=tenant, project="bakery")
    Run.objects.filter(id=broken.id).update(state=RunState.FAILED)
    assert changes.change("add a leaderboard", tenant=tenant, project="Bakery")[0].revises_id == first.id


def test_bad_input_is_refused_with_what_to_do(delivered, tenant):
    with pytest.raises(changes.UnknownProject, match="There is no project “bakery”"):
        changes.change("add a leaderboard", tenant=tenant, project="bakery")
    services.create_run(FIRST, tenant=tenant, project="bakery")
    with pytest.raises(BadInput, match="was delivered yet"):
        changes.change("add a leaderboard", tenant=tenant, project="bakery")
    first = delivered(tenant)
    with pytest.raises(BadInput, match="keeps the stack"):
        changes.change("add a leaderboard", tenant=tenant, project="bakery", stack="mern")
    step = first.steps.get(name="plan")
    step.result = '{"text": "of another version"}'
    step.save()
    with pytest.raises(BadInput, match="cannot be read by this version"):
        changes.change("add a leaderboard", tenant=tenant, project="bakery")


def test_to_a_tenant_the_projects_of_others_do_not_exist(delivered, tenant):
    delivered(tenant)
    other = Tenant.objects.create(name="bob", slug="bob")
    with pytest.raises(changes.UnknownProject):
        changes.change("add a leaderboard", tenant=other, project="bakery")
    assert not changes.changes_something("add a leaderboard", other, "bakery")


def test_what_a_person_means_who_names_a_project(delivered, tenant):
    given = {"tenant": tenant, "project": "Bakery", "edits": None, "stack": None, "budget_usd": 5.0}
    fresh, _ = changes.submit(FIRST, **given, fresh=False)
    assert fresh.revises_id is None
    delivered(tenant, run=fresh)
    assert changes.submit(FIRST, **given, fresh=False)[0].revises_id is None  # the very same: built once more
    assert changes.submit("add a leaderboard", **given, fresh=False)[0].revises_id == fresh.id
    assert changes.submit("Track pets", **given, fresh=True)[0].revises_id is None


def test_a_fork_of_a_change_starts_from_the_same_delivery(delivered, tenant):
    first = delivered(tenant)
    run, _ = changes.change("add a leaderboard", tenant=tenant, project="bakery")
    again, _ = services.fork(run, "stack")
    assert (again.revises_id, again.options["base"]) == (first.id, run.options["base"])


def changed_run(delivered, tenant) -> Run:
    """A delivered change, with its difference and a conflict."""
    first = delivered(tenant)
    run, _ = changes.change("remove the customers", tenant=tenant, project="bakery")
    plan = base_of(run).plan
    fewer = plan.model_copy(update={"entities": plan.entities[:1]})
    history = (Revision(message=run.message, changes=plan_diff(plan, fewer)),)
    note = EditNote(path="README.md", outcome="conflict", reason="Different lines.", mine=first.options.get("x", ""))
    return delivered(
        tenant,
        run=run,
        message=run.message,
        plan={"history": history},
        ui={"edit_notes": (note,), "edits": ChangeSet(agent=EDITS, files={})},
    )


def test_the_report_tells_the_difference_and_what_became_of_edits(delivered, tenant):
    run = changed_run(delivered, tenant)
    told = summary(run)
    assert told["revises"] == str(run.revises_id)
    assert told["changes"][0]["sign"] == "-"
    assert told["changes"][0]["text"].startswith("Orders (")
    assert [(note["path"], note["outcome"]) for note in told["edits"]] == [("README.md", "conflict")]
    first = summary(Run.objects.get(id=run.revises_id))
    assert (first["revises"], first["changes"], first["edits"]) == (None, [], [])


def test_a_reviewer_sees_the_difference(delivered, tenant):
    run = changed_run(delivered, tenant)
    boss = get_user_model().objects.create_superuser("boss", password="x")
    Membership.objects.create(user=boss, tenant=tenant)
    client = Client()
    client.force_login(boss)
    page = client.get(f"/admin/core/run/{run.id}/change/").content.decode()
    assert "Orders (" in page
    assert "Different lines." in page


# --- over HTTP ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch):
    handed: list = []
    monkeypatch.setattr(wire, "send_soon", handed.append)
    return handed


def client_of(tenant: Tenant) -> APIClient:
    user = get_user_model().objects.create_user(tenant.slug, password="x")
    Membership.objects.create(user=user, tenant=tenant)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
    return client


def test_a_change_is_accepted_over_http_with_and_without_a_zip(delivered, tenant, sent):
    first = delivered(tenant)
    client = client_of(tenant)
    answer = client.post("/api/projects/bakery/runs", {"message": "add a leaderboard"}, format="json")
    assert answer.status_code == 202
    assert Run.objects.get(id=answer.json()["id"]).revises_id == first.id
    upload = io.BytesIO()
    with zipfile.ZipFile(upload, "w") as archive:
        archive.writestr("bakery/backend/own.py", "x = 1\n")
        archive.writestr("bakery/README.md", "# Ours\n")
    upload.seek(0)
    upload.name = "bakery.zip"
    answer = client.post("/api/projects/bakery/runs", {"message": "add comments", "edits": upload}, format="multipart")
    assert answer.status_code == 202
    base = base_of(Run.objects.get(id=answer.json()["id"]))
    assert base.by_hand == ("README.md", "backend/own.py")


def test_over_http_the_project_of_another_is_not_found_and_bad_input_is_said(delivered, tenant, sent):
    delivered(tenant)
    stranger = client_of(Tenant.objects.create(name="bob", slug="bob"))
    for answer in (
        stranger.post("/api/projects/bakery/runs", {"message": "add a leaderboard"}, format="json"),
        stranger.post("/api/projects/nothing/runs", {"message": "add a leaderboard"}, format="json"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    own = client_of(tenant)
    empty = own.post("/api/projects/bakery/runs", {"message": ""}, format="json")
    assert (empty.status_code, empty.json()["error"]["code"]) == (400, "bad_input")
    upload = io.BytesIO(b"no zip")
    upload.name = "bakery.zip"
    broken = own.post("/api/projects/bakery/runs", {"message": "add comments", "edits": upload}, format="multipart")
    assert broken.status_code == 400
    assert "no zip" in broken.json()["error"]["message"]
    assert Run.objects.count() == 1


def test_a_repeated_request_gives_the_same_change(delivered, tenant, sent):
    delivered(tenant)
    client = client_of(tenant)
    first, again = (
        client.post("/api/projects/bakery/runs", {"message": "add comments"}, format="json", headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )
    assert first.json() == again.json()


def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_what_a_model_wrote_is_kept_apart_from_what_is_generated_and_from_edits(tenant, delivered, place):
    """Without what was taken back in the browser."""
    one, two = (place.store.put_text(f"export const gift = {n};\n") for n in (1, 2))
    tries = tuple(
        Try(clause=clause, outcome="kept", feature=f"asked.{clause.lower()}", before={path: ""})
        for clause, path in (("R8", "frontend/src/one.ts"), ("R9", "frontend/src/two.ts"))
    )
    written = Improved(
        agent=MODEL,
        files={"frontend/src/one.ts": one, "frontend/src/two.ts": two},
        attempts=tries,
        features=tuple(Feature(id=t.feature, label="Gifts", api=False) for t in tries),
        proofs=tuple(Proof(feature=t.feature, files=tuple(t.before), tests=("t",)) for t in tries),
    )
    run = delivered(tenant, written=written, resolution={"dropped": {"asked.r9": "It broke a page."}})
    base = changes.base_of(run)
    assert [attempt.clause for attempt in base.written.attempts] == ["R8"]
    assert base.written.files == {"frontend/src/one.ts": one}
    assert [feature.id for feature in base.written.features] == ["asked.r8"]
    assert not {"frontend/src/one.ts", "frontend/src/two.ts"} & base.generated.keys()
    assert base.edited is None
