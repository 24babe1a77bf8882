"""Fields that a message names: their kinds, units and choices, and how they join those of the archetype."""

from __future__ import annotations

from functools import cache

from inference.planning.archetypes import parse_choice
from inference.planning.lexicon import read
from inference.planning.names import field_name, label_of
from inference.planning.phrases import Phrase
from synergy.core.types import Kind, PlanField

LENGTHS = {Kind.STRING: 120, Kind.TEXT: 4000}
BOUNDS: dict[Kind, tuple[float | None, float | None]] = {
    Kind.INTEGER: (0, 1_000_000),
    Kind.DECIMAL: (0, 1_000_000),
    Kind.MONEY: (0, None),
}


@cache
def kinds() -> dict[tuple[str, ...], Kind]:
    """Words of a field's name → the kind of its values."""
    return {tuple(word.split("-")): Kind(kind) for kind, text in read("fields.toml")["kinds"].items() for word in text.split()}


def _known(phrase: Phrase) -> tuple[str, ...]:
    """The longest end of ``phrase`` that names a usual field; () when none does."""
    parts = tuple(piece for word in phrase for piece in word.split("-"))
    return next((parts[start:] for start in range(len(parts)) if parts[start:] in kinds()), ())


def field_kind(phrase: Phrase) -> Kind | None:
    """The kind of a usual field, None when ``phrase`` names none."""
    return kinds().get(_known(phrase))


def is_field(phrase: Phrase) -> bool:
    """Whether a noun phrase is the name of a usual field: "due date", "shirt model"."""
    return bool(_known(phrase))


def named_field(phrase: Phrase, owner: str, taken: set[str]) -> PlanField:
    """The field that ``phrase`` names, for the entity with the class name ``owner``."""
    known = _known(phrase)
    word = "-".join(known)
    kind = kinds().get(known, Kind.STRING)
    text = " ".join(phrase)
    unit = "EUR" if kind is Kind.MONEY else _unit(word)
    low, high = read("fields.toml")["bounds"].get(unit) or BOUNDS.get(kind, (None, None))
    choices = read("fields.toml")["choices"]
    return PlanField(
        name=field_name(text, owner, taken),
        label=label_of(text),
        kind=kind,
        required=kind not in (Kind.TEXT, Kind.URL),
        choices=tuple(map(parse_choice, choices.get(word, choices["other"]))) if kind is Kind.ENUM else (),
        minimum=low,
        maximum=high,
        max_length=LENGTHS.get(kind),
        unit=unit,
    )


def _unit(word: str) -> str:
    return next((unit for unit, text in read("fields.toml")["units"].items() if word in text.split()), "")


def means(phrase: Phrase, field: PlanField, owner: str) -> bool:
    """Whether ``phrase`` names ``field``: "tool name" is the name of a tool, "price" a daily price."""
    words = {w for w in phrase if w not in owner.lower().split()} or set(phrase)
    return words <= set(field.name.split("_")) | set(field.label.lower().split())
