import pytest

from inference.planning.archetypes import archetypes
from inference.planning.layouts import WORDS, choose_layout, kinds, name_of
from inference.planning.things import Thing
from synergy.core.plans import LAYOUTS, Plan

MESSAGES = [
    ("shop", "Create an online bookstore where visitors browse books by genre, see prices and add them to a cart."),
    ("shop", "I need a website for my flower boutique: bouquets with prices, and customers can buy them."),
    ("shop", "Build a sneaker store with product pages, discounts and a wish list. Black background, orange buttons."),
    ("directory", "Make a directory of dog-friendly cafes that anyone can search and filter by city."),
    ("directory", "Please build a job board website where companies post jobs and anyone can browse them."),
    ("directory", "A public real estate website: browse houses for rent, filter by price and number of rooms, see them on a map."),
    ("directory", "We want a hotel booking website where guests find a room."),
    ("content", "Build me a travel magazine website with stories and photos by several authors."),
    ("content", "A website for our law firm that introduces our lawyers and publishes news. Visitors can read about us."),
    ("content", "Please implement a cooking blog where visitors read recipes and subscribe to a newsletter."),
    ("content", "A portfolio website for a photographer with an about page and a gallery of projects."),
    ("content", "Create a public wiki about steam trains with articles anybody can read."),
    ("tool", "Please create a mortgage calculator website that calculates monthly payments. No login."),
    ("tool", "An invoice generator website for freelancers: enter the items and export as PDF. No registration."),
    ("tool", "Build a colour palette picker that anyone can use without an account."),
    ("game", "Build a sudoku website where players solve puzzles and see a leaderboard. No login."),
    ("game", "Implement a trivia quiz website about geography with levels and high scores for everyone."),
    ("game", "A snake game in the browser with a public high score list."),
    ("community", "Create a public discussion forum for gardeners: threads, replies and likes."),
    ("community", "Build a social network website for runners who follow each other and share routes with the public."),
    ("community", "A question and answer site for teachers; everybody can vote on answers."),
    ("dashboard", "Build a warehouse management system to track stock, suppliers and shipments for our staff."),
    ("dashboard", "I want an internal CRM with deals, leads, customers and a sales dashboard."),
    ("dashboard", "Create a payroll system with employees, salaries and monthly reports."),
    ("dashboard", "A clinic needs a patient management system with appointments and invoices."),
    ("dashboard", "Help desk ticketing for our IT department, staff only."),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "message"), MESSAGES)
def test_a_message_gets_the_layout_of_its_kind(plan_for, layout, message):
    plan = plan_for(message)
    assert plan.layout == layout, plan.layout_reason
    assert plan.layout_reason.startswith(f"Laid out like {WORDS[layout]}: ")


def test_what_it_is_goes_before_what_it_is_for():
    assert name_of("I need a website for my flower shop: bouquets.") == "a website for my flower shop"
    assert name_of("Please build an online shop, with a blog.") == "Please build an online shop"
    layout, reason = choose_layout("Build a blog tracker to follow shops.", (), "private")
    assert layout == "dashboard"
    assert "“tracker” in its name" in reason


def test_without_any_evidence_the_door_and_what_is_kept_decide(plan_for):
    assert choose_layout("Whales", (), "private")[0] == "dashboard"
    layout, reason = choose_layout("Whales", (Thing("Whale", "Whales", None, "whale"),), "public_read")
    assert (layout, reason) == (
        "dashboard",
        "Laid out like a back office: nothing in the message says what kind of application it is.",
    )
    assert choose_layout("Nothing told", [Thing("Article", "Articles", _archetype("recipe"), "x")], "public_read")[0] == "content"


def _archetype(name):
    return archetypes()[name]


def test_every_layout_has_words_and_known_archetypes():
    assert set(kinds()) == set(LAYOUTS) == set(WORDS)
    assert {name for kind in kinds().values() for name in kind.archetypes} <= set(archetypes())


def test_a_plan_of_before_is_a_back_office():
    assert Plan.model_fields["layout"].default == "dashboard"
