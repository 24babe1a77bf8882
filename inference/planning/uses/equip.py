"""Entities get the fields and references that capabilities put to work on them need."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inference.planning.archetypes import ArchetypeField
from inference.planning.entities import Draft, append_field, relate
from inference.planning.names import snake_of
from inference.planning.uses.binding import Binding
from synergy.core.capabilities import Need
from synergy.core.types import Kind, PlanField


def equipping(bindings: Sequence[Binding]) -> Callable[[Sequence[Draft]], None]:
    """What ``make_entities`` calls with its drafts. A binding whose needs cannot be met is marked as broken."""

    def fit(drafts: Sequence[Draft]) -> None:
        by_thing = {id(draft.thing): draft for draft in drafts}
        for binding in bindings:
            _equip(binding, by_thing)

    return fit


def _equip(binding: Binding, drafts: dict[int, Draft]) -> None:
    on, draft = binding.capability.on, drafts.get(id(binding.thing))
    if on is None:
        return
    if draft is None or any(id(part) not in drafts for part in binding.parts.values()):
        binding.broken = "only the first 40 things are built"
        return
    for role, need in on.fields.items():
        name = _field(draft, need, set(binding.fields.values()))
        if name:
            binding.fields[role] = name
        elif not need.optional:
            binding.broken = f"{draft.thing.plural.lower()} have no {role}"
    for role, thing in binding.parts.items():
        if on.parts[role].refers and not _refers(drafts[id(thing)], draft):
            binding.broken = f"{draft.thing.plural.lower()} cannot have {thing.plural.lower()}"


def _field(draft: Draft, need: Need, taken: set[str]) -> str:
    """Name of the field that meets ``need``, added when there is none; "" when nothing does."""
    fitting = [f.name for f in draft.fields if f.kind in need.kinds and f.name not in taken]
    named = next((name for wanted in need.names for name in fitting if name == wanted), "")
    if named or (fitting and not need.only):
        return named or fitting[0]
    return append_field(draft, ArchetypeField(**need.add).plan_field(assumed=True)) if need.add else ""


def _refers(part: Draft, draft: Draft) -> bool:
    """Whether ``part`` points to ``draft``, after it was made to if need be."""
    if any(target is draft for target in part.targets.values()):
        return True
    if draft.reaches(part):
        return False
    relate(part, PlanField(name=snake_of(draft.name), label=draft.thing.label, kind=Kind.REF), draft, None, by_target=True)
    return True
