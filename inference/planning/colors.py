"""Colours a message asks for: their names, and the part of the design each is meant for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from typing import Any

from inference.planning.oklch import from_hex, to_hex
from inference.planning.text import Word, said, words
from synergy.core.stacks import FIXTURES

HEX = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b", re.I)
SPLITS = {",", "and", "with", "using", "plus", ";", "but", "in", "(", ")"}
LIGHT = 0.86  #: OKLCH lightness from which a colour named for the whole theme is taken as the background


@dataclass(frozen=True)
class Mention:
    """A colour or a word of design: ``role`` is empty for a colour."""

    first: int  #: index of the first word
    last: int
    text: str = ""
    color: str = ""  #: ``#rrggbb``
    role: str = ""
    sure: bool = True


@dataclass(frozen=True)
class Design:
    """What one sentence says of the design."""

    text: str  #: its words
    rest: str  #: the sentence without them
    roles: tuple[tuple[str, str, str], ...]  #: (role, words, ``#rrggbb``) in the order they were named
    unclear: tuple[str, ...] = ()  #: colours without a place


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((FIXTURES / "colors" / "words.toml").read_text())


@cache
def names() -> dict[tuple[str, ...], str]:
    """Words of a colour → ``#rrggbb``: "dark red", "darkred", "dark-red" are one."""
    found: dict[tuple[str, ...], str] = {}
    for file in ("more.toml", "css.toml"):
        for name, value in tomllib.loads((FIXTURES / "colors" / file).read_text()).items():
            parts = tuple(name.split())
            found[parts] = found[("".join(parts),)] = value
    return found


def read_design(sentence: str) -> Design | None:
    """What ``sentence`` says of colours; None when it says nothing."""
    span = words(sentence)
    colors = _colors(span, sentence)
    roles = _roles(span)
    sure = [r for r in roles if r.sure]
    painting = bool(span) and span[0].low in _data()["paint"]["verbs"].split()
    if not colors or not (sure or (roles and painting)):
        return None
    enough = sum(r.role != "theme" for r in sure) >= len(colors)
    pairs = _paired(colors, sure if enough else roles)
    if not pairs:
        return None
    used = [c for c, _ in pairs]
    design, rest = _split(sentence, span, [m for pair in pairs for m in pair], roles if painting else [])
    unclear = tuple(c.text for c in colors if c not in used and painting)
    return Design(design, rest, tuple((r.role, c.text, c.color) for c, r in pairs), unclear)


# --- finding -----------------------------------------------------------------------------------------------------------


def _colors(span: Sequence[Word], sentence: str) -> list[Mention]:
    low = [word.low for word in span]
    found: list[Mention] = []
    index = 0
    while index < len(low):
        size, color = _color_at(low, index)
        if size:
            found.append(Mention(index, index + size - 1, said(sentence, span[index : index + size]), color))
        index += size or 1
    return found


def _color_at(low: list[str], index: int) -> tuple[int, str]:
    """(number of words, ``#rrggbb``) of the longest colour that begins here; (0, "") when none does."""
    for size in (3, 2, 1):
        parts = tuple(piece for word in low[index : index + size] for piece in word.split("-"))
        if len(low) - index >= size and parts in names():
            return size, names()[parts]
    shade = _data()["shades"].get(low[index])
    if shade is not None:
        size, color = _color_at(low, index + 1) if index + 1 < len(low) else (0, "")
        if size:
            base = from_hex(color)
            return size + 1, to_hex(base._replace(lightness=min(0.96, max(0.15, base.lightness + shade))))
    return (1, _long(low[index])) if HEX.fullmatch(low[index]) else (0, "")


def _long(color: str) -> str:
    color = color.lower()
    return color if len(color) == 7 else "#" + "".join(c * 2 for c in color[1:])


