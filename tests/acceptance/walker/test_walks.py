"""The walker on an application written by hand: a check passes where the application is whole, and fails where it has the defect."""

from __future__ import annotations

import os

import pytest

from tests.acceptance.walker.garden import Garden
from tests.acceptance.walker.ground import Account
from tests.acceptance.walker.reading import Check
from tests.acceptance.walker.screen import SCRIPT
from tests.acceptance.walker.walk import Message, Walker
from visual.browser import session

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(240)]

#: (what to do, what to expect) → defects, each of which alone makes the check fail
CHECKS = {
    ("Make sure that the background is honeydew and the buttons are dark green.", "Honeydew is behind everything."): ("background", "components"),
    ("Test all links of the navigation menu.", "Each link leads to its page without errors."): ("dead link",),
    ("Test whether the navigation menu has all sections (Home, Plants, News).", "All are there."): ("no news",),
    ("Open the news page.", "A list of articles is displayed, each with a title, a date and a description."): ("no news", "empty news", "no dates"),
    ("Search for a plant.", "Plants that match are shown."): ("search",),
    ("Filter the plants by kind.", "Only plants of that kind are shown."): ("filter",),
    ("Sort the plants by price.", "The cheapest comes first."): ("sort",),
    ("View details of a plant.", "Its page opens and shows name, description and price."): ("detail",),
    ("Add a new plant.", "A confirmation message appears and the plant is displayed in the list."): ("swallow", "unlisted", "no confirmation"),
    ("Try to add a plant with required fields left empty.", "Error messages tell what is missing."): ("validation",),
    ("Edit an existing plant.", "The changes are saved."): ("edit",),
    ("Delete a plant.", "It is not in the list any more."): ("delete",),
    ("Leave a comment on a plant.", "The comment appears under the plant."): ("comment", "detail"),
    ("Submit the contact form.", "A confirmation message is shown."): ("contact", "no confirmation"),
    ("Vote for one of the answers of the poll.", "The vote is counted and the number of votes updates."): ("vote",),
    ("Spin the wheel of the lottery.", "It shows what was won."): ("spin",),
    ("Start a chat with support.", "The visitor receives a response."): ("chat",),
    ("Register a new account.", "The account is created."): ("register",),
    ("Log in with valid credentials.", "The user is signed in."): ("open door",),
    ("Log out.", "The user is not signed in any more."): ("logout",),
    ("Change the glaze of the pot.", "The preview shows the other glaze at once."): ("preview",),
    ("Try to open the diary without logging in.", "The login page is shown."): ("open diary",),
    ("Check the site on a mobile device.", "Nothing has to be scrolled sideways."): ("wide",),
}  # fmt: skip
CASES = [(check, defect) for check, defects in CHECKS.items() for defect in defects]
PLAYED = CASES if os.environ.get("ALL_CAPABILITIES") else CASES[::3]  #: all of them by ``make capabilities``


@pytest.fixture(scope="module")
def browser():
    with session((SCRIPT,)) as running:
        yield running


@pytest.fixture(scope="module")
def walked(browser):
    """What checks come to on the application with these defects."""

    def walk(*checks, defects=()):
        garden = Garden(*defects)
        message = Message("garden", "A site about the plants of a garden", tuple(Check(*check) for check in checks))

        async def work(chromium, proxy):
            return await Walker(chromium, message, Account("demo@garden.example", "demo-pass-1", "Demo")).run()

        with garden.served() as socket:
            return browser.run(socket, work, lambda: None, 200)

    return walk


def test_the_whole_application_passes_every_check(walked):
    results = walked(*CHECKS)
    assert [f"{result.check.do} {result.said}" for result in results if result.status != "passed"] == []
    assert all(result.said and result.path for result in results)


@pytest.mark.parametrize(("check", "defect"), PLAYED, ids=[f"{defect}: {check[0][:24]}" for check, defect in PLAYED])
def test_a_defect_makes_its_check_fail(walked, check, defect):
    (result,) = walked(check, defects=(defect,))
    assert result.status == "failed", result.said
    assert result.said


def test_what_needs_more_than_a_browser_is_not_scriptable(walked):
    (result,) = walked(("Check that an SMS alert arrives when the frost comes.", "The gardener receives an SMS."))
    assert result.status == "not scriptable"
    assert "SMS" in result.said


def test_what_the_site_does_not_have_fails_with_what_it_has(walked):
    (result,) = walked(("View the list of invoices.", "All invoices are displayed."))
    assert result.status == "failed"
    assert "Plants" in result.said
    assert result.picture
