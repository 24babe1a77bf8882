"""Qualities and aims: what an application is to be, not to do. A gate of the run measures some of them, nothing the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from inference.planning.asks import Ask
from inference.planning.lexicon import lexicon, read
from inference.planning.missing import WORD, forms
from inference.planning.phrases import Phrase
from inference.planning.wordset import word_set

LIST = re.compile(r",\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+|\s+but\s+")
UNMEASURED = "Not measured: this is a quality, not a function, and no gate of the run measures it."
AIM = "Not measured: this is an aim, not a function. Whether it is reached shows only in use."


@dataclass(frozen=True)
class Quality:
    """A kind of quality. ``gates`` measure it; without any nothing does."""

    gates: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    needs: frozenset[str]  #: one of these words must be there; empty when any of the phrases will do


@dataclass(frozen=True)
class Aims:
    bettering: frozenset[str]  #: verbs of an aim even where something is kept: to streamline orders
    verbs: frozenset[str]  #: of an aim, whatever it is about
    toward: frozenset[str]  #: of an aim when it is about one of the objects
    objects: frozenset[str]
    around: frozenset[str]


@cache
def qualities() -> tuple[Quality, ...]:
    return tuple(
        Quality(
            gates=tuple(q.get("gates", ())),
            phrases=tuple(sorted((tuple(WORD.findall(text)) for text in q["words"]), key=lambda p: (-len(p), p))),
            needs=frozenset(q.get("needs", ())),
        )
        for q in read("qualities.toml")["quality"]
    )


@cache
def aims() -> Aims:
    found = read("qualities.toml")["aims"]
    return Aims(*(word_set(found[name]) for name in ("bettering", "verbs", "toward", "objects", "around")))


@dataclass(frozen=True)
class Measured:
    """What the ledger says of a quality."""

    gates: tuple[str, ...] = ()
    reason: str = UNMEASURED


def quality_of(text: str) -> Measured | None:
    """What measures the quality that ``text`` asks for; None when it asks for more than a quality."""
    found = forms(text)
    left = [form for form in found if not form & _around()]
    hits = [quality for quality in qualities() if _hit(quality, found)]
    if not hits or any(not any(_covers(quality, form, found) for quality in hits) for form in left):
        return None
    measured = [quality for quality in hits if quality.gates]
    if any(_says_more(quality, measured, found) for quality in hits if not quality.gates):
        return Measured()
    telling = [q for q in measured if _says_more(q, [other for other in measured if other is not q], found)] or measured
    gates = tuple(dict.fromkeys(gate for quality in telling for gate in quality.gates))
    return Measured(gates, "") if gates else Measured()


def aim_of(ask: Ask, *, kept: bool = False) -> Measured | None:
    """The same for what an application is meant to bring about: "attract customers", "raise awareness".

    ``kept``: the wish is about something that the application keeps, so that only making it better is an aim.
    """
    known = aims()
    if ask.verb in known.bettering:
        return Measured(reason=AIM)
    said = set[str]().union(*forms(ask.text)) if ask.text else set[str]()
    about = ask.verb in known.toward and bool(said & known.objects)
    return Measured(reason=AIM) if not kept and (ask.verb in known.verbs or about) else None


def qualities_in(text: str) -> Sequence[str]:
    """ "responsive, fast and accessible": each quality of a list by itself, when they are not all of one kind."""
    parts = [part.strip() for part in LIST.split(text) if part.strip()]
    kinds = {quality_of(part) for part in parts}
    return parts if len(parts) > 1 and None not in kinds and len(kinds) > 1 else [text]


def _hit(quality: Quality, found: list[set[str]]) -> bool:
    if quality.needs and not quality.needs & set[str]().union(*found):
        return False
    return any(_at(phrase, found) >= 0 for phrase in quality.phrases)


def _at(phrase: Phrase, found: list[set[str]]) -> int:
    """Where the words of ``phrase`` stand next to each other; -1 when they do not."""
    places = range(len(found) - len(phrase) + 1)
    return next((i for i in places if all(word in found[i + k] for k, word in enumerate(phrase))), -1)


def _covers(quality: Quality, form: set[str], found: list[set[str]]) -> bool:
    """Whether a word is part of one of the quality's phrases that stand in the text."""
    return any(form & set(phrase) for phrase in quality.phrases if _at(phrase, found) >= 0)


def _says_more(quality: Quality, others: Sequence[Quality], found: list[set[str]]) -> bool:
    """Whether a word of the text speaks of ``quality`` and of none of the ``others``."""
    return any(
        _covers(quality, form, found) and not form & aims().around and not any(_covers(other, form, found) for other in others)
        for form in found
    )


@cache
def _around() -> frozenset[str]:
    known = lexicon()
    return aims().around | known.determiner | known.filler | known.people
