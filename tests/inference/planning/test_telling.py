"""What somebody tells beside their wishes is no wish, and nothing comes of it; a wish that looks like it stays one."""

import pytest

from inference.planning.planner import _read
from inference.planning.telling import tells

TOLD = [
    "We have run this by hand for years, in spreadsheets and on paper.",
    "It is time for something better.",
    "There is no hurry.",
    "We would like to show it to our partners in spring.",
    "Nothing of this has to be perfect on the first day.",
    "I have been baking bread since 2010.",
    "I've tried three programs so far.",
    "We used to write everything into a book.",
    "I love the idea.",
    "My brother told me about this site.",
    "It is important to us that everything is easy to understand.",
    "Our team has grown a lot.",
]
WISHES = [
    ("We have customers, orders and invoices.", "customers"),
    ("We need to track orders.", "orders"),
    ("I would like to keep recipes.", "recipes"),
    ("We want to start a blog with articles.", "articles"),
    ("There is a list of tools.", "tools"),
    ("It should keep visits.", "visits"),
    ("Users have saved searches.", "saved searches"),
    ("Members can see their bookings.", "bookings"),
    ("I need a website for my bakery.", "bakery"),
]


@pytest.mark.parametrize("text", TOLD)
def test_what_is_told_is_no_wish(text):
    wish = "Build a website for recipes."
    assert [ask.text for ask in _read(f"{text} {wish}").asks] == [ask.text for ask in _read(wish).asks]


@pytest.mark.parametrize(("text", "thing"), WISHES)
def test_a_wish_is_one(text, thing):
    assert thing in " ".join(f"{' '.join(ask.thing)} {ask.text}" for ask in _read(text).asks)


def test_words_decide_not_their_number():
    assert tells(["we", "have", "written", "it", "by", "hand"])
    assert not tells(["we", "have", "visitors"])
    assert not tells(["recipes"])
