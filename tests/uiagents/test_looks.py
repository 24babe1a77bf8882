"""How records look, by the layout of the application and by their fields."""

from __future__ import annotations

import pytest

from synergy.core.plans import LAYOUTS, Kind, PlanField
from tests.factories import customer, everything, lonely, order, plan
from tests.uiagents.sites import (
    CLAIM,
    ESSAY,
    GENRE,
    GOODS,
    PRIZE,
    REMARK,
    REPLY,
    SCORE,
    WHALE,
    laid_out,
    public_site,
    rendered,
)
from uiagents.looks import MAIN, ORDER, look_of
from uiagents.screens import Screen, featured, prominent


@pytest.mark.parametrize(
    ("made", "layout", "look"),
    [
        (GOODS, "shop", "product"), (GOODS, "directory", "listing"), (ESSAY, "content", "post"), (ESSAY, "shop", "post"),
        (REMARK, "shop", "comment"), (REPLY, "content", "comment"), (WHALE, "directory", "listing"), (WHALE, "community", "talk"),
        (GENRE, "content", "topic"), (CLAIM, "shop", "record"), (PRIZE, "game", "listing"), (SCORE, "game", "record"),
        (customer(), "directory", "person"), (order(), "shop", "record"),
    ],
)  # fmt: skip
def test_a_record_looks_like_what_its_fields_tell(made, layout, look):
    assert look_of(laid_out(layout, made), made) == look


def test_what_visitors_do_not_see_is_for_work_and_has_no_picture():
    sighted = PlanField(name="sighted_on", label="Sighted on", kind=Kind.DATE)
    ticket = WHALE.model_copy(update={"fields": (*WHALE.fields, sighted)})
    opened = laid_out("shop", ticket)
    closed = opened.model_copy(update={"pages": tuple(p.model_copy(update={"public": False}) for p in opened.pages)})
    assert (look_of(opened, ticket), look_of(closed, ticket)) == ("listing", "talk")


@pytest.mark.parametrize("layout", ["dashboard", "tool"])
def test_where_work_is_done_every_record_is_plain(layout):
    assert {look_of(laid_out(layout, made), made) for made in (GOODS, ESSAY, REMARK, WHALE, customer())} == {"record"}


def test_what_a_site_is_about_comes_first():
    shop = laid_out("shop", GENRE, CLAIM, REMARK, GOODS)
    assert [screen.one for screen in prominent(shop)] == ["Vase", "Customer", "Opinion", "Genre", "Claim"]
    opened = public_site().model_copy(update={"layout": "shop"})
    assert [screen.one for screen in featured(opened)] == ["Customer", "Order"]
    assert {look for looks in MAIN.values() for look in looks} <= set(ORDER)


def test_a_card_says_the_price_the_author_and_the_day_once():
    goods = Screen(laid_out("shop", GOODS), GOODS)
    assert [f.name for f in goods.shown_on_card] == ["maker", "price"]
    essay = Screen(laid_out("content", ESSAY), ESSAY)
    assert [f.name for f in essay.shown_on_card] == ["writer", "posted_on"]
    assert (goods.view, essay.view, Screen(laid_out("game", SCORE), SCORE).view) == ("cards", "cards", "table")


def test_only_a_game_ranks_by_points():
    assert Screen(laid_out("game", SCORE), SCORE).points is not None
    assert Screen(laid_out("content", SCORE), SCORE).points is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_has_its_own_style_and_no_other(layout):
    files = rendered(public_site().model_copy(update={"layout": layout}))
    kinds = [path for path in files if "/styles/kinds/" in path]
    assert kinds == [f"frontend/src/styles/kinds/{layout}.css"]
    assert f"./kinds/{layout}.css" in files["frontend/src/styles/index.css"]
    assert f'layout: "{layout}"' in files["frontend/src/site.ts"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_whatever_is_kept_can_be_laid_out(layout):
    wild = plan(everything(), lonely(), customer()).model_copy(update={"layout": layout})
    assert any("RowCard" in path for path in rendered(wild))
