"""A project that was built, approved and edited by hand is changed: the whole system, as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.conftest import EDITED
from tests.acceptance.system import failed_gates, project_files

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1700)]


def test_all_pictures_of_the_first_delivery_are_approved(approved):
    assert approved == 48


def test_the_difference_is_shown_before_and_after(first, changed):
    assert changed["revises"] == first["id"]
    shown = [f"{change['sign']} {change['text']}" for change in changed["changes"]]
    assert "+ Suppliers: Nickname (string)" in shown
    assert any(line.startswith("= 1 thing as before: Products") for line in shown)
    log = (Path(changed["paths"]["Project"]) / "CHANGELOG.md").read_text()
    assert "new: Suppliers: Nickname" in log
    assert "Nickname" in (Path(changed["paths"]["Project"]).parent / "README.md").read_text()


def test_edits_by_hand_survive_and_everything_else_is_only_what_the_change_asks_for(first, copy, changed):
    before, after = project_files(first), project_files(changed)
    assert after[EDITED] == (copy / EDITED).read_bytes()
    assert after["NOTES.md"] == b"# Ours\n"
    assert ".dockerignore" not in after
    assert not [path for path in after if "node_modules" in path]
    touched = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert not [path for path in touched if "product" in path.lower() and path != EDITED]
    assert {note["path"]: note["outcome"] for note in changed["edits"]} == {
        EDITED: "kept",
        "NOTES.md": "kept",
        ".dockerignore": "removed",
    }


def test_what_a_model_wrote_is_still_there_and_proved_without_a_model(first, changed):
    before, after = project_files(first), project_files(changed)
    own = [path for path in before if "/text-size/" in path]
    assert len(own) == 2
    assert {path: after.get(path) for path in own} == {path: before[path] for path in own}
    clause = next(clause for clause in changed["requirements"] if clause["text"] == "change the text size")
    assert (clause["status"], clause["checks"]) == ("built", ["asked.r5.1"])
    assert changed["cost_usd"] == 0


def test_what_was_to_stay_the_same_is_proved(changed):
    gate = next(gate for gate in changed["verdict"]["gates"] if gate["gate"] == "unchanged")
    assert (gate["value"], gate["passed"]) == (0, True)
    assert "the same to the pixel" in gate["reason"]
    assert failed_gates(changed) == set()


def test_what_the_change_cannot_do_is_said_and_the_rest_of_the_ledger_holds(first, changed):
    texts = {clause["text"]: clause["status"] for clause in changed["requirements"]}
    assert {clause["text"] for clause in first["requirements"]} <= texts.keys()
    assert any("nickname" in text and status == "built" for text, status in texts.items())
    assert any("telegram" in clause["text"].lower() for clause in changed["not_built"])


def test_a_change_that_cannot_be_understood_is_refused_with_what_to_do(services, changed):
    code, report = services.build("--project", "shop", message="remove the pigs")
    assert code == 2
    assert "nothing called" in json.dumps(report, ensure_ascii=False)


def test_a_change_can_be_looked_at_before_it_is_made(services, changed):
    code, plan = services.build("--project", "shop", "--plan-only", message="remove the products")
    assert code == 0
    assert [e["name"] for e in plan["entities"]] == ["Supplier"]
    assert plan["history"][-1]["changes"][0]["sign"] == "-"
