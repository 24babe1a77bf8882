"""Test commands run in the real sandbox; evidence of the same run is reused; reports that lie prove nothing."""

from __future__ import annotations

import json

import pytest

from slo import runner
from slo.runner import run_tests
from synergy.core.errors import PermanentError
from synergy.core.stacks import Command, StackSpec
from synergy.core.toolchains import inputs_hash, run_command
from synergy.core.types import ChangeSet, CommandRun
from tests.slo.samples import Run, clean_run

pytestmark = pytest.mark.sandbox

JUNIT = "<testsuite><testcase classname='tests.test_app' name='test_hello' time='0.1'/></testsuite>"
COVERAGE = json.dumps({"meta": {}, "files": {"app/main.py": {"executed_lines": [1, 2], "missing_lines": []}}})
VITEST = "<testsuite><testcase classname='src/app.test.tsx' name='App' time='0.1'/></testsuite>"
SUMMARY = json.dumps({f"/work/frontend/src/{f}.tsx": {"lines": {"total": 1, "covered": 1}} for f in ("app", "components/table")})


def command(half: str, junit: str, coverage: str, then: str = "true") -> Command:
    script = (
        f'mkdir -p .reports && printf %s "$JUNIT" > .reports/junit.xml && printf %s "$COVERAGE" > .reports/coverage.json; {then}'
    )
    return Command(
        argv=("sh", "-c", script), cwd=half, env={"JUNIT": junit, "COVERAGE": coverage}, inputs=(f"{half}/",), seconds=20,
        outputs={"junit": f"{half}/.reports/junit.xml", "coverage": f"{half}/.reports/coverage.json"},
    )  # fmt: skip


def spec(**commands: Command) -> StackSpec:
    standard = {"backend-tests": command("backend", JUNIT, COVERAGE), "frontend-tests": command("frontend", VITEST, SUMMARY)}
    return StackSpec(
        slug="sample", title="Sample", sentence="-", paragraph="-",
        commands={**standard, **{k.replace("_", "-"): c for k, c in commands.items()}, "lint": Command(argv=("false",))},
    )  # fmt: skip


@pytest.fixture
def use(monkeypatch):
    """Makes a stack the one that the plan names."""

    def set_stack(given: StackSpec) -> StackSpec:
        monkeypatch.setattr(runner, "stack", lambda slug: given)
        return given

    return set_stack


@pytest.fixture
def run(bench) -> Run:
    return clean_run(bench)


def report(run: Run, changes=None):
    return run_tests(run.bench, run.plan, changes or run.changes, run.ui, run.resolution)


def test_both_halves_are_run_and_read(run, use):
    use(spec())
    result = report(run)
    assert [c.id for c in result.cases] == ["backend/tests/test_app.py::test_hello", "frontend/src/app.test.tsx::App"]
    assert [(h.name, h.covered, h.total) for h in result.coverage] == [("backend", 2, 2), ("frontend", 2, 2)]
    assert [r.name for r in result.checks] == ["backend-tests", "frontend-tests"]
    assert result.reused == ()
    assert result.line_coverage == 1.0
    assert (run.bench.root / "tests/project" / "frontend/src/components/table.tsx").exists()


def test_evidence_of_this_run_on_the_same_inputs_is_reused(run, use):
    stack = use(spec())
    run.bench.apply(run.changes)
    earlier = run_command(run.bench, stack, "backend-tests", {f: s for c in run.changes for f, s in c.files.items()})
    changes = tuple(c.model_copy(update={"checks": (earlier,)}) if c.agent == "backend" else c for c in run.changes)
    result = report(run, changes)
    assert result.reused == ("backend-tests",)
    assert result.checks[0] == earlier
    assert len(result.cases) == 2


def test_evidence_about_other_files_is_not_reused(run, use):
    stack = use(spec())
    old = {"backend/app/main.py": run.bench.store.put_text("def hello():\n    return 2\n")}
    stale = CommandRun(
        name="backend-tests", argv=(), returncode=0, seconds=1, inputs=inputs_hash(stack, "backend-tests", old),
        outputs={"junit": run.bench.store.put_text(JUNIT), "coverage": run.bench.store.put_text(COVERAGE)},
    )  # fmt: skip
    changes = tuple(c.model_copy(update={"checks": (stale,)}) for c in run.changes)
    assert report(run, changes).reused == ()


