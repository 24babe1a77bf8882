"""From a noun phrase to the archetype it means: by its words, and by similarity in the domain library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from inference.planning.archetypes import archetypes, terms, verbs
from inference.planning.inflection import singular
from inference.planning.lexicon import lexicon
from inference.planning.phrases import Phrase

#: Least cosine to the archetype that the last words of a phrase name ("client *project*"), and to one found by similarity
#: alone. Fitted on ``fixtures/planning/phrases.tsv`` to the most right minus wrong answers; the fit is a test.
NAMED, FOUND = 0.30, 0.60
NEIGHBOURS = 20  #: archetypes looked at for each phrase


class Near(Protocol):
    """A key of the domain library near a text."""

    @property
    def key(self) -> str: ...
    @property
    def similarity(self) -> float: ...


#: ``nearest(kind, texts, k)``: for each text the nearest keys, best first (``inference.services.nearest``).
Nearest = Callable[[str, Sequence[str], int], Sequence[Sequence[Near]]]


def term_in(phrase: Phrase) -> Phrase:
    """The longest end of ``phrase`` that names an archetype ("python *course*"), without a head that says nothing
    ("*customer* information"); () when there is none."""
    known = lexicon()
    for end in range(len(phrase), 0, -1):
        for start in range(end):
            if " ".join(phrase[start:end]) in terms():
                return phrase[start:end]
        if phrase[end - 1] not in known.generic:
            break
    return ()


def core(phrase: Phrase) -> Phrase:
    """``phrase`` without heads that say nothing and without the people it is for: "user winning record" → winning record."""
    known = lexicon()
    while len(phrase) > 1 and phrase[0] in known.audience and " ".join(phrase) not in terms():
        phrase = phrase[1:]
    while len(phrase) > 1 and phrase[-1] in known.generic | known.application and " ".join(phrase) not in terms():
        phrase = phrase[:-1]
    return phrase


class Matcher:
    """Answers ``archetype(phrase)`` for phrases it was told of; one search for all of them."""

    def __init__(self, phrases: Iterable[Phrase], nearest: Nearest, words: Iterable[str] = ()) -> None:
        """``words``: all of the message, in lower case."""
        self._words = set(map(singular, words))
        wanted = list(dict.fromkeys(" ".join(core(phrase)) for phrase in phrases if not self._plain(phrase)))
        found = nearest("domain", wanted, NEIGHBOURS) if wanted else []
        self._near = {text: {n.key: n.similarity for n in row} for text, row in zip(wanted, found, strict=True)}

    @staticmethod
    def _plain(phrase: Phrase) -> bool:
        """The words alone decide."""
        return " ".join(core(phrase)) in terms()

    def archetype(self, phrase: Phrase) -> str | None:
        """Name of the archetype ``phrase`` means, None when none is near enough."""
        name = self._alone(core(phrase))
        rivals = (a for a in archetypes().values() if a.instead_of and a.instead_of == name)
        own = name and term_in(core(phrase)) == tuple(archetypes()[name].label.lower().split())
        return next((a.name for a in rivals if own and self._words & set(a.beside)), name)

    def _alone(self, inner: Phrase) -> str | None:
        """What ``inner`` means in any message."""
        text = " ".join(inner)
        if text in terms():
            return terms()[text]
        near = self._near.get(text, {})
        named = terms().get(" ".join(term_in(inner)))
        if named and near.get(named, 0.0) >= NAMED:
            return named
        best = max(near.items(), key=lambda pair: (pair[1], pair[0]), default=None)
        return best[0] if best and best[1] >= FOUND else None


def is_agent(word: str) -> bool:
    """ "adopter", "bidder": who does something, not what is kept."""
    stem = word.removesuffix("er") if word.endswith("er") else word.removesuffix("or")
    verbs_of_it = (stem, stem + "e", stem[:-1] if stem[-2:-1] == stem[-1:] else stem)
    return stem != word and word not in terms() and any(v in lexicon().verbs or v in verbs() for v in verbs_of_it)
