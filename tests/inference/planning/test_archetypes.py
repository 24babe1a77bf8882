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


@pytest.mark.parametrize("archetype", ALL, ids=lambda a: a.name)
def test_its_rows_are_real_values(archetype):
    for f, values in columns(archetype):
        labels = {c.partition("|")[0] for c in f.choices}
        for value in values:
            if value == "":
                assert f.optional or f.kind is Kind.REF, (f.name, value)
            elif f.kind is Kind.ENUM:
                assert value in labels, (f.name, value)
            elif f.kind in TIMES:
                TIMES[f.kind](value)
            elif f.kind in (Kind.INTEGER, Kind.RATING):
                assert isinstance(value, int)
                assert not isinstance(value, bool)
            elif f.kind in (Kind.DECIMAL, Kind.MONEY):
                assert isinstance(value, float), (f.name, value)
            if isinstance(value, int | float) and not isinstance(value, bool):
                assert (f.min is None or value >= f.min) and (f.max is None or value <= f.max), (f.name, value)
        if f.unique:
            assert len(set(values)) == len(values), f.name


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
