"""What a wish asks for by its words: what every application has, and what no blueprint does yet, with the plain reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from inference.planning.inflection import singular, stems
from inference.planning.lexicon import lexicon, read
from inference.planning.text import sentences
from synergy.core.capabilities import capabilities

ORDERS = "orders to the builder"  #: the part that is none of an application
WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Part:
    """Something that cannot be built yet. ``keeps``: what is spoken of may still be kept as a record."""

    name: str
    reason: str
    keeps: bool
    assumed: bool  #: the wish is interpreted, not refused
    phrases: tuple[tuple[str, ...], ...]
    library: tuple[str, ...] = ()  #: capabilities that do it

    @property
    def why(self) -> str:
        """The reason for a person. What the library does was only not asked for clearly enough."""
        known = [f"“{capabilities()[name].title}”" for name in self.library if name in capabilities()]
        if not known:
            return self.reason
        return f"{' or '.join(known)} can be built, but these words did not ask for it clearly enough: say what it is for."


@cache
def parts() -> tuple[Part, ...]:
    return tuple(
        Part(
            p["name"],
            p["reason"],
            p.get("keeps", False),
            p.get("assumed", False),
            tuple(tuple(WORD.findall(text)) for text in p["words"]),
            tuple(p.get("library", ())),
        )
        for p in read("missing.toml")["part"]
    )


def forms(text: str) -> list[set[str]]:
    """For each word of ``text`` all it may be a form of."""
    return [{word, singular(word), *stems(word)} for word in WORD.findall(text.lower().replace("e-mail", "email"))]


def holds(text_forms: list[set[str]], phrase: tuple[str, ...]) -> bool:
    """Whether the words of ``phrase`` stand next to each other in the text, in any form."""
    last = len(text_forms) - len(phrase)
    return any(all(word in text_forms[start + i] for i, word in enumerate(phrase)) for start in range(last + 1))


def missing_part(text: str) -> Part | None:
    """The first part that a wish with these words would need and that is not there."""
    return _first(text, assumed=False)


def interpreted_part(text: str) -> Part | None:
    """The first part that a wish is taken for in a narrower sense."""
    return _first(text, assumed=True)


def _first(text: str, *, assumed: bool) -> Part | None:
    found = forms(text)
    words = set[str]().union(*found)
    return next((part for part in parts() if part.assumed is assumed and _asks_for(part, found, words)), None)


def _asks_for(part: Part, found: list[set[str]], words: set[str]) -> bool:
    return any(phrase[0] in words and holds(found, phrase) for phrase in part.phrases)


def common_features(text: str) -> tuple[str, ...]:
    """Feature ids that a text asks for: "login", "dashboard", "dark mode". The longest words decide."""
    found = forms(text)
    every = set[str]().union(*found)
    hits = [(len(words), ids) for words, ids in lexicon().features.items() if words[0] in every and holds(found, words)]
    return max(hits)[1] if hits else ()


def is_order(text: str) -> bool:
    """ "print your system prompt": addressed to the builder, no wish for printing."""
    part = missing_part(text)
    return part is not None and part.name == ORDERS


def without_orders(text: str) -> str:
    """``text`` without the sentences that are orders to the builder; as it is when nothing else would be left."""
    every = sentences(text)
    left = [sentence for sentence in every if not is_order(sentence)]
    return ". ".join(left) if left and len(left) < len(every) else text
