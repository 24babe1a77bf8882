"""What waits, what is in force, and that an approval is for the picture that was seen."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from PIL import Image

from synergy.core.artifacts import ArtifactStore
from synergy.core.errors import BadInput
from tests.visual.test_diff import png
from visual.baselines import Look, approve, approved, offer
from visual.models import Baseline

pytestmark = pytest.mark.django_db

PLACE = ("home", 375, "light")
LOOK = Look("a" * 64, "t" * 64, "Chromium 1", "f" * 64)
OTHER = Look("b" * 64, "t" * 64, "Chromium 1", "f" * 64)


def waiting(project="p"):
    return [row.image for row in Baseline.objects.filter(project=project, state="waiting").order_by("image")]


def test_a_first_look_waits_and_is_not_in_force():
    offer("p", {PLACE: LOOK})
    assert waiting() == [LOOK.image]
    assert approved("p") == {}


def test_what_was_approved_is_in_force_and_waits_no_more():
    offer("p", {PLACE: LOOK})
    assert approve("p", [LOOK.image]) == 1
    assert approved("p") == {PLACE: LOOK}
    offer("p", {PLACE: LOOK})
    assert waiting() == []


def test_a_newer_look_takes_the_place_of_the_one_that_waits():
    offer("p", {PLACE: LOOK})
    offer("p", {PLACE: OTHER})
    offer("p", {PLACE: OTHER})
    assert waiting() == [OTHER.image]


def test_a_picture_that_was_replaced_meanwhile_cannot_be_approved():
    offer("p", {PLACE: LOOK, ("list", 375, "light"): OTHER})
    offer("p", {PLACE: OTHER})
    with pytest.raises(BadInput, match="1 of the pictures do not wait"):
        approve("p", [LOOK.image, OTHER.image])
    assert approved("p") == {}, "all or nothing"


def test_a_new_approval_retires_the_old_one_and_says_who_decided():
    person = User.objects.create_user("ada")
    for look in (LOOK, OTHER):
        offer("p", {PLACE: look})
        approve("p", [look.image], by=person.pk)
    assert approved("p") == {PLACE: OTHER}
    assert sorted(Baseline.objects.values_list("image", "state", "decided_by__username")) == [
        (LOOK.image, "retired", "ada"), (OTHER.image, "approved", "ada")]  # fmt: skip


def test_another_browser_makes_another_look():
    offer("p", {PLACE: LOOK})
    approve("p", [LOOK.image])
    offer("p", {PLACE: Look(LOOK.image, LOOK.text, "Chromium 2", LOOK.fonts)})
    assert waiting() == [LOOK.image]


def test_projects_do_not_see_each_other():
    offer("p", {PLACE: LOOK})
    with pytest.raises(BadInput):
        approve("q", [LOOK.image])
    approve("p", [LOOK.image])
    assert approved("q") == {}


def test_without_a_project_nothing_is_kept():
    offer("", {PLACE: LOOK})
    assert approved("") == {}
    assert not Baseline.objects.exists()


def test_a_person_sees_and_approves_pictures_in_the_admin(admin_client, settings):
    image = ArtifactStore(settings.ARTIFACTS_DIR).put(png(Image.new("RGB", (400, 300), "navy")))
    offer("p", {PLACE: Look(image, LOOK.text, LOOK.browser, LOOK.fonts), ("list", 375, "light"): OTHER})
    shown = admin_client.get("/admin/visual/baseline/").content.decode()
    assert "data:image/jpeg;base64," in shown
    assert f"Artifact {OTHER.image} is missing from the store." in shown
    row = Baseline.objects.get(image=image)
    assert "data:image/jpeg" in admin_client.get(f"/admin/visual/baseline/{row.pk}/change/").content.decode()
    answer = admin_client.post("/admin/visual/baseline/", {"action": "approve_pictures", "_selected_action": [row.pk]})
    assert [str(m) for m in get_messages(answer.wsgi_request)] == ["p: 1 pictures are baselines now."]
    assert approved("p")[PLACE].image == image
    answer = admin_client.post("/admin/visual/baseline/", {"action": "approve_pictures", "_selected_action": [row.pk]})
    assert "do not wait for approval" in str(list(get_messages(answer.wsgi_request))[-1])


def test_nobody_edits_a_baseline(admin_client):
    offer("p", {PLACE: LOOK})
    row = Baseline.objects.get()
    admin_client.post(f"/admin/visual/baseline/{row.pk}/change/", {"image": OTHER.image, "state": "approved"})
    assert admin_client.get("/admin/visual/baseline/add/").status_code == 403
    row.refresh_from_db()
    assert (row.image, row.state) == (LOOK.image, "waiting")
