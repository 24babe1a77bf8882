"""The words of browser checks: what is an act, what is none, and what a check must have."""

from __future__ import annotations

import re

import pytest

from synergy.core.acts import PROVES, BadAct, parse, parse_check, parse_checks, quoted
from synergy.core.types import BrowserCheck

NASTY = 'a "b" \\ = c in css d before $e * §'

PARTS = {
    "open /tools/1?tab=a": ("", "/tools/1?tab=a", "", "", ""),
    "open $record": ("", "", "$record", "", ""),
    "reload": ("", "", "", "", ""),
    "click button Add review": ("button", "Add review", "", "", ""),
    'click link "Go = on" in css main': ("link", "Go = on", "", "main", ""),
    "click css [data-id='1'] > b": ("css", "[data-id='1'] > b", "", "", ""),
    "fill Due on = today+3": ("", "Due on", "today+3", "", ""),
    'fill "A = b" = c = d': ("", "A = b", "c = d", "", ""),
    "fill Note =": ("", "Note", "", "", ""),
    'fill css [name="x"] = 1': ("css", '[name="x"]', "1", "", ""),
    "pick Sort by = Name: A to Z": ("", "Sort by", "Name: A to Z", "", ""),
    "complete css form.intake": ("", "form.intake", "", "", ""),
    "choose Dark": ("", "Dark", "", "", ""),
    "upload Photo = cat.png": ("", "Photo", "", "", "cat.png"),
    r'upload File = rows.csv "a,b\n1,2"': ("", "File", "a,b\n1,2", "", "rows.csv"),
    "press ArrowLeft on css .board": ("", "ArrowLeft", "", ".board", ""),
    "press Control+Enter": ("", "Control+Enter", "", "", ""),
    "drag css #a to css #b": ("", "#a", "", "#b", ""),
    "see Thank you": ("", "Thank you", "", "", ""),
    "see Thank you in css .toast": ("", "Thank you", "", ".toast", ""),
    'see "in css main" in css .toast': ("", "in css main", "", ".toast", ""),
    "see Ada before Ben": ("", "Ada", "Ben", "", ""),
    'see "button Save"': ("", "button Save", "", "", ""),
    "see button Save": ("button", "Save", "", "", ""),
    "miss css li": ("css", "li", "", "", ""),
    "count css li >= 3": ("", "li", "3", "", ">="),
    "at /tools/*": ("", "/tools/*", "", "", ""),
    "keep total = css .total b": ("", ".total b", "total", "", ""),
    "keep record = address": ("", "", "record", "", "address"),
    "differs css .total from $total": ("", ".total", "total", "", ""),
    "equals css .total to $total": ("", ".total", "total", "", ""),
    "style background-color of button Sign in is #000080": ("button", "Sign in", "#000080", "", "background-color"),
    "downloads orders-*.csv": ("", "orders-*.csv", "", "", ""),
}


@pytest.mark.parametrize("text", PARTS)
def test_an_act_is_read(text):
    act = parse(text)
    assert (act.what, act.name.text, act.value.text, act.where, act.how) == PARTS[text]


@pytest.mark.parametrize(
    "text",
    [
        "", "tap button Save", "Click button Save", "click Save", "click button", "open tools", "open", "fill Name", "pick Name =", "see",
        "count css li = 3", "count css li is many", "at tools", "keep 1st = css b", "drag #a to #b", "press", "reload now",
        "upload Photo = cat.exe", "upload File = rows.csv", 'upload Photo = cat.png "x"', 'see he said "no"', "see a\nb",
        "complete Name", "style color of Save is red", "differs css b from total", "wait 3",
    ],
)  # fmt: skip
def test_what_is_no_act_is_refused(text):
    with pytest.raises(BadAct):
        parse(text)


def test_quoted_text_is_taken_to_the_letter():
    act = parse(f"see {quoted(NASTY)} in css main")
    assert (act.name.text, act.name.quoted, act.where) == (NASTY, True, "main")
    assert re.fullmatch(act.name.pattern({}), NASTY)
    assert not re.fullmatch(act.name.pattern({}), NASTY.replace("*", "x"))


def test_a_star_stands_for_anything_and_a_name_for_what_was_kept():
    words = parse("see Hello $me, *").name
    assert words.filled({"me": "Ada"}) == "Hello Ada, *"
    assert re.fullmatch(words.pattern({"me": "A.a"}), "Hello  A.a, welcome")
    assert not re.fullmatch(words.pattern({"me": "A.a"}), "Hello Ada, welcome")


def check(*acts: str, name: str = "x") -> BrowserCheck:
    return BrowserCheck(id=name, feature="tools.list", title="x", acts=acts)


BAD = {
    "nothing": (),
    "no page": ("click button Save", "see saved"),
    "no proof": ("open /", "see it", "click button Save"),
    "a name that was not kept": ("open /", "see $total"),
    "a name that is kept too late": ("open /", "differs css b from $total", "keep total = css b", "see it"),
    "no act": ("open /", "look around", "see it"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_check_that_could_not_fail_is_refused(case):
    with pytest.raises(BadAct, match="Check x: "):
        parse_check(check(*BAD[case]))


def test_names_are_known_after_they_were_kept():
    acts = parse_check(check("open /", "keep total = css b", "fill Name = $me $run", "differs css b from $total"))
    assert [act.verb for act in acts][-1] in PROVES


def test_two_checks_have_two_names():
    with pytest.raises(BadAct, match="Two checks are called x"):
        parse_checks([check("open /", "see it"), check("open /", "see it")])
