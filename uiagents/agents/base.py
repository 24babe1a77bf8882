"""What an agent is, and how what it wrote becomes a change set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from synergy.core.bench import Bench, safe_path
from synergy.core.registry import Registry
from synergy.core.types import ChangeSet, CommandRun, Plan, Proof


class Agent(Protocol):
    """Writes one part of a project from its plan and tests it in the sandbox."""

    name: str

    def write(self, bench: Bench, plan: Plan) -> ChangeSet:
        """The files, which features they build, and the self-test. A test that failed is recorded, never hidden."""


registry: Registry[Agent] = Registry("uiagents.agents")


def change_set(
    bench: Bench,
    agent: str,
    files: Mapping[str, bytes],
    *,
    executable: Iterable[str] = (),
    proofs: Iterable[Proof] = (),
    checks: Iterable[CommandRun] = (),
) -> ChangeSet:
    """``files`` (path → content) put into the store. UnsafePath for a name that would leave the project."""
    stored = {str(safe_path(path)): bench.store.put(content) for path, content in sorted(files.items())}
    return ChangeSet(agent=agent, files=stored, executable=tuple(sorted(executable)), proofs=tuple(proofs), checks=tuple(checks))


def with_checks(change: ChangeSet, *checks: CommandRun) -> ChangeSet:
    """The change set with more evidence."""
    return change.model_copy(update={"checks": (*change.checks, *checks)})
