"""The three sides of a project's interface: what is declared, what is served, what the frontend calls."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from synergy.core.bench import Bench
from synergy.core.stacks import StackSpec
from synergy.core.toolchains import inputs_hash, run_command
from synergy.core.types import ChangeSet, CommandRun, ObservedCall, Operation
from uiagents.contracts import Document, key, path_of
from uiagents.typescript import Call, Unreadable, believed, calls_in

CONTRACT = "openapi.json"
SCHEMA = "frontend/src/api/schema.d.ts"
SOURCES = "frontend/src/"
SERVED = "openapi"  #: the stack's command that prints what the backend serves


@dataclass(frozen=True)
class Sides:
    declared: list[Operation]
    names: dict[tuple[str, str], str]  #: (method, path) → operationId
    served: list[Operation] | None  #: None when the backend could not say
    believed: list[Operation] | None  #: the client's types; None when they are missing or cannot be read
    calls: list[Call]  #: in the source
    observed: tuple[ObservedCall, ...]  #: in the browser
    trouble: tuple[str, ...] = ()  #: what could not be read, in words
    checks: tuple[CommandRun, ...] = ()

    def static(self) -> list[Operation]:
        """The calls in the source and the types of the client, as operations."""
        known = {key(o): o for o in self.believed or ()}
        shared = known.keys() & {key(o) for o in self.declared}  # types may be used where nothing is called
        keys = sorted({c.key for c in self.calls} | shared)
        return [known.get(k) or Operation(method=k[0], path=k[1], source="static") for k in keys]


def read_sides(
    bench: Bench, spec: StackSpec, files: Mapping[str, str], changes: Iterable[ChangeSet], observed: tuple[ObservedCall, ...]
) -> Sides:
    """All sides of the project ``files`` (path → SHA-256), which lies in ``bench.project``."""
    document, unreadable = _document(bench, files)
    served, run, silent = _served(bench, spec, files, changes)
    types, stale = _believed(bench, files)
    return Sides(
        declared=Document(document).operations("declared"),
        names=_names(document),
        served=served,
        believed=types,
        calls=calls(bench, files),
        observed=observed,
        trouble=tuple(line for line in (unreadable, silent, stale) if line),
        checks=(run,) if run else (),
    )


def with_mediation(bench: Bench, sides: Sides, files: Mapping[str, str], observed: tuple[ObservedCall, ...]) -> Sides:
    """The sides after mediation rewrote the client: contract and backend are as they were."""
    types, stale = _believed(bench, files)
    kept = tuple(line for line in sides.trouble if not line.startswith(SCHEMA))
    trouble = (*kept, stale) if stale else kept
    return replace(sides, believed=types, calls=calls(bench, files), observed=observed, trouble=trouble)


def calls(bench: Bench, files: Mapping[str, str]) -> list[Call]:
    """The calls in the frontend's own sources, tests left out."""
    found = []
    for name, sha in sorted(files.items()):
        if name.startswith(SOURCES) and name.endswith((".ts", ".tsx")) and not _is_test(name):
            found += calls_in(name, bench.store.get(sha).decode(errors="replace"))
    return found


def _is_test(name: str) -> bool:
    return ".test." in name or ".d.ts" in name or "/test/" in name


def _document(bench: Bench, files: Mapping[str, str]) -> tuple[Any, str]:
    if CONTRACT not in files:
        return {}, f"{CONTRACT} is missing."
    try:
        return json.loads(bench.store.get(files[CONTRACT])), ""
    except (ValueError, RecursionError) as error:
        return {}, f"{CONTRACT} cannot be read: {error}."


def _names(document: Any) -> dict[tuple[str, str], str]:
    paths = document.get("paths") if isinstance(document, dict) else None
    found = {}
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method, operation in item.items() if isinstance(item, dict) else ():
            if isinstance(operation, dict) and "operationId" in operation:
                found[method.upper(), path_of(path)] = str(operation["operationId"])
    return found


def _served(
    bench: Bench, spec: StackSpec, files: Mapping[str, str], changes: Iterable[ChangeSet]
) -> tuple[list[Operation] | None, CommandRun | None, str]:
    """What the backend serves, by its own word. Asked again only when its files are not those it was asked with."""
    if SERVED not in spec.commands:
        return None, None, f"{spec.title} has no command that prints what the backend serves."
    wanted = inputs_hash(spec, SERVED, files)
    asked = (check for change in changes for check in change.checks if check.name == SERVED)
    known = next((check for check in asked if check.inputs == wanted and check.returncode == 0), None)
    run = known or run_command(bench, spec, SERVED, files)
    new = None if known else run
    if run.returncode or SERVED not in run.outputs:
        return None, new, f"The backend did not print what it serves (exit code {run.returncode})."
    try:
        return Document(json.loads(bench.store.get(run.outputs[SERVED]))).operations("served"), new, ""
    except (ValueError, RecursionError) as error:
        return None, new, f"What the backend serves cannot be read: {error}."


def _believed(bench: Bench, files: Mapping[str, str]) -> tuple[list[Operation] | None, str]:
    if SCHEMA not in files:
        return None, f"{SCHEMA} is missing."
    try:
        return believed(bench.store.get(files[SCHEMA]).decode(errors="replace")), ""
    except Unreadable as error:
        return None, f"{SCHEMA} cannot be read: {error}"
