"""How much two pictures differ: the counts of pixelmatch (threshold 0.1, anti-aliasing not counted), computed with arrays.

The reference looks at one pixel after the other, which takes minutes where two screens differ a lot. This looks at all changed
pixels at once and gives the same numbers; the tests hold it against the reference.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

THRESHOLD = 0.1
MAX_DELTA = 35215 * THRESHOLD**2  #: 35215 is the greatest possible distance in YIQ
CHUNK = 1 << 16  #: changed pixels that are looked at together; bounds the memory
FADED = 0.1  #: opacity of unchanged pixels in the picture of the difference
RED, YELLOW = (255, 0, 0), (255, 255, 0)
NEIGHBOURS = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]  #: in the order of the reference

Pixels = NDArray[np.uint8]  #: (height, width, 4), RGBA
Colours = NDArray[np.uint32]  #: (height, width), one number for each colour
Indexes = NDArray[np.intp]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """``picture`` is a PNG: changed pixels red, those of anti-aliasing yellow, the rest faded; None when nothing differs."""

    pixels: int
    ratio: float  #: of all pixels, in [0, 1]
    box: tuple[int, int, int, int] | None  #: left, top, right, bottom of what changed
    picture: bytes | None
    resized: str = ""  #: "800 x 600 to 800 x 640" when the sizes differ, which counts as a change of everything


def compare(before: bytes, after: bytes) -> Difference:
    """Compare two PNG files."""
    if before == after:
        return Difference(0, 0.0, None, None)
    first, second = load(before), load(after)
    if first.shape != second.shape:
        (h1, w1), (h2, w2) = first.shape[:2], second.shape[:2]
        return Difference(max(h1 * w1, h2 * w2), 1.0, (0, 0, max(w1, w2), max(h1, h2)), None, f"{w1} x {h1} to {w2} x {h2}")
    changed, smoothed = differing(first, second)
    box = None
    if len(changed):
        y, x = np.divmod(changed, first.shape[1])
        box = int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1
    return Difference(len(changed), len(changed) / (first.shape[0] * first.shape[1]), box, _draw(first, changed, smoothed))


def load(png: bytes) -> Pixels:
    """The pixels of a PNG, what is transparent laid on white."""
    with Image.open(io.BytesIO(png)) as image:
        rgba = image.convert("RGBA")
        pixels = np.asarray(rgba)
        if pixels[..., 3].min() < 255:
            rgba = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
            pixels = np.asarray(rgba)
        return pixels


def differing(first: Pixels, second: Pixels) -> tuple[Indexes, Indexes]:
    """Flat indexes of the pixels that differ, and of those that only differ by anti-aliasing. The shapes must be equal."""
    colours1, colours2 = (np.ascontiguousarray(image).view(np.uint32)[..., 0] for image in (first, second))
    flat1, flat2 = first.reshape(-1, 4), second.reshape(-1, 4)
    unequal = np.flatnonzero(colours1 != colours2)
    changed, smoothed = [unequal[:0]], [unequal[:0]]
    for start in range(0, len(unequal), CHUNK):
        index = unequal[start : start + CHUNK]
        index = index[_distance(flat1[index], flat2[index]) > MAX_DELTA]
        y, x = np.divmod(index, first.shape[1])
        soft = _antialiased(first, colours1, colours2, x, y)
        rest = np.flatnonzero(~soft)
        soft[rest] = _antialiased(second, colours2, colours1, x[rest], y[rest])
        changed.append(index[~soft])
        smoothed.append(index[soft])
    return np.concatenate(changed), np.concatenate(smoothed)


def _luma(colour: Pixels) -> Floats:
    c = colour.astype(np.float64)
    return c[..., 0] * 0.29889531 + c[..., 1] * 0.58662247 + c[..., 2] * 0.11448223


def _distance(one: Pixels, two: Pixels) -> Floats:
    """The squared distance of colours in YIQ, weighted as the eye sees it."""
    a, b = one.astype(np.float64), two.astype(np.float64)
    y = _luma(one) - _luma(two)
    i = (a[:, 0] * 0.59597799 - a[:, 1] * 0.27417610 - a[:, 2] * 0.32180189) - (
        b[:, 0] * 0.59597799 - b[:, 1] * 0.27417610 - b[:, 2] * 0.32180189
    )
    q = (a[:, 0] * 0.21147017 - a[:, 1] * 0.52261711 + a[:, 2] * 0.31114694) - (
        b[:, 0] * 0.21147017 - b[:, 1] * 0.52261711 + b[:, 2] * 0.31114694
    )
    return 0.5053 * y * y + 0.299 * i * i + 0.1957 * q * q


def _antialiased(image: Pixels, colours: Colours, others: Colours, x: Indexes, y: Indexes) -> Flags:
    """Which of the pixels lie on a slope of brightness between two plain areas, as a smoothed edge does."""
    height, width = colours.shape
    own = _luma(image[y, x])
    equal = _at_edge(x, y, width, height).astype(np.int8)
    low, high = np.zeros(len(x)), np.zeros(len(x))
    darkest, brightest = np.stack([x, y]), np.stack([x, y])
    for dx, dy in NEIGHBOURS:
        there = np.stack([x + dx, y + dy])
        inside = (there[0] >= 0) & (there[0] < width) & (there[1] >= 0) & (there[1] < height)
        there = np.where(inside, there, np.stack([x, y]))
        delta = np.where(inside, own - _luma(image[there[1], there[0]]), 0.0)
        equal += inside & (delta == 0)
        darker, brighter = delta < low, delta > high
        low, darkest = np.where(darker, delta, low), np.where(darker, there, darkest)
        high, brightest = np.where(brighter, delta, high), np.where(brighter, there, brightest)
    found = (equal <= 2) & (low < 0) & (high > 0)
    at = np.flatnonzero(found)
    plain = [_plain(colours, p[:, at]) & _plain(others, p[:, at]) for p in (darkest, brightest)]
    found[at] = plain[0] | plain[1]
    return found


def _plain(colours: Colours, points: Indexes) -> Flags:
    """Which of the points (2, n) have at least three neighbours of just their colour; the edge of the picture counts as one."""
    height, width = colours.shape
    x, y = points
    own = colours[y, x]
    equal = _at_edge(x, y, width, height).astype(np.int8)
    for dx, dy in NEIGHBOURS:
        nx, ny = x + dx, y + dy
        inside = (nx >= 0) & (nx < width) & (ny >= 0) & (ny < height)
        equal += inside & (colours[np.where(inside, ny, y), np.where(inside, nx, x)] == own)
    plain: Flags = equal > 2
    return plain


def _at_edge(x: Indexes, y: Indexes, width: int, height: int) -> Flags:
    edge: Flags = (x == 0) | (x == width - 1) | (y == 0) | (y == height - 1)
    return edge


def _draw(image: Pixels, changed: Indexes, smoothed: Indexes) -> bytes:
    grey = 255 + (_luma(image) - 255) * FADED
    canvas = np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2).reshape(-1, 3)
    canvas[smoothed] = YELLOW
    canvas[changed] = RED
    out = io.BytesIO()
    Image.fromarray(canvas.reshape((*image.shape[:2], 3))).save(out, "PNG", compress_level=1)
    return out.getvalue()