def _roles(span: Sequence[Word]) -> list[Mention]:
    """Words of design; those beside each other that mean the same are one."""
    table = {
        word: (role, kind == "sure")
        for kind in ("helper", "sure")
        for role, text in _data()[kind].items()
        for word in text.split()
    }
    hits = [(i, *table[w.low]) for i, w in enumerate(span) if w.low in table]
    runs = groupby(enumerate(hits), key=lambda pair: pair[1][0] - pair[0])
    found: list[Mention] = []
    for _, run in runs:
        group = [hit for _, hit in run]
        strongest = sorted(group, key=lambda hit: (not hit[2], hit[1] == "theme", hit[0]))[0]
        found.append(Mention(group[0][0], group[-1][0], role=strongest[1], sure=strongest[2]))
    return found


# --- pairing -------------------------------------------------------------------------------------------------------------


def _paired(colors: list[Mention], roles: list[Mention]) -> list[tuple[Mention, Mention]]:
    """Each colour with the word it stands for: nearest first, real parts before "theme" and "style"."""
    parts = [r for r in roles if r.role != "theme"]
    themes = sorted((r for r in roles if r.role == "theme"), key=lambda r: not r.sure)
    pairs = _nearest(colors, parts)
    left = [c for c in colors if c not in [p[0] for p in pairs]]
    if left and themes and not (pairs and all(abs(c.first - themes[0].first) > 4 for c in left)):
        taken = {r.role for _, r in pairs}
        pairs += _themed(left, themes[0], taken)
    return sorted(pairs, key=lambda pair: pair[0].first)


def _nearest(colors: list[Mention], roles: list[Mention]) -> list[tuple[Mention, Mention]]:
    ordered = sorted([*colors, *roles], key=lambda m: m.first)
    alternates = all(bool(a.color) != bool(b.color) for a, b in pairwise(ordered))
    if len(colors) == len(roles) and alternates:
        return list(zip(colors, roles, strict=True))
    pairs: list[tuple[Mention, Mention]] = []
    options = sorted(((_gap(c, r), c.first, r.first, c, r) for c in colors for r in roles), key=lambda option: option[:3])
    for gap, _, _, color, role in options:
        if gap < 8 and color not in [p[0] for p in pairs] and role not in [p[1] for p in pairs]:
            pairs.append((color, role))
    return pairs


def _gap(color: Mention, role: Mention) -> float:
    """Words between; "white background" is nearer than "background white"."""
    return role.first - color.last if role.first > color.last else color.first - role.last + 0.5


def _themed(colors: Iterable[Mention], theme: Mention, taken: set[str]) -> list[tuple[Mention, Mention]]:
    """ "a blue and white theme": the lightest is the background, the next the components."""
    pairs = []
    for color in sorted(colors, key=lambda c: (-from_hex(c.color).lightness, c.first)):
        light = from_hex(color.color).lightness >= LIGHT
        role = next((r for r in (("background", "components") if light else ("components",)) if r not in taken), None)
        if role:
            taken.add(role)
            pairs.append((color, Mention(theme.first, theme.last, role=role)))
    return pairs


# --- what is left of the sentence ------------------------------------------------------------------------------------------


def _split(sentence: str, span: Sequence[Word], used: list[Mention], painted: list[Mention]) -> tuple[str, str]:
    """(the words of design, the sentence without them). A sentence that begins with design is all design.

    ``painted``: all words of design, when the sentence begins with a verb of painting.
    """
    cuts = [0, *(i for i, w in enumerate(span) if w.low in SPLITS), len(span)]
    pieces = list(pairwise(cuts))
    marked = [any(m.first < end and m.last >= start for m in used) for start, end in pieces]
    first, last = marked.index(True), len(marked) - 1 - marked[::-1].index(True)
    if first == 0 or any(m.last < cuts[first] for m in painted):
        return sentence, ""
    design = said(sentence, span[cuts[first] : cuts[last + 1]][1:])
    ends = (said(sentence, span[: cuts[first]]), said(sentence, span[cuts[last + 1] :]))
    return design, " ".join(part for part in ends if part)
