"""The layout of an application: which of a few kinds it is, by its name, by what is said of it and by what it keeps."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from inference.planning.surface import Access
from inference.planning.things import Thing
from synergy.core.plans import LAYOUTS, Layout
from synergy.core.stacks import FIXTURES

NAMED, SAID, KEPT = 4.0, 1.0, 1.0  #: what a hit in the name, in the text and among the things counts
MOST_SAID, MOST_KEPT = 3, 2  #: hits of each sort that count
BEHIND_A_DOOR = 3.0  #: what counts for a back office when nobody gets in without an account …
OPEN_DOOR = -2.0  #: … and against it when everybody does, unless its name says so
#: Where the name of an application ends and what it is for begins.
PURPOSE = re.compile(r"[.,;:!?]|\b(?:for|to|that|where|which|who|with|so|including|using|and (?:let|allow))\b", re.I)
#: A name that says nothing: what comes after "for" does then.
PLAIN = re.compile(
    r"(?:\W|\b(?:please|implement|create|build|develop|make|design|me|us|i|we|an?|the|new|modern|public|simple|"
    r"web ?sites?|sites?|web|apps?|applications?|platforms?|pages?)\b)*\Z",
    re.I,
)
WANTED = re.compile(r"^\W*(?:i|we) (?:want|need|would like)(?: you)? to\b|^.{0,20}?\b(?:need|want|like) (?=an? )", re.I)
USUAL: dict[str, Layout] = {"content": "content", "things": "directory", "people": "directory", "records": "dashboard"}
WORDS: dict[Layout, str] = {
    "dashboard": "a back office",
    "shop": "a shop",
    "directory": "a directory",
    "content": "a site to read",
    "tool": "a tool",
    "game": "a game",
    "community": "a community",
}


@dataclass(frozen=True)
class Kind:
    """What speaks for a layout."""

    name: re.Pattern[str]
    words: re.Pattern[str]
    archetypes: frozenset[str]


@dataclass(frozen=True)
class Finding:
    layout: Layout
    score: float
    evidence: tuple[str, ...]  #: in words: "“shop” in its name"


def choose_layout(message: str, things: Sequence[Thing], access: Access) -> tuple[Layout, str]:
    """(layout, the evidence for it in a sentence). Without any evidence the family of what is kept decides."""
    name = name_of(message)
    found = [_weigh(layout, name, message, things, access) for layout in LAYOUTS]
    best = max(found, key=lambda f: f.score)
    if best.evidence:
        return best.layout, f"Laid out like {WORDS[best.layout]}: {', '.join(best.evidence)}."
    family = next((t.archetype.family for t in things if t.archetype), "records")
    layout = USUAL[family] if access == "public_read" else "dashboard"
    return layout, f"Laid out like {WORDS[layout]}: nothing in the message says what kind of application it is."


def name_of(message: str) -> str:
    """What the first sentence calls the application: "Please build an online shop"; "a website for our law firm"."""
    first = re.split(r"(?<=[.!?])\s", message.strip(), maxsplit=1)[0]
    asked = WANTED.sub("", first)
    pieces = PURPOSE.split(asked, maxsplit=2)
    name = pieces[0].strip()
    return name if len(pieces) == 1 or not PLAIN.match(name) else asked[: len(asked) - len(pieces[-1])].strip(" ,.:;!?")


def _weigh(layout: Layout, name: str, message: str, things: Sequence[Thing], access: Access) -> Finding:
    kind = kinds()[layout]
    named = _last(kind.name, name)
    said = list(dict.fromkeys(m.group(0).lower() for m in kind.words.finditer(message)))[:MOST_SAID]
    kept = [t.plural.lower() for t in things if t.archetype and t.archetype.name in kind.archetypes][:MOST_KEPT]
    score = (NAMED if named else 0) + SAID * len(said) + KEPT * len(kept)
    evidence = [f"“{named}” in its name"] if named else []
    evidence += [f"it speaks of {', '.join(said)}"] if said else []
    evidence += [f"it keeps {' and '.join(kept)}"] if kept else []
    if layout == "dashboard" and access == "private":
        score += BEHIND_A_DOOR
        evidence.append("only who signs in gets in")
    elif layout == "dashboard" and not named:
        score += OPEN_DOOR
    return Finding(layout, score + _place(named, name), tuple(evidence))


def _place(named: str, name: str) -> float:
    """Of two words in a name the last says what it is: "a news blog tracker" is a tracker. 0..1."""
    return (name.lower().rfind(named) + len(named)) / max(1, len(name)) if named else 0.0


def _last(pattern: re.Pattern[str], text: str) -> str:
    hits = [m.group(0).lower() for m in pattern.finditer(text)]
    return hits[-1] if hits else ""


@cache
def kinds() -> dict[Layout, Kind]:
    data = tomllib.loads((FIXTURES / "planning" / "layouts.toml").read_text())
    return {
        layout: Kind(_pattern(data[layout]["name"]), _pattern(data[layout]["words"]), frozenset(data[layout]["archetypes"]))
        for layout in LAYOUTS
    }


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{words})s?(?![\w-])", re.I)
