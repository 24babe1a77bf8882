"""The generated project as a site that can be visited: built, started with its demo data, served on a unix socket."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from synergy.core.bench import Bench, layers, merged
from synergy.core.errors import PermanentError, SandboxError, ServiceDown
from synergy.core.sandboxes.base import Server
from synergy.core.stacks import StackSpec
from synergy.core.toolchains import inputs_hash, prepare, restore, run_command, serve_command
from synergy.core.types import ChangeSet, CommandRun, UiSpec

DIST = "dist"  #: output that makes a command the build
SOCKET = "{socket}"  #: argument that makes a command the server
TAIL = 1500  #: characters of a log that are quoted


class DoesNotRun(PermanentError):
    """The project cannot be visited, which is its own fault."""


@dataclass(frozen=True)
class Project:
    """The files to visit, in a folder of their own."""

    bench: Bench
    spec: StackSpec
    files: Mapping[str, str]
    earlier: tuple[CommandRun, ...]  #: commands that were run in this run already

    def build(self) -> tuple[CommandRun, ...]:
        """Build the frontend, or take what was built in this run from the same files. DoesNotRun when it cannot be built."""
        runs = []
        for name in (n for n, command in self.spec.commands.items() if DIST in command.outputs):
            run = self._known(name) or run_command(self.bench, self.spec, name, self.files)
            if run.returncode or DIST not in run.outputs:
                said = self.bench.store.get(run.output).decode(errors="replace").strip()[-TAIL:]
                raise DoesNotRun(f"The command {name!r} {f'was stopped ({run.killed})' if run.killed else 'failed'}:\n{said}")
            runs.append(run)
        return tuple(runs)

    def _known(self, name: str) -> CommandRun | None:
        wanted = inputs_hash(self.spec, name, self.files)
        for run in self.earlier:
            if run.name == name and run.inputs == wanted and run.returncode == 0 and DIST in run.outputs:
                restore(self.bench, run.outputs[DIST])
                return run
        return None

    @contextmanager
    def serve(self) -> Iterator[Server]:
        """The running project. DoesNotRun when it ends at its start."""
        name = next((n for n, c in self.spec.commands.items() if any(SOCKET in word for word in c.argv)), None)
        if name is None:
            raise DoesNotRun(f"The stack {self.spec.slug} has no command that serves the project.")
        prepare(self.spec, self.bench.note)  # so that a package index that is down is not taken for a project that is
        serving = serve_command(self.bench, self.spec, name)
        try:
            server = serving.__enter__()
        except SandboxError:
            raise
        except ServiceDown as error:
            raise DoesNotRun(error.message) from error
        try:
            yield server
        finally:
            serving.__exit__(None, None, None)


def lay_out(bench: Bench, spec: StackSpec, changes: tuple[ChangeSet, ...], ui: UiSpec) -> Project:
    """Write the files of all changes into an empty folder."""
    applied = layers(changes, ui)
    own = replace(bench, root=bench.root / "visual")
    shutil.rmtree(own.root, ignore_errors=True)
    own.project.mkdir(parents=True)
    own.apply(applied)
    return Project(own, spec, merged(applied), tuple(run for change in applied for run in change.checks))
