"""What a thing is called: the words of the person, unless they say nothing."""

from __future__ import annotations

from inference.planning.archetypes import Archetype, terms
from inference.planning.asks import Ask
from inference.planning.inflection import UNCOUNTABLE, plural_phrase
from inference.planning.lexicon import lexicon
from inference.planning.matching import core
from inference.planning.phrases import Phrase


def head_phrase(ask: Ask) -> Phrase:
    """What the name of the application says about its content: "short-term apartment rental website" → apartment rental."""
    known = lexicon()
    low = [w for w in ask.thing if w not in known.determiner | known.vague]
    while len(low) > 1 and low[-1] in known.application:
        low.pop()
    if low and low[-1] in known.application:
        return ()
    while len(low) > 1 and (
        low[-1] in known.acts
        or (low[-1] in known.telling and " ".join(low) not in terms())
        or (low[-1].endswith("ing") and known.verb_of(low[-1]) and " ".join(low[-2:]) not in terms())
    ):
        low.pop()
    from_words = [*low[:-1], _one(low[-1])] if low else []
    return tuple(from_words)


def _one(word: str) -> str:
    found = core((word,))
    return next((t for t in (word, word.removesuffix("s")) if t in terms()), found[0])


def label_words(inner: Phrase, term: Phrase, archetype: Archetype) -> Phrase:
    """The words of the label: what the person wrote, unless that says nothing or is too long."""
    if not term:
        return inner[-2:] if len(inner) > 3 else inner
    extra = inner[: inner.index(term[0])] if len(term) < len(inner) else ()
    extra = tuple(w for w in extra if not w.isdigit())
    named = [w for w in extra if w not in lexicon().people and terms().get(w) is None]
    if len(named) + len(term) <= 2 and len(named) == len(extra):
        return (*named, *term)
    return term


def labels_of(words: Phrase, archetype: Archetype, *, variant: bool) -> tuple[str, str]:
    """(label, plural) for words that mean ``archetype``."""
    text, last = " ".join(words), words[-1]
    if text == archetype.label.lower() or text in archetype.collective:
        return archetype.label, archetype.plural
    if last in UNCOUNTABLE and variant:
        return capital(f"{text} {archetype.label.lower()}"), capital(text)
    if last in UNCOUNTABLE or last in _weak_ends() or (last.endswith("ing") and text not in archetype.aliases):
        return archetype.label, archetype.plural
    return capital(text), capital(plural_phrase(text))


def _weak_ends() -> frozenset[str]:
    """Last words that make no good name of a thing."""
    known = lexicon()
    return (
        (known.generic - {"record", "information"})
        | (known.telling - {"game", "inventory", "quiz"})
        | known.never - {"game", "report"}
    )


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
