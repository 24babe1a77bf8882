"""Plans with the library that ships: what is easily missed, what is easily taken for something else, forms for strangers."""

import pytest

from inference.planning.asks import Ask
from inference.planning.check import check_plan
from inference.planning.general import opens_account
from synergy.core.types import ClauseStatus, Kind

pytestmark = pytest.mark.usefixtures("shipped")


def row(plan, words):
    return next(c for c in plan.clauses if words in c.text)


def used(plan):
    return {u.capability for u in plan.uses}


# --- forms for strangers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        "A website for a solar company to generate leads. Visitors read about services.",
        "A law firm website with articles. Visitors can fill in a consultation request form.",
        "A website for a roofing company with projects. People can fill in a form to request a quote without an account.",
        "A school website with news. Parents fill in a public registration form for new students.",
        "A clinic website with doctors. Patients fill out an intake form before their visit.",
    ],
)
def test_strangers_can_send_in_what_only_administrators_see(plan_for, message):
    plan = plan_for(message)
    use = next(u for u in plan.uses if u.capability == "intake")
    entity = plan.entity(use.entity)
    assert entity.owned == "private"
    form = next(p for p in plan.pages if p.use == use.name)
    assert form.public
    assert not any(p.public for p in plan.pages if p.entity == entity.name)
    assert [e.auth for e in plan.endpoints if e.use == use.name] == [False]
    assert check_plan(plan) == []


def test_the_words_say_what_the_form_is_called(plan_for):
    plan = plan_for("A website for a roofing company with projects. People can request a quote through a quote request form.")
    assert next(u for u in plan.uses if u.capability == "intake").options["call"] == "Request a quote"


def test_a_form_that_needs_what_strangers_do_not_see_is_not_there(plan_for):
    plan = plan_for("A web shop with products and orders. Customers fill in a public intake form for return requests.")
    for use in plan.uses:
        if use.capability == "intake":
            refs = [f for f in plan.entity(use.entity).fields if f.kind is Kind.REF and f.required]
            closed = {e.name for e in plan.entities if not any(p.public for p in plan.pages if p.entity == e.name)}
            assert not {f.target for f in refs} & closed
    assert check_plan(plan) == []


@pytest.mark.parametrize(
    "message",
    [
        "Track leads and deals. Sales staff add leads and move deals through a pipeline.",
        "A recipe site. Users submit recipes and comment on them.",
        "Employees submit leave requests and managers approve them.",
    ],
)
def test_what_people_enter_with_an_account_is_no_form_for_strangers(plan_for, message):
    assert "intake" not in used(plan_for(message))


# --- what is easily missed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "words", "capability"),
    [
        ("A gardening forum with articles. Members communicate with other members.", "communicate", "chat"),
        ("A shop for candles. Customers buy candles and the shop handles payments.", "buy candles", "cart"),
        ("A print shop with mugs. Customers design mugs and preview the design.", "preview", "configure"),
        ("An election website. Members vote and everybody can view voting results.", "voting results", "vote"),
        ("A website to play the game 2048. Players revive and continue.", "revive", "game-2048"),
        ("A fan community with articles. Members make friends and earn points.", "earn points", "profile"),
    ],
)
def test_what_the_library_does_is_found(plan_for, message, words, capability):
    plan = plan_for(message)
    assert capability in used(plan)
    slugs = {u.slug for u in plan.uses if u.capability == capability}
    assert any(feature.partition(".")[0] in slugs for feature in row(plan, words).features)


def test_a_hint_counts_only_beside_what_is_asked_for_clearly(plan_for):
    words = "continue playing"
    assert row(plan_for(f"A website to play the game 2048 and merge tiles. Players can {words}."), words).features
    assert row(plan_for(f"A website with articles. Readers can {words}."), words).status is ClauseStatus.NOT_BUILT


@pytest.mark.parametrize(
    "message",
    [
        "A book list with authors. Users search books and filter books by genre.",
        "A site with recipes. Users browse recipes and view the details of recipes.",
        "Manage products, customers and orders. Staff edit orders and view customers.",
        "Track payments and invoices. Accountants record payments that came in.",
    ],
)
def test_what_every_application_does_needs_no_capability(plan_for, message):
    assert used(plan_for(message)) == set()


# --- wishes without a thing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "words", "feature"),
    [
        ("A recipe site. Users create an account and browse recipes.", "create an account", "auth.register"),
        ("A recipe site. Users manage personal information and browse recipes.", "personal information", "account.profile"),
        ("A detective app with cases. It should have data collection and storage.", "storage", "cases.create"),
        ("A news site. It should have an admin panel.", "admin panel", "news.edit"),
        ("A site with articles to provide information to visitors.", "information", "articles.list"),
        ("Track sales. Managers perform analysis.", "analysis", "dashboard.stats"),
        ("A site for animals. Each animal has a colour code. Users assign color codes to animals.", "color code", "animals.edit"),
    ],
)
def test_what_names_no_thing_is_meant_for_something(plan_for, message, words, feature):
    assert feature in row(plan_for(message), words).features


def test_accounts_of_others_are_not_opened_by_registering():
    assert opens_account(Ask("create an account", verb="create", thing=("account",), subject=("visitor",)))
    assert not opens_account(Ask("create an account", verb="create", thing=("account",), subject=("administrator",)))
    assert not opens_account(Ask("create accounts", verb="create", thing=("account",)))


# --- goods -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("goods", ["lamps", "candles", "sneakers", "garden gnomes"])
def test_what_is_bought_is_goods_whatever_it_is_called(plan_for, goods):
    plan = plan_for(f"A shop. Customers buy {goods}.")
    assert plan.entities[0].label_plural.lower() == goods
    assert plan.entities[0].archetype == "product"


def test_a_thing_that_is_known_stays_what_it_is(plan_for):
    assert plan_for("A shop. Customers buy books.").entities[0].archetype == "book"
