"""A change of a project: a new run that starts from what was delivered last, with what a person edited since."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.utils.text import slugify

from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import EDITS, layers, merged
from synergy.core.errors import BadInput
from synergy.core.models import Project, Run, RunState, StepState, Tenant
from synergy.core.revisions import BY_HAND, Base
from synergy.core.types import ChangeSet, Delivery, Plan, Resolution, StackChoice, UiSpec, Value, Verdict, VisualReport
from synergy.core.written import Improved, left
from synergy.workflow import handwork, services
from synergy.workflow.engine import Ready
from synergy.workflow.handwork import Found
from synergy.workflow.shape import shape

DELIVERED = (RunState.COMPLETED, RunState.REJECTED)
Results = dict[str, Value]
V = TypeVar("V", bound=Value)


class UnknownProject(BadInput):
    """There is no such project."""


def find_project(name: str, tenant: Tenant) -> Project:
    """The project called ``name`` (or with that slug); to a tenant, the projects of others do not exist."""
    found = Project.objects.filter(tenant=tenant, slug__in={name, slugify(name)}).first()
    if found is None:
        raise UnknownProject(f"There is no project “{name[:80]}”.", hint="Build it first: its first message makes it.")
    return found


def last_delivery(project: Project) -> Run | None:
    """The run of ``project`` that delivered last, passed or rejected."""
    return project.runs.filter(state__in=DELIVERED).order_by("-created_at").first()


def change(
    message: str,
    *,
    tenant: Tenant,
    project: str,
    edits: Found | None = None,
    stack: str | None = None,
    budget_usd: float = services.BUDGET_USD,
    key: str | None = None,
) -> tuple[Run, list[Ready]]:
    """Accept a change of a project that was delivered. Without words it takes over ``edits`` and changes nothing else.

    Raises UnknownProject, and BadInput: nothing was delivered yet; neither words nor edits; another stack; what ``create_run``
    does not take. What the change asks for is understood by the run's plan step, which refuses what it cannot do.
    """
    found = find_project(project, tenant)
    last = last_delivery(found)
    if last is None:
        raise BadInput(
            f"Nothing of the project “{found.name}” was delivered yet.", hint="Build it first; then it can be changed."
        )
    base = base_of(last, edits)
    if stack and stack != base.plan.stack:
        raise BadInput(
            f"The project is built with {base.plan.stack}; a change keeps the stack.",
            hint="Build it anew to choose another stack.",
        )
    words = message if message.strip() or not base.by_hand else BY_HAND
    return services.create_run(
        words,
        tenant=tenant,
        project=found.slug,
        edits=base.edited,
        budget_usd=budget_usd,
        key=key,
        revises=last,
        base=_store().put_text(base.model_dump_json()),
    )


def base_of(run: Run, edits: Found | None = None) -> Base:
    """What a change of the delivery of ``run`` starts from, ``edits`` included; BadInput when this version cannot read it."""
    values = _results(run)
    try:
        stack, plan, ui = (_typed(values, *pair) for pair in (("stack", StackChoice), ("plan", Plan), ("ui", UiSpec)))
        seen, settled = _typed(values, "visuals", VisualReport), _typed(values, "conflicts", Resolution)
        verdict, delivery = _typed(values, "slo", Verdict), _typed(values, "delivery", Delivery)
    except KeyError as error:
        hint = "Build it anew from its message; then it can be changed."
        raise BadInput(f"The last delivery cannot be read by this version ({error.args[0]}).", hint=hint) from None
    agents = tuple(value for value in values.values() if isinstance(value, ChangeSet) and not isinstance(value, Improved))
    generated = merged(layers(agents, ui))
    edited = _edited(run, agents, ui, settled, generated)
    written = values.get("improve")
    by_hand: tuple[str, ...] = ()
    if edits is not None:
        delivered = handwork.hashes(_store().get(delivery.manifest))
        edited, by_hand = handwork.since(edits, delivered, generated, edited)
    return Base(
        run=str(run.id),
        messages=messages_of(run),
        stack=stack,
        plan=plan,
        clauses=verdict.clauses,
        generated=generated,
        edited=edited,
        written=_written(written, settled, [path for path in by_hand if edits and path not in edits.files]),
        by_hand=by_hand,
        browser=seen.browser,
        fonts=seen.fonts,
        shots=seen.shots,
        redrawn=settled.rerendered,
    )


def _written(value: Value | None, settled: Resolution, gone: list[str]) -> Improved | None:
    """What a model wrote, as it was delivered."""
    if not isinstance(value, Improved):
        return None
    kept = left(value, settled.dropped, gone)
    undone = settled.changes.files if settled.changes else {}
    return kept and kept.model_copy(update={"files": {path: undone.get(path, sha) for path, sha in kept.files.items()}})


def messages_of(run: Run) -> tuple[str, ...]:
    """All that was asked for up to ``run``, the first message first."""
    base = run.options.get("base")
    earlier = Base.model_validate_json(_store().get_text(base)).messages if base else ()
    return (*earlier, *((run.message,) if run.message != BY_HAND else ()))


def _edited(
    run: Run, agents: tuple[ChangeSet, ...], ui: UiSpec, settled: Resolution, generated: dict[str, str]
) -> ChangeSet | None:
    """The edits in the delivery of ``run``, as they were delivered."""
    given = run.options.get("edits")
    edits = ui.edits or (ChangeSet.model_validate(given) if given else None)
    if edits is None:
        return None
    delivered = merged(layers((*agents, edits.model_copy(update={"agent": EDITS})), ui, settled))
    files = {path: delivered[path] for path in edits.files if path in delivered and delivered[path] != generated.get(path)}
    removed = tuple(path for path in edits.removed if path not in delivered)
    return edits.model_copy(update={"agent": EDITS, "files": files, "removed": removed}) if files or removed else None


def _results(run: Run) -> Results:
    """The recorded values of ``run``; what this version cannot read is left out."""
    pipeline = shape()
    kinds = {spec.name: spec.result for spec in pipeline}
    found: Results = {}
    for step in run.steps.filter(state=StepState.DONE, name__in=kinds).order_by("position"):
        try:
            found[step.name] = kinds[step.name].model_validate_json(step.result or "")
        except ValueError:
            continue
    return found


def _typed(values: Results, name: str, kind: type[V]) -> V:
    value = values.get(name)
    if not isinstance(value, kind):
        raise KeyError(name)
    return value


def _store() -> ArtifactStore:
    return ArtifactStore(Path(settings.ARTIFACTS_DIR))


def submit(
    message: str, *, tenant: Tenant, project: str, edits: Found | None, stack: str | None, budget_usd: float, fresh: bool
) -> tuple[Run, list[Ready]]:
    """What a person means who names a project: a change of it when it was delivered, else its first build.

    The very message that the last delivery was built from builds it once more; ``fresh`` builds any message anew.
    """
    if changes_something(message, tenant, project, fresh=fresh):
        return change(message, tenant=tenant, project=project, edits=edits, stack=stack, budget_usd=budget_usd)
    laid = handwork.as_edits(edits) if edits else None
    return services.create_run(message, tenant=tenant, project=project, edits=laid, stack=stack, budget_usd=budget_usd)


def changes_something(message: str, tenant: Tenant, project: str, *, fresh: bool = False) -> bool:
    """Whether ``message`` is a change of what was delivered for ``project``."""
    try:
        last = last_delivery(find_project(project, tenant)) if project and not fresh else None
    except UnknownProject:
        return False
    return last is not None and (last.revises_id is not None or last.message != message)
