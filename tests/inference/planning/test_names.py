import builtins
import keyword

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.planning.check import KEBAB, NAME, SNAKE
from inference.planning.inflection import is_plural, plural, singular, stems
from inference.planning.names import SLUGS, TABLES, NamePool, choice_value, field_name, plural_label, reserved_field


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("course", "courses"), ("class", "classes"), ("bus", "buses"), ("house", "houses"), ("status", "statuses"), ("category", "categories"),
        ("box", "boxes"), ("match", "matches"), ("quiz", "quizzes"), ("prize", "prizes"), ("person", "people"), ("child", "children"),
        ("analysis", "analyses"), ("knife", "knives"), ("hero", "heroes"), ("photo", "photos"), ("movie", "movies"), ("obituary", "obituaries"),
        ("day", "days"), ("expense", "expenses"), ("address", "addresses"), ("news", "news"), ("equipment", "equipment"), ("series", "series"),
        ("tax", "taxes"), ("gas", "gases"), ("shoe", "shoes"), ("archive", "archives"), ("leaf", "leaves"), ("dish", "dishes"), ("ticket", "tickets"),
        ("menu", "menus"), ("taxi", "taxis"), ("wiki", "wikis"),
    ],
)  # fmt: skip
def test_singular_and_plural(one, many):
    assert plural(one) == many
    assert singular(many) == one
    assert singular(one) == one
    assert is_plural(many) is (one != many)


@pytest.mark.parametrize(
    ("form", "base"), [("tracking", "track"), ("running", "run"), ("managing", "manage"), ("applies", "apply"), ("uses", "use")]
)
def test_the_base_form_of_a_verb_is_among_its_stems(form, base):
    assert base in stems(form)


@pytest.mark.parametrize(
    "word",
    ["class", "user", "select", "date", "event", "map", "object", "import", "metadata", "registry", "none", "true", "function"],
)
def test_a_reserved_word_gets_another_name_and_keeps_its_address(word):
    name, slug, table = NamePool().entity(word.capitalize(), plural_label(word.capitalize()))
    assert name.endswith("Record")
    assert slug == plural(word)
    assert table.endswith("_records")


@pytest.mark.parametrize("slug", ["auth", "stats", "new", "login", "account", "api", "assets", "health", "register", "dashboard"])
def test_addresses_of_routes_are_not_given_away(slug):
    assert NamePool().entity(slug, slug)[1] not in SLUGS


@pytest.mark.parametrize(
    "labels",
    [
        [("Order", "Orders"), ("Orders", "Orders")],
        [("Order", "Orders"), ("order", "orders"), ("ORDER", "ORDERS")],
        [("Order", "Orders"), ("Order page", "Order pages")],
        [("Café", "Cafés"), ("Cafe", "Cafes")],
        [("日本", "日本"), ("中国", "中国")],
        [("Class", "Classes"), ("Class record", "Class records")],
    ],
)
def test_clashing_labels_get_names_of_their_own(labels):
    pool = NamePool()
    found = [pool.entity(*pair) for pair in labels]
    for part in zip(*found, strict=True):
        assert len({value.lower() for value in part}) == len(labels)


def test_script_and_sql_become_harmless_words():
    name, slug, table = NamePool().entity("<script>alert('x')</script>", "Robert'); DROP TABLE students;--")
    assert NAME.fullmatch(name)
    assert KEBAB.fullmatch(slug)
    assert SNAKE.fullmatch(table)


@pytest.mark.parametrize(
    "label",
    [
        "class",
        "total",
        "date",
        "metadata",
        "items",
        "page",
        "query",
        "id",
        "created at",
        "model year",
        "type",
        "sort",
        "Ünïcode",
        "2nd name",
    ],
)
def test_a_field_never_takes_a_word_of_the_frameworks(label):
    name = field_name(label, "Order", [])
    assert SNAKE.fullmatch(name)
    assert not reserved_field(name)


def test_a_field_does_not_clash_with_the_columns_of_a_relation():
    assert field_name("customer id", "Order", {"customer", "customer_id", "customer_label"}) not in {
        "customer",
        "customer_id",
        "customer_label",
    }


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60)), min_size=1, max_size=30))
def test_any_labels_give_safe_and_different_names(labels):
    pool = NamePool()
    found = [pool.entity(*pair) for pair in labels]
    for name, slug, table in found:
        assert NAME.fullmatch(name)
        assert KEBAB.fullmatch(slug)
        assert SNAKE.fullmatch(table)
        assert name.lower() not in {w.lower() for w in (*keyword.kwlist, *dir(builtins))}
        assert slug not in SLUGS
        assert table not in TABLES
    assert all(len({v.lower() for v in part}) == len(labels) for part in zip(*found, strict=True))


def test_a_choice_is_stored_under_a_snake_name():
    assert choice_value("In progress") == "in_progress"
    assert choice_value("50 %") == "n50"
