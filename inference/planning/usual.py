"""What an application usually keeps, when its message names nothing."""

from __future__ import annotations

from collections.abc import Sequence, Set

from inference.planning.asks import Ask
from inference.planning.lexicon import read
from inference.planning.wordset import word_set

DEFAULT = ("project", "task", "team_member")
SITE_WORDS, SMALL_SITE = word_set("website site page webpage homepage"), ("announcement",)  #: a site that keeps nothing has news


def usual_things(asks: Sequence[Ask], words: Set[str]) -> tuple[Sequence[str], str]:
    """(archetypes that applications of this kind usually keep, the word that told the kind). ``words``: of the message."""
    texts = [
        *(" ".join(ask.thing) for ask in asks if ask.head),
        *(" ".join(ask.thing) for ask in asks),
        *(ask.text.lower() for ask in asks),
    ]
    for text in texts:
        for setting in read("settings.toml")["setting"]:
            word = next((w for w in setting["words"] if f" {w} " in f" {text} " or f" {w}s " in f" {text} "), None)
            if word:
                return setting["keeps"], word
    return (SMALL_SITE if words & SITE_WORDS else DEFAULT), ""
