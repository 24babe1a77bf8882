"""The declared contract: what every generated project promises, whatever its plan."""

from __future__ import annotations

import pytest

from synergy.core.errors import PermanentError
from synergy.core.types import Endpoint, Kind
from tests.factories import extreme_plan, large_plan, plan
from uiagents import facts
from uiagents.openapi import declare, document


def component(name, made=None):
    return declare(made or plan())["components"]["schemas"][name]


def test_every_planned_endpoint_is_declared_and_no_other():
    made = plan()
    declared = {(m.upper(), p): o["operationId"] for p, ops in declare(made)["paths"].items() for m, o in ops.items()}
    assert declared == {(e.method, e.path): e.operation for e in made.endpoints}


@pytest.mark.parametrize("access", ["private", "public_read"])
def test_a_session_is_declared_where_the_plan_asks_for_one(access):
    made = plan(access=access)
    paths = declare(made)["paths"]
    for found in made.endpoints:
        assert ("security" in paths[found.path][found.method.lower()]) is found.auth
    assert ("security" in paths["/api/orders"]["get"]) is (access == "private")


def test_lists_are_paged_searched_sorted_and_filtered():
    listing = declare(plan())["paths"]["/api/orders"]["get"]
    parameters = {p["name"]: p["schema"] for p in listing["parameters"]}
    assert list(parameters) == ["q", "page", "page_size", "sort", "customer_id", "status"]
    assert (parameters["page_size"]["default"], parameters["page_size"]["maximum"]) == (20, 100)
    assert {"title", "-title", "customer_label", "-created_at"} <= set(parameters["sort"]["enum"])
    assert "password_hash" not in parameters["sort"]["enum"]
    assert parameters["status"]["enum"] == ["new", "baking", "delivered"]
    assert component("OrderPage")["required"] == ["items", "total", "page", "page_size"]


def test_a_reference_is_an_id_and_a_label():
    out = component("OrderOut")["properties"]
    assert out["customer_id"] == {"type": "integer"}
    assert out["customer_label"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert "customer_label" not in component("OrderIn")["properties"]


def test_limits_belong_to_requests_only():
    assert component("OrderIn")["properties"]["pieces"] == {"type": "integer", "minimum": 1, "maximum": 500}
    assert component("OrderOut")["properties"]["pieces"] == {"type": "integer"}
    assert component("OrderIn")["properties"]["total"] == {"type": "number", "minimum": 0}


def test_only_optional_fields_may_be_null():
    for name in ("CustomerIn", "CustomerPatch"):
        properties = component(name)["properties"]
        nullable = {n for n, s in properties.items() if {"type": "null"} in s.get("anyOf", ())}
        assert nullable == {"phone", "notes"}
    assert component("CustomerIn")["required"] == ["name", "email", "newsletter"]
    assert "required" not in component("CustomerPatch")


def test_every_reference_leads_to_a_component():
    for made in (plan(), extreme_plan(), large_plan()):
        text = document(made).decode()
        names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
        assert names == set(declare(made)["components"]["schemas"])
        assert document(made) == document(made)


def test_an_endpoint_nobody_knows_is_refused():
    made = plan()
    strange = Endpoint(method="POST", path="/api/auth/magic", operation="magic")
    with pytest.raises(PermanentError, match="/api/auth/magic"):
        declare(made.model_copy(update={"endpoints": (*made.endpoints, strange)}))


# --- facts -----------------------------------------------------------------------------------------------------------


def test_names_are_split_into_words_whatever_their_case():
    for name in ("OrderItem", "orderItem", "order_item", "order-item"):
        assert facts.words(name) == ["order", "item"]
    assert (facts.snake("HTTPLog2"), facts.pascal("order_item"), facts.camel("order-item")) == (
        "http_log2",
        "OrderItem",
        "orderItem",
    )
    assert (facts.kebab("OrderItem"), facts.constant("OrderItem")) == ("order-item", "ORDER_ITEM")


def test_a_label_inside_a_sentence_keeps_its_abbreviations():
    assert [facts.inner(label) for label in ("Order", "VAT rate", "Due on")] == ["order", "VAT rate", "due on"]


def test_what_is_referred_to_is_created_first():
    made = plan(*reversed(plan().entities))
    assert [e.name for e in facts.creation_order(made)] == ["Customer", "Order"]
    assert facts.late_refs(made) == []
    assert [(e.name, f.name) for e, f in facts.referrers(made, made.entity("Customer"))] == [("Order", "customer")]


def test_circles_are_broken_at_an_optional_reference():
    made = extreme_plan()
    order = [e.name for e in facts.creation_order(made)]
    late = {(e.name, f.name) for e, f in facts.late_refs(made)}
    assert sorted(order) == sorted(e.name for e in made.entities)
    assert late == {("Left", "my_right")}
    assert facts.late_keys(made.entity("Lonely"), made) == ["parent_id"]
    assert facts.title_name(made.entity("Left"), made) == facts.title_name(made.entity("Right"), made) != "my_left"


def test_limits_of_a_kind_cannot_be_widened():
    field = extreme_plan().entity("Everything").field("own_percent").model_copy(update={"minimum": -5.0, "maximum": 900.0})
    assert facts.bounds(field) == (0, 100)
    assert facts.bounds(field.model_copy(update={"minimum": 2.5, "maximum": 9.0})) == (2.5, 9)
    assert facts.bounds(field.model_copy(update={"kind": Kind.STRING})) == (None, None)
