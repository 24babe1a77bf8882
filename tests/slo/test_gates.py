"""Every gate: green on clean evidence, red on its defect, red when it was not measured."""

from __future__ import annotations

import pytest

from slo.gates.base import registry
from slo.levels import levels
from synergy.core.bench import layers, merged, tree_hash
from synergy.core.errors import BadInput
from synergy.core.revisions import Base
from synergy.core.types import ChangeSet, EditNote, Kept, Usage
from tests.slo.samples import Run, clean_run, conflict, finding


@pytest.fixture
def run(bench) -> Run:
    return clean_run(bench)


def red(run: Run) -> dict[str, str]:
    """The gates that failed, with their reasons."""
    verdict = run.judged()
    assert verdict.passed == all(g.passed for g in verdict.gates)
    return {g.gate: g.reason for g in verdict.gates if not g.passed}


def test_a_clean_run_passes_every_gate(run):
    verdict = run.judged()
    assert verdict.passed, red(run)
    assert [g.gate for g in verdict.gates] == list(levels())
    assert all(g.value is not None and g.reason and g.evidence.startswith("evidence/") for g in verdict.gates)


def test_every_gate_is_a_file_with_a_service_level_and_the_other_way_round():
    assert sorted(levels()) == registry.names()


def but_shot(run: Run, **values) -> Run:
    first, *others = run.visuals.shots
    return run.update("visuals", shots=(first.model_copy(update=values), *others))


def but_half(run: Run, index: int, **values) -> Run:
    halves = list(run.tests.coverage)
    halves[index] = halves[index].model_copy(update=values)
    return run.update("tests", coverage=tuple(halves))


def but_case(run: Run, outcome: str) -> Run:
    first, *others = run.tests.cases
    return run.update("tests", cases=(first.model_copy(update={"outcome": outcome}), *others))


def selftest(run: Run, **values) -> Run:
    """A run whose devops agent checked its part, with this result."""
    check = run.tests.checks[0].model_copy(update={"name": "devops-rules", **values})
    return run.but(changes=tuple(c.model_copy(update={"checks": (check,)}) if c.agent == "devops" else c for c in run.changes))


def but_walk(run: Run, step: str = "visuals", **values) -> Run:
    """The first browser check came to something else."""
    first, *others = run.visuals.walked
    return run.update(step, walked=(first.model_copy(update=values), *others))


FAILED_WALK = {"passed": False, "message": "see saved: the page says: Something went wrong"}


def found(run: Run, check: str, severity: str) -> Run:
    return run.update("visuals", findings=(finding(check, severity),))


def after_mediation(run: Run, **values) -> Run:
    """A run in which mediation rewrote a file, which was rendered and tested again unless ``values`` says otherwise."""
    sha = run.bench.store.put_text("export const App = () => 1;\n")
    change = ChangeSet(agent="mediator", files={"frontend/src/app.tsx": sha})
    mediated = run.update(
        "resolution",
        **{"conflicts": (conflict(),), "changes": change, "rerendered": ("orders-list",), "walked": run.visuals.walked, **values},
    )
    return mediated.update("tests", project_hash=tree_hash(merged(layers(run.changes, run.ui, mediated.resolution))))


