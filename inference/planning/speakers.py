"""Where in a sentence somebody new begins to want something: "students can …, and | companies can …"."""

from __future__ import annotations

from inference.planning.archetypes import terms, verbs
from inference.planning.inflection import is_plural, singular
from inference.planning.lexicon import lexicon
from inference.planning.text import Words, lows
from inference.planning.wordset import word_set

MODALS = word_set("can could may might must shall should will would")
SEMI_MODALS = {
    ("able", "to"),
    ("has", "to"),
    ("have", "to"),
    ("like", "to"),
    ("need", "to"),
    ("needs", "to"),
    ("want", "to"),
    ("wants", "to"),
}
ALLOW = word_set("allow allowing allows enable enables enabling help helping helps let lets letting permit permits")
ALWAYS_BUILD = word_set("build code develop give implement need program prototype scaffold want")


def speakers(span: Words) -> list[Words]:
    """Cuts before each new subject: "students can …, and | companies can …"; the joining words are left out."""
    cuts = [0]
    for index, word in enumerate(span):
        if index and (word.low in MODALS or semi_modal(span, index)):
            start = _subject_start(span, index)
            if start is not None and start > cuts[-1] + 1:
                cuts.append(start)
        elif (index > cuts[-1] and (_first_person(span, index) or acting(span, index) or _ordering(span, index))) or (
            index
            and (
                word.low in {"allowing", "letting", "enabling"}
                or (word.low in ALLOW and span[index - 1].low in {",", "and", "that", "which"})
            )
        ):
            cuts.append(index)
    parts = [span[a:b] for a, b in zip(cuts, [*cuts[1:], len(span)], strict=True)]
    return [trimmed for part in parts if (trimmed := joined(part))]


def _first_person(span: Words, index: int) -> bool:
    """ "…, and | we need …" """
    return span[index].low in {"i", "we", "i'd", "we'd"} and span[index - 1].low in {",", "and", "so", "but"}


def _ordering(span: Words, index: int) -> bool:
    """ "…, and | build a notes app", "… and | want customers to order" """
    opens = span[index].low in ALWAYS_BUILD | {"create", "make", "wants"} and span[index - 1].low in {",", "and", "then"}
    after = span[index + 1].low if index + 1 < len(span) else ""
    return opens and (after in {"a", "an", "the", "me", "us"} or span[index].low in {"want", "wants", "need"})


def acting(span: Words, index: int) -> bool:
    """ "where | poets publish poems and | readers leave reviews": a plural noun and a verb in its base form."""
    if index + 1 >= len(span) or (index and span[index - 1].low not in {",", "and", "where", "while", "so", "but", ":"}):
        return False
    noun, verb, known = span[index].low, span[index + 1].low, lexicon()
    acts = known.verb_of(verb) == verb and (index + 2 < len(span) or verb in verbs()) and is_plural(noun)
    return acts and (
        singular(noun) in known.people or (bool(known.verbs.get(verb)) and verb not in terms() and not known.verb_of(noun))
    )


def _subject_start(span: Words, modal: int) -> int | None:
    """Where the subject before the modal begins, when a joining word stands before it."""
    start = modal
    while (
        start > 0
        and modal - start < 5
        and span[start - 1].low not in {",", "and", "where", "while", "but", "so", "that", "which", "who", ":"}
    ):
        start -= 1
    return start if start < modal and start > 0 and modal - start < 5 else None


def joined(part: Words) -> Words:
    """Without joining words at its ends."""
    low = lows(part)
    while low and low[-1] in {",", "and", "where", "while", "but", "so", "that", "also", "or", ":", "then", "which"}:
        low.pop()
    first = 0
    while first < len(low) and low[first] in {
        ",",
        "and",
        "but",
        "so",
        "also",
        "additionally",
        "moreover",
        "furthermore",
        "finally",
        "then",
        "or",
    }:
        first += 1
    return part[first : len(low)]


def semi_modal(span: Words, index: int) -> bool:
    return tuple(lows(span[index : index + 2])) in SEMI_MODALS


def polite(span: Words) -> Words:
    """Without "please", "hi", "could you", "we would like you to" …"""
    openers = (
        ["can", "you"],
        ["could", "you"],
        ["would", "you"],
        ["will", "you"],
        ["i", "would", "like", "you", "to"],
        ["help", "me"],
        ["help", "us"],
        ["to", "begin", "with"],
        ["to", "start", "with"],
        ["first", "of", "all"],
    )
    low, first = lows(span), 0
    while first < len(low):
        opener = next((o for o in openers if low[first : first + len(o)] == o), None)
        if opener:
            first += len(opener)
        elif low[first] in lexicon().filler or low[first] == ",":
            first += 1
        else:
            break
    return span[first:]
