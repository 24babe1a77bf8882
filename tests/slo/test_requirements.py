"""The requirement ledger: a clause is built only when every feature it names was proved in this run."""

from __future__ import annotations

import pytest

from slo.requirements import settle
from synergy.core.types import ChangeSet, Clause, ClauseStatus, Feature, Proof, Use, Walked
from tests.slo.samples import BACKEND_TEST, FRONTEND_TEST, UI_TEST, Run, clean_run, finding, walk


@pytest.fixture
def run(bench) -> Run:
    return clean_run(bench)


def clause(run: Run, clause_id: str) -> Clause:
    return next(c for c in run.judged().clauses if c.id == clause_id)


def with_clause(run: Run, **values) -> Run:
    return run.update("plan", clauses=(Clause(**{"id": "R1", "text": "x", "status": ClauseStatus.ASSUMED, **values}),))


def test_a_proved_clause_is_built_and_names_its_files_and_tests(run):
    built = clause(run, "R1")
    assert built.status is ClauseStatus.BUILT
    assert built.files == ("backend/app/main.py", "frontend/src/app.tsx")
    assert f"{BACKEND_TEST}::orders.list" in built.tests
    assert f"{FRONTEND_TEST}::orders.list" in built.tests
    assert {"orders.list", "customers.create"} <= set(built.checks)


def test_a_feature_of_the_page_alone_needs_no_test_of_the_api(run):
    without = tuple(c.model_copy(update={"proofs": ()}) if c.agent == "backend" else c for c in run.changes)
    assert clause(run.but(changes=without), "R2").status is ClauseStatus.BUILT  # design.colors
    assert clause(run.but(changes=without), "R1").status is ClauseStatus.NOT_BUILT


def test_a_failed_browser_check_is_no_proof_and_the_reason_names_the_act(run):
    lost = clause(walked(run, passed=False, message="at /orders/6: the address is /orders"), "R1")
    assert lost.status is ClauseStatus.NOT_BUILT
    assert "at /orders/6: the address is /orders" in lost.reason
    assert "orders.list" not in lost.checks


def test_every_browser_check_of_a_feature_is_named(run):
    assert {"orders.list", "orders.list.too"} <= set(clause(second_check(run, passed=True), "R1").checks)


@pytest.mark.parametrize(("api", "status"), [(False, ClauseStatus.BUILT), (True, ClauseStatus.NOT_BUILT)])
def test_only_what_lives_in_the_browser_alone_needs_no_test_of_the_api(run, api, status):
    feature = Feature(id="memory.play", label="Play", use="memory", api=api)
    plan = {"uses": (Use(capability="game", name="memory", slug="memory"),), "features": (*run.plan.features, feature)}
    proof = Proof(feature=feature.id, files=("frontend/src/app.tsx",), tests=(f"{FRONTEND_TEST}::orders.list",))
    played = proofs(run, "frontend", proof).update("plan", **plan).update("ui", walks=(walk(feature.id),))
    played = played.update("visuals", walked=(Walked(check=feature.id, feature=feature.id, passed=True, seconds=1.0),))
    assert clause(with_clause(played, features=(feature.id,)), "R1").status is status


def test_what_the_planner_cannot_build_stays_not_built_with_its_reason(run):
    assert clause(run, "R3").status is ClauseStatus.NOT_BUILT
    assert "fax" in clause(run, "R3").reason


def test_an_assumption_stays_an_assumption_and_is_proved(run):
    assumed = clause(with_clause(run, features=("auth.login",), reason="Assumed: a dashboard needs a login."), "R1")
    assert assumed.status is ClauseStatus.ASSUMED
    assert assumed.tests


def test_an_assumption_without_features_stays_an_assumption(run):
    assert clause(with_clause(run, reason="Assumed: prices are in euro."), "R1").status is ClauseStatus.ASSUMED


def test_a_quality_is_built_when_the_gates_that_measure_it_pass(run):
    built = clause(with_clause(run, gates=("accessibility", "rendering")), "R1")
    assert built.status is ClauseStatus.BUILT
    assert "Gate accessibility:" in built.reason
    found = run.update("visuals", findings=(finding("axe", "serious"),))
    broken = clause(with_clause(found, gates=("accessibility",)), "R1")
    assert broken.status is ClauseStatus.NOT_BUILT
    assert broken.reason.startswith("gate accessibility:")
    assert clause(with_clause(run, gates=("speed",)), "R1").reason == "gate speed: it was not measured."


def test_what_nothing_measures_stays_so(run):
    left = clause(with_clause(run, status=ClauseStatus.NOT_MEASURED, reason="Not measured."), "R1")
    assert (left.status, left.reason) == (ClauseStatus.NOT_MEASURED, "Not measured.")


def test_an_assumption_that_is_not_proved_is_not_built(run):
    lost = run.update("tests", cases=run.tests.cases[len(run.plan.features) :])  # the frontend's cases are gone
    assert clause(with_clause(lost, features=("orders.list",), reason="Assumed."), "R1").status is ClauseStatus.NOT_BUILT


