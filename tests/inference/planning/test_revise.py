"""A change of a plan: what it does not speak of stays byte for byte, what it asks for is there, and the difference is said."""

import json
import time
from typing import NamedTuple

import pytest

from inference import services
from inference.planning.check import check_plan
from inference.planning.difference import plan_diff, touched
from inference.planning.revise import revise
from synergy.core.errors import BadInput
from synergy.core.revisions import BY_HAND, Base
from synergy.core.types import Kind, Message, PageKind, Plan
from tests.inference.planning.conftest import STACK

BAKERY = "Track orders, customers and invoices for a bakery; white background, navy buttons"
SHOP = "Track products and customers"
RECIPES = "recipe site with comments"


class Story(NamedTuple):
    plan: Plan
    messages: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        return [str(change) for change in self.plan.history[-1].changes]

    def clause(self, text: str):
        return next(c for c in self.plan.clauses if text in c.text)


@pytest.fixture(scope="session")
def story(plan_for, nearest):
    """The plan of the first message after all changes."""

    def tell(first, *changes):
        plan, messages = plan_for(first), (first,)
        for change in changes:
            plan = revise(Message(text=change), plan, messages, STACK, nearest)
            messages = (*messages, change)
            assert check_plan(plan) == []
        return Story(plan, messages)

    return tell


def test_the_example_of_the_issue(story, plan_for):
    old = plan_for(BAKERY)
    told = story(BAKERY, "add a leaderboard and make the header dark green")
    new = told.plan
    assert [e for e in new.entities if e in old.entities] == list(old.entities)
    [score] = [e for e in new.entities if e not in old.entities]
    assert score.archetype == "game_score"
    assert (new.title, new.slug, new.access, new.roles) == (old.title, old.slug, old.access, old.roles)
    assert new.tokens.asked == {"background": "white", "components": "dark green"}
    assert new.tokens.light.background == old.tokens.light.background
    assert told.words[:2] == [
        "+ Scores (Player, Points, Level, Played on, Duration, Result)",
        "~ Main colour: navy (#000080) → dark green (#006400)",
    ]
    assert "= 3 things as before: Customers, Orders, Invoices" in told.words
    assert "for the navigation and colours" in told.words[-1]
    assert told.clause("add a leaderboard").features
    assert "all components" in told.clause("header dark green").reason
    assert "a later change gave another colour than navy" in told.clause("navy buttons").reason
    ids = [c.id for c in new.clauses]
    assert len(set(ids)) == len(ids)
    assert [c.text for c in old.clauses if c.text not in {k.text for k in new.clauses}] == []


def test_the_same_change_gives_the_same_bytes(story):
    change = "remove the invoices, add reviews to orders, call customers clients and use a teal background"
    assert story(BAKERY, change).plan.model_dump_json() == story(BAKERY, change).plan.model_dump_json()


def test_what_is_taken_away_leaves_nothing_and_references_to_it_become_text(story):
    told = story(BAKERY, "remove the customers")
    assert [e.name for e in told.plan.entities] == ["Order", "Invoice"]
    assert not any("customers" in text for p in told.plan.pages for text in (p.slug, p.path))
    assert not any(e.entity == "Customer" for e in told.plan.endpoints)
    for entity in told.plan.entities:
        field = entity.field("customer")
        assert (field.kind, field.target) == (Kind.STRING, "")
        assert all(isinstance(row["customer"], str) and len(str(row["customer"])) > 3 for row in entity.seed)
    assert not any(f.startswith("customers.") for c in told.plan.clauses for f in c.features)
    assert "nothing tests that it is not there" in told.clause("remove the customers").reason


def test_what_was_taken_away_stays_away_until_it_is_asked_for_again(story):
    gone = ("remove the invoices", "add reviews to orders")
    assert [e.name for e in story(BAKERY, *gone).plan.entities] == ["Customer", "Order", "Review"]
    assert [e.name for e in story(BAKERY, *gone, "add invoices").plan.entities] == ["Customer", "Order", "Review", "Invoice"]


