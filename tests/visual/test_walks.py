"""The walker on a hand-made page: what every act does, and that each fails when what it says is not so."""

from __future__ import annotations

import pytest

from synergy.core.types import BrowserCheck, Page, PageKind
from tests.visual.sites import Site, as_json, page
from visual.browser import session
from visual.walks import SCRIPT, Ground, Walker

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

BODY = """
<p class="count">14 pieces</p><p class="sum">4.50</p><p hidden>Secret words</p><p>First one</p><p>Second one</p>
<button id="add">Add piece</button> <button id="dead">Dead</button> <a href="/other">Other page</a>
<button id="ask">Delete</button><dialog id="sure"><p>Really?</p><button id="yes">Delete</button></dialog>
<form id="f"><label>Day <input type="date" name="day"></label><label>Note<span>Optional</span> <input name="note" value="old"></label>
<label>Size <select name="size"><option>Small</option><option>Large</option></select></label>
<label><input type="checkbox" name="ok"> Agree</label>
<label><input type="radio" name="tone" value="dark" style="position:absolute;opacity:0"> Dark</label>
<label>Photo <input type="file" name="photo"></label></form><output id="said"></output>
<form id="g"><label>Who <input name="who" required></label><label>From <input type="date" name="from" required></label>
<label>Kind <select name="kind" required><option value="">Choose</option><option>Blue</option></select></label></form><output id="filled"></output>
<a id="csv" href="data:text/csv,a" download="orders-1.csv">Export</a><p id="keys">none</p>
"""
CODE = """
let n = 14;
add.onclick = () => setTimeout(() => { document.querySelector(".count").textContent = `${++n} pieces`; }, 60);
ask.onclick = () => sure.showModal(); yes.onclick = () => { sure.close(); said.textContent = "Gone for good"; };
g.oninput = () => { filled.textContent = [...new FormData(g).values()].join(" | "); };
f.oninput = () => { const d = new FormData(f); said.textContent = [d.get("day"), d.get("note"), d.get("size"), d.get("ok"), d.get("tone"),
  d.get("photo").name].join(" | "); };
onkeydown = (e) => { keys.textContent = e.key; };
document.title += localStorage.seen ?? ""; said.textContent = localStorage.seen ?? "new here"; localStorage.seen = "seen before";
"""

