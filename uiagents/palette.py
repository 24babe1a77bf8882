"""The colours a component library needs beyond the planned ones, all derived from the plan's tokens.

Every colour is ``#rrggbb``. Contrast is WCAG 2.1's ratio of relative luminances, 1..21. What is text here keeps at least 4.5:1 on
each ground it is used on, what only has to be seen (rings, edges, charts) 3:1, as far as the palette's own ``text`` does.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Iterable, Sequence

from synergy.core.types import DesignTokens, Palette

TEXT, SEEN = 4.5, 3.0
SERIES = 6  #: colours of charts
DISTINCT = 0.28  #: distance below which two chart colours look the same
STEP = 0.04
COVERS = (0.0, 0.05, -0.06, 0.11, -0.02, 0.02)  #: turns of the main hue for pictures that are drawn; the last two are strong
STRONG = 4  #: covers before the strong ones
GREY = 0.08  #: saturation below which a colour has no hue to turn
DEGREES = (0.0, 0.45, 0.12, 0.72, 0.28, 0.88)  #: hues around the wheel, far from each other first

Channels = tuple[float, float, float]


def stylesheet_values(tokens: DesignTokens) -> tuple[dict[str, str], dict[str, str]]:
    """Custom properties of the light and of the dark theme: name → colour, e.g. ``"on-primary": "#ffffff"``."""
    return _theme(tokens.light, tokens.chart), _theme(tokens.dark, tokens.chart)


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio, 1..21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def mix(ground: str, colour: str, share: float) -> str:
    """``share`` (0..1) of ``colour`` laid over ``ground``."""
    return _hex(tuple(a + (b - a) * share for a, b in zip(_channels(ground), _channels(colour), strict=True)))


def readable(colour: str, grounds: Sequence[str], ratio: float, toward: str) -> str:
    """The colour nearest to ``colour`` on the way to ``toward`` that keeps ``ratio`` on all grounds; ``toward`` if none does."""
    return next((c for c in _way(colour, toward) if all(contrast(c, g) >= ratio for g in grounds)), toward)


def tint(ground: str, colour: str, strongest: float, texts: Sequence[str]) -> str:
    """``ground`` with as much of ``colour`` as the texts on it bear, at most ``strongest``."""
    shares = (strongest * step / 8 for step in range(8, 0, -1))
    tints = (mix(ground, colour, share) for share in shares)
    return next((t for t in tints if all(contrast(t, text) >= TEXT for text in texts)), ground)


def _theme(palette: Palette, chart: Sequence[str]) -> dict[str, str]:
    planned = {name.replace("_", "-"): colour for name, colour in palette.model_dump().items()}
    grounds = (palette.background, palette.surface)
    link = readable(palette.primary, grounds, TEXT, palette.text)
    hover = tint(palette.surface, palette.text, 0.05, (palette.text, palette.muted, link))
    shared = {
        "link": link,
        "focus": readable(palette.primary, grounds, SEEN, palette.text),
        "hover": hover,
        "sunken": tint(palette.surface, palette.text, 0.08, (palette.text, palette.muted)),
        "hairline": mix(palette.surface, palette.border, 0.22),
        "primary-hover": _pressed(palette.primary, palette.on_primary),
        "primary-edge": readable(palette.primary, grounds, SEEN, palette.text),
        "danger-hover": _pressed(palette.danger, palette.on_danger),
    }
    return planned | shared | _tones(palette, hover) | _series(palette, chart) | _covers(palette)


def _pressed(colour: str, text: str) -> str:
    """A button under the pointer: away from its text, so that the contrast grows; toward it where there is no room."""
    away = "#000000" if _luminance(text) > _luminance(colour) else "#ffffff"
    candidates = (mix(colour, away, 0.14), mix(colour, text, 0.12))
    return next((c for c in candidates if contrast(c, text) >= TEXT), colour)


def _tones(palette: Palette, hover: str) -> dict[str, str]:
    """Ground and text of every tone, for badges and notices."""
    colours = {
        "neutral": palette.muted,
        "info": palette.primary,
        "success": palette.success,
        "warning": palette.warning,
        "danger": palette.danger,
    }
    found: dict[str, str] = {}
    for name, colour in colours.items():
        ground = tint(palette.surface, colour, 0.14, (palette.text,))
        found[f"{name}-ground"] = ground
        found[f"{name}-text"] = readable(colour, (ground, palette.surface, hover, palette.background), TEXT, palette.text)
    return found


def _series(palette: Palette, chart: Sequence[str]) -> dict[str, str]:
    """Chart colours: the planned ones first, then hues around the primary colour; told apart, and seen on the surface."""
    grounds = (palette.surface, palette.background)
    wanted = [*chart[:SERIES], *(_turned(palette.primary, d) for d in DEGREES)]
    seen = [readable(_lit(c, palette.surface), grounds, SEEN, palette.text) for c in wanted]
    chosen: list[str] = []
    for colour in seen:
        if all(_distance(colour, other) >= DISTINCT for other in chosen):
            chosen.append(colour)
    chosen += [colour for colour in dict.fromkeys(seen) if colour not in chosen]  # too alike, but better than none
    return {f"series-{i}": colour for i, colour in enumerate(chosen[:SERIES], start=1)}


def _covers(palette: Palette) -> dict[str, str]:
    """Ground, the other end of the ground, and ink of the pictures that are drawn for records: around the main colour."""
    found: dict[str, str] = {}
    for number, turn in enumerate(COVERS, start=1):
        colour = _hued(palette.primary, turn)
        if number <= STRONG:
            ends = (mix(palette.surface, colour, 0.14), mix(palette.surface, colour, 0.34))
            ink = readable(colour, ends, TEXT, palette.text)
        else:
            ends = (palette.primary, tint(palette.primary, colour, 0.6, (palette.on_primary,)))
            ink = palette.on_primary
        found |= {f"cover-{number}-from": ends[0], f"cover-{number}-end": ends[1], f"cover-{number}-ink": ink}
    return found


def _hued(colour: str, turn: float) -> str:
    """The colour with its hue turned; a grey stays a grey."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    return colour if saturation < GREY else _hex(colorsys.hls_to_rgb((hue + turn) % 1, lightness, saturation))


def _turned(colour: str, turn: float) -> str:
    """The colour with its hue turned (1 = once around), neither pale nor shrill."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    return _hex(colorsys.hls_to_rgb((hue + turn) % 1, min(max(lightness, 0.4), 0.6), min(max(saturation, 0.45), 0.65)))


def _lit(colour: str, ground: str) -> str:
    """The colour in the light of a theme: not too dark on a dark ground, not too bright on a bright one."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    light = max(lightness, 0.62) if _luminance(ground) < 0.18 else min(lightness, 0.5)
    return _hex(colorsys.hls_to_rgb(hue, light, min(saturation, 0.75) if light != lightness else saturation))


def _distance(one: str, other: str) -> float:
    """How far two colours are apart, 0..1.7."""
    return math.dist(_channels(one), _channels(other))


def _way(start: str, end: str) -> Iterable[str]:
    return (mix(start, end, step * STEP) for step in range(int(1 / STEP) + 1))


def _luminance(colour: str) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> Channels:
    red, green, blue = bytes.fromhex(colour[1:])
    return red / 255, green / 255, blue / 255


def _hex(channels: Sequence[float]) -> str:
    return "#" + "".join(f"{round(c * 255):02x}" for c in channels)
