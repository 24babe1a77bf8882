"""Design tokens: two palettes that keep WCAG AA, from the colours that were asked for, or from the hue of the domain."""

from __future__ import annotations

from collections.abc import Mapping

from inference.planning.oklch import Oklch, contrast, from_hex, keeps, mixed, readable, to_hex
from synergy.core.types import DesignTokens, Palette

TEXT, PART = 4.5, 3.0  #: WCAG AA: least contrast of text, and of the parts of a control
DANGER, SUCCESS, WARNING = Oklch(0.5, 0.19, 27), Oklch(0.48, 0.12, 150), Oklch(0.5, 0.11, 70)
CHART_TURNS = (0, 155, 65, 215, 305, 110)  #: degrees around the hue circle: neighbours in a chart differ clearly
TOLD_APART = 1.15  #: contrast from which a part in an asked colour is seen on its ground; its edge keeps more
NIGHT = 0.42  #: OKLCH lightness below which a ground serves both themes
ROLE_WORDS = {"background": "the background", "components": "components", "text": "text"}


def make_tokens(asked: Mapping[str, tuple[str, str]], hue: float, notes: tuple[str, ...] = ()) -> DesignTokens:
    """Tokens for ``asked`` (role → (words, ``#rrggbb``); roles: background, components, text).

    The asked background is kept exactly in the light theme; what cannot be read on it is moved to its nearest shade that can.
    ``notes`` says what was decided before (a colour named twice).
    """
    colors = {role: color for role, (_, color) in asked.items()}
    primary = colors.get("components") or to_hex(Oklch(0.47, 0.15, hue))
    ground = colors.get("background") or _default_ground(primary, asked=bool(colors))
    light = _palette(ground, primary, colors.get("text"), exact="components" in colors)
    night = ground if from_hex(ground).lightness < NIGHT else _night(ground, primary)
    dark = _palette(night, primary, None)
    return DesignTokens(
        light=light,
        dark=dark,
        asked={role: words for role, (words, _) in asked.items()},
        adjusted=(*notes, *_adjusted(asked, light)),
        chart=_chart(light.primary, light.surface, light.background),
    )


def _is_dark(ground: str) -> bool:
    return contrast("#ffffff", ground) > contrast("#000000", ground)


def _default_ground(primary: str, *, asked: bool) -> str:
    """Nearly white, with a breath of the main hue."""
    hue = from_hex(primary).hue
    return to_hex(Oklch(0.984, 0.003 if asked else 0.006, hue))


def _night(ground: str, primary: str) -> str:
    base = from_hex(ground)
    hue = base.hue if base.chroma > 0.02 else from_hex(primary).hue
    return to_hex(Oklch(0.19, 0.018, hue))


def _surface(ground: str) -> str:
    """The ground of cards: a step towards the light, and never towards the text."""
    base = from_hex(ground)
    if _is_dark(ground):
        step = max(0.21, base.lightness + 0.05) if base.lightness < NIGHT else base.lightness - 0.05
        return to_hex(base._replace(lightness=step))
    if base.lightness > 0.995:
        return to_hex(Oklch(0.984, 0.004, 250))
    return to_hex(Oklch(base.lightness + (1 - base.lightness) * 0.62, base.chroma * 0.45, base.hue))


def _palette(ground: str, primary: str, text: str | None, *, exact: bool = False) -> Palette:
    """``exact``: the components' colour was asked for, and is kept if it can be told from the ground at all.

    Buttons carry their own text on it; links and small text take a readable shade of it (``uiagents.palette``).
    """
    surface = _surface(ground)
    grounds, dark = (ground, surface), _is_dark(ground)
    tint = next((c for c in map(from_hex, (ground, primary)) if c.chroma > 0.015), Oklch(0, 0, 0))

    def ink(day: float, night: float, ratio: float) -> str:
        chroma = min(0.02, tint.chroma)
        return readable(to_hex(Oklch(night if dark else day, chroma, tint.hue)), grounds, ratio)

    shown = primary if exact and keeps(primary, grounds, TOLD_APART) else readable(primary, grounds, TEXT)
    accent = mixed(shown, surface, 0.24 if dark else 0.12)
    danger, success, warning = (
        readable(to_hex(tone._replace(lightness=0.75) if dark else tone), grounds, TEXT) for tone in (DANGER, SUCCESS, WARNING)
    )
    return Palette(
        background=ground,
        surface=surface,
        border=ink(0.62, 0.52, PART),
        text=readable(text or ink(0.2, 0.95, TEXT), grounds, TEXT),
        muted=ink(0.42, 0.76, TEXT),
        primary=shown,
        on_primary=_on(shown),
        accent=accent,
        on_accent=readable(shown, (accent,), TEXT),
        danger=danger,
        on_danger=_on(danger),
        success=success,
        warning=warning,
    )


def _on(color: str) -> str:
    """White where it can be read, else a very dark shade of the colour itself."""
    if contrast("#ffffff", color) >= TEXT:
        return "#ffffff"
    base = from_hex(color)
    return readable(to_hex(Oklch(0.2, min(base.chroma, 0.05), base.hue)), (color,), TEXT)


def _chart(primary: str, *grounds: str) -> tuple[str, ...]:
    base = from_hex(primary)
    chroma = max(base.chroma, 0.11)
    lightness = min(0.62, max(0.45, base.lightness))
    turned = (to_hex(Oklch(lightness, chroma, (base.hue + turn) % 360)) for turn in CHART_TURNS[1:])
    return tuple(readable(color, grounds, PART) for color in (primary, *turned))


def _adjusted(asked: Mapping[str, tuple[str, str]], palette: Palette) -> tuple[str, ...]:
    """What was changed to keep the contrast, in words."""
    used = {"background": palette.background, "components": palette.primary, "text": palette.text}
    found = []
    for role, (words, color) in sorted(asked.items()):
        if color == used[role]:
            continue
        weak = min(contrast(color, palette.background), contrast(color, palette.surface))
        found.append(
            f"{words} ({color}) for {ROLE_WORDS[role]} became {used[role]}: on this background it reaches only {weak:.1f}:1, "
            f"and text needs {TEXT}:1."
        )
    return tuple(found)
