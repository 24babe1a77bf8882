"""How sure is it that a wish asks for a capability: similarity and grammar, weighed by numbers fitted on labelled phrases."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp

from inference.planning.archetypes import archetypes
from inference.planning.asks import Ask
from inference.planning.grammar import read_sentence
from inference.planning.lexicon import lexicon
from inference.planning.matching import core
from inference.planning.missing import WORD, forms
from inference.planning.phrases import Phrase
from inference.planning.uses.texts import CORE, base_forms, noun_hits, without_things
from synergy.core.capabilities import Capability
from synergy.core.errors import PermanentError
from synergy.core.stacks import FIXTURES
from synergy.core.value import Value

CALIBRATION = FIXTURES / "capabilities" / "calibration.json"
FEATURES = (
    "bias", "best", "over_rival", "over_against", "over_core", "verb", "noun", "head", "cover", "fits", "suited", "plain",
    "elsewhere",
)  # fmt: skip
PLAIN = {"view", "search", "filter", "sort", "create", "edit", "delete", "manage"}


class Parameters(Value):
    """Fitted numbers, and what they were fitted on. A folder that came later is judged by them as well."""

    model: str  #: Embedder.id
    digest: str  #: SHA-256 of the phrases
    features: tuple[str, ...]
    weights: tuple[float, ...]
    threshold: float  #: least probability at which a wish is taken for a capability
    phrases: int
    folders: int

    def probability(self, evidence: Sequence[float]) -> float:
        score = sum(w * x for w, x in zip(self.weights, evidence, strict=True))
        return 1 / (1 + exp(-max(-60.0, min(60.0, score))))


@cache
def parameters() -> Parameters:
    """Those that ship. PermanentError when they are for other evidence than this code gathers."""
    found = Parameters.model_validate(json.loads(CALIBRATION.read_text()))
    if found.features != FEATURES or len(found.weights) != len(FEATURES):
        raise PermanentError("Capabilities were calibrated for other evidence.", hint="Run `manage.py calibrate capabilities`.")
    return found


@dataclass(frozen=True)
class Wish:
    """A wish as the search and the grammar see it."""

    text: str  #: its words, lower case
    neutral: str  #: with entities as "thing"
    verbs: frozenset[str]  #: base forms
    forms: tuple[frozenset[str], ...]  #: for each word all it may be a form of
    things: tuple[str, ...]  #: archetypes it names
    entities: frozenset[int]  #: places of the words that name what is kept
    plain: bool  #: its verb is one that every application answers


def wish_of(ask: Ask) -> Wish:
    """The wish of an ask. Of the application's name only what it says of its content counts; "an application" says nothing."""
    text = ask.text
    if ask.head:
        known = lexicon()
        text = " ".join(w for w in ask.thing if w not in known.application)
    objects = [phrase for phrase in (ask.thing, *ask.others) if _is_object(phrase)]
    return _wish(text, {ask.verb} if ask.verb else set(), objects, plain=ask.action in PLAIN or not ask.verb)


def wish_of_text(text: str) -> Wish:
    """The wish of a phrase, read by the same grammar as messages are."""
    asks = read_sentence(text)
    objects = [phrase for ask in asks for phrase in (ask.thing, *ask.others) if _is_object(phrase)]
    verbs = {ask.verb for ask in asks if ask.verb}
    return _wish(text, verbs, objects, plain=all(ask.action in PLAIN or not ask.verb for ask in asks))


def _wish(text: str, verbs: set[str], objects: Sequence[Phrase], *, plain: bool) -> Wish:
    words = WORD.findall(text.lower().replace("e-mail", "email"))
    inner, things, places = without_things(text, objects, verbs)
    # Where the grammar saw no verb any word may be one, unless it names an entity: "the secretary *sends* letters".
    unread = inner.split() if not verbs else []
    first = words[:1] if 0 not in places else []  # a "book list" books nothing
    acting = base_forms((*first, *unread, *(w for w in words if w.endswith("ing"))))
    return Wish(" ".join(words), inner, frozenset(verbs | acting), tuple(map(frozenset, forms(text))), things, places, plain)


def _is_object(phrase: Phrase) -> bool:
    """Whether a noun phrase may be an entity whose name nobody knows."""
    known, inner = lexicon(), core(phrase) if phrase else ()
    return bool(inner) and not (
        inner[-1] in known.never | known.application | known.telling | known.generic or known.verb_of(inner[-1])
    )


@dataclass(frozen=True)
class Words:
    """What of a wish's words speaks for a capability: places of its nouns and verbs."""

    nouns: frozenset[int]
    verbs: frozenset[int]

    @property
    def all(self) -> frozenset[int]:
        return self.nouns | self.verbs


def words_for(wish: Wish, capability: Capability) -> Words:
    verbs = set(capability.verbs)
    acting = frozenset(i for i, f in enumerate(wish.forms) if f & verbs & wish.verbs)
    return Words(noun_hits(capability.name, wish.forms), acting)


def evidence(wish: Wish, capability: Capability, near: Mapping[str, float], words: Words, others: bool) -> tuple[float, ...]:
    """Numbers in the order of FEATURES. ``near``: similarity by key; ``others``: a word of the wish names another capability."""
    floor = min(near.values(), default=0.0)
    best = near.get(capability.name, floor)
    rival = max((s for key, s in near.items() if key[0] != "-" and key != capability.name), default=floor)
    content = [i for i, f in enumerate(wish.forms) if i in words.all or not f & _small()]
    cover = len([i for i in content if i in words.all]) / len(content) if content else 0.0
    verb, noun = bool(words.verbs), bool(words.nouns)
    fits = fitness(wish, capability)
    return (
        1.0,
        best,
        best - rival,
        best - near.get(f"-{capability.name}", floor),
        best - near.get(CORE, floor),
        float(verb),
        float(noun),
        float(noun and _head(wish, content) in words.nouns),
        cover,
        fits,
        float(verb and (fits > 0 or _unknown_object(wish, capability))),
        float(wish.plain),
        float(others and not (verb or noun)),
    )


def _head(wish: Wish, content: Sequence[int]) -> int:
    """Place of the word that the wish is about: the last before a preposition that follows one."""
    stop = next((i for i, f in enumerate(wish.forms) if i and f & lexicon().preposition and i - 1 in content), len(wish.forms))
    return max((i for i in content if i < stop), default=-1)


def fitness(wish: Wish, capability: Capability) -> float:
    """1 when what the wish names is what the capability is for, -1 when it is not, 0 when nothing is named or needed."""
    on = capability.on
    if on is None or not wish.things:
        return 0.0
    kinds = [archetypes()[name] for name in wish.things]
    fits = any(a.name in on.archetypes or a.family in on.families for a in kinds)
    return 1.0 if fits else 0.0 if on.any else -1.0


def _unknown_object(wish: Wish, capability: Capability) -> bool:
    """Whether something is spoken of that no archetype is for: the capability may well be put to work on it."""
    return capability.on is not None and bool(wish.entities) and not wish.things


@cache
def _small() -> frozenset[str]:
    known = lexicon()
    plain = {verb for verb, group in known.verbs.items() if group in PLAIN}
    return known.determiner | plain | known.preposition | known.vague | known.filler | {"and", "or", "user", "be", "thing", "who"}
