"""What stands for capabilities in the search by similarity, and wishes as it compares them: entities are all "things"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from inference.planning.archetypes import terms
from inference.planning.inflection import is_plural, singular, stems
from inference.planning.missing import WORD, forms
from inference.planning.phrases import Phrase
from synergy.core.capabilities import Capability, capabilities
from synergy.core.stacks import FIXTURES

KIND, FEATURES = "capability", "capability_feature"  #: of passages
CORE = "-"  #: key of what every application answers; "-name" is what sounds like a capability and is something else
LONGEST = 3  #: words of a noun that stands for an entity
PLACE = re.compile(r"\{[^{}]*\}")


def neutral(phrase: str) -> str:
    """A phrase of a folder without its entity: "rate {thing}s" → "rate things"."""
    return PLACE.sub("thing", phrase)


@lru_cache(maxsize=1)
def core_phrases() -> tuple[str, ...]:
    lines = (FIXTURES / "planning" / "core.txt").read_text().splitlines()
    return tuple(line.strip() for line in lines if line.strip() and line[0] != "#")


def library() -> dict[str, list[str]]:
    """Passages of kind ``capability``: name → what asks for it, "-name" → what does not, CORE → what no capability is for."""
    found = {CORE: [neutral(p) for p in core_phrases()]}
    for name, capability in capabilities().items():
        wanted, others = capability.phrases()
        found[name] = list(dict.fromkeys((*map(neutral, wanted), *described(capability))))
        if others:
            found[f"-{name}"] = list(dict.fromkeys(map(neutral, others)))
    return found


def described(capability: Capability) -> tuple[str, ...]:
    """What the folder says of itself: title, sentence, labels of its features."""
    texts = (capability.title, capability.does, *(f.label for f in capability.feature))
    return tuple(PLACE.sub("thing", text) for text in texts)


def feature_library() -> dict[str, list[str]]:
    """Passages of kind ``capability_feature``: "name.feature" → its label."""
    return {f"{c.name}.{f.id}": [PLACE.sub("thing", f.label)] for c in capabilities().values() for f in c.feature}


@dataclass(frozen=True)
class Vocabulary:
    """The words of all capabilities, prepared once."""

    known: Mapping[str, Capability]
    nouns: Mapping[str, tuple[Phrase, ...]]  #: by capability, lower case
    entities: Mapping[str, str]  #: nouns that stand for an entity and ask for no capability → archetype


_remembered: list[Vocabulary] = []


def vocabulary() -> Vocabulary:
    known = capabilities()
    if not _remembered or _remembered[0].known is not known:
        nouns = {name: tuple(tuple(_words(noun)) for noun in c.nouns) for name, c in known.items()}
        asking = {" ".join(map(singular, noun)) for of_one in nouns.values() for noun in of_one}
        entities = {term: name for term, name in terms().items() if term not in asking}
        _remembered[:] = [Vocabulary(known, nouns, entities)]
    return _remembered[0]


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower().replace("e-mail", "email"))


def noun_hits(capability: str, text_forms: Sequence[frozenset[str]]) -> frozenset[int]:
    """Places of the words of ``text_forms`` that are one of the capability's nouns."""
    hits: set[int] = set()
    for noun in vocabulary().nouns[capability]:
        for start in range(len(text_forms) - len(noun) + 1):
            if noun[0] in text_forms[start] and all(word in text_forms[start + i] for i, word in enumerate(noun)):
                hits.update(range(start, start + len(noun)))
    return frozenset(hits)


def is_noun(capability: Capability, phrase: Sequence[str]) -> bool:
    """Whether a noun phrase holds one of the capability's nouns."""
    return bool(noun_hits(capability.name, [frozenset(form) for form in forms(" ".join(phrase))]))


class Neutral(NamedTuple):
    """A text without its entities."""

    text: str  #: with each entity as "thing"
    things: tuple[str, ...]  #: the archetypes it named
    places: frozenset[int]  #: of the words that named them


def without_things(text: str, objects: Iterable[Phrase] = (), verbs: Iterable[str] = ()) -> Neutral:
    """``text`` with each entity as "thing". ``objects``: noun phrases that are entities as well.

    What is done with it stays ("*book* a room", for ``verbs``), and so does a noun that asks for some capability ("the results
    of a *poll*").
    """
    words, found, index = _words(text), list[str](), 0
    ones = [singular(word) for word in words]
    known, spoken = vocabulary().entities, {phrase for phrase in objects if phrase}
    acting = {next((i for i, word in enumerate(words) if verb in stems(word)), -1) for verb in verbs}
    kept, places = list[str](), set[int]()
    while index < len(words):
        spans = (n for n in range(LONGEST, 0, -1) if _is_entity(tuple(ones[index : index + n]), n, known, spoken))
        length = 0 if index in acting else next(spans, 0)
        if length:
            found += [known[term]] if (term := " ".join(ones[index : index + length])) in known else []
            kept.append("things" if is_plural(words[index + length - 1]) else "thing")
            places.update(range(index, index + length))
        else:
            kept.append(words[index])
        index += length or 1
    return Neutral(" ".join(kept), tuple(found), frozenset(places))


def _is_entity(span: Phrase, length: int, known: Mapping[str, str], spoken: set[Phrase]) -> bool:
    return len(span) == length and (" ".join(span) in known or span in spoken)


def base_forms(words: Iterable[str]) -> set[str]:
    """All base forms that verbs among ``words`` may have."""
    return {stem for word in words for stem in stems(word)}
