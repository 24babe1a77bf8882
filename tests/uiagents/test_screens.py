"""What the pages of an entity show."""

from __future__ import annotations

from synergy.core.types import Kind, PlanField
from tests.factories import customer, lonely, only_refs, order, plan
from tests.uiagents.sites import public_site
from uiagents import facts
from uiagents.components import components_of
from uiagents.react import scope_files
from uiagents.samples import needed, sample_answers, typed_text
from uiagents.screens import COLUMNS, Screen, screens, topics


def screen(*entities, name="Order"):
    made = plan(*entities) if entities else plan()
    return Screen(made, made.entity(name))


def names(fields):
    return [f.name for f in fields]


def test_a_table_shows_the_title_the_state_and_then_what_people_look_for():
    assert names(screen().columns) == ["title", "status", "customer", "due_on", "total", "pieces"]
    assert len(screen(customer(), lonely(), name="Customer").columns) <= COLUMNS


def test_a_card_does_not_repeat_its_title_subtitle_and_state():
    assert names(screen().card_facts) == ["customer", "total", "pieces"]


def test_long_lines_are_read_as_paragraphs():
    summary = PlanField(name="summary", label="Summary", kind=Kind.STRING, max_length=240)
    shown = screen(customer(), order().model_copy(update={"fields": (*order().fields, summary)}))
    assert names(shown.texts) == ["summary"]
    assert "summary" not in names((*shown.columns, *shown.card_facts, *shown.details))


def test_every_order_is_said_in_words_that_fit_its_kind():
    words = dict(screen().sorts)
    assert words["-created_at"] == "Newest first"
    assert words["customer_label"] == "Customer: A to Z"
    assert words["-total"] == "Total: high to low"
    assert words["due_on"] == "Due on: earliest first"


def test_what_belongs_to_a_record_is_told_apart_when_it_points_to_it_twice():
    titles = [related.title for related in screen(customer(), only_refs(), name="Customer").related]
    assert titles == ["Links (customer)", "Links (seller)"]
    assert [related.title for related in screen(name="Customer").related] == ["Orders"]


def test_the_navigation_has_headings_only_when_it_is_long():
    assert {s.group for s in screens(plan())} == {""}
    many = plan(
        *(customer().model_copy(update={"name": f"C{n}", "slug": f"c-{n}", "table": f"c_{n}"}) for n in range(6)),
        customer(),
        order(),
    )
    assert {s.group for s in screens(many)} == {"Activity", "Directory"}


def test_samples_are_answers_of_the_api():
    rows = sample_answers(plan())
    assert rows["Order"][1]["customer_id"] == 2
    assert rows["Order"][1]["customer_label"] == rows["Customer"][1]["name"]
    assert sample_answers(plan()) == rows


def test_an_empty_form_complains_about_what_is_required_and_has_no_value_yet():
    assert names(needed(order())) == ["title", "customer", "due_on", "total", "pieces"]
    assert names(needed(customer())) == ["name", "email"]


def test_moments_and_times_are_typed_as_their_controls_want_them():
    moment, clock = (PlanField(name="x", label="X", kind=kind) for kind in (Kind.DATETIME, Kind.TIME))
    assert typed_text(moment, "2026-03-01T09:30:00Z") == "2026-03-01T09:30"
    assert typed_text(clock, "09:30:00") == "09:30"


def test_a_form_in_steps_has_every_field_once_and_no_step_of_a_single_one():
    for shown in screens(plan()):
        fields = [f for _, group in shown.steps for f in group]
        assert sorted(names(fields)) == sorted(names(shown.entity.fields))
        assert shown.steps[0][0] == "Basics"
        assert shown.title in shown.steps[0][1]
        assert all(len(group) > 1 for title, group in shown.steps if title not in ("Basics", "Details"))


def figure(name, kind, **more):
    return PlanField(name=name, label=name.title(), kind=kind, **more)


def test_columns_are_added_up_only_where_a_sum_says_something():
    found = {
        (name, kind): facts.totalled(figure(name, kind))
        for name, kind in (
            ("amount", Kind.MONEY),
            ("unit_price", Kind.MONEY),
            ("year", Kind.INTEGER),
            ("share", Kind.PERCENT),
            ("city", Kind.STRING),
        )
    }
    assert list(found.values()) == ["sum", "average", "average", "average", "none"]


def test_lines_have_a_quantity_and_a_price_and_no_sum_yet():
    quantity, price, total = figure("quantity", Kind.INTEGER), figure("unit_price", Kind.MONEY), figure("total", Kind.MONEY)
    made = order()
    assert facts.line(made.model_copy(update={"fields": (*customer().fields, quantity, price)})) == (quantity, price)
    assert facts.line(made.model_copy(update={"fields": (*customer().fields, quantity, price, total)})) is None
    assert facts.line(made.model_copy(update={"fields": (*customer().fields, quantity)})) is None


def test_a_start_page_leads_to_what_is_there_only_where_there_is_something_to_choose_from():
    many = public_site()
    one = many.model_copy(update={"entities": many.entities[:1]})
    assert {s.entity.name for s in topics(many)} == {"Customer", "Order"}
    assert topics(one) == ()
    assert "HomeTopics" in {component.name for component in components_of(many)}
    assert "HomeTopics" not in {component.name for component in components_of(one)}
    assert not [path for path in scope_files(one) if "HomeTopics" in path]
