"""The rules that the whole domain library keeps. ``faults`` says in words what breaks one; an empty list is a good library."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time

from inference.planning.archetypes import TONES, Archetype, ArchetypeField, Cell
from inference.planning.check import FITS
from synergy.core.types import Kind

Library = Mapping[str, Archetype]
ROWS = range(6, 11)
FILLER = re.compile(r"\b(lorem|ipsum|dolor sit|todo|tbd|fixme|placeholder|foo|asdf|item \d+|example \d+|test \d+)\b", re.I)
#: What comes first in a row, and what comes after it.
FIRST = {
    "starts_on", "starts_at", "started_on", "departs_on", "departs_at", "born_on", "issued_on", "opened_on", "lent_on", "valid_from", "purchased_on",
    "received_on", "requested_on", "happened_on", "prescribed_on", "given_on", "inspected_on", "sown_on", "applied_on", "sent_on", "posted_on",
    "clock_in", "begins",
}  # fmt: skip
LATER = {
    "ends_on", "ends_at", "ended_on", "finished_on", "returns_on", "arrives_at", "died_on", "due_on", "closes_on", "settled_on", "expires_on",
    "valid_until", "next_due_on", "harvest_on", "reported_on", "renews_on", "answered_on", "clock_out", "finishes",
}  # fmt: skip
#: Texts that people read for their own sake: (archetype, field) → the fewest sentences.
READ = {
    ("article", "body"): 3, ("service", "description"): 2, ("course", "description"): 3, ("event", "description"): 2, ("obituary", "life_story"): 3,
    ("recipe", "instructions"): 3, ("lesson", "content"): 2, ("faq", "answer"): 2, ("success_story", "body"): 3, ("newsletter_issue", "body"): 2,
    ("announcement", "body"): 2, ("sermon", "text"): 3, ("exhibit", "description"): 2, ("film", "synopsis"): 2, ("fundraiser", "story"): 2,
    ("funding_programme", "description"): 2, ("scholarship", "description"): 2, ("thread", "body"): 2, ("petition", "demand"): 2,
}  # fmt: skip
PARSE = {Kind.DATE: date.fromisoformat, Kind.DATETIME: datetime.fromisoformat, Kind.TIME: time.fromisoformat}


def faults(library: Library) -> list[str]:
    """All that breaks a rule, each with the name of its archetype."""
    found = [f"{a.name}: {fault}" for a in library.values() for rule in RULES for fault in rule(a, library)]
    labels = Counter(a.label.lower() for a in library.values())
    return found + [f"{label!r} is the label of {count}" for label, count in labels.items() if count > 1]


def _cells(a: Archetype) -> Iterator[tuple[ArchetypeField, int, Cell]]:
    for number, row in enumerate(a.seed, 1):
        for field, value in zip(a.fields, row, strict=True):
            yield field, number, value


def _shape(a: Archetype, library: Library) -> Iterator[str]:
    del library
    kinds = {f.name: f.kind for f in a.fields}
    if len(a.seed) not in ROWS:
        yield f"{len(a.seed)} rows"
    if a.status and kinds[a.status] is not Kind.ENUM:
        yield f"its state {a.status} is no enum"
    if not a.actions:
        yield "nothing can be done with it"
    title = next(f for f in a.fields if f.name == a.display)
    if a.family in ("things", "content") and (title.max_length or 120) < 60:
        yield f"its title {a.display} has no room for a name that a message brings"


def _choices(a: Archetype, library: Library) -> Iterator[str]:
    del library
    for f in a.fields:
        tones = [choice.partition("|")[2] or "neutral" for choice in f.choices]
        yield from (f"{f.name} has no tone {tone!r}" for tone in tones if tone not in TONES)
        if f.name == a.status and len(set(tones)) < 2:
            yield f"all states of {f.name} look the same"
        if len({c.partition("|")[0].lower() for c in f.choices}) < len(f.choices):
            yield f"{f.name} has a choice twice"


def _relations(a: Archetype, library: Library) -> Iterator[str]:
    for f in a.fields:
        yield from (f"{f.name} points to {to!r}, which is not there" for to in f.to if to != "*" and to not in library)
    titles = {f.name: _titles(f, library) for f in a.fields if f.kind is Kind.REF}
    for field, number, value in _cells(a):
        if field.kind is Kind.REF and value and value not in titles[field.name]:
            yield f"row {number}: {field.name} names {value!r}, which is no row of {', '.join(field.to)}"


def _titles(field: ArchetypeField, library: Library) -> set[Cell]:
    targets = [library[to] for to in field.to if to in library]
    return {row[target.display] for target in targets for row in target.rows()}


def _values(a: Archetype, library: Library) -> Iterator[str]:
    del library
    for field, number, value in _cells(a):
        if field.kind is Kind.REF:
            continue
        if value == "":
            if not field.optional:
                yield f"row {number}: {field.name} is empty"
        elif not _fits(field, value):
            yield f"row {number}: {field.name} = {value!r} is no {field.kind}"
    for index, field in enumerate(a.fields):
        if field.unique and len({row[index] for row in a.seed}) < len(a.seed):
            yield f"{field.name} is not unique"


def _fits(field: ArchetypeField, value: Cell) -> bool:
    if not FITS[field.kind](value):
        return False
    if field.kind is Kind.ENUM:
        return value in {choice.partition("|")[0] for choice in field.choices}
    if isinstance(value, str):
        plan = field.plan_field(assumed=False)
        return plan.max_length is None or len(value) <= plan.max_length
    number = float(value or 0)
    cents = field.kind is not Kind.MONEY or number == round(number, 2)
    return cents and (field.min is None or number >= field.min) and (field.max is None or number <= field.max)


def _dates(a: Archetype, library: Library) -> Iterator[str]:
    del library
    for number, row in enumerate(a.rows(), 1):
        whole = [f for f in a.fields if f.kind in PARSE and FITS[f.kind](row[f.name])]
        times = {f.name: PARSE[f.kind](str(row[f.name])) for f in whole}
        for first in times.keys() & FIRST:
            for later in times.keys() & LATER:
                if type(times[first]) is type(times[later]) and times[later] < times[first]:  # type: ignore[operator]
                    yield f"row {number}: {later} comes before {first}"


def _titles_differ(a: Archetype, library: Library) -> Iterator[str]:
    """Two records may be about one person, but not at the same place in the list."""
    del library
    shown = (a.display, a.subtitle) if a.family == "records" or a.subtitle == "author" else (a.display,)
    seen = Counter(tuple(row[name] for name in shown if name) for row in a.rows())
    yield from (f"{title} is there {count} times" for title, count in seen.items() if count > 1)


def _words(a: Archetype, library: Library) -> Iterator[str]:
    del library
    for field, number, value in _cells(a):
        if isinstance(value, str) and FILLER.search(value):
            yield f"row {number}: {field.name} is filler: {value[:40]!r}"
        least = READ.get((a.name, field.name))
        if least and len(re.findall(r"[.!?]['\"’)]*(?:\s|$)", str(value))) < least:
            yield f"row {number}: {field.name} is too short to be read"


RULES = (_shape, _choices, _relations, _values, _dates, _titles_differ, _words)
