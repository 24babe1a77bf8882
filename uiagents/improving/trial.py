"""A project as a trial: files laid out, measured by the stack's own commands, held against how it was before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from synergy.core.artifacts import digest
from synergy.core.bench import MODEL, Bench
from synergy.core.stacks import StackSpec
from synergy.core.testreports.halves import read_half, test_commands
from synergy.core.testreports.junit import read_junit
from synergy.core.toolchains import inputs_hash, run_command
from synergy.core.types import ChangeSet, CommandRun
from uiagents.selftest import run_commands, tidied
from uiagents.sides import CONTRACT, SCHEMA, SERVED

COVERED = 0.97  #: share of lines from which on coverage may fall: the gate asks for 0.95
TAIL = 1500  #: characters of a log that are shown
MOST_TROUBLE = 12  #: that are told
#: What differs between two runs of the same: times, addresses in memory, file names in /tmp
PASSING = re.compile(r"\b\d+(?:\.\d+)?\s?m?s\b|0x[0-9a-f]+|/tmp/[\w./-]+")


@dataclass(frozen=True)
class Measured:
    """What one command says about a state of the project."""

    run: CommandRun
    outcomes: Mapping[str, str] = field(default_factory=dict)  #: TestCase.id → outcome
    messages: Mapping[str, str] = field(default_factory=dict)  #: TestCase.id → why it did not pass
    coverage: float | None = None  #: share of lines; None for a command that measures none
    log: str = ""

    @property
    def passed(self) -> set[str]:
        return {case for case, outcome in self.outcomes.items() if outcome == "passed"}

    @property
    def failure(self) -> str:
        """That the command fails, with the end of its log."""
        return f"{self.run.name} fails:\n{self.log[-TAIL:]}"

    def trouble(self, case: str) -> str:
        """That a test does not pass, and why."""
        return f"{case} does not pass: {self.messages.get(case, 'it did not run')[:TAIL]}"


@dataclass(frozen=True)
class State:
    """Files of the project (path → SHA-256) and what is known about them, by command."""

    files: Mapping[str, str]
    measured: Mapping[str, Measured]


class Trial:
    """A folder of its own in which states of one project are laid out and measured."""

    def __init__(self, bench: Bench, spec: StackSpec) -> None:
        self.bench = replace(bench, root=bench.root / "improve")
        self.bench.project.mkdir(parents=True, exist_ok=True)
        self.spec = spec
        self._there: dict[str, str] = {}
        self._tidy: set[tuple[str, str]] = set()  #: (path, SHA-256) of what a formatter left so
        self._declared: dict[str, dict[str, str]] = {}  #: what the backend reads, by hash → contract and types for it

    def first(self, files: Mapping[str, str], runs: Iterable[CommandRun]) -> State:
        """The project as it is; what the run measured of just these files is taken from ``runs``, its tests are run else."""
        known = {(run.name, run.inputs): run for run in runs if not run.killed}
        names = [name for part in self.spec.writing.values() for name in part.checks]
        found = {name: known.get((name, inputs_hash(self.spec, name, files))) for name in names}
        measured = {name: self._read(run, files) for name, run in found.items() if run}
        tests = [name for name in names if name in test_commands(self.spec) and name not in measured]
        return State(dict(files), measured | self._run(files, tests))

    def lay(self, files: Mapping[str, str]) -> None:
        """Make the folder hold ``files`` and nothing else of a project."""
        gone = tuple(path for path in self._there if path not in files)
        new = {path: sha for path, sha in files.items() if self._there.get(path) != sha}
        self.bench.apply((ChangeSet(agent=MODEL, files=new, removed=gone),))
        self._there = dict(files)

    def tidy(self, files: Mapping[str, str], written: Iterable[str]) -> dict[str, str]:
        """``files`` with those of ``written`` in the form that the project's formatters give them."""
        tidy = dict(files)
        for part in self.spec.writing.values():
            own = {path: tidy[path] for path in written if path.startswith(part.roots)}
            if not own.items() <= self._tidy:
                self.lay(tidy)
                tidy |= tidied(self.bench, run_command(self.bench, self.spec, part.tidy, tidy), own)
                self._tidy |= {(path, tidy[path]) for path in own}
        return tidy

    def declare(self, files: Mapping[str, str], before: State) -> dict[str, str]:
        """``files`` with what the backend serves beyond the contract declared there, and the client's types made from it.

        What was declared stays as it was: a backend that serves it differently is found by its tests.
        """
        key = inputs_hash(self.spec, SERVED, files)
        if key == inputs_hash(self.spec, SERVED, before.files):
            return dict(files)
        if key not in self._declared:
            made = self._declare(files)
            self._declared[key] = {path: made[path] for path in (CONTRACT, SCHEMA) if made.get(path) != files.get(path)}
        return {**files, **self._declared[key]}

    def _declare(self, files: Mapping[str, str]) -> dict[str, str]:
        self.lay(files)
        run = run_command(self.bench, self.spec, SERVED, files)
        if run.returncode or SERVED not in run.outputs:
            return dict(files)
        declared = json.loads(self.bench.store.get_text(files[CONTRACT]))
        if not _add(declared, json.loads(self.bench.store.get(run.outputs[SERVED]))):
            return dict(files)
        text = json.dumps(declared, indent=2, ensure_ascii=False) + "\n"
        made = {**files, CONTRACT: self.bench.store.put_text(text)}
        self.lay(made)
        writer = self.spec.writer_of(SCHEMA)
        if writer is None:
            return made
        name, output = writer
        types = run_command(self.bench, self.spec, name, made)
        return {**made, SCHEMA: types.outputs[output]} if output in types.outputs else made

    def measure(self, files: Mapping[str, str], before: State) -> State:
        """``files``, measured by all commands that read something else there than in ``before``."""
        wanted = [name for part in self.spec.writing.values() for name in part.checks]
        same = {name for name in wanted if inputs_hash(self.spec, name, files) == inputs_hash(self.spec, name, before.files)}
        known = {name: before.measured[name] for name in same if name in before.measured}
        todo = [name for name in wanted if name not in same]
        return State(dict(files), known | self._run(files, todo))

    def _run(self, files: Mapping[str, str], names: Sequence[str]) -> dict[str, Measured]:
        if not names:
            return {}
        self.lay(files)
        runs = run_commands(self.bench, self.spec, tuple(names), files)
        return {run.name: self._read(run, files) for run in runs}

    def passing(self, files: Mapping[str, str], tests: Iterable[str]) -> set[str]:
        """The cases of ``tests`` (paths) that pass on ``files``, which hold them."""
        found: set[str] = set()
        self.lay(files)
        for part in self.spec.writing.values():
            command = self.spec.commands[part.proof]
            own = [path.removeprefix(f"{command.cwd}/") for path in sorted(tests) if path.startswith(part.roots)]
            if not own:
                continue
            run = run_command(self.bench, self.spec, part.proof, files, {"TESTS": " ".join(own)})
            if "junit" in run.outputs:
                cases = read_junit(self.bench.store.get(run.outputs["junit"]), command.cwd, files.keys())
                found |= {case.id for case in cases if case.outcome == "passed"}
        return found

    def _read(self, run: CommandRun, files: Mapping[str, str]) -> Measured:
        log = PASSING.sub("…", self.bench.store.get(run.output).decode(errors="replace")) if run.output else ""
        if run.name not in test_commands(self.spec):
            return Measured(run, log=log)
        half = read_half(self.bench, self.spec, run, files)
        return Measured(
            run,
            {case.id: case.outcome for case in half.cases},
            {case.id: PASSING.sub("…", case.message) for case in half.cases if case.outcome != "passed"},
            half.coverage.ratio,
            log,
        )


