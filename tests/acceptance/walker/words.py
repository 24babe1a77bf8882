"""English, as far as the walker needs it: words without their endings, words that mean the same, and how alike two phrases are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

TOKEN = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?")
LEXICON = tomllib.loads((Path(__file__).parent / "lexicon.toml").read_text())
JOINED = re.compile(r"\b(check|log|sign|clock|punch)[ -](in|out|up)\b")  #: one thing: "check out" is "checkout"
STOP = frozenset(LEXICON["empty"]["words"])
DOUBLED = re.compile(r"([bdgklmnprt])\1$")


def tokens(text: str) -> list[str]:
    """The words of ``text``, lower case, in order."""
    text = JOINED.sub(r"\1\2", text.replace("’", "'").lower())
    return [word.removesuffix("'s") for word in TOKEN.findall(text)]


@cache
def stem(word: str) -> str:
    """``word`` without plural and tense: "categories" → "category", "voting" and "voted" → "vot", "customization" → "custom"."""
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-2] if word.endswith(("ches", "shes", "xes", "sses", "zzes")) else word[:-1]
    for ending in ("ization", "isation", "ation", "izing", "ized", "ize", "ing", "ed"):
        if len(word) > len(ending) + 2 and word.endswith(ending) and re.search("[aeiouy]", word[: -len(ending)]):
            word = DOUBLED.sub(r"\1", word[: -len(ending)])
            break
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


@cache
def _alike() -> dict[str, str]:
    """Stem → the stem that stands for its group."""
    found: dict[str, str] = {}
    for group in LEXICON["alike"]["groups"]:
        first = stem(group[0])
        found |= {stem(word): first for word in group}
    return found


def key(word: str) -> str:
    """What stands for ``word`` and all that means the same."""
    return _alike().get(stem(word), stem(word))


def content(text: str | Iterable[str], empty: frozenset[str] = STOP) -> tuple[str, ...]:
    """The keys of the words that carry meaning, in order, each once."""
    words = tokens(text) if isinstance(text, str) else [word.lower() for word in text]
    return tuple(dict.fromkeys(key(word) for word in words if word not in empty))


def meaningful(words: Iterable[str], empty: frozenset[str] = STOP) -> tuple[str, ...]:
    """The words that carry meaning, as they were written, each once."""
    return tuple(dict.fromkeys(word for word in words if word not in empty and word[0].isalnum()))


def likeness(name: str, wanted: str | Iterable[str]) -> float:
    """0 to 1: how well ``name`` (of a link, a heading) says what is ``wanted``. The last wanted word, the head, counts twice."""
    left, right = content(name), content(wanted)
    if not left or not right:
        return 0.0
    hits = [word for word in right if word in left]
    return 0.0 if not hits else 0.5 * covered(name, right) + 0.5 * len(hits) / len(left)


def covered(text: str, wanted: str | Iterable[str]) -> float:
    """0 to 1: how much of what is ``wanted`` stands in ``text``, the head counting twice; of one word nothing or all."""
    there, words = set(content(text)), content(wanted)
    if not words:
        return 0.0
    weight = dict.fromkeys(words, 1.0) | {words[-1]: 2.0}
    return sum(weight[word] for word in words if word in there) / sum(weight.values())


def says(text: str, wanted: str | Iterable[str]) -> bool:
    """Whether every word of ``wanted`` stands somewhere in ``text``."""
    there = set(content(text))
    return all(word in there for word in content(wanted))


def share(text: str, wanted: str | Iterable[str]) -> float:
    """0 to 1: how many of the wanted words stand somewhere in ``text``; 1 when nothing is wanted."""
    there, words = set(content(text)), content(wanted)
    return sum(word in there for word in words) / len(words) if words else 1.0
