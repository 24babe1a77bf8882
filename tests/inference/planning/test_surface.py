"""Pages, features and endpoints keep to the conventions that the sample plan of all tests shows."""

from inference.planning import surface
from tests import factories

ENTITIES = (factories.customer(), factories.order())


def facts(pages):
    return [(p.slug, p.path, p.sample, p.kind, p.entity, p.public) for p in pages]


def test_a_private_plan_has_the_pages_and_endpoints_of_the_sample():
    sample = factories.plan(*ENTITIES)
    assert facts(surface.pages(ENTITIES, "private", "Bakery")) == facts(sample.pages)
    assert surface.endpoints(ENTITIES, "private") == sample.endpoints
    assert [f.id for f in surface.features(ENTITIES, "private")] == [f.id for f in sample.features]


def test_a_public_plan_begins_with_a_home_page_and_reads_without_signing_in():
    pages = surface.pages(ENTITIES, "public_read", "Bakery")
    assert (pages[0].path, pages[0].title, pages[0].public) == ("/", "Bakery", True)
    assert {p.path for p in pages if p.slug == "dashboard"} == {"/dashboard"}
    assert not any(p.public for p in pages if p.kind in ("form", "edit", "account"))
    open_endpoints = {p.operation for p in surface.endpoints(ENTITIES, "public_read") if not p.auth}
    assert open_endpoints == {"register", "login", "get_stats", "list_customers", "get_customer", "list_orders", "get_order"}
    assert "home.page" in {f.id for f in surface.features(ENTITIES, "public_read")}


def test_what_is_closed_is_not_for_visitors_of_a_public_site_and_nor_are_figures_about_all():
    pages = surface.pages(ENTITIES, "public_read", "Bakery", ("Customer",))
    assert {p.slug for p in pages if p.public} == {"home", "login", "register", "orders-list", "orders-detail"}
    open_endpoints = {p.operation for p in surface.endpoints(ENTITIES, "public_read", ("Customer",)) if not p.auth}
    assert open_endpoints == {"register", "login", "list_orders", "get_order"}


def test_only_what_has_something_to_filter_by_can_be_filtered():
    plain = factories.customer()
    bare = plain.model_copy(update={"fields": tuple(f for f in plain.fields if f.kind in ("string", "email", "text", "date"))})
    assert {f.id.rpartition(".")[2] for f in surface.entity_features(plain)} - {
        f.id.rpartition(".")[2] for f in surface.entity_features(bare)
    } == {"filter"}


def test_an_operation_speaks_snake_case():
    entity = ENTITIES[0].model_copy(update={"name": "CallLog", "table": "call_logs", "slug": "call-logs"})
    names = [p.operation for p in surface.entity_endpoints(entity, public=False)]
    assert names == ["list_call_logs", "create_call_log", "get_call_log", "update_call_log", "delete_call_log"]


def test_labels_read_well_inside_a_sentence():
    assert surface.inner("Raw material") == "raw material"
    assert surface.inner("SMS alert") == "SMS alert"
