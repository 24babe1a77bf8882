import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.planning.check import PAIRS
from inference.planning.oklch import contrast, from_hex
from inference.planning.palette import make_tokens

colors = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def problems(palette):
    values = palette.model_dump()
    return [(ink, ground) for ink, ground, least in PAIRS if contrast(values[ink], values[ground]) < least]


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({}, optional={role: colors for role in ("background", "components", "text")}), st.floats(0, 359))
def test_any_wish_gives_palettes_that_can_be_read(asked, hue):
    tokens = make_tokens({role: (color, color) for role, color in asked.items()}, hue)
    assert problems(tokens.light) == []
    assert problems(tokens.dark) == []
    if "background" in asked:
        assert tokens.light.background == asked["background"]


@pytest.mark.parametrize(
    ("background", "components"),
    [
        ("#d3d3d3", "#8b0000"),
        ("#ffe4e1", "#b22222"),
        ("#ffffff", "#000080"),
        ("#faf0e6", "#800000"),
        ("#f5fffa", "#008080"),
        ("#000000", "#ffd700"),
    ],
)
def test_colours_that_can_be_read_are_kept_exactly(background, components):
    tokens = make_tokens({"background": ("b", background), "components": ("c", components)}, 200)
    assert (tokens.light.background, tokens.light.primary) == (background, components)
    assert tokens.adjusted == ()


def test_a_colour_that_cannot_be_text_is_kept_on_components():
    tokens = make_tokens({"background": ("old lace", "#fdf5e6"), "components": ("rosy brown", "#bc8f8f")}, 200)
    assert (tokens.light.background, tokens.light.primary) == ("#fdf5e6", "#bc8f8f")
    assert contrast(tokens.light.on_primary, "#bc8f8f") >= 4.5
    assert tokens.adjusted == ()


def test_a_text_that_cannot_be_read_is_moved_and_that_is_said():
    tokens = make_tokens({"background": ("old lace", "#fdf5e6"), "text": ("rosy brown", "#bc8f8f")}, 200)
    assert tokens.light.text != "#bc8f8f"
    (note,) = tokens.adjusted
    assert "rosy brown" in note
    assert "2.6:1" in note


def test_white_on_white_is_resolved_and_said():
    tokens = make_tokens({"background": ("white", "#ffffff"), "components": ("white", "#ffffff")}, 200)
    assert contrast(tokens.light.primary, "#ffffff") >= 4.5
    assert "1.0:1" in tokens.adjusted[0]


def test_without_a_wish_the_hue_of_the_subject_colours_a_nearly_white_ground():
    tokens = make_tokens({}, 150)
    assert from_hex(tokens.light.background).lightness > 0.97
    assert from_hex(tokens.light.primary).hue == pytest.approx(150, abs=4)
    assert tokens.asked == {}
    assert tokens.adjusted == ()


def test_both_themes_differ_and_a_dark_ground_serves_both():
    day = make_tokens({"background": ("ivory", "#fffff0")}, 200)
    assert from_hex(day.dark.background).lightness < 0.3
    night = make_tokens({"background": ("midnight blue", "#191970")}, 200)
    assert night.light.background == night.dark.background == "#191970"


def test_neighbours_in_a_chart_differ():
    chart = make_tokens({"components": ("navy", "#000080")}, 0).chart
    assert len(chart) == len(set(chart)) == 6
    assert chart[0] == "#000080"