def worse(before: State, after: State) -> list[str]:
    """What is worse in ``after`` than in ``before``, a line for each; [] = nothing. What was broken before may stay so."""
    return [line for name, now in after.measured.items() for line in _worse(before.measured.get(name), now)]


def _worse(before: Measured | None, now: Measured) -> Iterator[str]:
    was_well = before is None or before.run.returncode == 0
    if now.coverage is None:
        if now.run.returncode and was_well:
            yield now.failure
        return
    lost = sorted((before.passed if before else set()) - now.passed)
    known = set(before.outcomes) if before else set()
    failing = [case for case, outcome in now.outcomes.items() if outcome != "passed" and case not in known]
    for case in [*lost, *failing][:MOST_TROUBLE]:
        yield now.trouble(case)
    least = min(before.coverage if before and before.coverage is not None else COVERED, COVERED)
    if not (lost or failing) and now.coverage < least:
        yield f"{now.run.name}: {now.coverage:.4f} of the lines are covered, {least:.4f} is the least: test what you added."
    if not (lost or failing) and now.run.returncode and was_well:
        yield now.failure


def broken(state: State) -> list[str]:
    """What fails in ``state``: each test that does not pass, each check that fails although it runs no tests."""
    lines = []
    for found in state.measured.values():
        failing = [case for case, outcome in found.outcomes.items() if outcome in ("failed", "error")]
        lines += [found.trouble(case) for case in failing]
        if found.run.returncode and not failing:
            lines.append(found.failure)
    return lines


def new_cases(before: State, after: State) -> list[str]:
    """Ids of the tests that were not there before."""
    known = {case for found in before.measured.values() for case in found.outcomes}
    return sorted(case for found in after.measured.values() for case in found.outcomes if case not in known)


def signature(troubles: Sequence[str]) -> str:
    """Equal for the same troubles, whatever their numbers are."""
    return digest(re.sub(r"\d+", "#", "\n".join(sorted(troubles))).encode())


def _add(declared: Any, served: Any) -> bool:
    """Add to ``declared`` the operations and components that only ``served`` has; whether there were any."""
    added = False
    for path, item in served.get("paths", {}).items():
        for method, operation in item.items():
            if method not in declared["paths"].setdefault(path, {}):
                declared["paths"][path][method] = _untitled(operation)
                added = True
    schemas = declared["components"].setdefault("schemas", {})
    for name, schema in served.get("components", {}).get("schemas", {}).items():
        if name not in schemas:
            schemas[name] = _untitled(schema)
            added = True
    declared["paths"] = {path: item for path, item in declared["paths"].items() if item}
    return added


def _untitled(node: Any, names: bool = False) -> Any:
    """``node`` without the titles that say what its name says already."""
    if isinstance(node, dict):
        return {k: _untitled(v, k in ("properties", "schemas")) for k, v in node.items() if names or k != "title"}
    return [_untitled(item) for item in node] if isinstance(node, list) else node
