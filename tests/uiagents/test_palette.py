"""The colours derived from a plan's tokens: readable wherever they are used, whatever was asked for."""

from __future__ import annotations

import random

import pytest

from synergy.core.types import DesignTokens, Palette
from tests.factories import palettes
from uiagents.palette import COVERS, SERIES, contrast, mix, readable, stylesheet_values, tint

TONES = ("neutral", "info", "success", "warning", "danger")
READ = [
    *(("text", ground) for ground in ("background", "surface", "hover", "danger-ground")),
    *(("muted", ground) for ground in ("background", "surface", "hover", "sunken")),
    *(("link", ground) for ground in ("background", "surface", "hover")),
    ("on-primary", "primary"), ("on-primary", "primary-hover"), ("on-accent", "accent"), ("on-danger", "danger"), ("on-danger", "danger-hover"),
    *((f"cover-{n}-ink", f"cover-{n}{end}") for n in range(1, len(COVERS) + 1) for end in ("-from", "-end")),
    *((f"{tone}-text", f"{tone}-ground") for tone in TONES), *((f"{tone}-text", ground) for tone in TONES for ground in ("background", "surface")),
]  # fmt: skip
SEEN = [
    (name, ground)
    for name in ("focus", "primary-edge", *(f"series-{n}" for n in range(1, SERIES + 1)))
    for ground in ("background", "surface")
]


def palette(background: str, primary: str) -> Palette:
    """A palette as a planner would make it: text in black or white, everything else pulled to where it can be read."""
    text = max(("#000000", "#ffffff"), key=lambda c: contrast(c, background))
    surface = tint(background, "#ffffff" if text == "#000000" else "#000000", 0.5, (text,))
    grounds = (background, surface)
    pulled = {name: readable(c, grounds, 4.8, text) for name, c in (("muted", mix(background, text, 0.6)), ("danger", "#c81e1e"),
              ("success", "#15803d"), ("warning", "#b45309"), ("border", mix(background, text, 0.4)))}  # fmt: skip
    on = {name: max(("#000000", "#ffffff"), key=lambda c, g=ground: contrast(c, g))
          for name, ground in (("on_primary", primary), ("on_danger", pulled["danger"]), ("on_accent", mix(background, primary, 0.2)))}  # fmt: skip
    return Palette(
        background=background, surface=surface, text=text, primary=primary, accent=mix(background, primary, 0.2), **pulled, **on
    )


def asked() -> list[tuple[str, str]]:
    dice = random.Random(7)
    named = [("#ffffff", "#000080"), ("#ffe4e1", "#b22222"), ("#000000", "#ffff00"), ("#fafad2", "#6b8e23"), ("#faf0e6", "#800000"),
             ("#ffffff", "#ffffff"), ("#808080", "#808080"), ("#00ff00", "#ff00ff")]  # fmt: skip
    return named + [(f"#{dice.randrange(1 << 24):06x}", f"#{dice.randrange(1 << 24):06x}") for _ in range(60)]


def weak(tokens: DesignTokens) -> list[str]:
    return [
        f"{theme}: {one} {values[one]} on {other} {values[other]} has {contrast(values[one], values[other]):.2f}"
        for theme, values in zip(("light", "dark"), stylesheet_values(tokens), strict=True)
        for pairs, least in ((READ, 4.5), (SEEN, 3.0))
        for one, other in pairs
        if contrast(values[one], values[other]) < least
    ]


@pytest.mark.parametrize(("background", "primary"), asked())
def test_what_is_derived_can_be_read_whatever_was_asked_for(background, primary):
    made = palette(background, primary)
    assert contrast(made.text, made.surface) >= 4.5
    assert weak(DesignTokens(light=made, dark=made)) == []


def test_a_text_that_cannot_be_read_is_seen():
    tokens = palettes()
    pale = tokens.light.model_copy(update={"muted": "#cccccc"})
    assert any("muted" in line for line in weak(tokens.model_copy(update={"light": pale})))


def test_planned_colours_are_used_as_they_are():
    light, dark = stylesheet_values(palettes())
    for name, colour in palettes().light.model_dump().items():
        assert light[name.replace("_", "-")] == colour
    assert dark["background"] == palettes().dark.background
    assert light["series-1"] == palettes().chart[0]


def test_chart_colours_are_six_and_differ():
    for values in stylesheet_values(palettes()):
        assert len({values[f"series-{n}"] for n in range(1, SERIES + 1)}) == SERIES


def test_covers_keep_to_the_main_colour_and_a_grey_one_stays_grey():
    light, _ = stylesheet_values(palettes())
    assert light["cover-5-from"] == palettes().light.primary
    grey = palettes().light.model_copy(update={"primary": "#444444"})
    covers = stylesheet_values(palettes().model_copy(update={"light": grey}))[0]
    assert {covers[f"cover-{n}-ink"] for n in range(1, 5)} == {"#444444"}


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
