"""From rows to a step's function and back: its arguments, its bench, what its result says about the run."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import EDITS, MODEL, Bench, merged
from synergy.core.errors import PermanentError
from synergy.core.models import RunState
from synergy.core.revisions import Base
from synergy.core.spending import Book, Notebook
from synergy.core.types import ChangeSet, Delivery, Message, Plan, Resolution, StackChoice, UiSpec, Value, Verdict, VisualReport
from synergy.core.written import Improved, with_walks, with_written
from synergy.workflow import sql
from synergy.workflow.db import rows
from synergy.workflow.engine import Attempt, Facts
from synergy.workflow.shape import Shape, StepSpec

KEPT = ".keep"  #: file in a run's work folder: a person wants it to stay
MOVING = {"cost_usd", "seconds"}  #: what changes while a run goes on


@dataclass(frozen=True)
class Inputs:
    """A run as its steps see it. ``values``: results of steps before this one, by step; those that it reads are there."""

    message: Message
    project: str
    edits: ChangeSet | None
    base: str  #: artifact of the Base that the run changes; "" = it makes something new
    cost_usd: float
    seconds: float  #: since the first claim, by the database's clock
    trace: tuple[str, str]  #: trace id and the span that the run began with
    values: Mapping[str, Value]


def read(shape: Shape, attempt: Attempt, known: Inputs | None = None) -> Inputs:
    """What the ledger holds for a step; PermanentError when a result is not what this version can read.

    ``known``: what the step before it read and gave, when the same worker goes on. Recorded values never change, so only what
    is missing is asked for.
    """
    names = shape.sources(attempt.name)
    if known is not None and not MOVING & set(shape.spec(attempt.name).wants) and known.values.keys() >= set(names):
        return known
    found = attempt.inputs or rows(sql.INPUTS, {"run": attempt.run, "names": names})[0]
    message, options, project, cost, seconds, results, trace, span = found
    options = options if isinstance(options, dict) else json.loads(options)
    try:
        values = {step: shape.spec(step).result.model_validate_json(text) for step, text in results.items()}
        edits = ChangeSet.model_validate(options["edits"]) if options.get("edits") else None
    except ValueError as error:
        raise PermanentError(f"A recorded result cannot be read: {str(error).splitlines()[0]}") from error
    asked = Message(text=message, stack=options.get("stack"))
    base, spent = options.get("base", ""), float(cost)
    return Inputs(asked, str(project), edits, base, spent, float(seconds or 0.0), (trace, span), values)


def with_result(shape: Shape, inputs: Inputs, name: str, text: str) -> Inputs:
    """``inputs`` and the result of ``name``, read back from what is recorded: a resumed run sees the very same value."""
    value = shape.spec(name).result.model_validate_json(text)
    return replace(inputs, values={**inputs.values, name: value})


def bench(
    run: uuid.UUID, project: str, stopped: Callable[[], bool], note: Callable[[str], None], book: Book | None = None
) -> Bench:
    root = Path(settings.RUNS_DIR) / str(run)
    (root / "project").mkdir(parents=True, exist_ok=True)
    store = ArtifactStore(Path(settings.ARTIFACTS_DIR))
    return Bench(root=root, store=store, stopped=stopped, note=note, project_key=project, book=book or Notebook())


def worked_on() -> list[str]:
    """Ids of the runs that have a work folder on this machine which nobody wants to keep."""
    return [folder.name for folder in Path(settings.RUNS_DIR).glob("*-*-*-*-*") if not (folder / KEPT).exists()]


def remove_work(run: uuid.UUID) -> None:
    """Remove the work folder of a run. What matters of it is in the artifact store."""
    shutil.rmtree(Path(settings.RUNS_DIR) / str(run), ignore_errors=True)


def arguments(shape: Shape, spec: StepSpec, run: uuid.UUID, inputs: Inputs, place: Bench) -> list[Any]:
    """The values of ``spec.wants``, in order."""
    return [_value(name, shape, spec, run, inputs, place) for name in spec.wants]


def _value(name: str, shape: Shape, spec: StepSpec, run: uuid.UUID, inputs: Inputs, place: Bench) -> Any:
    given: dict[str, Callable[[], Any]] = {
        "agent": lambda: spec.name.partition(":")[2],
        "base": lambda: _base(inputs.base, place),
        "cost_usd": lambda: inputs.cost_usd,
        "message": lambda: inputs.message,
        "rerender": lambda: partial(_rerender, shape, run, inputs, place),
        "run_id": lambda: str(run),
        "seconds": lambda: inputs.seconds,
    }
    if name in given:
        return given[name]()
    written = tuple(inputs.values[step] for step in shape.writers(name, spec.name))
    if name != "changes":
        return _improved(written[0], inputs)
    ui = inputs.values.get("ui")
    if isinstance(ui, UiSpec) and ui.edits is not None:  # merged with what is generated now
        return (*written, ui.edits)
    return (*written, *_edits(inputs.edits, written))


def _improved(value: Value, inputs: Inputs, dropped: Mapping[str, str] | None = None) -> Value:
    """Plan and interface with what a model added to them, unless it was taken back."""
    added = next((v for v in inputs.values.values() if isinstance(v, Improved)), None)
    if added is None or not isinstance(value, Plan | UiSpec):
        return value
    settled = next((v for v in inputs.values.values() if isinstance(v, Resolution)), None)
    gone = dropped if dropped is not None else settled.dropped if settled else {}
    return with_written(value, added, gone) if isinstance(value, Plan) else with_walks(value, added, gone)


def _base(sha: str, place: Bench) -> Base | None:
    return Base.model_validate_json(place.store.get_text(sha)) if sha else None


def _edits(edits: ChangeSet | None, written: tuple[Value, ...]) -> tuple[ChangeSet, ...]:
    """What a person changed: of all files given those that are not as the agents wrote them."""
    if edits is None:
        return ()
    generated = merged(value for value in written if isinstance(value, ChangeSet))
    changed = {path: sha for path, sha in edits.files.items() if generated.get(path) != sha}
    return (edits.model_copy(update={"agent": EDITS, "files": changed}),) if changed or edits.removed else ()


def _rerender(
    shape: Shape,
    run: uuid.UUID,
    inputs: Inputs,
    place: Bench,
    change: ChangeSet,
    dropped: Mapping[str, str] | None = None,
) -> VisualReport:
    """Render once more with ``change`` laid over everything. ``dropped``: features that it takes back."""
    spec = next(spec for spec in shape if spec.result is VisualReport)
    values = dict(zip(spec.wants, arguments(shape, spec, run, inputs, place), strict=True))
    values["changes"] = (*values["changes"], change.model_copy(update={"agent": MODEL}))
    if dropped:
        values |= {name: _improved(inputs.values[name], inputs, dropped) for name in ("plan", "ui")}
    report = spec.load()(place, *values.values())
    assert isinstance(report, VisualReport)
    return report


def facts(value: Value, inputs: Inputs) -> Facts | None:
    """What ``value`` says about its run."""
    if isinstance(value, StackChoice):
        ends = RunState.REFUSED if value.built_with is None else None
        return Facts(value.built_with or value.inferred, value.confidence, final=ends, reason=value.reason if ends else None)
    if isinstance(value, Verdict):
        gates = [gate.model_dump(mode="json") for gate in value.gates]
        return Facts(verdict={"passed": value.passed, "gates": gates, "seconds": value.seconds, "cost_usd": value.cost_usd})
    if isinstance(value, Delivery):
        return _final(next(v for v in inputs.values.values() if isinstance(v, Verdict)))
    return None


def _final(verdict: Verdict) -> Facts:
    """No run is completed without a delivery, and none with a red gate."""
    if verdict.passed:
        return Facts(final=RunState.COMPLETED)
    failed = ", ".join(gate.gate for gate in verdict.gates if not gate.passed)
    return Facts(final=RunState.REJECTED, reason=f"Gates that failed: {failed}.")