#: acts that are so → an act in place of the last one that is not
WALKS = {
    "a click": (("click button Add piece", "see 15 pieces"), "see 16 pieces"),
    "whole words only": (("see 14",), "see 4"),
    "whole numbers only": (("see 4.50",), "see 50"),
    "what is hidden": (("miss Secret words",), "see Secret words"),
    "closed lists": (("see Small", "miss Large"), "see Large"),
    "order": (("see First one before Second one",), "see Second one before First one"),
    "any words": (("see First*Second one",), "see Second*First one"),
    "the dialog on top": (("click button Delete", "see Really?", "click button Delete", "see Gone for good"), "miss Gone for good"),
    "typing": (("fill Note = new $me", "see new Demo in css #said"), "see old in css #said"),
    "a day": (("fill Day = 2026-03-04", "see 2026-03-04 in css #said"), "see 2026-03-05 in css #said"),
    "a list": (("pick Size = Large", "see Large in css #said"), "see Small in css #said"),
    "what is missing": (("complete css #g", "see Written by a visitor | 2026-02-03 | Blue in css #filled"), "see Choose in css #filled"),
    "a check box": (("check Agree", "see on in css #said", "uncheck Agree", "miss on in css #said"), "see on in css #said"),
    "a radio button": (("choose Dark", "see dark in css #said"), "miss dark in css #said"),
    "a file": (("upload Photo = cat.png", "see cat.png in css #said"), "see dog.png in css #said"),
    "a key": (("press ArrowLeft", "see ArrowLeft in css #keys"), "see none in css #keys"),
    "a link": (("click link Other page", "at /other"), "at /"),
    "going back": (("click link Other page", "at /other", "back", "at /"), "at /other"),
    "what was kept": (("keep n = css .count", "click button Add piece", "see 15 pieces", "differs css .count from $n"),
                      "equals css .count to $n"),
    "what stayed": (("keep n = css .sum", "equals css .sum to $n"), "differs css .sum from $n"),
    "an address": (("click link Other page", "keep here = address", "open /", "open $here", "at /other"), "at /"),
    "counting": (("count css main > p is 5",), "count css main > p is 6"),
    "at least": (("count css main > p >= 2",), "count css main > p <= 2"),
    "a colour": (("style background-color of button Dead is #00408a",), "style background-color of button Dead is #00408b"),
    "the ground": (("style background-color of css main is white",), "style background-color of css main is black"),
    "a download": (("click link Export", "downloads orders-*.csv"), "downloads customers-*.csv"),
    "a button": (("see button Dead",), "miss button Dead"),
    "a name as a whole": (("miss button Add",), "see button Add"),
    "a fresh tab": (("see new here",), "see seen before"),
    "loading again": (("reload", "see seen before"), "see new here"),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with session((SCRIPT,)) as running:
        yield running


@pytest.fixture
def walk(browser):
    """Carry out checks on a site; what each came to, by id."""

    def run(checks, pages=None, ground=None, patience=0.8, again=False):
        found = {"/": page("Things", BODY, script=CODE), "/other": page("Other", "<p>Here</p>")}
        site = Site({**found, **(pages or {})})

        async def work(chromium, proxy):
            return await Walker(chromium, ground or Ground(), checks, patience=patience, again=again).run()

        with site.served() as socket:
            return {walk.result.check: walk for walk in browser.run(socket, work, lambda: None, 120)}

    return run


def check(name, *acts, who="owner"):
    return BrowserCheck(id=name, feature=f"things.{name}", title=name, who=who, acts=("open /", *acts))


def test_what_is_so_passes(walk):
    done = walk([check(name, *acts) for name, (acts, _) in WALKS.items()], patience=5.0)
    assert {name: w.result.message for name, w in done.items() if not w.result.passed} == {}


def test_what_is_not_so_fails_at_its_act_with_a_picture(walk):
    done = walk([check(name, *acts[:-1], wrong) for name, (acts, wrong) in WALKS.items()])
    assert {name for name, w in done.items() if w.result.passed} == set()
    for name, (_, wrong) in WALKS.items():
        assert done[name].result.message.startswith(wrong), done[name].result.message
        assert done[name].picture.startswith(b"\x89PNG")


IMPOSSIBLE = (
    "click button Nothing",
    "fill Nothing = x",
    "pick Size = Huge",
    "check Nothing",
    "upload Nothing = cat.png",
    "click css #none",
)


def test_what_cannot_be_done_fails(walk):
    done = walk([check(act, act, "see Things") for act in IMPOSSIBLE])
    assert all(done[act].result.message.startswith(act) for act in IMPOSSIBLE)


def test_an_act_that_nobody_understands_fails(walk):
    assert "no word 'dance'" in walk([check("x", "dance", "see Things")])["x"].result.message


def test_what_failed_once_is_tried_again_and_says_so(walk):
    times = []

    def shaky(request):
        times.append(1)
        return page("Shaky", "<p>Ready</p>" if len(times) > 1 else "<p>Busy</p>")

    done = walk([check("x", "open /shaky", "see Ready")], {"/shaky": shaky}, again=True)
    assert done["x"].result.passed
    assert done["x"].result.message.startswith("passed when tried again; at first: see Ready")


LOGIN = page(
    "Sign in",
    '<form id="f"><label>Email <input id="e"></label><label>Password <input id="p" type="password"></label><button>Sign in</button></form>',
    script="f.onsubmit = async (x) => { x.preventDefault(); await fetch('/api/login', {method: 'POST', body: e.value}); location.href = '/me'; };",
)
JOIN = page(
    "Join",
    '<form id="f"><label>Name <input id="n"></label><label>Email <input id="e"></label><label>Password <input type="password"></label>'
    "<button>Create account</button></form>",
    script="f.onsubmit = async (x) => { x.preventDefault(); await fetch('/api/join', {method: 'POST', body: n.value}); location.href = '/me'; };",
)


def test_who_walks_is_signed_in_once(walk):
    entered = []

    def enter(request):
        entered.append(request.body.decode())
        return (*as_json({}), ("Set-Cookie", f"who={entered[-1].split('@')[0].split()[0]}; Path=/"))

    def me(request):
        return page("Me", f"<p>I am {request.headers.get('Cookie', 'nobody')}</p>")

    pages = {"/login": LOGIN, "/join": JOIN, "/me": me, "POST /api/login": enter, "POST /api/join": enter}
    kinds = {"login": PageKind.LOGIN, "join": PageKind.REGISTER}
    login, join = (Page(slug=s, path=f"/{s}", sample=f"/{s}", title=s, kind=k) for s, k in kinds.items())
    ground = Ground(login=login, register=join, email="admin@example.com", password="right")
    checks = [
        check(f"{who}{n}", "open /me", f"see {words}", who=who)
        for who, words in (("owner", "who=admin"), ("member", "who=Robin"), ("visitor", "nobody"))
        for n in (1, 2)
    ]
    done = walk(checks, pages, ground, patience=5.0)
    assert {name: w.result.message for name, w in done.items() if not w.result.passed} == {}
    assert sorted(entered) == ["Robin Walker", "admin@example.com"]


def test_nobody_walks_where_nobody_can_enter(walk):
    assert walk([check("x", "see Things", who="member")])["x"].result.message == "nobody could register an account"
