"""The ``ui`` step: the components of every scope, written as files with their tests, checked in the sandbox.

A scope is the dashboard, the start page of a public site, or an entity. What its components are, what they take and what they
must keep to is said in ``uiagents.components``; how they look in code is said by the page set's templates.
"""

from __future__ import annotations

from collections.abc import Mapping

from synergy.core.bench import EDITS, Bench, layers, merged
from synergy.core.errors import NotBuildable
from synergy.core.merging import settle
from synergy.core.revisions import Base
from synergy.core.stacks import StackSpec, stack
from synergy.core.types import ChangeSet, Plan, Proof, UiSpec
from uiagents import react
from uiagents.capabilities import uses
from uiagents.components import components_of, proofs_of
from uiagents.selftest import run_commands, tidied
from uiagents.walks import walks_of

AGENT = "ui"
FORMAT = "frontend-format"
SELF_TEST = ("frontend-test", "frontend-types", "frontend-build")  #: the longest first


def infer_ui(bench: Bench, plan: Plan, changes: tuple[ChangeSet, ...], base: Base | None = None) -> UiSpec:
    """6-8 components for every scope with their pages and tests, and the evidence of types, tests with coverage, and build.

    ``changes`` are those of the three agents, and perhaps a person's edits, which stay on top of what is written here; when a
    project is changed (``base``), they are merged with it.
    A check that fails is recorded, never hidden. NotBuildable when the stack has no page set, BadAct when what a browser is to do
    is not understood.
    """
    spec = stack(plan.stack)
    if spec.ui != react.NAME:
        raise NotBuildable(f"The stack {spec.slug} has no page set for its interface.")
    components, walks = components_of(plan), walks_of(plan)
    changed = _written(bench, spec, plan, changes)
    ui = UiSpec(scopes=tuple(dict.fromkeys(c.scope for c in components)), components=components, changes=changed, walks=walks)
    ui, changes = _with_edits(bench, base, changes, ui)
    applied = layers(changes, ui)
    bench.apply(applied)
    runs = run_commands(bench, spec, SELF_TEST, merged(applied))
    bench.note(f"{len(components)} components in {len(ui.scopes)} scopes")
    return ui.model_copy(update={"changes": changed.model_copy(update={"checks": (*changed.checks, *runs)})})


def _with_edits(
    bench: Bench, base: Base | None, changes: tuple[ChangeSet, ...], ui: UiSpec
) -> tuple[UiSpec, tuple[ChangeSet, ...]]:
    """A person's edits of the project before, merged with what is generated now: in ``ui`` and among the changes."""
    given = [change for change in changes if change.agent == EDITS]
    if base is None or not given:
        return ui, changes
    agents = tuple(change for change in changes if change.agent != EDITS)
    done, notes = settle(bench.store, base.generated, given[0], merged(layers(agents, ui)))
    for note in notes:
        bench.note(f"{note.path}: {note.outcome}. {note.reason}")
    return ui.model_copy(update={"edits": done, "edit_notes": notes}), (*agents, done)


def _written(bench: Bench, spec: StackSpec, plan: Plan, changes: tuple[ChangeSet, ...]) -> ChangeSet:
    """The files of all scopes, formatted as the project formats its own."""
    sources = react.scope_files(plan)
    files = {path: bench.store.put(content) for path, content in sources.items()}
    raw = ChangeSet(agent=AGENT, files=files, proofs=_proofs(plan, sources))
    agents = [change for change in layers(changes) if change.agent != EDITS]
    bench.apply((*agents, raw))
    [run] = run_commands(bench, spec, (FORMAT,), merged((*agents, raw)))
    return raw.model_copy(update={"files": tidied(bench, run, files), "checks": (run,)})


def _proofs(plan: Plan, files: Mapping[str, bytes]) -> tuple[Proof, ...]:
    """The proofs whose files were written: a plan may leave out what a scope usually has."""
    own = tuple(p for p in proofs_of(plan) if all(f in files for f in p.files))
    return (*own, *(proof for use in uses(plan) for proof in use.page_proofs(files)))
