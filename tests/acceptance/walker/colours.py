"""Colours as people name them, and how far apart two of them are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PIL import ImageColor

Rgb = tuple[int, int, int]
CSS: dict[str, Rgb] = {name: ImageColor.getrgb(value)[:3] for name, value in ImageColor.colormap.items()}
X11: dict[str, Rgb] = {  #: names that people use and CSS lacks
    "lightgoldenrod": (238, 221, 130),
    "violetred": (208, 32, 144),
    "navyblue": (0, 0, 128),
    "lightslateblue": (132, 112, 255),
}
HEX = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b", re.IGNORECASE)
NEAR = 30.0  #: Euclidean distance in RGB below which two colours pass for the same
LONGEST = 4  #: words in a name
GROUND = re.compile(r"background|backdrop|canvas|page colou?r|base colou?r")
PARTS = re.compile(r"component|button|header|control|element|\bui\b|card|accent|link|foreground|text|highlight")
TOPIC = re.compile(r"\bcolou?r(?:s|ed)?\b|\bbackground\b|\bstyled?\b|\bpalette\b|\btheme\b", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """The colours a check names: what they are called, and which colours may be meant."""

    ground: str = ""
    parts: str = ""


@dataclass(frozen=True)
class Named:
    name: str
    start: int
    end: int


def meant(name: str) -> tuple[Rgb, ...]:
    """The colours that ``name`` ("light gray", "#ff0000") may stand for; () when it names none."""
    if HEX.fullmatch(name):
        return (ImageColor.getrgb(name)[:3],)
    plain = re.sub(r"[^a-z]", "", name.lower())
    if plain in CSS:
        return (CSS[plain],)
    longer = tuple(value for css, value in CSS.items() if plain and css.startswith(plain) and len(plain) > 8)
    return (*((X11[plain],) if plain in X11 else ()), *longer)


def named(text: str) -> list[Named]:
    """All names of colours in ``text``, the longest at each place."""
    found = [Named(match[0].lower(), *match.span()) for match in HEX.finditer(text)]
    words = list(re.finditer(r"[A-Za-z]+", text))
    at = 0
    while at < len(words):
        for length in range(min(LONGEST, len(words) - at), 0, -1):
            part = text[words[at].start() : words[at + length - 1].end()]
            if not re.search(r"[^A-Za-z \-]", part) and meant(part):
                found.append(Named(part.lower(), words[at].start(), words[at + length - 1].end()))
                at += length - 1
                break
        at += 1
    return sorted(found, key=lambda one: one.start)


def wanted(text: str) -> Wanted | None:
    """Which colour a check wants behind and which on the components; None when it is not about colours."""
    if not TOPIC.search(text):
        return None
    values: dict[str, str] = {}
    for one in named(text):
        role = _role(text, one)
        if role:
            values.setdefault(role, one.name)
    return Wanted(**values) if values else None


def _role(text: str, one: Named) -> str:
    """Role "ground" or "parts": what stands nearest to the name within its clause, behind it before in front of it."""
    after = re.split(r"[.;,]|\band\b", text[one.end :], maxsplit=1)[0].lower()
    before = re.split(r"[.;]\s+(?=[A-Z])|\band\b", text[: one.start])[-1].lower()
    roles = (("ground", GROUND), ("parts", PARTS))
    places = [(match.start(), role) for role, words in roles for match in words.finditer(after)]
    places = places or [(len(before) - match.end(), role) for role, words in roles for match in words.finditer(before)]
    return min(places)[1] if places else ""


def distance(one: Rgb, other: Rgb) -> float:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5


def near(colour: Rgb, name: str) -> bool:
    """Whether ``colour`` passes for what ``name`` stands for."""
    return any(distance(colour, other) <= NEAR for other in meant(name))


def parse(css: str) -> Rgb | None:
    """A computed style, "rgb(1, 2, 3)" → (1, 2, 3); None when it is see-through."""
    numbers = [float(n) for n in re.findall(r"[\d.]+", css)]
    if len(numbers) < 3 or (len(numbers) > 3 and numbers[3] < 0.5):
        return None
    return (round(numbers[0]), round(numbers[1]), round(numbers[2]))
