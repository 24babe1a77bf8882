"""Deeds in a sentence: which of the verbs the walker knows stand in it, where, and as what (a verb, or a noun like "registration")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tests.acceptance.walker.words import LEXICON

BEFORE_VERB = frozenset(LEXICON["grammar"]["before_verb"])
BEFORE_ING = frozenset(LEXICON["grammar"]["before_ing"])
AS_DEED = frozenset(LEXICON["grammar"]["as_deed"])
DEEDS = [[word] for word in ("functionality", "function", "feature", "process")]  #: after a form in -ing
LIGHT = frozenset(LEXICON["grammar"]["light"])
WORD = re.compile(r"[a-z0-9]+(?:[-'’][a-z0-9]+)*|[,.;:()]")
RANK = {"detail": 2.0, "content": 1.0}
WEAK = 1.5
NOUN = 0.6  #: less than the same deed as a verb
STARTS = 0.7  #: of starting something: less than what is started


@dataclass(frozen=True)
class Verb:
    """A family of verbs for one deed; see ``lexicon.toml``."""

    name: str
    kind: str
    words: tuple[str, ...]
    nouns: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    weak: bool = False

    @property
    def rank(self) -> float:
        base = RANK.get(self.kind, 3.0)
        return min(base, WEAK) if self.weak and base > 1 else base - (STARTS if self.name == "start" else 0)


@dataclass(frozen=True)
class Hit:
    """A verb in a text: tokens ``start`` to ``end``."""

    verb: Verb
    start: int
    end: int
    noun: bool = False

    @property
    def rank(self) -> float:
        return self.verb.rank - (NOUN if self.noun else 0)


@cache
def verbs() -> tuple[Verb, ...]:
    def verb(name: str, given: dict[str, object]) -> Verb:
        return Verb(name, **{key: tuple(value) if isinstance(value, list) else value for key, value in given.items()})  # type: ignore[arg-type]

    return tuple(verb(name, given) for name, given in LEXICON["verbs"].items())


def family(name: str) -> Verb:
    return next(verb for verb in verbs() if verb.name == name)


def split(text: str) -> list[str]:
    """Words and marks of ``text``, lower case."""
    return [re.sub(r"'s?$", "", word) for word in WORD.findall(text.replace("’", "'").lower())]


def forms(word: str) -> frozenset[str]:
    """The forms of a verb that tell people to do something: "modify" → modify, modified, modifying. What "modifies" is not told."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return frozenset((word, f"{word[:-1]}ied", f"{word}ing"))
    stem = word[:-1] if word.endswith("e") else word
    doubled = {f"{word}{word[-1]}ed", f"{word}{word[-1]}ing"}
    return frozenset({word, f"{stem}ed", f"{stem}ing", *doubled})


@cache
def _table() -> dict[str, list[tuple[tuple[str, ...], Verb, bool]]]:
    """First word → what may begin there: (words, verb, whether as a noun). Longer ones first."""
    found: dict[str, list[tuple[tuple[str, ...], Verb, bool]]] = {}
    for verb in verbs():
        for words, noun in ((verb.words, False), (verb.nouns, True)):
            for phrase in words:
                first, *rest = phrase.split()
                for form in {first} if noun else forms(first):
                    found.setdefault(form, []).append(((form, *rest), verb, noun))
    for several in found.values():
        several.sort(key=lambda one: -len(one[0]))
    return found


def hits(words: list[str]) -> list[Hit]:
    """All deeds, in order; longer phrases win where two begin at one place."""
    found: list[Hit] = []
    at = 0
    while at < len(words):
        hit = next(iter(_beginning(words, at)), None)
        if hit is not None and not _coupled(words, hit, found):
            found.append(hit)
            at = hit.end
        else:
            at += 1
    return found


def _coupled(words: list[str], hit: Hit, found: list[Hit]) -> bool:
    """Whether a form in -ing is joined by "and" to a thing: "a comment and rating" are two things, "adding and editing" two deeds."""
    joined = hit.start > 0 and words[hit.start - 1] == "and" and words[hit.start].endswith("ing")
    return joined and not any(words[other.start].endswith("ing") for other in found)


def _beginning(words: list[str], at: int) -> list[Hit]:
    found = []
    for phrase, verb, noun in _table().get(words[at], ()):
        end = at + len(phrase)
        if tuple(words[at:end]) != phrase:
            continue
        if (_is_noun if noun else _is_verb)(words, at, end):
            found.append(Hit(verb, at, end, noun or words[end : end + 1] in DEEDS))
    return found


def _is_verb(words: list[str], at: int, end: int) -> bool:
    before, word = (words[at - 1] if at else ""), words[at]
    after = words[end] if end < len(words) else ""
    if after in ("functionality", "function", "feature", "process") and (word.endswith("ing") or before in ("the", "a", "an")):
        return True
    if not before or before in ".;:(":
        return after not in AS_DEED - {"of"}
    if word.endswith("ed"):
        return before in ("be", "being")
    if word.endswith("ing"):
        return before in BEFORE_ING and after not in ("page", "section", "records", "history", "results")
    return before in BEFORE_VERB and after not in AS_DEED - {"of"}


def _is_noun(words: list[str], at: int, end: int) -> bool:
    after = words[end] if end < len(words) else ""
    if after in AS_DEED or end - at > 1:
        return True
    leading = words[max(0, at - 3) : at]
    return bool(LIGHT & set(leading)) and after not in ("page", "results", "records", "section", "bar", "messages")
