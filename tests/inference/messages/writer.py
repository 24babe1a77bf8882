"""Messages as people might write them, from a seed: what is kept, what is done with it, colours, kinds of sites, ways of writing."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from inference.planning.archetypes import Archetype, archetypes

SEED, COUNT = 7, 300
WISHES = Path(__file__).with_name("wishes.toml")
#: (what the site is called, whether strangers visit it)
KINDS = (
    ("website", True), ("web application", False), ("online platform", False), ("portal website", True), ("internal tool", False), ("management system", False),
    ("community site", True), ("blog website", True), ("small app", False), ("directory website", True), ("web shop", True), ("site", True),
)  # fmt: skip
COLOURS = (
    "", "", "", "Use {a} for the background and {b} for the components.", "Set the page background to {a}; color all components {b}.",
    "Make the background {a} and the buttons {b}.", "{A} background, {b} components.",
)  # fmt: skip
GROUNDS = ("white", "ivory", "mint cream", "lavender", "beige", "honeydew", "seashell", "light gray")
MARKS = ("navy", "teal", "maroon", "dark green", "indigo", "firebrick", "dark cyan", "purple")
PLAIN = (
    "browse {many}",
    "search {many}",
    "view the details of {many}",
    "add {many}",
    "edit {many}",
    "filter {many}",
    "manage {many}",
)
PEOPLE = ("Users", "Members", "Visitors", "People", "Customers")
OPENINGS = ("Please implement", "Build", "I need", "Please create", "We would like to have", "Develop")
TYPOS = {
    "their": "thier",
    "with": "wiht",
    "the": "teh",
    "website": "webiste",
    "should": "shoud",
    "and": "adn",
    "please": "plese",
    "users": "usres",
    "background": "backgroud",
}


@dataclass(frozen=True)
class Wanted:
    """A capability that a message asks for, and the words that do."""

    capability: str
    words: str
    people: str = ""


@dataclass(frozen=True)
class Written:
    """A message, and what whoever wrote it meant."""

    number: int
    style: str
    text: str
    kept: tuple[str, ...]  #: archetypes
    wanted: tuple[Wanted, ...]
    colours: tuple[str, ...] = ()


@dataclass
class _Sketch:
    """What a message is to say, before it is put into words."""

    kind: str
    kept: list[Archetype] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    colours: str = ""
    people: str = "Users"


@cache
def wishes() -> dict[str, dict[str, Any]]:
    return tomllib.loads(WISHES.read_text())


def messages(count: int = COUNT, seed: int = SEED) -> list[Written]:
    """The first ``count`` messages of a seed; the same ones every time."""
    return [_message(number, random.Random(f"{seed}.{number}")) for number in range(count)]


def _message(number: int, dice: random.Random) -> Written:
    sketch, colours = _sketch(number, dice)
    style = list(STYLES)[number % len(STYLES)]
    text = STYLES[style](sketch, dice)
    return Written(number, style, text, tuple(a.name for a in sketch.kept), tuple(sketch.wanted), colours)


def _sketch(number: int, dice: random.Random) -> tuple[_Sketch, tuple[str, ...]]:
    names = list(wishes())
    first = names[number % len(names)]  # each comes up as often as the others
    chosen = [first, *dice.sample([n for n in names if n != first], dice.choice((0, 1, 1, 2)))]
    kind, _ = dice.choice(KINDS)
    sketch = _Sketch(kind, people=dice.choice(PEOPLE))
    for name in chosen:
        spec = wishes()[name]
        archetype = archetypes()[dice.choice(spec["on"])] if spec.get("on") else None
        words = dice.choice(spec["wishes"])
        if archetype is not None:
            words = words.replace("{many}", archetype.plural.lower()).replace("{one}", archetype.label.lower())
            if archetype not in sketch.kept:
                sketch.kept.append(archetype)
        sketch.wanted.append(Wanted(name, words, spec.get("people", "")))
    if not sketch.kept:
        usual = [a for a in archetypes().values() if a.family in ("content", "things") and not a.confidential]
        sketch.kept.append(dice.choice(usual))
    for archetype in sketch.kept:
        verbs = dice.sample(PLAIN, dice.choice((1, 2, 2, 3)))
        sketch.plain += [words.replace("{many}", archetype.plural.lower()) for words in verbs]
    ground, mark = dice.choice(GROUNDS), dice.choice(MARKS)
    form = dice.choice(COLOURS)
    sketch.colours = form.format(a=ground, b=mark, A=ground.capitalize())
    return sketch, (ground, mark) if form else ()


# --- ways of writing --------------------------------------------------------------------------------------------------


def _things(sketch: _Sketch) -> str:
    return _and([a.plural.lower() for a in sketch.kept])


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _said(sketch: _Sketch) -> Iterator[str]:
    """Each capability in a sentence of its own."""
    for wanted in sketch.wanted:
        yield f"{wanted.people or sketch.people} can {wanted.words}."


def _plain(sketch: _Sketch, dice: random.Random) -> str:
    """A paragraph of ordinary sentences."""
    opening = f"{dice.choice(OPENINGS)} {_a(sketch.kind)} for {_things(sketch)}."
    said = f"{sketch.people} should be able to {_and(sketch.plain)}."
    return " ".join(filter(None, (opening, said, *_said(sketch), sketch.colours)))


def _long(sketch: _Sketch, dice: random.Random) -> str:
    """With much around it."""
    around = (
        "We have run this by hand for years, in spreadsheets and on paper, and it is time for something better.",
        "It is important to us that everything is easy to understand.",
        "There is no hurry, but we would like to show it to our partners in spring.",
        "Nothing of this has to be perfect on the first day.",
    )
    opening = f"Hello, {dice.choice(OPENINGS).lower()} {_a(sketch.kind)} for {_things(sketch)}."
    said = f"To begin with, {sketch.people.lower()} should be able to {_and(sketch.plain)}."
    return " ".join(
        filter(None, (around[0], opening, said, around[dice.choice((1, 2))], *_said(sketch), sketch.colours, around[3]))
    )


def _terse(sketch: _Sketch, dice: random.Random) -> str:
    return " ".join(
        filter(
            None,
            (
                f"{sketch.kind.capitalize()} for {_things(sketch)}.",
                *(f"{w.words.capitalize()}." for w in sketch.wanted),
                sketch.colours,
            ),
        )
    )


def _bullets(sketch: _Sketch, dice: random.Random) -> str:
    lines = [*sketch.plain, *(w.words for w in sketch.wanted)]
    head = f"{dice.choice(OPENINGS)} {_a(sketch.kind)} for {_things(sketch)}. {sketch.people} should be able to:"
    return "\n".join([head, *(f"- {line}" for line in lines), *([sketch.colours] if sketch.colours else [])])


def _stories(sketch: _Sketch, dice: random.Random) -> str:
    who = sketch.people.lower().removesuffix("s") if sketch.people != "People" else "person"
    lines = [f"As a {who}, I want to {w.words}." for w in sketch.wanted]
    lines += [f"As a {who}, I want to {words}." for words in sketch.plain]
    return "\n".join(
        [f"{sketch.kind.capitalize()} for {_things(sketch)}.", *lines, *([sketch.colours] if sketch.colours else [])]
    )


def _listed(sketch: _Sketch, dice: random.Random) -> str:
    """One long sentence, as many are written."""
    everything = [*sketch.plain, *(w.words for w in sketch.wanted)]
    opening = f"{dice.choice(OPENINGS)} {_a(sketch.kind)} for {_things(sketch)}."
    return " ".join(filter(None, (opening, f"{sketch.people} should be able to {_and(everything)}.", sketch.colours)))


def _typing(sketch: _Sketch, dice: random.Random) -> str:
    """In a hurry: small letters, slips in common words, no full stop at the end."""
    words = _plain(sketch, dice).lower().split(" ")
    return " ".join(TYPOS.get(word, word) if dice.random() < 0.5 else word for word in words).removesuffix(".")


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


STYLES: dict[str, Callable[[_Sketch, random.Random], str]] = {
    "plain": _plain, "terse": _terse, "stories": _stories, "bullets": _bullets, "listed": _listed, "long": _long, "hasty": _typing,
}  # fmt: skip
