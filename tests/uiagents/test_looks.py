"""How records look, by the layout of the application and by their fields."""

from __future__ import annotations

import pytest

from synergy.core.plans import LAYOUTS
from synergy.core.types import Choice, Entity, Kind, Plan, PlanField
from tests.factories import customer, everything, lonely, order, plan
from tests.uiagents.sites import public_site, rendered
from uiagents.looks import MAIN, ORDER, look_of
from uiagents.screens import Screen, featured, prominent


def entity(name: str, *fields: tuple[str, Kind], display: str = "") -> Entity:
    made = tuple(
        PlanField(name=field, label=field.replace("_", " ").capitalize(), kind=kind, target="Customer" if kind is Kind.REF else "",
                  choices=(Choice(value="a", label="A"),) if kind is Kind.ENUM else ())
        for field, kind in fields
    )  # fmt: skip
    slug = f"{name.lower()}s"
    return Entity(
        name=name, slug=slug, table=slug, label=name, label_plural=f"{name}s", fields=made, display=display or made[0].name
    )


TEXT = ("description", Kind.TEXT)
GOODS = entity("Vase", ("name", Kind.STRING), ("maker", Kind.REF), ("price", Kind.MONEY), TEXT)
ESSAY = entity("Essay", ("title", Kind.STRING), ("writer", Kind.STRING), ("posted_on", Kind.DATE), ("text", Kind.TEXT))
REMARK = entity("Opinion", ("title", Kind.STRING), ("about", Kind.REF), ("stars", Kind.RATING), ("text", Kind.TEXT))
REPLY = entity("Reply", ("author", Kind.STRING), ("about", Kind.REF), ("text", Kind.TEXT))
WHALE = entity("Whale", ("name", Kind.STRING), ("length", Kind.DECIMAL), TEXT)
GENRE = entity("Genre", ("name", Kind.STRING), TEXT)
CLAIM = entity("Claim", ("number", Kind.STRING), ("person", Kind.REF), ("amount", Kind.MONEY), ("notes", Kind.TEXT))
PRIZE = entity("Prize", ("name", Kind.STRING), ("value", Kind.MONEY), ("left", Kind.INTEGER))
SCORE = entity("Result", ("player", Kind.STRING), ("points", Kind.INTEGER), ("played_on", Kind.DATE))


def site(layout: str, *entities: Entity) -> Plan:
    return plan(customer(), *entities, access="public_read").model_copy(update={"layout": layout})


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
    assert look_of(site(layout, made), made) == look


@pytest.mark.parametrize("layout", ["dashboard", "tool"])
def test_where_work_is_done_every_record_is_plain(layout):
    assert {look_of(site(layout, made), made) for made in (GOODS, ESSAY, REMARK, WHALE, customer())} == {"record"}


def test_what_a_site_is_about_comes_first():
    shop = site("shop", GENRE, CLAIM, REMARK, GOODS)
    assert [screen.one for screen in prominent(shop)] == ["Vase", "Customer", "Opinion", "Genre", "Claim"]
    opened = public_site().model_copy(update={"layout": "shop"})
    assert [screen.one for screen in featured(opened)] == ["Customer", "Order"]
    assert {look for looks in MAIN.values() for look in looks} <= set(ORDER)


def test_a_card_says_the_price_the_author_and_the_day_once():
    goods = Screen(site("shop", GOODS), GOODS)
    assert [f.name for f in goods.shown_on_card] == ["maker", "price"]
    essay = Screen(site("content", ESSAY), ESSAY)
    assert [f.name for f in essay.shown_on_card] == ["writer", "posted_on"]
    assert (goods.view, essay.view, Screen(site("game", SCORE), SCORE).view) == ("cards", "cards", "table")


def test_only_a_game_ranks_by_points():
    assert Screen(site("game", SCORE), SCORE).points is not None
    assert Screen(site("content", SCORE), SCORE).points is None


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
