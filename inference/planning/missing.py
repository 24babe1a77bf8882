"""What people ask for and no blueprint does yet: found by words, said with a plain reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from inference.planning.inflection import singular, stems
from inference.planning.lexicon import read

WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Part:
    """Something that cannot be built yet. ``keeps``: what is spoken of may still be kept as a record."""

    name: str
    reason: str
    keeps: bool
    phrases: tuple[tuple[str, ...], ...]


@cache
def parts() -> tuple[Part, ...]:
    return tuple(
        Part(p["name"], p["reason"], p.get("keeps", False), tuple(tuple(WORD.findall(text)) for text in p["words"]))
        for p in read("missing.toml")["part"]
    )


def forms(text: str) -> list[set[str]]:
    """For each word of ``text`` all it may be a form of."""
    return [{word, singular(word), *stems(word)} for word in WORD.findall(text.lower())]


def holds(text_forms: list[set[str]], phrase: tuple[str, ...]) -> bool:
    """Whether the words of ``phrase`` stand next to each other in the text, in any form."""
    last = len(text_forms) - len(phrase)
    return any(all(word in text_forms[start + i] for i, word in enumerate(phrase)) for start in range(last + 1))


def missing_part(text: str) -> Part | None:
    """The first part that a wish with these words would need and that is not there."""
    found = forms(text)
    return next((part for part in parts() if any(holds(found, phrase) for phrase in part.phrases)), None)
