"""The best so far is kept: what a model wrote is taken back when the project is better without it in the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from synergy.core.bench import Bench, layers, merged
from synergy.core.stacks import stack
from synergy.core.types import SERIOUS, ChangeSet, Plan, Resolution, UiSpec, VisualReport
from synergy.core.written import Improved, taken_back, without
from uiagents.conflicts import resolve_conflicts
from uiagents.improving.paper import papers

Rerender = Callable[..., VisualReport]


def keep_best(
    bench: Bench, plan: Plan, changes: tuple[ChangeSet, ...], ui: UiSpec, visuals: VisualReport, rerender: Rerender
) -> Resolution:
    """Settle the conflicts. Where faults are left and a model wrote something, the project is rendered without it, too.

    The attempts are taken back from the first on that a fault points to; from the very first when it points to none.
    """
    found = resolve_conflicts(bench, plan, changes, ui, visuals, rerender)
    written = next((change for change in changes if isinstance(change, Improved) and change.features), None)
    faults = list(_faults(visuals, found))
    if written is None or not faults:
        return found
    first = min(_blamed(written, feature) for feature, _ in faults)
    dropped = {a.feature: _reason(a.feature, faults) for a in written.attempts[first:] if a.feature}
    undone = _undone(bench, plan, changes, ui, written, first, dropped)
    report = rerender(undone, dropped)
    less = tuple(walk for walk in ui.walks if walk.feature not in dropped)
    again = resolve_conflicts(
        bench,
        without(plan, dropped),
        (*changes, undone),
        ui.model_copy(update={"walks": less}),
        report,
        lambda change: rerender(_both(undone, change), dropped),
    )
    left = list(_faults(report, again))
    if len(left) >= len(faults):
        bench.note(f"Without what a model wrote there are {len(left)} faults, not fewer than {len(faults)}: it stays.")
        return found
    bench.note(f"Taken back: {len(faults)} faults with what a model wrote, {len(left)} without.")
    seen = again if again.rerendered else report
    pages = again.rerendered or tuple(shot.page for shot in report.shots)
    gone = (slug for feature in written.features if feature.id in dropped for slug in feature.pages)
    return again.model_copy(
        update={
            "changes": _both(undone, again.changes),
            "dropped": dropped,
            "rerendered": tuple(sorted({*pages, *gone})),  # what was found on a page that is gone is gone with it
            "findings": seen.findings,
            "walked": seen.walked,
        }
    )


def _faults(visuals: VisualReport, found: Resolution) -> Iterator[tuple[str, str]]:
    """(feature or page it points to, what is wrong) of all that fails a gate."""
    findings = (f for f in found.findings_now(visuals) if f.severity in SERIOUS)
    yield from ((f.page, f"{f.check} on {f.page}: {f.message}") for f in findings)
    yield from ((w.feature, f"{w.check}: {w.message}") for w in found.walked_now(visuals) if not w.passed)
    yield from (("", f"conflict: {c.detail}") for c in found.conflicts if not c.resolved)


def _blamed(written: Improved, pointed: str) -> int:
    """The number of the attempt that a fault points to, by its feature or a page of it; else of the first."""
    owners = {slug: feature.id for feature in written.features for slug in feature.pages}
    feature = owners.get(pointed, pointed)
    kept = [number for number, attempt in enumerate(written.attempts) if attempt.outcome == "kept"]
    return next((number for number in kept if written.attempts[number].feature == feature), kept[0])


def _reason(feature: str, faults: list[tuple[str, str]]) -> str:
    what = next((words for pointed, words in faults if pointed == feature), faults[0][1])
    return f"What a model wrote was taken back: with it, {' '.join(what.split())[:300]}"


def _undone(
    bench: Bench,
    plan: Plan,
    changes: tuple[ChangeSet, ...],
    ui: UiSpec,
    written: Improved,
    first: int,
    dropped: Mapping[str, str],
) -> ChangeSet:
    change = taken_back(written, first)
    told = papers(bench, stack(plan.stack), plan, without(plan, dropped), merged(layers(changes, ui)))
    return change.model_copy(update={"files": {**change.files, **told}})


def _both(first: ChangeSet, then: ChangeSet | None) -> ChangeSet:
    """One change that does what both do, one after the other."""
    if then is None:
        return first
    removed = {path for path in first.removed if path not in then.files} | set(then.removed)
    files = {path: sha for path, sha in {**first.files, **then.files}.items() if path not in then.removed}
    return then.model_copy(update={"files": files, "removed": tuple(sorted(removed)), "checks": (*first.checks, *then.checks)})
