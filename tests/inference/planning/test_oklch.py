import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.planning.oklch import contrast, from_hex, keeps, mixed, readable, to_hex

colors = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#000080", "#ffffff", 16.01)]
)
def test_contrast_is_that_of_wcag(one, other, ratio):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


@settings(deadline=None)
@given(colors)
def test_a_colour_survives_the_way_there_and_back(color):
    assert to_hex(from_hex(color)) == color


@settings(deadline=None)
@given(colors, colors)
def test_a_readable_shade_exists_on_any_ground(color, ground):
    assert contrast(readable(color, (ground,), 4.5), ground) >= 4.5


def test_a_colour_that_can_be_read_stays_exactly():
    assert readable("#8b0000", ("#ffffff", "#d3d3d3"), 4.5) == "#8b0000"


def test_the_change_is_small_and_keeps_the_hue():
    shade = readable("#bc8f8f", ("#fdf5e6",), 4.5)
    assert keeps(shade, ["#fdf5e6"], 4.5)
    assert contrast(shade, "#fdf5e6") < 4.7
    assert from_hex(shade).hue == pytest.approx(from_hex("#bc8f8f").hue, abs=2)


def test_mixing_takes_shares():
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    assert mixed("#123456", "#ffffff", 1) == "#123456"
