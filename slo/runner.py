"""Runs the generated project's own tests in the sandbox, or takes the evidence of this run when nothing has changed since."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from synergy.core.bench import Bench, layers, merged, tree_hash
from synergy.core.errors import PermanentError
from synergy.core.spans import carried
from synergy.core.stacks import StackSpec, stack
from synergy.core.testreports.halves import REPORTS, read_half, test_commands
from synergy.core.toolchains import inputs_hash, run_command
from synergy.core.types import ChangeSet, CommandRun, Plan, Resolution, TestReport, UiSpec


def run_tests(bench: Bench, plan: Plan, changes: tuple[ChangeSet, ...], ui: UiSpec, resolution: Resolution) -> TestReport:
    """The results and the line coverage of every test command of the plan's stack, on the files that will be delivered.

    A command that an agent already ran in this run on the same inputs (files, tools and command, by hash) is not run again. Tests
    that fail are a result. Raises PermanentError when the stack has no test command, and what ``run_command`` raises.
    """
    spec = stack(plan.stack)
    applied = layers(changes, ui, resolution)
    files = merged(applied)
    names = test_commands(spec)
    if not names:
        raise PermanentError(f"The stack {spec.slug} has no command that writes a test report and coverage.")
    known = _known(spec, names, files, (run for change in applied for run in change.checks))
    todo = [name for name in names if name not in known]
    if todo:
        clean = _clean(bench)
        clean.apply(applied)
        with ThreadPoolExecutor(len(todo)) as pool:
            known |= dict(zip(todo, pool.map(carried(partial(run_command, clean, spec, files=files)), todo), strict=True))
    halves = [read_half(bench, spec, known[name], files) for name in names]
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
