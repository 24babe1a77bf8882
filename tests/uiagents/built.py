"""A generated project, rendered and built without its own tests: what a browser needs, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synergy.core.bench import Bench
from synergy.core.stacks import stack
from synergy.core.toolchains import run_command, serve_command
from synergy.core.types import ChangeSet, Plan
from uiagents import react
from uiagents.agents import backend


def built(bench: Bench, plan: Plan) -> ChangeSet:
    """The project of ``plan`` in ``bench.project``, with its frontend built."""
    spec = stack(plan.stack)
    files = backend.render(plan) | react.shell_files(plan, spec.folder / "adapter") | react.scope_files(plan)
    change = ChangeSet(agent="all", files={path: bench.store.put(data) for path, data in files.items()})
    bench.apply((change,))
    run = run_command(bench, spec, "frontend-build", change.files)
    assert run.returncode == 0, bench.store.get(run.output).decode()
    return change


@contextmanager
def served(bench: Bench, plan: Plan) -> Iterator[Path]:
    """The socket of the running project, with a new database."""
    with serve_command(bench, stack(plan.stack), "serve") as server:
        yield server.socket
