"""Runs the generated project's own tests in the sandbox, or takes the evidence of this run when nothing has changed since."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from slo.coverage import own_sources, read_coverage, unmeasured
from slo.junit import BadReport, read_junit
from synergy.core.bench import Bench, layers, merged, tree_hash
from synergy.core.errors import PermanentError
from synergy.core.stacks import Command, StackSpec, stack
from synergy.core.toolchains import inputs_hash, run_command
from synergy.core.types import ChangeSet, CommandRun, CoverageHalf, Plan, Resolution, TestCase, TestReport, UiSpec

REPORTS = {"junit", "coverage"}  #: a command that writes both is a test command


def run_tests(bench: Bench, plan: Plan, changes: tuple[ChangeSet, ...], ui: UiSpec, resolution: Resolution) -> TestReport:
    """The results and the line coverage of every test command of the plan's stack, on the files that will be delivered.

    A command that an agent already ran in this run on the same inputs (files, tools and command, by hash) is not run again. Tests
    that fail are a result. Raises PermanentError when the stack has no test command, and what ``run_command`` raises.
    """
    spec = stack(plan.stack)
    applied = layers(changes, ui, resolution)
    files = merged(applied)
    names = [name for name, command in spec.commands.items() if command.outputs.keys() >= REPORTS]
    if not names:
        raise PermanentError(f"The stack {spec.slug} has no command that writes a test report and coverage.")
    known = _known(spec, names, files, (run for change in applied for run in change.checks))
    todo = [name for name in names if name not in known]
    if todo:
        clean = _clean(bench)
        clean.apply(applied)
        with ThreadPoolExecutor(len(todo)) as pool:
            known |= dict(zip(todo, pool.map(lambda name: run_command(clean, spec, name, files), todo), strict=True))
    halves = [_read(bench, spec, known[name], files) for name in names]
    return TestReport(
        cases=tuple(case for half in halves for case in half.cases),
        coverage=tuple(half.coverage for half in halves),
        checks=tuple(known[name] for name in names),
        reused=tuple(name for name in names if name not in todo),
        project_hash=tree_hash(files),
    )


def _clean(bench: Bench) -> Bench:
    """A bench with an empty project: what earlier steps and their tests left behind must not help a test to pass."""
    root = bench.root / "tests"
    shutil.rmtree(root, ignore_errors=True)
    (root / "project").mkdir(parents=True)
    return replace(bench, root=root)


def _known(spec: StackSpec, names: list[str], files: Mapping[str, str], runs: Iterable[CommandRun]) -> dict[str, CommandRun]:
    """Test commands that were already run on just these inputs. One that was killed is worth another try."""
    wanted = {name: inputs_hash(spec, name, files) for name in names}
    return {
        run.name: run
        for run in runs
        if run.inputs and run.inputs == wanted.get(run.name) and run.outputs.keys() >= REPORTS and not run.killed
    }


@dataclass(frozen=True)
class _Half:
    cases: tuple[TestCase, ...]
    coverage: CoverageHalf


def _read(bench: Bench, spec: StackSpec, run: CommandRun, files: Mapping[str, str]) -> _Half:
    """What one test command proves. A report that cannot be believed proves nothing, and says so as a failed case."""
    command = spec.commands[run.name]
    cases = _cases(bench, run, command, files)
    return _Half(cases, _coverage(bench, spec, run, files))


def _cases(bench: Bench, run: CommandRun, command: Command, files: Mapping[str, str]) -> tuple[TestCase, ...]:
    if "junit" not in run.outputs:
        ended = f"was stopped ({run.killed})" if run.killed else f"ended with code {run.returncode}"
        return (TestCase(id=f"{run.name}::report", outcome="error", message=f"The command {ended} and wrote no test report."),)
    try:
        cases = read_junit(bench.store.get(run.outputs["junit"]), command.cwd, files.keys())
    except BadReport as error:
        return (TestCase(id=f"{run.name}::report", outcome="error", message=error.message),)
    return cases or (TestCase(id=f"{run.name}::report", outcome="error", message="No test ran."),)


def _coverage(bench: Bench, spec: StackSpec, run: CommandRun, files: Mapping[str, str]) -> CoverageHalf:
    command = spec.commands[run.name]
    name = command.cwd.split("/")[0] or run.name  # the half is the folder the command works in
    own, left_out = own_sources(files, command.inputs or ("",), spec.coverage_excluded.get(name, ()))
    sources = {path: bench.store.get(files[path]).decode(errors="replace") for path in own}
    report = run.outputs.get("coverage")
    if report is None:
        return unmeasured(name, sources, left_out)
    try:
        return read_coverage(name, bench.store.get(report), command.cwd, sources, left_out, report)
    except BadReport as error:
        bench.note(f"{name}: {error.message}")
        return unmeasured(name, sources, left_out)
