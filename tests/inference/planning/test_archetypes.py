import re
from datetime import date, datetime, time

import pytest

from inference.planning.archetypes import archetypes, library, terms, verbs
from inference.planning.inflection import plural_phrase
from inference.planning.names import reserved_field
from synergy.core.types import Kind

ALL = list(archetypes().values())
TIMES = {Kind.DATE: date.fromisoformat, Kind.DATETIME: datetime.fromisoformat, Kind.TIME: time.fromisoformat}


def columns(archetype):
    return zip(archetype.fields, zip(*archetype.seed, strict=True), strict=True)


def test_the_usual_fields_of_life_and_work_are_there():
    wanted = {
        "customer", "order", "invoice", "product", "category", "project", "task", "ticket", "employee", "appointment", "event", "article",
        "comment", "review", "booking", "patient", "course", "student", "property", "vehicle", "recipe", "workout", "expense", "inventory_item",
        "supplier", "message", "lead", "poll", "poll_option", "game_score", "case", "animal", "detection", "team_member", "service_plan", "tool",
        "document", "media_item", "track",
    }  # fmt: skip
    assert wanted <= set(archetypes())
    assert len(ALL) >= 80


@pytest.mark.parametrize("archetype", ALL, ids=lambda a: a.name)
def test_an_archetype_is_whole(archetype):
    kinds = {f.name: f.kind for f in archetype.fields}
    assert archetype.status is None or kinds[archetype.status] is Kind.ENUM
    assert 3 <= len(archetype.fields) <= 10
    assert set(archetype.variants) <= set(archetype.aliases)
    assert archetype.phrases
    for f in archetype.fields:
        assert not reserved_field(f.name), f.name
        assert bool(f.choices) == (f.kind is Kind.ENUM)
        assert bool(f.to) == (f.kind is Kind.REF)
        assert set(f.to) <= {*archetypes(), "*"}


def fits(field, value):
    """Whether a cell is a real value of its field."""
    if value == "":
        return field.optional or field.kind is Kind.REF
    if field.kind in TIMES:
        return bool(TIMES[field.kind](value)) or True
    if field.kind in (Kind.INTEGER, Kind.RATING, Kind.DECIMAL, Kind.MONEY):
        whole = field.kind in (Kind.INTEGER, Kind.RATING)
        inside = (field.min is None or value >= field.min) and (field.max is None or value <= field.max)
        return type(value) is (int if whole else float) and inside
    return field.kind is not Kind.ENUM or value in {c.partition("|")[0] for c in field.choices}


@pytest.mark.parametrize("archetype", ALL, ids=lambda a: a.name)
def test_its_rows_are_real_values(archetype):
    assert [(f.name, v) for f, values in columns(archetype) for v in values if not fits(f, v)] == []
    assert [f.name for f, values in columns(archetype) if f.unique and len(set(values)) < len(values)] == []


@pytest.mark.parametrize("archetype", ALL, ids=lambda a: a.name)
def test_no_row_holds_filler_or_a_real_address(archetype):
    text = " ".join(str(value) for row in archetype.seed for value in row)
    assert not re.search(r"lorem|ipsum|foo\b|asdf|test test", text, re.I)
    for address in re.findall(r"\S+@\S+", text):
        assert address.endswith("example.com")
    for host in re.findall(r"https?://([^/\s]+)", text):
        assert host.endswith("example.com")


def test_relations_lead_to_no_circle():
    def reach(name, seen):
        assert name not in seen, (*seen, name)
        for f in archetypes()[name].fields:
            for target in f.to:
                if target != "*":
                    reach(target, (*seen, name))

    for name in archetypes():
        reach(name, ())


def test_a_noun_means_one_archetype():
    own = [a.label.lower() for a in ALL]
    assert len(set(own)) == len(own)
    aliases = [alias for a in ALL for alias in {*a.aliases} - {a.label.lower(), a.name.replace("_", " ")}]
    assert sorted(a for a in set(aliases) if aliases.count(a) > 1) == []
    assert terms()["client"] == "customer"
    assert verbs()["book"] == "booking"


def test_plurals_of_the_labels_are_english():
    odd = {a.name: a.plural for a in ALL if a.plural.lower() not in (plural_phrase(a.label.lower()), a.label.lower())}
    assert odd == {"inventory_item": "Inventory", "media_item": "Media", "menu_item": "Menu"}


def test_the_library_holds_the_nouns_and_the_ways_to_say_them():
    assert "people who buy from us" in library()["customer"]
    assert "client" in library()["customer"]
