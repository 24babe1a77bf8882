"""The fit of how surely capabilities are found, the commands around it, and the libraries in PostgreSQL."""

import json
import shutil

import pytest
from django.core.management import call_command

from inference import services
from inference.capability_fit import digest, fit_capabilities
from inference.passages import embedder
from inference.planning.uses import scoring, texts
from synergy.core import capabilities as folders
from synergy.core.stacks import FIXTURES
from synergy.core.types import Message
from tests.inference.planning.conftest import SAMPLES, STACK, use_folder

SOME = ("reviews", "comments", "booking", "polls", "newsletter", "contact", "chat", "quiz")


@pytest.fixture
def some(tmp_path, monkeypatch):
    """A library of a few folders, with a file of its own for the numbers."""
    folder = tmp_path / "library"
    for name in SOME:
        shutil.copytree(SAMPLES / name, folder / name)
    numbers = tmp_path / "numbers.json"
    shutil.copy(SAMPLES / "calibration.json", numbers)
    use_folder(monkeypatch, folder, numbers)
    yield folder
    monkeypatch.undo()
    folders.capabilities.cache_clear()
    scoring.parameters.cache_clear()


def refreshed():
    folders.capabilities.cache_clear()


def test_folders_that_the_fit_has_not_seen_are_found(some):
    fitted, (whole, *small) = fit_capabilities()
    assert whole.precision >= 0.75
    assert whole.recall >= 0.5
    assert len(small) == 3
    assert 0.05 <= fitted.threshold <= 0.95
    assert fitted.folders == len(SOME)
    assert fitted.digest == digest()
    assert fit_capabilities()[0] == fitted


def test_phrases_in_the_wrong_folder_are_noticed(some):
    _, (before, *_) = fit_capabilities()
    one, other = ((some / name / "phrases.txt") for name in ("booking", "quiz"))
    lines = [[line for line in file.read_text().splitlines() if line[0] != "-"] for file in (one, other)]
    one.write_text("\n".join(lines[0][::2] + lines[1][1::2]))
    other.write_text("\n".join(lines[1][::2] + lines[0][1::2]))
    refreshed()
    _, (after, *_) = fit_capabilities()
    assert after.recall < before.recall - 0.05


def test_the_command_writes_the_numbers_and_says_how_good_they_are(some, capsys):
    call_command("calibrate", "capabilities")
    said = capsys.readouterr().out
    assert f"of {len(SOME)} capabilities" in said
    assert "precision" in said
    assert "recall" in said
    assert json.loads(scoring.CALIBRATION.read_text())["digest"] == digest()
    assert scoring.parameters().folders == len(SOME)


def test_the_numbers_that_ship_are_for_this_evidence_and_this_model():
    shipped = scoring.Parameters.model_validate_json((FIXTURES / "capabilities" / "calibration.json").read_text())
    assert shipped.features == scoring.FEATURES
    assert shipped.model == embedder().id
    assert 0 < shipped.threshold < 1


@pytest.mark.django_db
def test_seeding_puts_capabilities_beside_the_domains_and_plans_are_made_from_them(some, bench):
    assert services.seed() > 0
    assert services.seed() == 0
    found = services.nearest(texts.KIND, ["leave a review for a thing", "add things"], 3)
    assert found[0][0].key == "reviews"
    assert found[1][0].key == texts.CORE
    assert services.nearest(texts.FEATURES, ["see the results of a thing"], 1)[0][0].key == "polls.results"
    plan = services.make_plan(bench, Message(text="Guests can book cottages and leave reviews."), STACK)
    assert {u.capability for u in plan.uses} == {"booking", "reviews"}


@pytest.mark.django_db
def test_plans_are_evaluated_without_building(some, tmp_path, capsys):
    services.seed()
    file, out = tmp_path / "messages.jsonl", tmp_path / "out.json"
    messages = ["Guests can book cottages. They see them on a map.", "Track orders and invoices", "🙂"]
    file.write_text("".join(json.dumps({"message": m, "acceptable": []}) + "\n" for m in messages))
    call_command("evaluate", "plans", str(file), json=out)
    every = capsys.readouterr().out.splitlines()
    said = [line for line in every if not line.startswith("        ")]
    assert "        cottages_booking: book cottages" in every
    assert any(line.startswith("        not built: ") and "map" in line for line in every)
    assert "cottages_booking" in said[0]
    assert "not built" in said[0]
    assert "no capability" in said[1]
    assert "refused" in said[2]
    assert "2 of 3 messages planned" in said[3]
    assert said[4] == "capabilities: booking 1"
    assert "median" in said[5]
    rows = json.loads(out.read_text())["rows"]
    assert rows[0]["uses"] == {"cottages_booking": "book cottages"}
