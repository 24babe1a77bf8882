"""The ui step: what its components are, and that what it writes passes types, tests with coverage, and build."""

from __future__ import annotations

import json
import os
from collections import Counter
from functools import partial

import pytest

from synergy.core.bench import layers, merged
from synergy.core.errors import NotBuildable
from synergy.core.stacks import stack
from synergy.core.testreports.coverage import own_sources, read_coverage
from synergy.core.testreports.junit import read_junit
from synergy.core.toolchains import inputs_hash, run_command
from synergy.core.types import ChangeSet, CommandRun, Plan, UiSpec
from tests.factories import customer, extreme_plan, large_plan, lonely, plan
from tests.uiagents.sites import laid_out, mixed_site, public_site, rendered
from uiagents import openapi
from uiagents.agents.base import change_set
from uiagents.components import components_of, proofs_of
from uiagents.services import infer_ui, run_agent

PLANS = {"plan": plan, "one": lambda: plan(customer()), "bare": lambda: plan(lonely()), "public": public_site, "extreme": extreme_plan, "large": large_plan, "looks": lambda: laid_out("game")}  # fmt: skip
each_plan = pytest.mark.parametrize("make", PLANS.values(), ids=PLANS)


# --- components ------------------------------------------------------------------------------------------------------


@each_plan
def test_every_scope_has_six_to_eight_components(make):
    count = Counter(component.scope for component in components_of(make()))
    assert set(count.values()) <= {6, 7, 8}
    assert len(count) == len(make().entities) + 1 + any(p.kind == "home" for p in make().pages)


@each_plan
def test_every_component_is_written_with_its_props_and_has_tests(make):
    made = make()
    files = rendered(made)
    for component in components_of(made):
        source, tests = files[component.path], files[component.test]
        assert f"export function {component.name}" in source
        assert f'describe("{component.name}"' in tests, component.name
        assert all(prop.name in source for prop in component.props), component.name


@each_plan
def test_every_component_needs_only_planned_operations(make):
    made = make()
    planned = {e.operation for e in made.endpoints}
    assert all(set(component.data) <= planned for component in components_of(made))


@each_plan
def test_every_proof_names_files_and_tests_that_are_written(make):
    files = rendered(make())
    for proof in proofs_of(make()):
        assert all(f in files for f in proof.files), proof
        for test in proof.tests:
            path, name = test.split("::")
            group, _, case = name.partition(" > ")
            assert f'describe("{group}"' in files[path], test
            assert f'test("{case}"' in files[path], test


def test_a_filter_is_proved_only_where_there_is_something_to_filter():
    entity = customer().model_copy(update={"fields": tuple(f for f in customer().fields if f.kind != "boolean")})
    assert not any(proof.feature.endswith(".filter") for proof in proofs_of(plan(entity)))


def test_a_status_has_a_badge_only_where_there_is_one():
    names = {component.name for component in components_of(plan())}
    assert "OrderStatusBadge" in names
    assert "CustomerStatusBadge" not in names


def test_a_stack_without_a_page_set_is_refused(bench):
    with pytest.raises(NotBuildable):
        infer_ui(bench, plan().model_copy(update={"stack": "mern"}), ())


#: two minutes for plans whose parts the other plans have, too
RARE = pytest.mark.skipif("ALL_CAPABILITIES" not in os.environ, reason="make capabilities")


# --- in the sandbox --------------------------------------------------------------------------------------------------


def written(bench, made: Plan, *edits: ChangeSet) -> tuple[tuple[ChangeSet, ...], UiSpec]:
    """The frontend of ``made`` with the contract that the backend agent delivers."""
    contract = ChangeSet(agent="backend", files={"openapi.json": bench.store.put(openapi.document(made))})
    changes = (run_agent(bench, "frontend", made), contract, *edits)
    return changes, infer_ui(bench, made, changes)


