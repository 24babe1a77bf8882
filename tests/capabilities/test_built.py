"""Projects with the capabilities of the library, several in each.

Every capability's own tests of the backend run. The whole (both ends, types, build, coverage, every page and check in the browser) is
run on a few that differ much; ``make capabilities`` runs it on all.
"""

from __future__ import annotations

import os
from itertools import islice

import pytest

from synergy.core.bench import layers, merged
from synergy.core.capabilities import capabilities
from synergy.core.stacks import stack
from synergy.core.testreports.coverage import own_sources, read_coverage
from synergy.core.testreports.junit import read_junit
from synergy.core.toolchains import run_command
from tests.capabilities.workshop import plan_with, quick
from uiagents.services import infer_ui, run_agent
from visual import services as visual

TOGETHER = 8  #: capabilities of one project
NAMES = sorted(capabilities())
GROUPS = [tuple(islice(NAMES, start, start + TOGETHER)) for start in range(0, len(NAMES), TOGETHER)]


FEW = ("cart", "contact")
ALL = bool(os.environ.get("ALL_CAPABILITIES"))
WHOLE = GROUPS if ALL else [FEW]


@pytest.mark.sandbox
@pytest.mark.timeout(600)
@pytest.mark.parametrize("side", ["backend", "frontend"] if ALL else ["backend"])
@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
def test_the_tests_of_every_capability_pass(bench, names, side):
    assert quick(bench, plan_with(*names, public=True), side) == 0


@pytest.mark.sandbox
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("names", WHOLE, ids=lambda names: names[0])
def test_projects_with_capabilities_pass_all_their_checks(bench, monkeypatch, names):
    monkeypatch.setattr(visual, "approved", lambda key: {})
    monkeypatch.setattr(visual, "offer", lambda key, looks: None)
    plan = plan_with(*names, public=True)
    changes = tuple(run_agent(bench, agent, plan) for agent in ("frontend", "backend"))
    ui = infer_ui(bench, plan, changes)
    files = merged(layers(changes, ui))
    lint = run_command(bench, stack(plan.stack), "frontend-lint", files)
    for run in (*(c for change in changes for c in change.checks), *ui.changes.checks, lint):
        assert not run.returncode, f"{run.name}\n{bench.store.get_text(run.output)[-6000:]}"
    for change, side in ((changes[1], "backend"), (ui.changes, "frontend")):
        run = next(run for run in change.checks if run.name == f"{side}-test")
        proved_and_covered(bench, plan, change, side, run, files)
    report = visual.check(bench, plan, changes, ui)
    assert [w for w in report.walked if not w.passed] == []
    assert {w.feature for w in report.walked} >= {f.id for f in plan.features if f.use}
    assert [f for f in report.findings if f.severity in ("serious", "critical")] == []


def proved_and_covered(bench, plan, change, side, run, files):
    """Every proof names tests that passed, and at least 95 % of the lines of the project's own code ran."""
    spec = stack(plan.stack)
    own, left_out = own_sources(files, spec.commands[run.name].inputs, spec.coverage_excluded.get(side, ()))
    sources = {path: bench.store.get_text(files[path]) for path in own}
    report = run.outputs["coverage"]
    assert read_coverage(side, bench.store.get(report), side, sources, left_out, report).ratio >= 0.95
    passed = {
        case.id.split("[")[0]
        for case in read_junit(bench.store.get(run.outputs["junit"]), side, files)
        if case.outcome == "passed"
    }
    assert not [test for proof in change.proofs for test in proof.tests if test.split("[")[0] not in passed]
