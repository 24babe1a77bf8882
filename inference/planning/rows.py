"""Seed rows: those of the archetype, fitted to the entity, and made-up ones for fields that only the message knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inference.planning.archetypes import Archetype, Cell
from inference.planning.lexicon import lexicon
from inference.planning.names import choice_value
from synergy.core.types import Kind, PlanField

COUNT = 8
FEWEST = 3  #: rows of an entity that shares its archetype with others
Row = dict[str, Cell]

PEOPLE = (
    "Amelia Hart",
    "Bruno Keller",
    "Carla Mendes",
    "Dina Okafor",
    "Elias Berg",
    "Farah Aziz",
    "Greta Lund",
    "Hugo Marchetti",
)
FIRMS = (
    "Northlight Studio",
    "Blue Anchor Lines",
    "Verdant Foods",
    "Kestrel Analytics",
    "Copper Gate Energy",
    "Little Harbour Press",
    "Summit Learning",
    "Harbour Packaging",
)
CITIES = ("Bergen", "Lyon", "Vienna", "Leeds", "Porto", "Graz", "Dublin", "Utrecht")
STREETS = (
    "Strandgaten 12",
    "Rue des Tanneurs 8",
    "Gartenweg 3",
    "Foundry Lane 40",
    "Rua das Flores 77",
    "Bergstrasse 19",
    "Quay Street 5",
    "Oudegracht 21",
)
COUNTRIES = ("Norway", "France", "Austria", "United Kingdom", "Portugal", "Austria", "Ireland", "Netherlands")
TREES = ("Alder", "Birch", "Cedar", "Elm", "Hazel", "Linden", "Maple", "Rowan")
LETTERS = "ABCDEFGH"
TEXTS = (
    "Checked and complete.",
    "Needs a second look next week.",
    "As agreed on the telephone.",
    "Works well so far.",
    "Waiting for an answer.",
    "Replaced the earlier one.",
    "Two questions are still open.",
    "Nothing to add.",
)
#: Last words of a field's name → what its values look like.
POOLS: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(
        (
            "author",
            "contact",
            "owner",
            "director",
            "artist",
            "assignee",
            "reporter",
            "creator",
            "recipient",
            "sender",
            "teacher",
            "customer",
            "client",
            "person",
            "driver",
            "manager",
            "organizer",
            "host",
            "guest",
        ),
        PEOPLE,
    ),
    **dict.fromkeys(("company", "brand", "manufacturer", "publisher", "supplier", "employer", "maker", "vendor"), FIRMS),
    **dict.fromkeys(("city", "location", "place", "destination", "origin", "venue"), CITIES),
    **dict.fromkeys(("address", "street"), STREETS),
    **dict.fromkeys(("country", "nationality"), COUNTRIES),
}
CODES = {"sku", "code", "number", "isbn", "reference", "id", "plate", "zip", "postcode"}


def archetype_rows(archetype: Archetype, part: int, parts: int, topic: str) -> list[Row]:
    """The rows of ``archetype`` for the ``part``-th of ``parts`` entities made from it; with a topic they speak of it."""
    rows = archetype.rows()
    if parts > 1 and len(rows) >= FEWEST * parts:
        rows = rows[part::parts]
    if topic and archetype.topics:
        texts = archetype.topics[part::parts] if parts > 1 and len(archetype.topics) >= FEWEST * parts else archetype.topics
        rows = rows[: len(texts)]
        for row, text in zip(rows, texts, strict=False):
            row |= {name: _about(words, topic) for name, words in zip(archetype.topic_fields, text, strict=True)}
    return rows


def _about(words: str, topic: str) -> str:
    text = words.replace("{topic}", topic)
    return text[:1].upper() + text[1:]


def retitled(rows: list[Row], display: str, label: str) -> None:
    """Give the rows names that fit another noun than the archetype's own: shirts instead of mugs."""
    for index, row in enumerate(rows):
        row[display] = f"{TREES[index % len(TREES)]} {label.lower()}"


def made_up(field: PlanField, index: int, label: str) -> Cell:
    """A plausible value of ``field`` for row ``index`` (0-based) of the entity called ``label``. REFs are filled elsewhere."""
    if field.kind is Kind.STRING:
        return _text(field, index, label)
    if field.kind is Kind.ENUM:
        return field.choices[index % len(field.choices)].value
    return _number(field, index) if field.kind in NUMBERS else _other(field.kind, index)


def _text(field: PlanField, index: int, label: str) -> str:
    word = field.label.lower().split()[-1]
    pool = POOLS.get(word)
    if pool:
        return pool[index % len(pool)]
    if word in CODES:
        return f"{_initials(label)}-{101 + index}"
    if word in ("name", "title", label.lower().split()[-1]):
        person = label.lower().split()[-1] in lexicon().people or (
            word == "name" and len(field.label.split()) > 1 and "company" not in field.label
        )
        return (
            PEOPLE[index % len(PEOPLE)]
            if person and "first" not in field.label.lower()
            else f"{TREES[index % len(TREES)]} {label.lower()}"
        )
    return f"{field.label} {LETTERS[index % len(LETTERS)]}"


def _initials(label: str) -> str:
    letters = "".join(c for c in label.upper() if c.isascii() and c.isalnum())
    return (letters or "X")[:3]


NUMBERS = {Kind.INTEGER, Kind.DECIMAL, Kind.MONEY, Kind.PERCENT, Kind.RATING}
AMOUNTS = (12.5, 48.0, 7.25, 129.0, 64.9, 230.0, 18.75, 95.0)
SHARES = (15, 40, 65, 80, 100, 25, 55, 90)


def _number(field: PlanField, index: int) -> int | float:
    if field.kind is Kind.RATING:
        return (5, 4, 3, 5, 4, 2, 4, 5)[index % 8]
    if field.kind is Kind.PERCENT:
        return SHARES[index % 8]
    value: float = AMOUNTS[index % 8]
    if field.minimum is not None:
        value = max(value, field.minimum)
    if field.maximum is not None:
        value = min(value, field.maximum)
    return round(value) if field.kind is Kind.INTEGER else value


def _other(kind: Kind, index: int) -> Cell:
    day = f"2026-0{1 + index % 3}-{3 + 3 * (index % 8):02}"
    person = PEOPLE[index % len(PEOPLE)].lower().replace(" ", ".")
    values: dict[Kind, Cell] = {
        Kind.TEXT: TEXTS[index % len(TEXTS)],
        Kind.BOOLEAN: index % 3 != 2,
        Kind.DATE: day,
        Kind.DATETIME: f"{day}T{9 + index % 8:02}:30:00",
        Kind.TIME: f"{8 + index % 9:02}:30",
        Kind.EMAIL: f"{person}@example.com",
        Kind.PHONE: f"+44 20 7946 0{200 + index}",
        Kind.URL: f"https://www.example.com/{index + 1}",
    }
    return values[kind]


def stored(field: PlanField, value: Cell, index: int, label: str) -> Cell:
    """A cell of an archetype's row as the plan keeps it: choices by value, "" in an optional field as nothing."""
    if field.kind is Kind.ENUM:
        known = {choice.value for choice in field.choices}
        wanted = choice_value(str(value))
        return wanted if wanted in known else made_up(field, index, label)
    if value == "" or value is None:
        return None if not field.required else made_up(field, index, label)
    return value
