"""What a model wrote into a project: wishes that the blueprint leaves open, tried one by one, kept where nothing got worse."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from pydantic import Field

from synergy.core.types import BrowserCheck, ChangeSet, Clause, ClauseStatus, Feature, Page, Plan, UiSpec, Value


class Attempt(Value):
    """One try to build what a clause asks for. ``before``: how the files were that it changed: path → SHA-256, "" = not there."""

    clause: str  #: Clause.id; "" = it mends what failed before
    outcome: Literal["kept", "taken_back", "declined", "failed"]
    reason: str = ""  #: in words for a person, when it was not kept
    feature: str = ""  #: Feature.id, when it was kept
    model: str = ""
    repairs: int = 0  #: rounds that were needed beyond the first
    before: dict[str, str] = Field(default_factory=dict)


class Improved(ChangeSet):
    """The model's change of the project, and what is to be looked at because of it. Its attempts are in their order."""

    attempts: tuple[Attempt, ...] = ()
    features: tuple[Feature, ...] = ()
    pages: tuple[Page, ...] = ()
    walks: tuple[BrowserCheck, ...] = ()


def with_written(plan: Plan, written: Improved, dropped: Mapping[str, str]) -> Plan:
    """``plan`` with what a model added: features, pages, and clauses that name them. ``dropped``: what was taken back since."""
    features = tuple(f for f in written.features if f.id not in dropped)
    slugs = {slug for feature in features for slug in feature.pages}
    tried = {attempt.clause: attempt for attempt in written.attempts}
    return plan.model_copy(
        update={
            "features": (*plan.features, *features),
            "pages": (*plan.pages, *(page for page in written.pages if page.slug in slugs)),
            "clauses": tuple(_clause(c, tried[c.id], dropped) if c.id in tried else c for c in plan.clauses),
        }
    )


def with_walks(ui: UiSpec, written: Improved, dropped: Mapping[str, str]) -> UiSpec:
    """``ui`` with the browser checks of what a model added."""
    return ui.model_copy(update={"walks": (*ui.walks, *(walk for walk in written.walks if walk.feature not in dropped))})


def left(written: Improved, dropped: Mapping[str, str], gone: Collection[str] = ()) -> Improved | None:
    """What is still there of ``written``: without the features ``dropped`` and the files ``gone``; None = nothing."""
    attempts = tuple(a for a in written.attempts if a.outcome == "kept" and a.feature not in dropped)
    if not attempts:
        return None
    features = tuple(f for f in written.features if f.id not in dropped)
    undone = {path for a in written.attempts if a.feature in dropped for path in a.before}
    undone -= {path for a in attempts for path in a.before}
    slugs = {slug for feature in features for slug in feature.pages}
    return written.model_copy(
        update={
            "attempts": attempts,
            "features": features,
            "pages": tuple(page for page in written.pages if page.slug in slugs),
            "walks": tuple(walk for walk in written.walks if walk.feature not in dropped),
            "proofs": tuple(proof for proof in written.proofs if proof.feature not in dropped),
            "files": {path: sha for path, sha in written.files.items() if path not in undone and path not in gone},
            "checks": (),
        }
    )


def without(plan: Plan, dropped: Mapping[str, str]) -> Plan:
    """``plan`` without features that a model had added (Feature.id → why they went)."""
    gone = {slug for feature in plan.features if feature.id in dropped for slug in feature.pages}
    return plan.model_copy(
        update={
            "features": tuple(f for f in plan.features if f.id not in dropped),
            "pages": tuple(page for page in plan.pages if page.slug not in gone),
            "clauses": tuple(_open(c, dropped) for c in plan.clauses),
        }
    )


def taken_back(written: Improved, first: int) -> ChangeSet:
    """The change that undoes the attempts from number ``first`` on (from 0): files as they were before it."""
    files: dict[str, str] = {}
    for attempt in reversed(written.attempts[first:]):
        files |= attempt.before
    gone = tuple(sorted(path for path, sha in files.items() if not sha))
    return ChangeSet(agent=written.agent, files={path: sha for path, sha in files.items() if sha}, removed=gone)


def _open(clause: Clause, dropped: Mapping[str, str]) -> Clause:
    why = [dropped[feature] for feature in clause.features if feature in dropped]
    return clause.model_copy(update={"status": ClauseStatus.NOT_BUILT, "features": (), "reason": why[0]}) if why else clause


def _clause(clause: Clause, attempt: Attempt, dropped: Mapping[str, str]) -> Clause:
    why = dropped.get(attempt.feature, "") if attempt.outcome == "kept" else attempt.reason
    if why or attempt.outcome != "kept":
        return clause.model_copy(update={"reason": f"{clause.reason} {why}".strip()})
    reason = f"Written by a model{f' ({attempt.model})' if attempt.model else ''}."
    update = {"status": ClauseStatus.BUILT, "features": (attempt.feature,), "reason": reason}
    return clause.model_copy(update=update)
