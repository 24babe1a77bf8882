"""The whole domain library is held against rules, and the rules are shown to see what they are for."""

import pytest

from inference.planning.archetypes import ArchetypeField, archetypes, library
from inference.planning.lexicon import read
from synergy.core.types import Kind
from tests.inference.planning.library_rules import READ, faults

#: Fields of life and work → the archetypes that an application of that field would look for first.
FIELDS_OF_LIFE = {
    "commerce": "product order customer category coupon return_request classified_ad review",
    "finance": "invoice payment expense budget investment subscription insurance_policy claim",
    "health": "patient doctor appointment prescription vaccination lab_result medication workout",
    "education": "course lesson student assignment exam grade question word timetable_entry scholarship",
    "travel": "trip place booking flight property vehicle",
    "media": "article media_item film episode newsletter_issue author comment",
    "music and books": "track album book loan",
    "real estate": "property lease room parking_space",
    "food": "recipe ingredient menu_item planned_meal shopping_item",
    "sport": "workout match sports_team tournament athlete game_score",
    "people at work": "employee leave_request attendance_record shift performance_review job application work_experience",
    "logistics": "shipment route inventory_item supplier raw_material production_batch",
    "community": "member group thread event announcement donation fundraiser poll vote",
    "public life": "complaint petition election_candidate official_permit funding_programme dataset",
    "science": "experiment lab_sample measurement station celestial_object detection",
    "home": "task note plant warranty meter_reading wish gift",
    "culture and religion": "exhibit sermon funeral obituary",
    "farming and nature": "crop farm_animal animal pet",
    "software": "bug feature_request incident release network_server ticket",
    "cars and machines": "vehicle repair fuel_log inspection asset tool",
    "law": "case contract document claim",
    "oneself": "habit goal badge journal_entry skill certification",
    "clients": "lead deal service service_plan success_story faq message call_log survey_response",
}


def test_every_field_of_life_and_work_has_its_archetypes():
    listed = {name for names in FIELDS_OF_LIFE.values() for name in names.split()}
    assert listed <= set(archetypes()), listed - set(archetypes())
    assert len(archetypes()) >= 135
    assert min(len(names.split()) for names in FIELDS_OF_LIFE.values()) >= 4
    assert len(listed) >= 120


def test_the_library_keeps_its_rules():
    assert faults(archetypes()) == []


def test_what_is_to_be_read_is_there():
    assert {(name, f.name) for name in archetypes() for f in archetypes()[name].fields} >= set(READ)


def changed(name, **update):
    return {**archetypes(), name: archetypes()[name].model_copy(update=update)}


def with_cell(name, field, value, row=0):
    archetype = archetypes()[name]
    index = [f.name for f in archetype.fields].index(field)
    rows = [list(r) for r in archetype.seed]
    rows[row][index] = value
    return changed(name, seed=tuple(map(tuple, rows)))


def with_field(name, field, **update):
    fields = tuple(f.model_copy(update=update) if f.name == field else f for f in archetypes()[name].fields)
    return changed(name, fields=fields)


DEFECTS = {
    "a target that is not there": (lambda: with_field("order", "customer", to=("nobody",)), "not there"),
    "a relation to no row": (lambda: with_cell("invoice", "customer", "Zoe Nobody"), "which is no row of"),
    "an end before its start": (lambda: with_cell("leave_request", "ends_on", "2025-01-01"), "comes before"),
    "an arrival before the departure": (lambda: with_cell("flight", "arrives_at", "2026-03-03T01:00:00"), "comes before"),
    "a price with three decimals": (lambda: with_cell("product", "price", 14.999), "is no money"),
    "a price below the bound": (lambda: with_cell("product", "price", -1.0), "is no money"),
    "a whole number as text": (lambda: with_cell("product", "stock", "86"), "is no integer"),
    "a share above a hundred": (lambda: with_cell("coupon", "discount", 120), "is no percent"),
    "a day that is not there": (lambda: with_cell("task", "due_on", "2026-02-30"), "is no date"),
    "a state that is not offered": (lambda: with_cell("order", "status", "Lost in space"), "is no enum"),
    "a required cell without a value": (lambda: with_cell("bug", "steps", ""), "is empty"),
    "a real address": (lambda: with_cell("customer", "email", "amelia@gmail.com"), "is no email"),
    "a number twice": (lambda: with_cell("invoice", "invoice_number", "INV-2026-002"), "is not unique"),
    "a title twice": (lambda: with_cell("film", "title", "Slow Water"), "times"),
    "filler": (lambda: with_cell("faq", "answer", "Lorem ipsum dolor sit amet. Consectetur."), "is filler"),
    "a name that is none": (lambda: with_cell("product", "name", "Item 1"), "is filler"),
    "a text that says nothing": (lambda: with_cell("article", "body", "Read on."), "too short"),
    "a tone that is none": (
        lambda: with_field("task", "status", choices=("To do|pink", "In progress|info", "Done|success")),
        "no tone",
    ),
    "states that look the same": (
        lambda: with_field("task", "status", choices=("To do", "In progress", "Done")),
        "look the same",
    ),
    "a title that is too narrow": (lambda: with_field("coupon", "code", max_length=20), "no room"),
    "too few rows": (lambda: changed("album", seed=archetypes()["album"].seed[:4]), "4 rows"),
    "a label twice": (lambda: changed("album", label="Film"), "is the label of 2"),
    "nothing to do": (lambda: changed("album", actions=()), "nothing can be done"),
}


@pytest.mark.parametrize(("defect", "said"), DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_seen(defect, said):
    found = faults(defect())
    assert any(said in fault for fault in found), found


def test_dates_are_parsed_only_where_they_are_dates():
    fields = (ArchetypeField(name="name", kind=Kind.STRING), ArchetypeField(name="starts_on", kind=Kind.STRING))
    odd = archetypes()["album"].model_copy(
        update={"fields": fields, "subtitle": None, "status": None, "display": "name", "seed": (("A", "B"),) * 6}
    )
    assert "album: ('A',) is there 6 times" in faults({"album": odd})


@pytest.mark.parametrize("setting", read("settings.toml")["setting"], ids=lambda s: s["words"][0])
def test_a_setting_keeps_what_the_library_has(setting):
    assert set(setting["keeps"]) <= set(archetypes())
    assert 2 <= len(setting["keeps"]) <= 4


def test_no_word_stands_for_two_settings():
    words = [word for setting in read("settings.toml")["setting"] for word in setting["words"]]
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_the_words_of_an_archetype_find_it_first(nearest):
    texts = [(name, text) for name, own in library().items() for text in own]
    found = nearest("domain", [text for _, text in texts], 1)
    assert [(name, text, near[0].key) for (name, text), near in zip(texts, found, strict=True) if near[0].key != name] == []
