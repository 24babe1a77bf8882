"""Checks in English, and what the walker takes them for."""

from __future__ import annotations

import pytest

from tests.acceptance.walker.colours import Wanted, meant, near, wanted
from tests.acceptance.walker.expecting import expected
from tests.acceptance.walker.reading import Check, read
from tests.acceptance.walker.words import likeness, says, stem

#: what to do → (kind, words of the topic that must be there)
KINDS = {
    "Add a new recipe to the cookbook.": ("create", {"recipe"}),
    "Test the booking functionality by reserving a table for two.": ("submit", {"table"}),
    "Publish an announcement on the notice board.": ("create", {"announcement"}),
    "Record a workout in the training log.": ("create", {"workout"}),
    "Verify that users can delete a task.": ("delete", {"task"}),
    "Update the details of a supplier.": ("edit", {"supplier"}),
    "Modify your profile and save the changes.": ("edit", {"profile"}),
    "Search for a film by title.": ("search", {"film"}),
    "Use the search bar to find a museum.": ("search", {"museum"}),
    "Check the search functionality of the library.": ("search", {"library"}),
    "Filter the flats by number of rooms.": ("filter", {"flats"}),
    "Apply a filter to the job list.": ("filter", {"job"}),
    "Sort the hotels by price.": ("sort", {"hotels"}),
    "View details of a concert.": ("detail", {"concert"}),
    "Click on a museum in the list.": ("detail", {"museum"}),
    "View the list of upcoming matches.": ("content", {"matches"}),
    "Navigate to the timetable page.": ("content", {"timetable"}),
    "Verify that the opening hours are displayed.": ("content", {"opening", "hours"}),
    "Check the presence of a newsletter form.": ("present", {"newsletter"}),
    "Test the main navigation menu to make sure all links work.": ("navigation", set()),
    "Verify that the navigation bar contains all sections (Home, Shop, About).": ("navigation", set()),
    "Navigate from the basket back to the homepage.": ("route", {"homepage"}),
    "Create a new account with the registration form.": ("register", set()),
    "Test the user registration process.": ("register", set()),
    "Log in with valid credentials.": ("login", set()),
    "Sign out of the application.": ("logout", set()),
    "Submit the form with invalid data.": ("validation", set()),
    "Leave required fields empty and submit the booking form.": ("validation", {"booking"}),
    "Fill out the contact form.": ("submit", {"contact"}),
    "Subscribe to the newsletter.": ("submit", {"newsletter"}),
    "Enroll in a pottery class.": ("submit", {"pottery", "class"}),
    "Apply for a scholarship.": ("submit", {"scholarship"}),
    "Add a lamp to the shopping cart.": ("press", {"lamp"}),
    "Bookmark an article.": ("press", {"article"}),
    "Complete the checkout with payment details.": ("order", set()),
    "Cast a vote in a survey.": ("press", {"vote"}),
    "Follow another photographer.": ("press", {"photographer"}),
    "Spin the roulette wheel.": ("press", {"roulette"}),
    "Post a comment under a video.": ("create", {"comment"}),
    "Compare two insurance offers.": ("compare", {"insurance"}),
    "Start a chat with the support team.": ("chat", {"support"}),
    "Export the invoices as CSV.": ("report", {"invoices"}),
    "Generate a monthly report.": ("report", {"report"}),
    "Move the piece left.": ("keys", set()),
    "Start a new round.": ("press", {"round"}),
    "Take the geography quiz.": ("play", {"geography"}),
    "Check the layout on a mobile device.": ("layout", set()),
    "Verify that the site is responsive.": ("layout", set()),
    "Make sure the background color is ivory.": ("colours", set()),
    "Change the colour of the mug and look at the preview.": ("live", {"colour"}),
    "Try to open the invoices without logging in.": ("guard", {"invoices"}),
    "Verify that a text message (SMS) is sent to the driver.": ("beyond", set()),
    "Point the camera at a leaf to identify it.": ("beyond", set()),
}


@pytest.mark.parametrize("do", KINDS)
def test_the_kind_and_the_topic_of_a_check(do):
    reading = read(Check(do, "It works."))
    kind, topic = KINDS[do]
    assert (reading.kind, topic - set(reading.topic)) == (kind, set())


def test_a_noun_that_could_be_a_verb_does_not_decide():
    assert read(Check("View the search results page.", "")).kind == "content"
    assert read(Check("Open the booking records.", "")).kind in ("content", "detail")
    assert read(Check("Browse the offers without booking one.", "")).kind == "content"


def test_what_comes_before():
    reading = read(Check("After casting a vote, open the results page.", "The new numbers are shown."))
    assert [before.verb.name for before in reading.first] == ["vote"]
    assert "results" in reading.topic


def test_where_it_is_done():
    reading = read(Check("Navigate to the warehouse section and add a new pallet to the stock.", ""))
    assert reading.topic == ("pallet",)
    assert {"warehouse", "stock"} <= set(reading.place)


def test_names_that_must_be_there_and_names_that_are_examples():
    must = read(Check('Check that the menu has the sections "Tours" and "Prices".', ""))
    assert (must.named, must.must) == (("Tours", "Prices"), True)
    maybe = read(Check("Visit all sections of the menu (e.g., Tours, Prices).", ""))
    assert (maybe.named, maybe.must) == (("Tours", "Prices"), False)


# --- what is expected ------------------------------------------------------------------------------------------------


def test_expectations():
    found = expected("A confirmation message is displayed and the boat appears in the harbour list.")
    assert found.confirmed
    assert found.listed
    assert set(found.shown_in) & {"harbour"}
    assert expected("The total number of likes increases by one.").counted
    assert expected("The assistant replies at once.").answered
    assert expected("Exactly 12 cards are on the table.").exactly == (12, "cards")
    assert expected("It is shown.").exactly is None


def test_fields_that_each_record_shows():
    found = expected("Each event is listed with a title, date, and location.")
    assert set(found.fields) == {"title", "date", "location"}
    loose = expected("Details are shown, such as engine, mileage and price.")
    assert (loose.fields, set(loose.examples)) == ((), {"engine", "mileage", "price"})
    assert expected("Everything works without errors and with clear feedback.").fields == ()


def test_what_a_script_cannot_see_is_said():
    assert "e-mail that is sent" in expected("A message is shown and an email is sent to the guest.").unseen
    assert expected("A list is shown.").unseen == ()


# --- colours and words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        ("The background is sea green and buttons are in gold.", Wanted("sea green", "gold")),
        ("Uses 'light gray' as the background color and 'dark red' as the component color.", Wanted("light gray", "dark red")),
        ("Buttons have the color #336699.", Wanted("", "#336699")),
        ("The page has a background color of 'mint cream'.", Wanted("mint cream", "")),
        ("The list is shown.", None),
    ],
)
def test_colours_of_a_check(text, colours):
    assert wanted(text) == colours


def test_names_of_colours():
    assert meant("Dark Slate-Gray") == ((47, 79, 79),)
    assert len(meant("light goldenrod")) == 2
    assert meant("table") == ()
    assert near((250, 250, 250), "white")
    assert not near((200, 200, 200), "white")


def test_words():
    assert stem("categories") == stem("category")
    assert stem("voting") == stem("voted") == stem("vote")
    assert says("Our categories of articles", "article category")
    assert likeness("Bookings", "reservation") == 1
    assert likeness("Prizes", "list of available prizes") == 1
    assert likeness("Home", "list of available prizes") == 0
    assert likeness("Winning records", "section with winning records") > likeness("Prizes", "section with winning records")