DEFECTS = {
    "confidence 0.79": ("confidence", lambda r: r.update("stack", confidence=0.79), "was inferred"),
    "no acceptable stack": ("confidence", lambda r: r.update("stack", confidence=0.2, inferred=None), "No known stack"),
    "a failed test": ("tests", lambda r: but_case(r, "failed"), "failed"),
    "a broken test": ("tests", lambda r: but_case(r, "error"), "error"),
    "a skipped test": ("tests", lambda r: but_case(r, "skipped"), "skipped"),
    "a failed command": (
        "tests",
        lambda r: r.update("tests", checks=(r.tests.checks[0].model_copy(update={"returncode": 2}),)),
        "backend-tests ended with 2",
    ),
    "a killed command": (
        "tests",
        lambda r: r.update("tests", checks=(r.tests.checks[0].model_copy(update={"returncode": -9, "killed": "timeout"}),)),
        "backend-tests ended with timeout",
    ),
    "a failed self-test of an agent": ("tests", lambda r: selftest(r, returncode=1), "devops-rules ended with 1"),
    "a killed self-test of an agent": ("tests", lambda r: selftest(r, killed="memory"), "devops-rules ended with memory"),
    "no test": ("tests", lambda r: r.update("tests", cases=()), "Not measured. No test ran."),
    "tests of other files": ("tests", lambda r: r.update("tests", project_hash="0" * 64), "other files"),
    "a half at 79.9 %": (
        "test_coverage",
        lambda r: but_half(but_half(r, 0, total=9000, covered=9000), 1, covered=799),
        "799 of 1000",
    ),
    "coverage 94.9 %": ("coverage", lambda r: but_half(but_half(r, 0, covered=949), 1, covered=949), "backend 949/1000"),
    "a half not measured": ("coverage", lambda r: but_half(r, 1, report=""), "No usable coverage report of: frontend"),
    "a weakest half not measured": (
        "test_coverage",
        lambda r: but_half(r, 1, report=""),
        "No usable coverage report of: frontend",
    ),
    "no coverage": ("coverage", lambda r: r.update("tests", coverage=()), "any half"),
    "a feature without proof": (
        "proofs",
        lambda r: r.but(changes=tuple(c.model_copy(update={"proofs": c.proofs[1:]}) for c in r.changes)),
        "auth.login (no test proves its API)",
    ),
    "no feature": ("proofs", lambda r: r.update("plan", features=()), "no features"),
    "a serious axe finding": ("accessibility", lambda r: found(r, "axe", "serious"), "on orders-list"),
    "a critical axe finding": ("accessibility", lambda r: found(r, "axe", "critical"), "on orders-list"),
    "axe did not run": ("accessibility", lambda r: r.update("visuals", axe=""), "axe-core did not run"),
    "no picture": ("accessibility", lambda r: r.update("visuals", shots=()), "Not rendered: login at 375"),
    "overflow": ("rendering", lambda r: found(r, "overflow", "serious"), "overflow on orders-list"),
    "a dead control": ("rendering", lambda r: found(r, "controls", "serious"), "controls on orders-list"),
    "a console error": ("rendering", lambda r: found(r, "console", "serious"), "console on orders-list"),
    "a failed request": ("rendering", lambda r: found(r, "network", "serious"), "network on orders-list"),
    "changed text": ("rendering", lambda r: but_shot(r, text_changed=True, approved=True), "the approved text"),
    "two renderings differ": ("rendering", lambda r: but_shot(r, deterministic=False), "determinism on login"),
    "no control tried": ("rendering", lambda r: r.update("visuals", controls=0), "No link"),
    "a width that was not seen": (
        "rendering",
        lambda r: r.update("visuals", shots=tuple(s for s in r.visuals.shots if s.width != 768)),
        "login at 768",
    ),
    "a failed browser check": ("walks", lambda r: but_walk(r, **FAILED_WALK), "auth.login: see saved: the page says"),
    "a failed browser check and its feature": (
        "proofs",
        lambda r: but_walk(r, **FAILED_WALK),
        "check auth.login failed in the browser",
    ),
    "a browser check that was not done": (
        "walks",
        lambda r: r.update("visuals", walked=r.visuals.walked[1:]),
        "auth.login was not carried out",
    ),
    "an outcome of another feature": ("walks", lambda r: but_walk(r, feature="auth.roles"), "auth.login was not carried out"),
    "no browser check was done": ("walks", lambda r: r.update("visuals", walked=()), "No check was done"),
    "no browser check was planned": ("walks", lambda r: r.update("ui", walks=()), "There is no check"),
    "browser checks of other files": ("walks", lambda r: r.update("visuals", project_hash="0" * 64), "Other files were rendered"),
    "browser checks that mediation broke": (
        "walks",
        lambda r: but_walk(after_mediation(r), "resolution", **FAILED_WALK),
        "auth.login",
    ),
    "browser checks that mediation left out": ("walks", lambda r: after_mediation(r, walked=()), "No check was done"),
    "pictures of other files": ("visual_diff", lambda r: r.update("visuals", project_hash="0" * 64), "Other files were rendered"),
    "5.1 % of the pixels": (
        "visual_diff",
        lambda r: but_shot(r, baseline="b" * 64, diff_ratio=0.051, diff_pixels=99),
        "99 pixels",
    ),
    "exactly 5 %": ("visual_diff", lambda r: but_shot(r, baseline="b" * 64, diff_ratio=0.05), "login at 375"),
    "a picture that was not compared": ("visual_diff", lambda r: but_shot(r, baseline="b" * 64), "was not compared"),
    "an open conflict": (
        "conflicts",
        lambda r: r.update("resolution", conflicts=(conflict(resolved=False),)),
        "field GET /api/orders",
    ),
    "similarity 0.84 after mediation": (
        "conflicts",
        lambda r: after_mediation(r, conflicts=(conflict(similarity_after=0.84),)),
        "Open",
    ),
    "mediation without second look": (
        "conflicts",
        lambda r: after_mediation(r, conflicts=(conflict(similarity_after=None),)),
        "Open",
    ),
    "similarity 0.69": ("conflicts", lambda r: r.update("resolution", similarity_after=0.69), "similarity of 0.69"),
    "nothing compared": ("conflicts", lambda r: r.update("resolution", operations=0), "No operation was compared"),
    "mediation was not rendered": ("rendering", lambda r: after_mediation(r, rerendered=()), "not rendered again"),
    "mediation broke a page": (
        "rendering",
        lambda r: after_mediation(r, findings=(finding("console", "serious"),)),
        "console on orders-list",
    ),
    "mediation moved pixels": (
        "visual_diff",
        lambda r: after_mediation(r, findings=(finding("pixels", "serious"),)),
        "After mediation",
    ),
    "a secret in the project": (
        "secrets",
        lambda r: r.with_file("backend/app/keys.py", "KEY = 'AKIA" + "IOSFODNN7EXAMPLE'\n"),
        "AWS access key in backend/app/keys.py:1",
    ),
    "$5.01": ("cost", lambda r: r.but(cost_usd=5.01), "usage ledger"),
    "exactly $5": ("cost", lambda r: r.but(cost_usd=5.0), "usage ledger"),
    "a ledger that forgets": (
        "cost",
        lambda r: r.but(changes=(r.changes[0].model_copy(update={"usage": Usage(cost_usd=0.5)}), *r.changes[1:])),
        "the agents alone booked $0.5",
    ),
    "721 s": ("duration", lambda r: r.but(seconds=721.0), "clock"),
    "no clock": ("duration", lambda r: r.but(seconds=0.0), "Not measured"),
    "a broken clock": ("duration", lambda r: r.but(seconds=float("nan")), "Not measured"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_turns_its_gate_red(run, defect):
    gate, seed, says = DEFECTS[defect]
    failed = red(seed(run))
    assert gate in failed, f"only {failed}"
    assert says in failed[gate]


def test_what_was_not_measured_has_no_value(run):
    gates = {g.gate: g for g in run.update("tests", cases=()).judged().gates}
    assert gates["coverage"].value is None
    assert not gates["coverage"].passed


LIMITS = {
    "a stack chosen by hand": lambda r: r.update("stack", confidence=0.1, by_hand=True),
    "4.9 % of the pixels": lambda r: but_shot(r, baseline="b" * 64, diff_ratio=0.049),
    "exactly 95 % coverage": lambda r: but_half(but_half(r, 0, covered=950), 1, covered=950),
    "confidence 0.8": lambda r: r.update("stack", confidence=0.8),
    "$4.99": lambda r: r.but(cost_usd=4.99),
    "719 s": lambda r: r.but(seconds=719.0),
    "moderate findings": lambda r: found(r, "axe", "moderate"),
    "a self-test that passed": selftest,
    "a settled conflict": after_mediation,
    "a finding that mediation removed": lambda r: after_mediation(found(r, "console", "serious")),
    "a browser check that mediation repaired": lambda r: after_mediation(but_walk(r, **FAILED_WALK), walked=r.visuals.walked),
    "text that nobody approved yet": lambda r: but_shot(r, text_changed=True, approved=False),
    "the demo password": lambda r: r.with_file("backend/app/seed.py", f"PASSWORD = '{r.plan.demo_password}'\n"),
}


@pytest.mark.parametrize("case", LIMITS)
def test_what_keeps_the_level_passes(run, case):
    assert red(LIMITS[case](run)) == {}


def test_a_first_run_says_that_its_pictures_wait_for_approval(run):
    gate = next(g for g in run.judged().gates if g.gate == "visual_diff")
    assert gate.passed
    assert "wait for approval" in gate.reason


def test_the_environment_overrides_a_threshold_and_the_verdict_shows_it(run, monkeypatch):
    monkeypatch.setenv("SYNERGY_SLO_COST", "0.5")
    gate = next(g for g in run.but(cost_usd=0.6).judged().gates if g.gate == "cost")
    assert (gate.threshold, gate.passed) == (0.5, False)


@pytest.mark.parametrize("value", ["much", "nan", "inf"])
def test_a_threshold_that_is_no_number_is_refused(monkeypatch, value):
    monkeypatch.setenv("SYNERGY_SLO_DURATION", value)
    with pytest.raises(BadInput, match="SYNERGY_SLO_DURATION"):
        levels()


# --- a change of a project -------------------------------------------------------------------------------------------------


def a_change(run: Run, **kept) -> Run:
    """A run that changes nothing of a delivered project; every page was held against how it was."""
    rows = [
        Kept(**{"page": p.slug, "width": w, "by": "pixels", "same": True, **(kept if p.slug == "orders-list" else {})})
        for p in run.plan.pages
        for w in (375, 768, 1920)
    ]
    base = Base(run="1", messages=("x",), stack=run.stack, plan=run.plan, clauses=run.plan.clauses, generated={})
    return run.update("visuals", kept=tuple(rows)).but(base=base)


def test_a_change_that_leaves_everything_passes_and_says_how_it_is_known(run):
    verdict = a_change(run).judged()
    assert verdict.passed
    assert "the same to the pixel" in next(g.reason for g in verdict.gates if g.gate == "unchanged")


def test_a_page_that_was_to_stay_the_same_and_did_not_fails_the_gate(run):
    failed = red(a_change(run, same=False, reason="12 pixels differ."))
    assert set(failed) == {"unchanged"}
    assert "orders-list (12 pixels differ.)" in failed["unchanged"]


def test_a_page_that_nobody_held_against_how_it_was_is_not_measured(run):
    changed = a_change(run)
    rows = tuple(k for k in changed.visuals.kept if k.page != "orders-list")
    assert "Not held against" in red(changed.update("visuals", kept=rows))["unchanged"]
    expected = tuple(s.model_copy(update={"expected": "It is new."}) if s.page == "orders-list" else s for s in run.visuals.shots)
    assert red(changed.update("visuals", kept=rows, shots=expected)) == {}


def test_a_drift_that_mediation_brought_fails_the_gate(run):
    drifted = after_mediation(a_change(run), findings=(finding("unchanged", "serious"),))
    assert "unchanged" in red(drifted)


def test_what_was_to_change_is_not_held_against_the_baseline(run):
    values = {"baseline": "b" * 64, "diff_ratio": 0.4, "text_changed": True, "approved": True}
    assert set(red(but_shot(run, **values))) == {"rendering", "visual_diff"}
    assert red(but_shot(run, **values, expected="The change is about what this page shows.")) == {}


def test_where_an_edit_by_hand_won_the_clause_of_the_change_is_not_built(run):
    note = EditNote(path="frontend/src/app.tsx", outcome="conflict", reason="Different lines.")
    changed = a_change(run).update("ui", edit_notes=(note,))
    [first, *others] = run.plan.clauses
    earlier = changed.base.model_copy(update={"clauses": (), "plan": run.plan.model_copy(update={"clauses": tuple(others)})})
    settled = {c.id: c for c in changed.but(base=earlier).judged().clauses}
    assert settled[first.id].status == "not_built"
    assert "Your edit of frontend/src/app.tsx" in settled[first.id].reason
    kept = {c.id: c for c in changed.judged().clauses}
    assert kept[first.id].status == "built", "an earlier clause is not judged by this change"
