"""What the uses of a plan answer: for each wish their features, and the plain limit when the wish touches it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from inference.planning.asks import Ask
from inference.planning.ledger import Answer
from inference.planning.lexicon import lexicon
from inference.planning.matching import Nearest
from inference.planning.missing import forms
from inference.planning.uses.binding import Binding
from inference.planning.uses.claims import Claims
from inference.planning.uses.scoring import wish_of
from inference.planning.uses.texts import FEATURES
from inference.planning.wordset import word_set
from synergy.core.capabilities import Capability
from synergy.core.types import Use

NEIGHBOURS = 12  #: features looked at for each wish
SPECIFIC = 0.45  #: least cosine to a feature's label of a wish that means this feature …
AHEAD = 0.12  #: … and the lead over the features that it does not mean
#: Where one thing that a capability does not do ends and the next begins.
SENTENCE = re.compile(r"(?<=[.;:!?])\s+")
PART = re.compile(
    r"[.;:!?()]|,? (?:and|but|or|unless) (?=(?:no|nothing|nobody|it|they|the|there|what|who)\b)|"
    r", (?=(?:no|nothing|nobody|there)\b)|, (?:and|but) "
)
NEGATION = word_set("no not nothing nobody none never cannot neither nor")


def use_answers(
    pairs: Sequence[tuple[Binding, Use]], answered: Mapping[Ask, Sequence[Binding]], claims: Claims, nearest: Nearest
) -> dict[Ask, Answer]:
    """The answer to each wish that a use answers. One search for all of them."""
    uses = {id(binding): use for binding, use in pairs}
    asks = [ask for ask, bindings in answered.items() if any(id(b) in uses for b in bindings)]
    if not asks:
        return {}
    rows = nearest(FEATURES, [wish_of(ask).neutral for ask in asks], NEIGHBOURS)
    found: dict[Ask, Answer] = {}
    for ask, row in zip(asks, rows, strict=True):
        near = {n.key: n.similarity for n in row}
        mine = [(b, uses[id(b)]) for b in answered[ask] if id(b) in uses]
        ids = tuple(dict.fromkeys(id_ for b, use in mine for id_ in _features(b.capability, use, near)))
        found[ask] = Answer(ids, _reason(ask, [b.capability for b, _ in mine], clear=any(c.clear for c in claims[ask])))
    return found


def _features(capability: Capability, use: Use, near: Mapping[str, float]) -> tuple[str, ...]:
    """The features a wish means: those nearest to it, all when it is as near to others."""
    scores = {f.id: near.get(f"{capability.name}.{f.id}", 0.0) for f in capability.feature}
    best = max(scores.values())
    meant = [id_ for id_, score in scores.items() if score >= best - AHEAD] if best >= SPECIFIC else list(scores)
    return tuple(f"{use.slug}.{id_}" for id_ in meant)


def _reason(ask: Ask, capabilities: Sequence[Capability], *, clear: bool) -> str:
    limits = list(dict.fromkeys(limit for c in capabilities if (limit := touched(c, ask))))
    if limits:
        text = " ".join(limits)
        return f"Assumed: {text[:1].lower()}{text[1:]}"
    if not clear:
        return f"Assumed: the part called {capabilities[0].title} is meant."
    return ""


def touched(capability: Capability, ask: Ask) -> str:
    """The sentences of what the capability does not do that ``ask`` asks for, "" when it asks for none of it."""
    words = [form for form in forms(ask.text) if not form & _small()]
    done = _done(capability)
    return " ".join(s for s in SENTENCE.split(capability.does_not) if any(_asked(part, words, done) for part in PART.split(s)))


def _asked(part: str, words: Sequence[set[str]], done: frozenset[str]) -> bool:
    """Whether a wish asks for what ``part`` denies. One word that the capability is about is not enough: "nobody pays for a
    spin" says nothing to who wants to spin."""
    said = forms(part)
    if not any(form & NEGATION for form in said):
        return False
    common = [form for form in words if any(form & other for other in said if not other & _small())]
    return len(common) > 1 or any(not form & done for form in common)


def _done(capability: Capability) -> frozenset[str]:
    """The words of what it does."""
    texts = (capability.title, capability.does, *(f.label for f in capability.feature))
    return frozenset(word for text in texts for form in forms(text) for word in form)


def _small() -> frozenset[str]:
    """Words that say nothing about what is done."""
    known = lexicon()
    return (
        known.determiner | known.preposition | known.vague | known.filler | known.people | known.generic
        | {"and", "or", "be", "is", "are", "no", "not", "nothing", "nobody", "do", "see", "show", "view", "other", "own", "keep"}
    )  # fmt: skip
