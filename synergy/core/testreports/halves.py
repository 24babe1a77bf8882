"""What one test command of a project proves: its cases and the coverage of its half."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synergy.core.bench import Bench
from synergy.core.stacks import Command, StackSpec
from synergy.core.testreports.coverage import own_sources, read_coverage, unmeasured
from synergy.core.testreports.junit import BadReport, read_junit
from synergy.core.types import CommandRun, CoverageHalf, TestCase

REPORTS = {"junit", "coverage"}  #: a command that writes both is a test command


def test_commands(spec: StackSpec) -> list[str]:
    """The names of the stack's test commands."""
    return [name for name, command in spec.commands.items() if command.outputs.keys() >= REPORTS]


@dataclass(frozen=True)
class Half:
    cases: tuple[TestCase, ...]
    coverage: CoverageHalf


def read_half(bench: Bench, spec: StackSpec, run: CommandRun, files: Mapping[str, str]) -> Half:
    """What one test command proves. A report that cannot be believed proves nothing, and says so as a failed case."""
    command = spec.commands[run.name]
    cases = _cases(bench, run, command, files)
    return Half(cases, _coverage(bench, spec, run, files))


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
