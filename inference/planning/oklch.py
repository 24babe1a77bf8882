"""Colour arithmetic: sRGB ↔ OKLCH and WCAG contrast. Colours are ``#rrggbb`` outside, (L 0..1, C, h in degrees) inside."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

STEP = 0.005  #: of lightness, when a readable shade is looked for


class Oklch(NamedTuple):
    lightness: float
    chroma: float
    hue: float


def _linear(hex_color: str) -> tuple[float, float, float]:
    """Linear-light red, green and blue, 0..1."""
    parts = (int(hex_color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return red, green, blue


def luminance(hex_color: str) -> float:
    """WCAG relative luminance, 0..1."""
    red, green, blue = _linear(hex_color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=4096)
def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio, 1..21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def from_hex(hex_color: str) -> Oklch:
    red, green, blue = _linear(hex_color)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Oklch(lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)


def _to_linear(color: Oklch) -> tuple[float, float, float]:
    a, b = color.chroma * math.cos(math.radians(color.hue)), color.chroma * math.sin(math.radians(color.hue))
    long = (color.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (color.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (color.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def to_hex(color: Oklch) -> str:
    """The nearest colour a screen can show: chroma gives way, lightness and hue stay."""
    lightness = min(1.0, max(0.0, color.lightness))
    low, high = 0.0, color.chroma
    if not _shown(color._replace(lightness=lightness)):
        for _ in range(18):
            middle = (low + high) / 2
            low, high = (middle, high) if _shown(Oklch(lightness, middle, color.hue)) else (low, middle)
        color = color._replace(chroma=low)
    parts = (min(1.0, max(0.0, c)) for c in _to_linear(color._replace(lightness=lightness)))
    coded = (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in parts)
    return "#" + "".join(f"{round(c * 255):02x}" for c in coded)


def _shown(color: Oklch) -> bool:
    return all(-0.0005 <= c <= 1.0005 for c in _to_linear(color))


def keeps(color: str, grounds: Iterable[str], ratio: float) -> bool:
    return all(contrast(color, ground) >= ratio for ground in grounds)


@lru_cache(maxsize=2048)
def readable(color: str, grounds: tuple[str, ...], ratio: float) -> str:
    """``color`` itself when it keeps ``ratio`` on all grounds, else its nearest shade that does, else black or white."""
    if keeps(color, grounds, ratio):
        return color
    start = from_hex(color)
    for step in range(1, round(1 / STEP) + 1):
        for lightness in (start.lightness - step * STEP, start.lightness + step * STEP):
            shade = to_hex(start._replace(lightness=lightness))
            if 0 <= lightness <= 1 and keeps(shade, grounds, ratio):
                return shade
    return max(("#000000", "#ffffff"), key=lambda ink: min(contrast(ink, ground) for ground in grounds))


def mixed(color: str, ground: str, share: float) -> str:
    """``color`` laid over ``ground`` with the opacity ``share``."""
    pairs = ((int(color[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(share * c + (1 - share) * g):02x}" for c, g in pairs)