def test_evidence_without_a_hash_or_of_a_killed_command_is_not_reused(run, use):
    stack = use(spec())
    files = {f: s for c in (*run.changes, run.ui.changes) for f, s in c.files.items()}
    outputs = {"junit": run.bench.store.put_text(JUNIT), "coverage": run.bench.store.put_text(COVERAGE)}
    base = CommandRun(name="backend-tests", argv=(), returncode=0, seconds=1, outputs=outputs)
    killed = base.model_copy(update={"inputs": inputs_hash(stack, "backend-tests", files), "killed": "timeout"})
    changes = tuple(c.model_copy(update={"checks": (base, killed)}) for c in run.changes)
    assert report(run, changes).reused == ()


def test_a_persons_edit_is_tested_not_the_evidence_before_it(run, use):
    stack = use(spec())
    run.bench.apply(run.changes)
    earlier = run_command(run.bench, stack, "backend-tests", {f: s for c in run.changes for f, s in c.files.items()})
    edit = ChangeSet(agent="edits", files={"backend/app/main.py": run.bench.store.put_text("x = 1\n")})
    changes = (*(c.model_copy(update={"checks": (earlier,)}) for c in run.changes), edit)
    result = report(run, changes)
    assert result.reused == ()
    assert (run.bench.root / "tests/project" / "backend/app/main.py").read_text() == "x = 1\n"


def test_what_earlier_steps_left_behind_is_not_there(run, use):
    (run.bench.project / "backend").mkdir()
    (run.bench.project / "backend" / "helper.py").write_text("x = 1\n")
    use(spec(backend_tests=command("backend", JUNIT, COVERAGE, "test ! -e helper.py")))
    assert [r.returncode for r in report(run).checks] == [0, 0]
    (run.bench.root / "tests/project/backend/helper.py").write_text("x = 1\n")  # nor what an earlier attempt left
    assert [r.returncode for r in report(run).checks] == [0, 0]


BAD = {
    "a command that dies at once": ("exit 3", "", "", "ended with code 3 and wrote no test report"),
    "no case": ("true", "<testsuite/>", COVERAGE, "No test ran"),
    "an entity bomb": ("true", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", COVERAGE, "declares a document type"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_report_that_cannot_be_believed_is_a_failed_case(run, use, case):
    then, junit, coverage, says = BAD[case]
    bad = command("backend", junit, coverage, then)
    use(spec(backend_tests=bad if junit else bad.model_copy(update={"argv": ("sh", "-c", then)})))
    first = report(run).cases[0]
    assert (first.id, first.outcome) == ("backend-tests::report", "error")
    assert says in first.message


def test_a_command_that_runs_too_long_is_stopped_and_reported(run, use):
    slow = Command(
        argv=("sleep", "30"), cwd="backend", inputs=("backend/",), seconds=1, outputs=command("backend", "", "").outputs
    )
    use(spec(backend_tests=slow))
    assert "was stopped (timeout)" in report(run).cases[0].message


@pytest.mark.parametrize("coverage", ["not json", json.dumps({"meta": {}, "files": {"app/main.py": {"executed_lines": [999]}}})])
def test_coverage_that_cannot_be_believed_counts_as_not_measured(run, use, coverage):
    use(spec(backend_tests=command("backend", JUNIT, coverage)))
    half = report(run).coverage[0]
    assert (half.covered, half.total, half.report) == (0, 2, "")


def test_a_source_file_that_coverage_does_not_list_is_uncovered(run, use):
    use(spec())
    hidden = run.with_file("backend/app/hidden.py", "a = 1\nb = 2\n")
    half = report(hidden).coverage[0]
    assert (half.covered, half.total) == (2, 4)


def test_a_link_planted_as_report_is_refused_not_read(run, use):
    script = "mkdir -p .reports && ln -s /etc/passwd .reports/junit.xml && ln -s /etc/passwd .reports/coverage.json"
    use(spec(backend_tests=command("backend", "", "").model_copy(update={"argv": ("sh", "-c", script)})))
    with pytest.raises(PermanentError):
        report(run)


def test_a_stack_without_test_command_is_refused(run, use):
    use(StackSpec(slug="bare", title="-", sentence="-", paragraph="-", commands={"lint": Command(argv=("true",))}))
    with pytest.raises(PermanentError, match="no command that writes a test report"):
        report(run)
