"""People's decisions about stacks fit the confidence again; the fit is shown, and used once somebody adopts it."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from inference import calibration, evaluation, feedback
from inference.calibration import Labelled
from inference.models import Calibration
from inference.stack import parameters
from inference.templates import seed_templates
from synergy.core.errors import BadInput
from synergy.core.models import Project, Run, RunState, Tenant
from synergy.workflow.feedback import learned
from visual.models import Baseline

pytestmark = pytest.mark.django_db
TAUGHT = [
    Labelled(
        message=f"A {what} for our {where}, pages drawn on the server, nothing fancy",
        acceptable=("django-vue",),
        kind="corrected",
    )
    for what, where in (
        ("ledger", "choir"),
        ("rota", "ferry"),
        ("archive", "parish"),
        ("till", "market"),
        ("waiting list", "nursery"),
    )
]


def ended(message, stack, project="Shop", state=RunState.COMPLETED, by_hand="", **more):
    tenant, _ = Tenant.objects.get_or_create(slug="ours", defaults={"name": "Ours"})
    place, _ = Project.objects.get_or_create(tenant=tenant, slug=project.lower(), defaults={"name": project})
    options = {"stack": by_hand} if by_hand else {}
    return Run.objects.create(
        tenant=tenant, project=place, message=message, state=state, stack=stack, options=options, engine="synergy/3", **more
    )


def approve(run):
    Baseline.objects.create(
        project=str(run.project_id), page="home", width=375, theme="light", image="0" * 64, text="0" * 64, browser="b", fonts="f",
        state=Baseline.State.APPROVED, decided_at=timezone.now(),
    )  # fmt: skip


def test_what_people_decided_is_read_from_the_ledger():
    approve(ended("A shop", "fastapi-react"))
    ended("A club", "fastapi-react", project="Club")  # nobody looked at it
    ended("A farm", "fastapi-react", project="Farm", by_hand="django-vue")
    ended("A bank", "fastapi-react", project="Bank", by_hand="django-vue", state=RunState.FAILED)
    first = ended("A school", "fastapi-react", project="School", by_hand="mern")
    ended("add pupils", "fastapi-react", project="School", by_hand="mern", revises=first)
    found = {row.message: (row.acceptable, row.kind) for row in learned()}
    assert found == {
        "A shop": (("fastapi-react",), "approved"),
        "A farm": (("django-vue",), "corrected"),
        "A school": (("mern",), "corrected"),
    }


def test_few_decisions_teach_nothing(templates):
    with pytest.raises(BadInput, match="2 messages; 5 are needed"):
        feedback.refit(TAUGHT[:2])
    with pytest.raises(CommandError, match="0 messages"):
        call_command("calibrate", "--feedback")


@pytest.fixture
def fewer(tmp_path, monkeypatch):
    """A quarter of the labelled messages, in three folds: the whole takes a minute."""
    lines = calibration.LABELLED.read_text().splitlines()
    (tmp_path / "labelled.jsonl").write_text("\n".join(lines[::4]))
    for module in (feedback, evaluation):
        monkeypatch.setattr(module, "LABELLED", tmp_path / "labelled.jsonl")
    monkeypatch.setattr(calibration, "FOLDS", 3)
    evaluation._cross_validated.cache_clear()
    yield
    evaluation._cross_validated.cache_clear()


def test_a_new_fit_is_shown_and_used_only_once_it_is_adopted(templates, fewer):
    before = parameters()
    found = feedback.refit(TAUGHT)
    assert (found.learned, found.parameters.messages) == (5, found.before.messages + 5)
    assert found.learned_after.accuracy >= found.learned_before.accuracy
    assert found.after.accuracy >= found.before.accuracy - 0.02
    assert "New fit, on what people decided" in "\n".join(found.lines())
    assert parameters() == before
    feedback.adopt(found.parameters, "ada")
    assert parameters() == found.parameters
    seed_templates()  # as after every migration: what a person adopted stays
    assert parameters() == found.parameters
    assert Calibration.objects.get(exemplars=before.exemplars).adopted_by == "ada"