def test_another_name_changes_what_people_read_and_no_address(story, plan_for):
    old, told = plan_for(BAKERY), story(BAKERY, "call customers clients")
    before, after = old.entity("Customer"), told.plan.entity("Customer")
    assert (after.label, after.label_plural) == ("Client", "Clients")
    assert after.model_copy(update={"label": before.label, "label_plural": before.label_plural}) == before
    assert told.plan.entity("Order").field("customer").label == "Client"
    assert [(p.slug, p.path) for p in told.plan.pages] == [(p.slug, p.path) for p in old.pages]
    assert {p.title for p in told.plan.pages} >= {"Clients", "New client", "Edit client"}
    again = story(BAKERY, "call customers clients", "add a birthday to clients")
    assert again.plan.entity("Customer").field("birthday").kind is Kind.DATE
    assert again.words[0] == "+ Clients: Birthday (date)"


def test_more_fields_get_rows_and_other_things_stay(story, plan_for):
    old, told = plan_for(BAKERY), story(BAKERY, "add a birthday and a nickname to customers, and orders need an invoice number")
    customer = told.plan.entity("Customer")
    assert customer.fields[: len(old.entity("Customer").fields)] == old.entity("Customer").fields
    assert [f.kind for f in customer.fields[-2:]] == [Kind.DATE, Kind.STRING]
    assert all(row["birthday"] and row["nickname"] for row in customer.seed)
    assert told.plan.entity("Invoice") == old.entity("Invoice")
    assert "customers.create" in told.clause("Birthday for customers").features


def test_a_thing_that_is_kept_becomes_a_reference_unless_it_would_go_round(story):
    told = story("Track products and suppliers", "add a supplier to products")
    field = told.plan.entity("Product").field("supplier")
    assert (field.kind, field.target) == (Kind.REF, "Supplier")
    names = [e.name for e in told.plan.entities]
    assert names.index("Supplier") < names.index("Product")
    round_trip = story("Track products and suppliers", "add a supplier to products", "add a product to suppliers")
    assert round_trip.plan.entity("Supplier").field("product").kind is Kind.STRING


def test_fields_are_taken_away_and_renamed_but_not_the_title_of_a_row(story):
    told = story(
        BAKERY, "remove the notes from orders, rename the quantity of orders to pieces and remove the reference from orders"
    )
    order = told.plan.entity("Order")
    assert "notes" not in {f.name for f in order.fields} | set(order.seed[0])
    assert order.field("quantity").label == "Pieces"
    assert order.field("reference")
    assert told.clause("remove the reference").status == "not_built"


def test_it_is_opened_and_closed_but_what_tells_of_people_stays_closed(story, plan_for):
    public = story(SHOP, "make it public").plan
    assert public.access == "public_read"
    assert {p.slug for p in public.pages if p.public} >= {"home", "products-list"}
    assert not next(p for p in public.pages if p.slug == "customers-list").public
    old, private = plan_for(SHOP), story(SHOP, "make it public", "members only").plan
    assert (private.pages, private.endpoints, private.features) == (old.pages, old.endpoints, old.features)
    assert next(p for p in private.pages if p.path == "/").kind is PageKind.DASHBOARD


def test_roles_come_and_go(story):
    told = story(BAKERY, "add a moderator role and a viewer role")
    assert [r.name for r in told.plan.roles] == ["member", "moderator", "viewer", "admin"] or "moderator" in told.words[0].lower()
    gone = story(BAKERY, "add a moderator role", "remove the moderator role")
    assert [r.name for r in gone.plan.roles] == ["member", "admin"]


def test_a_site_for_visitors_grows_and_shrinks(story):
    told = story(RECIPES, "add ratings for recipes", "without comments")
    assert [e.label for e in told.plan.entities] == ["Recipe", "Rating"]
    assert told.plan.entity(told.plan.entities[1].name).field("recipe").target == "Recipe"
    assert told.plan.access == "public_read"
    assert [r.message for r in told.plan.history] == ["add ratings for recipes", "without comments"]


def test_a_capability_comes_follows_what_changes_around_it_and_goes(samples, story, plan_for):
    shop = "Track products and orders"
    told = story(shop, "add reviews to products")
    [use] = told.plan.uses
    assert (use.capability, use.entity) == ("reviews", "Product")
    assert "+ Reviews for Products" in told.words
    assert {"Product", "Order"} == {e.name for e in told.plan.entities}
    assert [f for f in told.plan.features if f.use == use.name]
    public = story(shop, "add reviews to products", "make it public, call products goods")
    reading = [p for p in public.plan.endpoints if p.use == use.name and p.method == "GET"]
    assert reading
    assert not any(p.auth for p in reading), "who may see the list may read its reviews"
    gone = story(shop, "add reviews to products", "remove the reviews")
    assert gone.plan.model_copy(update={"history": (), "message": "", "clauses": ()}) == plan_for(shop).model_copy(
        update={"message": "", "clauses": ()}
    )
    without = story(shop, "add reviews to products", "remove the products")
    assert without.plan.uses == ()


