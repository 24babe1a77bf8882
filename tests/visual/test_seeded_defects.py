"""A clean site has no findings; each seeded defect is found, at the right page, by the right check."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import pytest

from tests.visual.sites import Site, as_json, page

pytestmark = pytest.mark.browser

BODY = """
<p>All orders of today. <a href="/orders">See them</a></p>
<button id="more" aria-expanded="false" aria-controls="details">Details</button> <p id="details" hidden>Three of them are late.</p>
<button id="ask">Remove</button>
<dialog id="sure" aria-label="Sure?"><p>Sure?</p><button id="no">Keep</button> <button id="yes">Delete</button></dialog>
<form id="form"><p><label>Title <input name="title" required></label></p><button>Save</button></form>
<p><a href="#details-title">Further down</a></p><h2 id="details-title">More</h2><p id="said" role="status"></p>
"""
SCRIPT = """
const by = (id) => document.getElementById(id);
by("more").onclick = () => { by("details").hidden = !by("details").hidden; };
by("ask").onclick = () => by("sure").showModal();
by("no").onclick = () => by("sure").close();
by("yes").onclick = async () => { await fetch("/api/orders/1", {method: "DELETE"}); by("sure").close(); };
by("form").onsubmit = async (event) => {
  event.preventDefault();
  const answer = await fetch("/api/orders", {method: "POST", body: JSON.stringify({title: event.target.title.value})});
  by("said").textContent = answer.ok ? "Saved" : "Not saved";
};
fetch("/api/orders").then((answer) => answer.json()).then((found) => { by("said").textContent = `${found.total} orders`; });
"""
API = {
    "/api/orders": as_json({"items": [{"id": 1, "title": "Cake"}], "total": 1}),
    "POST /api/orders": as_json({"id": 2, "title": "x"}, 201),
    "DELETE /api/orders/1": (204, "text/plain", ""),
}


def site(body=BODY, script=SCRIPT, *, start=None, **more):
    """The clean site, or one with a defect in its start page."""
    orders = page("Orders", "<p>Cake, rolls and bread.</p>")
    return Site({"/": start or page("Home", body, script=script), "/orders": orders, **API, **more})


def with_body(extra):
    return site(BODY + extra)


def with_script(extra):
    return site(script=SCRIPT + extra)


class Defect(NamedTuple):
    made: object
    check: str
    says: str
    severity: tuple = ("serious", "critical")
    widths: tuple = ()


DEFECTS = {
    "a field without a label": Defect(with_body('<input name="x">'), "axe", "label"),
    "text of low contrast": Defect(with_body('<p style="color: #aaa; background: #fff">Pale</p>'), "axe", "contrast"),
    "low contrast in the dark theme only": Defect(
        with_body('<style>@media (prefers-color-scheme: dark) { .dim { color: #333; } }</style><p class="dim">Dim</p>'),
        "axe", "dark", widths=(1920,)),
    "a picture without a text": Defect(with_body('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" width="9">'), "axe", "alternative"),
    "a picture without a text that only tablets show": Defect(
        with_body('<style>.tablet { display: none } @media (min-width: 700px) and (max-width: 900px) { .tablet { display: inline } }</style>'
                  '<img class="tablet" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" width="9">'), "axe", "alternative", widths=(768,)),
    "low contrast on big screens only": Defect(
        with_body('<style>@media (min-width: 1000px) { .wide { color: #999; } }</style><p class="wide">Pale</p>'), "axe", "contrast", widths=(1920,)),
    "too wide for a phone": Defect(with_body('<div style="width: 600px">A wide box</div>'), "overflow", "wider", widths=(375,)),
    "a button squeezed to letters": Defect(
        with_body('<div style="width: 1.5rem"><button onclick="by(\'said\').textContent += 1" style="width: 100%; padding: 0; overflow-wrap: anywhere">'
                  'New order</button></div>'), "overflow", "broken into letters", widths=(375, 768, 1920)),
    "a button that does nothing": Defect(with_body("<button>Print</button>"), "controls", "'Print' does nothing"),
    "a button that only changes its own look": Defect(
        with_body("<button onclick=\"this.classList.toggle('x')\">Press</button>"), "controls", "'Press' does nothing"),
    "a dead button in a dialog": Defect(
        with_script('by("sure").insertAdjacentHTML("beforeend", "<button>Perhaps</button>");'), "controls", "'Perhaps' does nothing"),
    "a dead button that only phones show": Defect(
        with_body('<style>.phone { display: none } @media (max-width: 500px) { .phone { display: inline } }</style>'
                  '<button class="phone">Menu</button>'), "controls", "'Menu' does nothing", widths=(375,)),
    "a button under something else": Defect(
        with_body('<div style="position: relative"><button onclick="by(\'said\').textContent += 1">Pay</button>'
                  '<div style="position: absolute; inset: 0; background: #fff8"></div></div>'), "controls", "covers it"),
    "a link to nowhere": Defect(with_body('<p><a href="#">Help</a></p>'), "controls", "'Help' does nothing"),
    "a link to nowhere far down": Defect(
        with_body('<div style="height: 3000px"></div><p><a href="#">Help</a></p>'), "controls", "'Help' does nothing"),
    "a link to a page that is not there": Defect(with_body('<p><a href="/orderz">All</a></p>'), "controls", "where nothing is"),
    "a link that goes nowhere": Defect(
        with_body('<p><a href="/orders" onclick="return false">Stay</a></p>'), "controls", "'Stay' does nothing"),
    "a form that sends nothing": Defect(
        with_body('<form onsubmit="return false"><label>Name <input></label> <button>Go</button></form>'), "controls", "\"Go\"' does nothing"),
    "a button that raises an error": Defect(
        with_body('<button onclick="by(\'said\').textContent = \'…\'; nothing.at.all()">Sort</button>'), "controls", "raises an error"),
    "a button that asks for what is not there": Defect(
        with_body("<button onclick=\"fetch('/api/export', {method: 'POST'})\">Export</button>"), "controls", "gives 404"),
    "an error in the console": Defect(with_script('console.error("no such state");'), "console", "no such state"),
    "an exception": Defect(with_script("missing();"), "console", "missing is not defined"),
    "a request that fails": Defect(with_script('fetch("/api/stats");'), "network", "/api/stats: 404"),
    "a picture from the internet": Defect(
        with_body('<img alt="A map" src="https://tiles.example.com/1.png">'), "network", "tiles.example.com"),
    "a page that never rests": Defect(
        with_script('setInterval(() => { by("details").textContent += "."; }, 10);'), "render", "never comes to rest"),
    "a page that is empty": Defect(site(start="<!doctype html><html lang=en><title>x</title><body></body></html>"), "render", "Nothing can be read"),
    "a page that fails on the server": Defect(site(start=(500, "text/html", page("Sorry", ""))), "render", "answered 500"),
    "a page that is not there": Defect(site(start=(404, "text/html", page("Not found", "<p>There is nothing here.</p>"))), "render", "answered 404"),
    "a page that leads elsewhere": Defect(site(start=(302, "text/html", "", ("Location", "/orders"))), "render", "leads to /orders"),
}  # fmt: skip


def test_a_clean_site_has_no_findings(tour):
    seen = tour(site(), start="/", orders="/orders")
    assert seen.findings == []
    assert {(d.page, d.width, d.theme) for d in seen.drawings} == {
        (p, w, t) for p in ("start", "orders") for w, t in ((375, "light"), (768, "light"), (1920, "light"), (1920, "dark"))
    }
    assert seen.controls == 9  # 4 links, 4 buttons, 1 form; those of the header once
    calls = {(c.method, c.path, c.status): c for c in seen.calls}
    assert set(calls) == {("GET", "/api/orders", 200), ("POST", "/api/orders", 201), ("DELETE", "/api/orders/1", 204)}
    assert calls["GET", "/api/orders", 200].response["items[].title"] == "string"
    assert calls["POST", "/api/orders", 201].request == {"title": "string"}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_seeded_defect_is_found(tour, name):
    defect = DEFECTS[name]
    seen = tour(defect.made, start="/")
    found = [f for f in seen.findings if f.check == defect.check and defect.says in f.message]
    assert found, f"not found; what was found: {seen.findings}"
    assert {f.page for f in found} == {"start"}
    assert found[0].severity in defect.severity
    if defect.widths:
        assert {f.width for f in found} == set(defect.widths)


def test_a_link_to_nowhere_is_found_when_something_around_the_page_counts(tour):
    """The page of a wrong address is known by what it says itself: a number in the header may have changed since."""
    numbers = itertools.count(1)

    def missing(request):
        counted = page("Not found", "<p>There is nothing here.</p>").replace("</nav>", f"</nav> {next(numbers)} in your cart")
        return 200, "text/html", counted

    wrong = dict.fromkeys(("/orderz", "/there-is-no-such-page"), missing)
    seen = tour(site(BODY + '<p><a href="/orderz">All</a></p>', **wrong), start="/")
    assert ["leads to /orderz, where nothing is" in f.message for f in seen.findings] == [True]


def test_a_page_that_is_never_the_same_is_found(tour):
    numbers = itertools.count()
    seen = tour(
        site(start=lambda request: page("Home", f"{BODY}<p>You are visitor {next(numbers)}.</p>", script=SCRIPT)), start="/"
    )
    assert [(d.width, d.theme) for d in seen.drawings if d.other] == [(375, "light"), (768, "light"), (1920, "light")]


def test_a_page_that_shows_the_time_is_always_the_same(tour):
    """The clock stands still, so that "3 days ago" is no reason to look at a page again next week."""
    seen = tour(site(script=f"{SCRIPT} by('details').hidden = false; by('details').textContent = new Date();"), start="/")
    assert [d.other for d in seen.drawings] == [None] * 4
    assert "2026" in seen.drawings[0].text


def test_a_button_that_prints_does_something(tour):
    seen = tour(with_body('<button onclick="print()">Print</button>'), start="/")
    assert seen.findings == []


def test_a_link_to_the_top_is_a_link_that_does_something(tour):
    seen = tour(with_body('<div style="height: 3000px"></div><p><a href="#">Back to top</a></p>'), start="/")
    assert seen.findings == []
