"""The counts of the array version are those of pixelmatch."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw
from pixelmatch.contrib.PIL import pixelmatch

from visual.diff import compare, differing, load


def png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def screen(size=(160, 120), shift=0, colour="navy", text="Orders"):
    """Something like a page: text, a circle and lines, all with smoothed edges."""
    big = Image.new("RGB", (size[0] * 4, size[1] * 4), "white")
    draw = ImageDraw.Draw(big)
    draw.ellipse((40 + shift, 40, 200 + shift, 200), fill=colour)
    draw.line((0, 300 + shift, size[0] * 4, 420), fill="black", width=7)
    draw.text((260 + shift, 60), text, fill="black", font_size=90)
    return big.resize(size, Image.Resampling.LANCZOS)


def reference(one, two):
    picture = Image.new("RGBA", one.size)
    return pixelmatch(one, two, picture), np.asarray(picture)[..., :3]


@pytest.mark.parametrize(
    "other",
    [
        screen(shift=1),
        screen(shift=9),
        screen(colour="red"),
        screen(text="Order"),
        Image.new("RGB", (160, 120), "black"),
        screen(),
    ],
    ids=["a hair", "shifted", "colour", "text", "all", "same"],
)
def test_count_and_picture_equal_those_of_pixelmatch(other):
    count, picture = reference(screen(), other)
    got = compare(png(screen()), png(other))
    assert got.pixels == count
    if count:
        np.testing.assert_array_equal(load(got.picture)[..., :3], picture)


@pytest.mark.parametrize("seed", range(12))
def test_random_pictures_give_the_same_count_and_picture(seed):
    rng = np.random.default_rng(seed)
    width, height = (int(n) for n in rng.integers(1, 40, 2))
    levels = int(rng.integers(2, 40))  # few colours make many equal neighbours
    one = (rng.integers(0, levels, (height, width, 3)) * (255 // levels)).astype(np.uint8)
    two = one.copy()
    where = rng.random((height, width)) < rng.random()
    two[where] = (rng.integers(0, levels, (int(where.sum()), 3)) * (255 // levels)).astype(np.uint8)
    first, second = Image.fromarray(one), Image.fromarray(two)
    count, picture = reference(first, second)
    got = compare(png(first), png(second))
    assert got.pixels == count
    assert got.ratio == count / (width * height)
    if got.picture:
        np.testing.assert_array_equal(load(got.picture)[..., :3], picture)


def test_the_box_holds_what_changed():
    one, two = Image.new("RGB", (50, 40), "white"), Image.new("RGB", (50, 40), "white")
    two.paste("black", (10, 5, 20, 15))
    got = compare(png(one), png(two))
    assert (got.pixels, got.box) == (100, (10, 5, 20, 15))


def test_equal_files_are_not_even_decoded():
    assert compare(b"same", b"same").pixels == 0


def test_another_size_is_a_change_of_everything():
    got = compare(png(Image.new("RGB", (10, 10))), png(Image.new("RGB", (10, 12))))
    assert (got.ratio, got.pixels, got.resized) == (1.0, 120, "10 x 10 to 10 x 12")


def test_transparency_is_laid_on_white():
    clear, white = Image.new("RGBA", (4, 4), (0, 0, 0, 0)), Image.new("RGBA", (4, 4), "white")
    assert compare(png(clear), png(white)).pixels == 0


def test_two_quite_different_big_screens_take_no_minutes():
    rng = np.random.default_rng(1)
    one, two = (rng.integers(0, 255, (1080, 1920, 4), dtype=np.uint8) for _ in range(2))
    changed, smoothed = differing(one, two)
    assert len(changed) + len(smoothed) > 1_000_000