def test_colours_that_are_not_spoken_of_stay(story, plan_for):
    plain = "Track orders and customers"
    old, told = plan_for(plain), story(plain, "use a white background")
    assert told.plan.tokens.light.background == "#ffffff"
    assert told.plan.tokens.asked == {"background": "white"}
    assert told.plan.tokens.light.primary == old.tokens.light.primary
    assert story(plain, "add invoices").plan.tokens == old.tokens


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("remove the invoices and add a due date to invoices", "contradicts itself"),
        ("make it public and members only", "contradicts itself"),
        ("rename customers to clients and call customers guests", "contradicts itself"),
        ("remove the comments and remove the orders, then call orders sales", "contradicts itself"),
        ("use a white background and make the background black", "contradicts itself"),
        ("remove the invoices and add invoices", "contradicts itself"),
        ("make it public", "never shown to visitors"),
        ("remove the pigs", "nothing called “pigs”"),
        ("call the pigs cows", "nothing called"),
        ("remove orders, customers and invoices", "Nothing would be left"),
        ("make the site private", "like this already"),
        ("use a white background", "like this already"),
        ("Send a fax to every customer", "Nothing of this change can be built"),
        ("xyzzy plugh", "Nothing"),
        ("remove the admin role", "is needed"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason_and_what_to_do(story, change, says):
    with pytest.raises(BadInput) as refused:
        story(BAKERY, change)
    assert says in refused.value.message
    assert refused.value.hint


def test_a_part_that_cannot_be_done_does_not_stop_the_rest(story):
    told = story(BAKERY, "add reviews to orders, remove the pigs and send a fax to every customer")
    assert "Review" in {e.name for e in told.plan.entities}
    assert {told.clause("pigs").status, told.clause("fax").status} == {"not_built"}


def test_only_the_pages_that_a_change_is_about_are_touched(story, plan_for):
    old = plan_for(BAKERY)
    scope = touched(old, story(BAKERY, "add a leaderboard").plan)
    assert {p.split("-")[0] for p in scope.pages} == {"dashboard", "login", "register", "account", "scores"}
    assert (scope.navigation, scope.colours) == (True, False)
    field = touched(old, story(BAKERY, "add a birthday to customers").plan)
    assert {"customers-list", "orders-list", "dashboard"} <= field.pages
    assert not field.pages & {"login", "account"}
    assert (field.navigation, field.colours) == (False, False)
    paint = touched(old, story(BAKERY, "use red buttons").plan)
    assert (paint.pages, paint.navigation, paint.colours) == (frozenset(), False, True)
    shop = plan_for(SHOP)
    assert touched(shop, story(SHOP, "make it public").plan).pages >= {p.slug for p in shop.pages}
    assert touched(old, old).pages == frozenset()


def test_two_equal_plans_differ_in_nothing(plan_for):
    plan = plan_for(BAKERY)
    assert {c.sign for c in plan_diff(plan, plan)} == {"="}


def test_a_change_is_planned_in_a_third_of_a_second(story, plan_for, nearest):
    plan = plan_for(BAKERY)
    start = time.process_time()
    revise(Message(text="add a leaderboard and comments, and make the header dark green"), plan, (BAKERY,), STACK, nearest)
    assert time.process_time() - start < 1


@pytest.mark.django_db
def test_the_service_starts_from_the_delivery_before(bench, plan_for):
    plan = plan_for(BAKERY)
    base = Base(run="1", messages=(BAKERY,), stack=STACK, plan=plan, clauses=plan.clauses, generated={})
    again = Base.model_validate_json(base.model_dump_json())
    change = Message(text="add a leaderboard")
    said = []
    noting = bench.__class__(root=bench.root, store=bench.store, note=said.append)
    assert services.infer_stack(noting, change, again) == STACK
    new = services.make_plan(noting, change, STACK, again)
    assert [e.name for e in new.entities] == [*(e.name for e in plan.entities), "Score"]
    assert said[0].startswith("+ Scores")
    same = services.make_plan(bench, Message(text=BY_HAND), STACK, again)
    assert same.model_copy(update={"history": ()}) == plan
    assert json.loads(same.model_dump_json())["history"][0]["message"] == BY_HAND
