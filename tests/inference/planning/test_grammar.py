import pytest

from inference.planning.grammar import read_sentence
from inference.planning.text import sentences


def wishes(sentence):
    return [(ask.verb, " ".join(ask.thing)) for ask in read_sentence(sentence) if not ask.head]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Track orders, customers and invoices for a bakery", [("track", "order"), ("track", "customer"), ("track", "invoice")]),
        (
            "Users should be able to search, filter and book selected apartments",
            [("search", "apartment"), ("filter", "apartment"), ("book", "apartment")],
        ),
        (
            "The website should have functionalities for spinning the wheel, displaying prizes, and recording winners",
            [("spin", "wheel"), ("display", "prize"), ("record", "winner")],
        ),
        ("The system should have client management and order tracking", [("manage", "client"), ("manage", "order")]),
        ("a platform for voting and viewing results", [("vote", ""), ("view", "result")]),
        ("Build a shop that sells shoes and ships parcels", [("sell", "shoe"), ("ship", "parcel")]),
        (
            "manage employees, leave requests and job applicants",
            [("manage", "employee"), ("manage", "leave request"), ("manage", "job applicant")],
        ),
        ("I need to keep track of pets and their owners", [("track", "pet"), ("track", "owner")]),
        ("The app should allow teachers to create and edit quizzes", [("create", "quiz"), ("edit", "quiz")]),
        ("It should be optimized for speed", [("optimize", "speed")]),
        ("Users can search rooms by date and price", [("search", "room")]),
        ("Users should be able browse plans", [("browse", "plan")]),
        ("show information about various tools", [("show", "tool")]),
        ("display a list of prizes", [("display", "prize")]),
        ("Allow setting budgets and warn when one is exceeded", [("set", "budget"), ("warn", "one")]),
        ("Members can create tasks and assign them", [("create", "task"), ("assign", "task")]),
        (
            "It should have functions for browsing pets and shelter staff reviewing applications",
            [("browse", "pet"), ("review", "application")],
        ),
        ("Reminders go out a day before the appointment", [("automate", "reminder")]),
        (
            "A site that computes payments and shows an amortization table",
            [("compute", "payment"), ("show", "amortization table")],
        ),
        ("A website for my inn with rooms, opening hours and prices", [("", "room"), ("", "opening hour"), ("", "price")]),
        ("Build a tracker for teams: projects and issues", [("", "project"), ("", "issue")]),
    ],
)
def test_a_sentence_is_cut_into_wishes(sentence, found):
    assert wishes(sentence) == found


def test_who_wants_it_is_kept():
    asks = read_sentence("where students can browse and apply for internships, and companies can post internship positions")
    assert [(a.subject, a.verb, " ".join(a.thing)) for a in asks] == [
        (("student",), "browse", "internship"),
        (("student",), "apply", "internship"),
        (("company",), "post", "internship position"),
    ]


@pytest.mark.parametrize(
    ("sentence", "details"),
    [
        ("display various tools, including tool name, description and price", ["tool name", "description", "price"]),
        ("Books (title, author, ISBN) and members", ["title", "author", "isbn"]),
        ("Each book has a title, an author and a price", ["title", "author", "price"]),
        ("Products: name, sku, price", ["name", "sku", "price"]),
        ("choose from diagram types such as flowcharts and mind maps", ["flowchart", "mind map"]),
        ("manage tickets with status, priority and assignee", ["status", "priority", "assignee"]),
    ],
)
def test_fields_are_found_wherever_people_put_them(sentence, details):
    asks = [ask for ask in read_sentence(sentence) if ask.details]
    assert [" ".join(d) for d in asks[0].details] == details


def test_lists_of_features_after_such_as_are_wishes():
    assert wishes("It has functionalities such as course catalog, chatbot integration and a contact form") == [
        ("", "course catalog"),
        ("", "chatbot integration"),
        ("", "contact form"),
    ]


def test_sentences_end_where_people_end_them():
    assert sentences("Use Node.js v20.1, e.g. Express; track orders. Dr. Who can log in!") == [
        "Use Node.js v20.1, such as Express",
        "track orders",
        "Dr. Who can log in",
    ]


def test_a_condition_is_no_wish():
    assert (
        wishes("If the game is over, users can continue") == [("continue", "")]
        or wishes("If the game is over, users can continue")[0][0] != "if"
    )
