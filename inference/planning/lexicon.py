"""The words the planner knows, read once from ``fixtures/planning/``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from inference.planning.inflection import stems
from inference.planning.wordset import word_set
from synergy.core.stacks import FIXTURES


def read(name: str) -> dict[str, Any]:
    """A data file of the planner."""
    return tomllib.loads((FIXTURES / "planning" / name).read_text())


@dataclass(frozen=True)
class Lexicon:
    verbs: Mapping[str, str]  #: base form → class: view, search, create … or "" when it has none
    application: frozenset[str]
    telling: frozenset[str]
    generic: frozenset[str]
    acts: Mapping[str, str]  #: head noun → verb: management → manage
    people: frozenset[str]
    audience: frozenset[str]
    administrator: frozenset[str]
    determiner: frozenset[str]
    vague: frozenset[str]
    preposition: frozenset[str]
    filler: frozenset[str]
    never: frozenset[str]
    features: Mapping[tuple[str, ...], tuple[str, ...]]  #: words → feature ids
    languages: Mapping[str, frozenset[str]]
    forms: dict[str, str] = field(default_factory=dict)  #: memory of verb_of

    def verb_of(self, word: str) -> str:
        """Base form of a known verb in any form, "" when the word is none."""
        if word not in self.forms:
            self.forms[word] = next((stem for stem in stems(word) if stem in self.verbs), "")
        return self.forms[word]


@cache
def lexicon() -> Lexicon:
    data = read("lexicon.toml")
    nouns, words = data["nouns"], data["words"]
    verbs: dict[str, str] = {}
    for group, text in data["verbs"].items():
        for verb in text.split():
            verbs.setdefault(verb, "" if group in ("other", "plain") else group)
    features = {tuple(word.split("-")): tuple(ids.split(",")) for ids, text in data["features"].items() for word in text.split()}
    return Lexicon(
        verbs=verbs,
        application=word_set(nouns["application"]),
        telling=word_set(nouns["telling"]),
        generic=word_set(nouns["generic"]),
        acts=dict(pair.split("=") for pair in nouns["acts"].split()),
        people=word_set(nouns["people"]),
        audience=word_set(nouns["audience"]),
        administrator=word_set(nouns["administrator"]),
        determiner=word_set(words["determiner"]),
        vague=word_set(words["vague"]),
        preposition=word_set(words["preposition"]),
        filler=word_set(words["filler"]),
        never=word_set(words["never"]),
        features=features,
        languages={name: word_set(text) for name, text in data["languages"].items()},
    )