def test_a_clause_that_names_no_feature_is_not_built(run):
    settled = clause(with_clause(run), "R1")
    assert (settled.status, settled.reason) == (ClauseStatus.NOT_BUILT, "Nothing was planned for it.")


def test_a_clause_that_names_an_unknown_feature_is_not_built(run):
    assert "fax.send: it is not planned" in clause(with_clause(run, features=("fax.send",)), "R1").reason


def drop_case(run: Run, name: str) -> Run:
    return run.update("tests", cases=tuple(c for c in run.tests.cases if c.id != name))


def outcome(run: Run, name: str, value: str) -> Run:
    cases = tuple(c.model_copy(update={"outcome": value}) if c.id == name else c for c in run.tests.cases)
    return run.update("tests", cases=cases)


def proofs(run: Run, agent: str, *given: Proof) -> Run:
    return run.but(changes=tuple(c.model_copy(update={"proofs": given}) if c.agent == agent else c for c in run.changes))


def without_file(run: Run, path: str) -> Run:
    return run.but(changes=(*run.changes, ChangeSet(agent="edits", files={}, removed=(path,))))


def with_pages(run: Run, *pages: str) -> Run:
    features = tuple(f.model_copy(update={"pages": pages}) if f.id == "orders.list" else f for f in run.plan.features)
    return run.update("plan", features=features)


def walked(run: Run, **values) -> Run:
    """The run, in which the browser check of orders.list came to something else."""
    done = tuple(w.model_copy(update=values) if w.check == "orders.list" else w for w in run.visuals.walked)
    return run.update("visuals", walked=done)


def second_check(run: Run, **values) -> Run:
    """Another check of orders.list beside the one that passed."""
    more = walk("orders.list").model_copy(update={"id": "orders.list.too"})
    outcome = Walked(check=more.id, feature=more.feature, seconds=0.1, **values)
    return run.update("ui", walks=(*run.ui.walks, more)).update("visuals", walked=(*run.visuals.walked, outcome))


PROOF = f"{BACKEND_TEST}::orders.list"
BROKEN = {
    "a deleted test": (lambda r: drop_case(r, PROOF), f"{PROOF} did not run"),
    "a failed test": (lambda r: outcome(r, PROOF, "failed"), f"{PROOF} failed"),
    "a skipped test": (lambda r: outcome(r, PROOF, "skipped"), f"{PROOF} was skipped"),
    "a deleted file": (lambda r: without_file(r, "backend/app/main.py"), "backend/app/main.py is not in the project"),
    "a proof without test": (
        lambda r: proofs(r, "backend", Proof(feature="orders.list", files=("backend/app/main.py",), tests=())),
        "a proof names no test",
    ),
    "no proof of the page": (lambda r: proofs(r, "frontend"), "no test proves its page"),
    "no proof of the api": (lambda r: proofs(r, "backend"), "no test proves its API"),
    "no browser check": (
        lambda r: r.update("ui", walks=tuple(w for w in r.ui.walks if w.feature != "orders.list")),
        "no check in the browser proves it",
    ),
    "a browser check that was not done": (
        lambda r: r.update("visuals", walked=tuple(w for w in r.visuals.walked if w.check != "orders.list")),
        "check orders.list was not carried out",
    ),
    "a failed browser check": (
        lambda r: walked(r, passed=False, message='see link "Rolls": there is no such link'),
        'check orders.list failed in the browser: see link "Rolls": there is no such link',
    ),
    "one of two browser checks failed": (
        lambda r: second_check(r, passed=False, message="see it: no"),
        "check orders.list.too failed",
    ),
    "a page that was not rendered": (lambda r: with_pages(r, "orders-board"), "page orders-board was not rendered"),
    "a page with a serious finding": (
        lambda r: r.update("visuals", findings=(finding("controls", "serious"),)),
        "page orders-list has a serious finding (controls)",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_proof_leaves_the_clause_not_built(run, case):
    seed, says = BROKEN[case]
    settled = clause(with_clause(seed(run), features=("orders.list",)), "R1")
    assert settled.status is ClauseStatus.NOT_BUILT
    assert says in settled.reason


def test_a_proof_may_name_a_test_without_its_parameters(run):
    cases = tuple(c.model_copy(update={"id": f"{c.id}[{n}]"}) for c in run.tests.cases for n in (1, 2))
    many = run.update("tests", cases=cases)
    assert clause(many, "R1").status is ClauseStatus.BUILT
    assert f"{PROOF}[2] failed" in clause(outcome(many, f"{PROOF}[2]", "failed"), "R1").reason


def test_component_tests_of_the_ui_step_prove_pages(run):
    proof = Proof(feature="orders.list", files=("frontend/src/components/table.tsx",), tests=(f"{UI_TEST}::Table",))
    changes = run.ui.changes.model_copy(update={"proofs": (proof,)})
    case = run.tests.cases[0].model_copy(update={"id": f"{UI_TEST}::Table"})
    better = proofs(run, "frontend").update("ui", changes=changes).update("tests", cases=(*run.tests.cases, case))
    assert clause(with_clause(better, features=("orders.list",)), "R1").status is ClauseStatus.BUILT


def test_settling_is_stable():
    assert settle((), {}) == ()
