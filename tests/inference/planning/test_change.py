"""A change message as single wishes: by the form of the words alone."""

import pytest

from inference.planning.change import Giving, NewRole, Opening, Other, Painting, Removal, Renaming, pieces, plain, read_change


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("add a leaderboard and make the header dark green", ["add a leaderboard", "make the header dark green"]),
        ("Remove the invoices, rename customers to clients and use a navy background",
         ["Remove the invoices", "rename customers to clients", "use a navy background"]),
        ("customers should have a phone number and orders need a due date",
         ["customers should have a phone number", "orders need a due date"]),
        ("make it public and add comments", ["make it public", "add comments"]),
        ("let users add and remove favourites", ["let users add and remove favourites"]),
        ("let users add tasks and remove comments", ["let users add tasks and remove comments"]),
        ("add a page where people create and delete posts", ["add a page where people create and delete posts"]),
        ("add and remove tasks", ["add and remove tasks"]),
        ("add orders and customers", ["add orders and customers"]),
        ("give customers a birthday and a phone number", ["give customers a birthday and a phone number"]),
    ],
)  # fmt: skip
def test_a_wish_begins_only_where_the_one_before_is_complete(sentence, parts):
    assert pieces(sentence) == parts


@pytest.mark.parametrize(
    ("text", "what", "owner"),
    [
        ("remove the invoices", ("invoices",), ""),
        ("without comments", ("comments",), ""),
        ("Please get rid of the orders and invoices", ("orders", "invoices"), ""),
        ("delete the phone field from customers", ("phone",), "customers"),
        ("we don't need invoices any more", ("invoices",), ""),
        ("comments are no longer needed", ("comments",), ""),
        ("remove the editor role", ("editor",), ""),
        ("take out the list of invoices", ("invoices",), ""),
    ],
)
def test_what_is_taken_away(text, what, owner):
    [wish] = read_change(text)
    assert isinstance(wish, Removal)
    assert (wish.what, wish.owner) == (what, owner)


@pytest.mark.parametrize(
    ("text", "pair", "owner"),
    [
        ("rename customers to clients", ("customers", "clients"), ""),
        ("call customers clients", ("customers", "clients"), ""),
        ("call the app Bread Desk", ("app", "Bread Desk"), ""),
        ("change the name of the orders to sales", ("orders", "sales"), ""),
        ("customers should be called “guests”", ("customers", "guests"), ""),
        ("turn customers into clients", ("customers", "clients"), ""),
        ("rename the price of products to cost", ("price", "cost"), "products"),
    ],
)
def test_what_gets_another_name(text, pair, owner):
    [wish] = read_change(text)
    assert isinstance(wish, Renaming)
    assert pair in wish.pairs
    assert wish.owner == owner


@pytest.mark.parametrize(
    ("text", "fields", "owner", "sure"),
    [
        ("add a phone number to customers", ("phone number",), "customers", True),
        ("add a phone number and a birthday to customers", ("phone number", "birthday"), "customers", True),
        ("add a phone number to customers and a birthday", ("phone number", "birthday"), "customers", True),
        ("customers need a birthday", ("birthday",), "customers", True),
        ("give every customer a loyalty number", ("loyalty number",), "customer", True),
        ("add a field called weight to parcels", ("weight",), "parcels", True),
        ("add a search for orders", ("search",), "orders", False),
    ],
)
def test_what_gets_more_fields(text, fields, owner, sure):
    [wish] = read_change(text)
    assert isinstance(wish, Giving)
    assert (wish.fields, wish.owner, wish.sure) == (fields, owner, sure)


@pytest.mark.parametrize(
    ("text", "access"),
    [
        ("make it public", "public_read"),
        ("open the site to everyone", "public_read"),
        ("no login needed", "public_read"),
        ("visitors can read everything", "public_read"),
        ("members only", "private"),
        ("make the site private", "private"),
        ("put the app behind a login", "private"),
        ("only members may see the site", "private"),
    ],
)
def test_who_may_read(text, access):
    [wish] = read_change(text)
    assert wish == Opening(text, access)


def test_roles_colours_and_what_is_left_for_the_planner():
    role, many, header, other, gallery = read_change(
        "add a moderator role; add roles for teachers and students; make the header dark green; add comments; add a public gallery"
    )
    assert (role, many) == (
        NewRole("add a moderator role", ("moderator",)),
        NewRole("add roles for teachers and students", ("teachers", "students")),
    )
    assert isinstance(header, Painting)
    assert header.design.roles == (("components", "dark green", "#006400"),)
    assert (other, gallery) == (Other("add comments"), Other("add a public gallery"))


@pytest.mark.parametrize(
    "text", ["add and", "and and", "remove", ",", "call", "rename to", "make", "the", "without", "a" * 400, "add " * 300]
)
def test_broken_sentences_are_read_without_a_fault(text):
    assert all(wish.text for wish in read_change(text))


def test_small_words_do_not_count():
    assert [plain(t) for t in ("the list of all customers", "Invoices page", "every order", "the notes field")] == [
        "customers", "invoices", "order", "notes"
    ]  # fmt: skip
