"""What the application is called, where it lives, and what it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inference.planning.grammar import Ask
from inference.planning.lexicon import lexicon
from inference.planning.names import kebab
from inference.planning.surface import Access
from inference.planning.things import Thing, labels

LONGEST = 40  #: characters of a title
SMALL = {"of", "and", "for", "the", "a", "an", "in", "on", "to", "with", "or"}
FILLING = {"website", "site", "app", "application", "web", "webpage", "page", "web-site", "program", "mini-program", "tool", "software",
           "webapp", "feature", "integration", "interface", "frontend", "backend", "homepage", "web-app"}  # fmt: skip
TAKEN = {"app", "api", "test", "tests", "site", "backend", "frontend", "react", "vite", "fastapi", "python", "node", "index", "main", "src"}
CALLED = re.compile(r"\b(?:called|named|titled)\s+[\"“'‘]?([A-Z0-9][\w&' -]{0,38}?)[\"”'’]?(?=[,.;:!?)]|\s+(?:that|which|where|for|with|to|and|is)\b|$)")
PROPER = re.compile(r"\bfor (?:the |our |my )?((?:[A-Z][\w&-]+\s)(?:(?:of|and|&|for|the)\s)*(?:[A-Z][\w&-]+\s?(?:(?:of|and|&|for)\s(?=[A-Z]))?)+)")


def make_title(message: str, asks: Sequence[Ask], things: Sequence[Thing]) -> str:
    """A name of at most 40 characters: the one the message gives, else one from its words, else from what is kept."""
    for pattern in (CALLED, PROPER):
        found = pattern.search(message)
        if found:
            return _short(found.group(1).strip())
    head = next((ask for ask in asks if ask.head and ask.direct), None)
    words = _telling(head.text) if head else []
    if words:
        return _short(_titled(words))
    place = next((ask for ask in asks if ask.head and not ask.direct and ask.thing[-1] not in lexicon().audience), None)
    if place:
        words = [w for w in place.text.split() if w.lower() not in lexicon().determiner]
        title = _titled(words)
        return _short(title if len(words) > 1 else f"{title} {things[0].plural}")
    return _short(" & ".join(thing.plural for thing in things[:2]))


def _telling(text: str) -> list[str]:
    """The words of an application's name that say something: "modern diagram maker website" → diagram maker."""
    known = lexicon()
    words = [w.strip("\"'“”‘’.,:()") for w in text.split()]
    words = [w for w in words if w and w.lower() not in known.determiner | known.vague]
    while words and words[-1].lower() in FILLING:
        words.pop()
    return words if any(w.lower() not in known.application | SMALL | {"something"} for w in words) else []


def _titled(words: Sequence[str]) -> str:
    return " ".join(w if i and w in SMALL else w[:1].upper() + w[1:] for i, w in enumerate(words))


def _short(title: str) -> str:
    """At most 40 characters, whole words, plain signs."""
    plain = " ".join(re.sub(r"[^\w&'’. -]", " ", title).split())
    kept: list[str] = []
    for word in plain.split():
        if kept and len(" ".join([*kept, word])) > LONGEST:
            break
        kept.append(word[:LONGEST])
    while len(kept) > 1 and kept[-1].lower() in SMALL | {"&"}:
        kept.pop()
    return " ".join(kept) or "Application"


def make_slug(title: str) -> str:
    """Folder, package and image name."""
    slug = kebab(title)
    return slug if slug not in TAKEN and slug[0].isalpha() else f"{slug}-app"


def make_summary(things: Sequence[Thing], access: Access) -> str:
    listed = labels(things[:5])
    return f"Browse {listed}." if access == "public_read" else f"{listed[:1].upper()}{listed[1:]} in one place."


def topic_of(asks: Sequence[Ask]) -> str:
    """What content is about: "the shipping industry", "health"; "" when the message does not say."""
    known = lexicon()
    for ask in asks:
        first = ask.text.split()[0].lower() if ask.text else ""
        last = ask.thing[-1] if ask.thing else ""
        if ask.verb == "for" and (first == "the" or first not in known.determiner) and last.rstrip("s") not in known.people:
            return ask.text if len(ask.text) <= 40 and ask.text[len(first) :].islower() else ""
    head = next((ask for ask in asks if ask.head and ask.direct), None)
    low = [w for w in head.thing if w not in known.vague | known.determiner] if head else []
    while low and low[-1] in known.application:
        low.pop()
    if len(low) == 2 and low[-1] in {"blog", "magazine", "forum", "wiki", "community", "news"}:
        return low[0]
    return ""
