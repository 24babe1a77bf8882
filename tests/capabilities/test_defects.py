"""Every defect of the table turns its gate red; without it the gate is green.

What tests of the backend see is planted together, one defect a capability and run. ``make capabilities`` plants each of these alone,
and all others.
"""

from __future__ import annotations

import os

import pytest

from synergy.core.capabilities import capabilities
from synergy.core.toolchains import run_command
from tests.capabilities.defects import BACKEND, COMMANDS, CONTRACTS, DEFECTS, FILES, LOOKS, UNITS, WALKS, By
from tests.capabilities.planting import Workpiece, rounds
from tests.capabilities.workshop import plan_with
from uiagents.services import resolve_conflicts
from visual import services as visual

ALL = bool(os.environ.get("ALL_CAPABILITIES"))
slow = pytest.mark.skipif(not ALL, reason="make capabilities")


def test_the_table_is_long_and_wide():
    assert len({defect.kind for defect in DEFECTS}) == len(DEFECTS) >= 40
    assert len({defect.capability for defect in DEFECTS}) >= 30
    assert {defect.by for defect in DEFECTS} == set(By)


@pytest.mark.sandbox
@pytest.mark.timeout(900)
def test_what_tests_of_the_backend_see(bench, subtests):
    piece = Workpiece(bench, plan_with(*sorted(capabilities()), public=True))
    planted = {defect: piece.planted(defect) for defect in (*BACKEND, *FILES)}
    with subtests.test("without a defect"):
        sound = piece.tested("backend-test", {planted[d].seen for d in BACKEND}, piece.files)
        assert [(case.id, case.message) for case in sound.values() if case.outcome != "passed"] == []
        assert [gate.gate for gate in piece.run.judged().gates if not gate.passed] == []
    for defect in FILES:
        with subtests.test(defect.kind):
            assert planted[defect].seen in piece.edited(planted[defect]).red(defect.gate)
    for group in [[defect] for defect in BACKEND] if ALL else rounds(BACKEND):
        with piece.holding(planted[d] for d in group) as files:
            found = piece.tested("backend-test", [planted[d].seen for d in group], files)
        for defect in group:
            with subtests.test(defect.kind):
                test = planted[defect].seen
                said = piece.with_case(planted[defect], found[test]).red(defect.gate)
                assert test in said, f"{defect.capability}: {defect.kind} is not seen"


@slow
@pytest.mark.browser
@pytest.mark.sandbox
@pytest.mark.timeout(1800)
def test_what_pages_and_browsers_see(bench, db, subtests, monkeypatch):
    monkeypatch.setattr(visual, "approved", lambda key: {})
    monkeypatch.setattr(visual, "offer", lambda key, looks: None)
    piece = Workpiece(bench, plan_with(*sorted(capabilities()), public=True), pages=True)
    planted = {defect: piece.planted(defect) for defect in DEFECTS}
    _commands(piece, planted, subtests)
    _contracts(piece, planted, subtests)
    _units(piece, planted, subtests)
    _looks(piece, planted, subtests)


def _commands(piece, planted, subtests):
    for defect in COMMANDS:
        with subtests.test(defect.kind):
            sound = run_command(piece.bench, piece.spec, defect.seen, piece.files)
            assert not sound.returncode, piece.bench.store.get_text(sound.output)[-3000:]
            with piece.holding([planted[defect]]) as files:
                run = run_command(piece.bench, piece.spec, defect.seen, files)
            assert defect.seen in piece.with_check(planted[defect], run).red(defect.gate)


def _contracts(piece, planted, subtests):
    run = piece.run
    sound = resolve_conflicts(piece.bench, piece.plan, run.changes, run.ui, run.visuals, _nothing_to_settle)
    with subtests.test("the contract without a defect"):
        assert sound.conflicts == ()
    edits = piece.edits(planted[defect] for defect in CONTRACTS)
    found = resolve_conflicts(piece.bench, piece.plan, (*run.changes, edits), run.ui, run.visuals, _nothing_to_settle)
    for defect in CONTRACTS:
        with subtests.test(defect.kind):
            said = piece.with_conflicts(planted[defect], found).red(defect.gate)
            assert planted[defect].seen in said, [f"{c.kind} {c.method} {c.path}" for c in found.conflicts]


def _nothing_to_settle(change):
    raise AssertionError(f"Nothing was to be changed: {sorted(change.files)}")


def _units(piece, planted, subtests):
    with subtests.test("the pages without a defect"):
        sound = piece.tested("frontend-test", [planted[d].seen for d in UNITS], piece.files)
        assert [case for case in sound.values() if case.outcome != "passed"] == []
    for group in rounds(UNITS):
        with piece.holding(planted[d] for d in group) as files:
            found = piece.tested("frontend-test", [planted[d].seen for d in group], files)
        for defect in group:
            with subtests.test(defect.kind):
                test = planted[defect].seen
                assert test in piece.with_case(planted[defect], found[test]).red(defect.gate)


def _looks(piece, planted, subtests):
    checks = [planted[defect].seen for defect in WALKS]
    pages = [planted[defect].seen.split()[-1] for defect in LOOKS]
    sound = piece.walked(checks, pages, piece.edits([]))
    with subtests.test("the site without a defect"):
        assert [(w.check, w.message) for w in sound.walked if not w.passed] == []
        assert {w.check for w in sound.walked} == set(checks)
        assert [f for f in sound.findings if f.severity in ("serious", "critical")] == []
    for group in rounds((*WALKS, *LOOKS)):
        seen = piece.walked(checks, pages, piece.edits(planted[d] for d in group))
        for defect in group:
            with subtests.test(defect.kind):
                what = planted[defect].seen
                said = piece.with_look(planted[defect], seen).red(defect.gate)
                assert what.split()[-1] in said, (said, seen.walked, seen.findings)
