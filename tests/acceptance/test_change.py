"""A project that was built, approved and edited by hand is changed: the whole system, as a person uses it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.acceptance.test_message_to_project import ROOT, build, failed_gates, project_files

FIRST = "Keep a list of suppliers and products; white background, navy buttons"
CHANGE = "add a nickname to suppliers; send a fax to each supplier"
APPROVE = """
import django; django.setup()
from synergy.embedded.client import session
with session(note=lambda line: None):
    from visual.baselines import approve
    from visual.models import Baseline
    waiting = Baseline.objects.filter(state="waiting")
    print(sum(approve(p, set(waiting.filter(project=p).values_list("image", flat=True))) for p in set(waiting.values_list("project", flat=True))))
"""
EDITED = "frontend/src/scopes/products/ProductsEmptyState.tsx"

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1700)]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("changed")


@pytest.fixture(scope="module")
def first(home) -> dict:
    """The first delivery; all its pictures are approved."""
    code, report = build(home, "--project", "Shop", message=FIRST)
    assert (code, report["state"]) == (0, "completed"), json.dumps(report, indent=1)[-4000:]
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {
        "SYNERGY_HOME": str(home),
        "SYNERGY_CACHE": str(settings.CACHE_DIR),
        "DJANGO_SETTINGS_MODULE": "synergy.settings",
    }
    ran = subprocess.run([sys.executable, "-c", APPROVE], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert int(ran.stdout or 0) == 48, ran.stderr[-2000:]
    return report


@pytest.fixture(scope="module")
def copy(first, tmp_path_factory) -> Path:
    """The delivered project as a person edited it."""
    folder = tmp_path_factory.mktemp("copy") / "shop"
    shutil.copytree(first["paths"]["Project"], folder)
    file = folder / EDITED
    file.write_text(file.read_text().replace("Nothing fits your search and filters.", "Ask Ana in purchasing."))
    (folder / "NOTES.md").write_text("# Ours\n")
    (folder / ".dockerignore").unlink()
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "index.js").write_text("made")
    return folder


@pytest.fixture(scope="module")
def changed(home, first, copy) -> dict:
    code, report = build(home, "--project", "shop", "--edits", str(copy), message=CHANGE)
    assert (code, report["state"]) == (0, "completed"), json.dumps(report, indent=1)[-4000:]
    return report


def test_the_difference_is_shown_before_and_after(home, first, changed):
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


def test_what_was_to_stay_the_same_is_proved(changed):
    gate = next(gate for gate in changed["verdict"]["gates"] if gate["gate"] == "unchanged")
    assert (gate["value"], gate["passed"]) == (0, True)
    assert "the same to the pixel" in gate["reason"]
    assert failed_gates(changed) == set()


def test_what_the_change_cannot_do_is_said_and_the_rest_of_the_ledger_holds(first, changed):
    texts = {clause["text"]: clause["status"] for clause in changed["requirements"]}
    assert {clause["text"] for clause in first["requirements"]} <= texts.keys()
    assert any("nickname" in text and status == "built" for text, status in texts.items())
    assert any("fax" in clause["text"].lower() for clause in changed["not_built"])


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("", "empty"),
        ("remove the pigs", "nothing called"),
        ("make it public and members only", "contradicts itself"),
        ("xyzzy plugh", "recognised"),
    ],
)
def test_a_change_that_cannot_be_understood_is_refused_with_what_to_do(home, changed, message, says):
    code, report = build(home, "--project", "shop", message=message)
    assert code == 2
    assert says in json.dumps(report, ensure_ascii=False)


def test_a_change_can_be_looked_at_before_it_is_made(home, changed):
    code, plan = build(home, "--project", "shop", "--plan-only", message="remove the products")
    assert code == 0
    assert [e["name"] for e in plan["entities"]] == ["Supplier"]
    assert plan["history"][-1]["changes"][0]["sign"] == "-"
