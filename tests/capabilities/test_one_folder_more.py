"""A capability is added by a folder, and by nothing else: the planner finds it, the agents write it, the ledger says that it is built."""

from __future__ import annotations

import os
import shutil

import pytest

from inference.planning.planner import make_plan
from synergy.core import capabilities as library
from synergy.core.stacks import FIXTURES
from synergy.core.types import ClauseStatus, Message
from tests.capabilities.planting import Workpiece
from tests.inference.planning.conftest import STACK, in_memory, use_folder
from uiagents.capabilities import uses
from visual import services as visual

NEW = FIXTURES / "examples" / "kudos"
MESSAGE = "A public website of a rowing club with its boats. Members can give kudos to each other for good work, and everybody reads them."


@pytest.fixture
def search():
    """Over the capabilities alone: what the message is about is found by its words, and that is ten seconds less."""
    found = in_memory()
    return lambda kind, texts, k: [[] for _ in texts] if kind == "domain" else found(kind, texts, k)


@pytest.fixture
def one_more(tmp_path, monkeypatch):
    """The library that ships, and one folder more."""
    folder = tmp_path / "library"
    shutil.copytree(library.FOLDER, folder)
    shutil.copytree(NEW, folder / NEW.name)

    def add():
        use_folder(monkeypatch, folder)

    yield add
    monkeypatch.undo()
    use_folder(monkeypatch, library.FOLDER)


@pytest.mark.sandbox
@pytest.mark.timeout(600)
def test_a_folder_becomes_part_of_a_project(bench, search, one_more, monkeypatch):
    message = Message(text=MESSAGE)
    assert "kudos" not in {use.capability for use in make_plan(message, STACK, search).uses}
    one_more()
    plan = make_plan(message, STACK, search)
    [use] = [bound for bound in uses(plan) if bound.use.capability == "kudos"]
    piece = Workpiece(bench, plan, pages=True)

    api, pages = f"backend/tests/test_{use.name}.py", use.test_file
    cases = piece.tested("backend-test", [api], piece.files) | piece.tested("frontend-test", [pages], piece.files)
    assert [(case.id, case.message) for case in cases.values() if case.outcome != "passed"] == []
    assert {case.split("::")[0] for case in cases} == {api, pages}
    run = piece.run_with(use, cases.values())

    assert asked(run).status is ClauseStatus.NOT_BUILT
    assert "was not carried out in the browser" in asked(run).reason
    if os.environ.get("ALL_CAPABILITIES"):
        monkeypatch.setattr(visual, "approved", lambda key: {})
        monkeypatch.setattr(visual, "offer", lambda key, looks: None)
        seen = piece.walked([walk.id for walk in use.walks()], [page.slug for page, _, _ in use.pages], piece.edits([]))
        assert [(walk.check, walk.message) for walk in seen.walked if not walk.passed] == []
        run = run.update("visuals", walked=(*run.visuals.walked, *seen.walked), findings=seen.findings)
        clause = asked(run)
        assert (clause.status, clause.reason) == (ClauseStatus.BUILT, "")
        assert set(clause.checks) >= {walk.id for walk in use.walks() if walk.feature.endswith(".give")}
        assert {test.split("::")[0] for test in clause.tests} == {api, pages}


def asked(run):
    """What the ledger says of the wish."""
    return next(clause for clause in run.judged().clauses if "give kudos" in clause.text.lower())
