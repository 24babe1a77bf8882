"""What the words of a change mean in a plan that is there: things, fields, roles and capabilities, by what people call them."""

from __future__ import annotations

from collections.abc import Iterable

from inference.planning.archetypes import terms
from inference.planning.change import plain
from inference.planning.fields import means
from inference.planning.inflection import singular
from inference.planning.names import snake_of
from synergy.core.types import Entity, Feature, Plan, PlanField, Role, Use

SELF = {"it", "app", "application", "site", "website", "project", "this", "title", "name", "whole app", "whole site"}


def key(text: str) -> tuple[str, ...]:
    """The words that count, lower case, singular: "the Leave requests" → leave, request."""
    return tuple(singular(word) for word in plain(text).replace("-", " ").replace("_", " ").split())


def entity_named(plan: Plan, text: str) -> Entity | None:
    """The thing that ``text`` means: by its labels or its name, else by another noun for what it was made from."""
    wanted = key(text)
    if not wanted:
        return None
    by_label = [e for e in plan.entities if wanted in _keys(e)]
    if by_label:
        return by_label[0]
    archetype = terms().get(" ".join(wanted))
    kin = [e for e in plan.entities if archetype and e.archetype == archetype]
    ends = [e for e in plan.entities if key(e.label)[-len(wanted) :] == wanted]
    found = kin if len(kin) == 1 else ends
    return found[0] if len(found) == 1 else None


def _keys(entity: Entity) -> set[tuple[str, ...]]:
    return {key(entity.label), key(entity.label_plural), key(snake_of(entity.name)), key(entity.slug)}


def field_named(entity: Entity, text: str) -> PlanField | None:
    """The field of ``entity`` that ``text`` means."""
    wanted = key(text)
    exact = [f for f in entity.fields if wanted in (key(f.label), key(f.name))]
    about = [f for f in entity.fields if wanted and means(wanted, f, entity.label)]
    found = exact or about
    return found[0] if found and (exact or len(found) == 1) else None


def owners(plan: Plan, text: str) -> list[tuple[Entity, PlanField]]:
    """All things that have a field which ``text`` names exactly."""
    wanted = key(text)
    return [(e, f) for e in plan.entities for f in e.fields if wanted in (key(f.label), key(f.name))]


def role_named(plan: Plan, text: str) -> Role | None:
    wanted = key(text)
    return next((r for r in plan.roles if wanted in (key(r.label), key(r.name))), None)


def uses_named(plan: Plan, text: str) -> tuple[Use, ...]:
    """The capabilities at work that ``text`` means: by name, or by what they let people do."""
    wanted = key(text)
    return tuple(u for u in plan.uses if wanted and any(_meant(wanted, words) for words in _words_of(plan.features, u)))


def _words_of(features: Iterable[Feature], use: Use) -> list[tuple[str, ...]]:
    labels = [key(f.label) for f in features if f.use == use.name]
    return [key(use.capability), key(use.slug), key(use.name), key(use.evidence), *labels]


def _meant(wanted: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))


def means_all(text: str) -> bool:
    """Whether the application itself is meant."""
    return plain(text) in SELF or text in SELF