@pytest.mark.sandbox
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "make",
    [
        public_site,
        pytest.param(partial(mixed_site, "Customer"), marks=RARE),
        partial(mixed_site, "Order"),
        extreme_plan,
        pytest.param(partial(laid_out, "directory"), marks=RARE),
    ],
    ids=["public", "customers closed", "orders closed", "extreme", "every look"],
)
def test_what_is_written_passes_its_checks_is_covered_and_proves_every_feature(bench, make):
    made = make()
    changes, ui = written(bench, made)
    for check in ui.changes.checks:
        assert not check.returncode, bench.store.get_text(check.output)[-6000:]
    assert [run.name for run in ui.changes.checks] == ["frontend-format", "frontend-test", "frontend-types", "frontend-build"]
    build = next(run for run in ui.changes.checks if run.name == "frontend-build")
    assert "frontend/dist/index.html" in json.loads(bench.store.get_text(build.outputs["dist"]))

    files = merged(layers(changes, ui))
    lint = run_command(bench, stack(made.stack), "frontend-lint", files)
    assert not lint.returncode, bench.store.get_text(lint.output)

    run = next(run for run in ui.changes.checks if run.name == "frontend-test")
    assert run.inputs == inputs_hash(stack(made.stack), run.name, files)  # so that the tests step takes this evidence
    assert covered(bench, made, run, files) >= 0.98
    cases = read_junit(bench.store.get(run.outputs["junit"]), "frontend", files)
    passed = {case.id for case in cases if case.outcome == "passed"}
    proofs = [*changes[0].proofs, *ui.changes.proofs]
    assert not [test for proof in proofs for test in proof.tests if test not in passed]
    assert {proof.feature for proof in proofs} == {feature.id for feature in made.features}


def covered(bench, made: Plan, run: CommandRun, files: dict[str, str]) -> float:
    """Covered lines over all lines of the frontend's own code, as the tests step counts them."""
    spec = stack(made.stack)
    own, left_out = own_sources(files, spec.commands[run.name].inputs, spec.coverage_excluded["frontend"])
    sources = {path: bench.store.get_text(files[path]) for path in own}
    report = run.outputs["coverage"]
    return read_coverage("frontend", bench.store.get(report), "frontend", sources, left_out, report).ratio


def said_by_tests(bench, made: Plan, path: str, before: str, after: str, scope: str) -> tuple[str, list[str]]:
    """(log, ids of the tests that did not pass) of the project's tests in ``scope``, when one file says something else."""
    files = rendered(made)
    assert files[path].count(before) == 1
    files[path] = files[path].replace(before, after)
    asked = {p: t.encode() for p, t in files.items() if ".test." not in p or p.startswith(f"frontend/src/scopes/{scope}/")}
    change = change_set(bench, "frontend", asked | {"openapi.json": openapi.document(made)})
    bench.apply((change,))
    run = run_command(bench, stack(made.stack), "frontend-test", change.files)
    assert run.returncode
    cases = read_junit(bench.store.get(run.outputs["junit"]), "frontend", change.files)
    return bench.store.get_text(run.output), [case.id for case in cases if case.outcome != "passed"]


@pytest.mark.sandbox
@pytest.mark.timeout(900)
def test_a_client_that_breaks_the_contract_is_recorded_as_failing(bench):
    create = 'http.POST("/api/lonely", { body })'
    as_text = 'http.POST("/api/lonely", { body, headers: { "Content-Type": "text/plain" } })'
    log, failed = said_by_tests(bench, plan(lonely()), "frontend/src/api/client.ts", create, as_text, "lonely")
    assert failed
    assert "not sent as application/json" in log


#: what is left open to visitors → (the closed entity, file, what is there, what is put in its place, the test that fails)
LEAKS = {
    "a list of what belongs to it": ("Order", "customers/pages.tsx", ", user !== null)", ")", "keeps from visitors what is only for members"),
    "a filter by it": ("Customer", "orders/OrdersToolbar.tsx", "{user && (", "{(", "can be read without signing in"),
    "the figures about all": ("Order", "home/queries.ts", "enabled: user !== null", "enabled: true", "is for everybody, and shows what the site holds"),
}  # fmt: skip


@pytest.mark.sandbox
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", LEAKS)
def test_what_is_left_open_to_visitors_fails_the_projects_own_tests(bench, name):
    closed, file, before, after, test = LEAKS[name]
    scope = file.partition("/")[0]
    _, failed = said_by_tests(bench, mixed_site(closed), f"frontend/src/scopes/{file}", before, after, scope)
    assert any(case.endswith(test) for case in failed), failed
