"""What the application is called, where it lives, and what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from inference.planning.asks import Ask
from inference.planning.lexicon import lexicon
from inference.planning.names import kebab
from inference.planning.surface import Access
from inference.planning.things import Thing

LONGEST = 40  #: characters of a title
LONGEST_WISH = 50  #: characters of a wish that a summary repeats
MOST_WISHES = 3  #: that a summary repeats
SMALL = {"of", "and", "for", "the", "a", "an", "in", "on", "to", "with", "or"}
FILLING = {
    "website",
    "site",
    "app",
    "application",
    "web",
    "webpage",
    "page",
    "web-site",
    "program",
    "mini-program",
    "tool",
    "software",
    "webapp",
    "feature",
    "integration",
    "interface",
    "frontend",
    "backend",
    "homepage",
    "web-app",
}
ADJECTIVE = ("al", "ic", "ive", "ful", "ous", "able", "ible", "ish")  #: ends of words that do not stand alone: "technical"
SECOND = {
    "comment",
    "review",
    "message",
    "vote",
    "category",
    "customer",
    "member",
    "subscriber",
}  #: no application is named after them
TAKEN = {
    "app",
    "api",
    "test",
    "tests",
    "site",
    "backend",
    "frontend",
    "react",
    "vite",
    "fastapi",
    "python",
    "node",
    "index",
    "main",
    "src",
}
CALLED = re.compile(
    r"\b(?:called|named|titled)\s+[\"“'‘]?([A-Z0-9][\w&' -]{0,38}?)[\"”'’]?"
    r"(?=[,.;:!?)]|\s+(?:that|which|where|for|with|to|and|is)\b|$)"
)
PROPER = re.compile(
    r"\bfor (?:the |our |my )?((?:[A-Z][\w&-]+\s)(?:(?:of|and|&|for|the)\s)*(?:[A-Z][\w&-]+\s?(?:(?:of|and|&|for)\s(?=[A-Z]))?)+)"
)


def make_title(message: str, asks: Sequence[Ask], things: Sequence[Thing]) -> str:
    """A name of at most 40 characters: the one the message gives, else one from its words, else from what is kept."""
    for pattern in (CALLED, PROPER):
        found = pattern.search(message)
        if found:
            return _short(found.group(1).strip())
    head = next((ask for ask in asks if ask.head and ask.direct), None)
    words = _telling(head.text) if head else []
    place = next(
        (ask for ask in asks if ask.head and not ask.direct and ask.thing and ask.thing[-1] not in lexicon().audience), None
    )
    if words:
        plain = place is not None and _completes(place, words)
        words = [*place.text.split(), *words] if place is not None and plain else words
        bare = len(words) == 1 and words[0].lower().endswith(ADJECTIVE)
        return _short(_titled([*words, things[0].plural] if bare else words))
    if place:
        words = [w for w in _unbusied(place.text.split()) if w.lower() not in lexicon().determiner]
        title = _titled(words)
        return _short(title if len(words) > 1 else f"{title} {_titled(things[0].plural.split())}")
    main = [t for t in things if not (t.archetype and t.archetype.name in SECOND)] or list(things)
    return _short(" & ".join(_titled(thing.plural.split()) for thing in main[:2]))


def _completes(place: Ask, words: Sequence[str]) -> bool:
    """ "learning platform" says little: "data science learning platform"."""
    known = lexicon()
    return len(words) <= 2 and words[-1].lower() in known.application and place.text.split()[0].lower() not in known.determiner


def _unbusied(words: list[str]) -> list[str]:
    """Who it is for, without what they do: "a photographer showcasing a portfolio" → a photographer."""
    known = lexicon()
    busy = (
        i
        for i, w in enumerate(words[:-1])
        if i > 1 and w.endswith("ing") and known.verb_of(w) and words[i + 1] in known.determiner
    )
    return words[: next(busy, len(words))]


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


def make_summary(wishes: Sequence[Ask], things: Sequence[Thing], access: Access) -> str:
    """What one does here, in the message's own words: the last of ``wishes`` that read like it, which is where messages say what
    their users do; else what is kept."""
    told: dict[str, Ask] = {}
    for ask in wishes:
        first = ask.text.split(" ")[0].lower()
        about = ask.thing and ask.thing[-1] not in lexicon().application
        if first == ask.verb and about and not ask.head and ask.direct and len(ask.text) <= LONGEST_WISH:
            told[ask.verb] = ask
    if len(told) > 1:
        said = [_yours(ask.text) for ask in list(told.values())[-MOST_WISHES:]]
        text = f"{', '.join(said[:-1])} and {said[-1]}"
        return f"{text[:1].upper()}{text[1:]}."
    listed = labels(things[:5])
    return f"Browse {listed}." if access == "public_read" else f"{listed[:1].upper()}{listed[1:]} in one place."


def _yours(text: str) -> str:
    return re.sub(r"\b(?:their|his|her|my|our)\b", "your", text, flags=re.IGNORECASE)


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


def labels(things: Iterable[Thing]) -> str:
    """ "projects, tasks and team members"."""
    names = [thing.plural.lower() for thing in things]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nothing"
