"""A change message as single wishes: take away, rename, give fields, open or close, roles, colours; what is left is planned.

Only the form of the words is read here. What they name is looked up in the plan by ``revise``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from inference.planning.colors import Design, read_design
from inference.planning.lexicon import read
from inference.planning.surface import Access
from inference.planning.text import Words, lows, said, sentences, words
from inference.planning.wordset import word_set


@cache
def word_list(name: str) -> frozenset[str]:
    """A list of words of ``fixtures/planning/change.toml``."""
    return word_set(read("change.toml")[name])


@cache
def forms(kind: str) -> tuple[re.Pattern[str], ...]:
    """The forms of one kind of wish. A wish fits a form as a whole, small words at its end aside."""
    data = read("change.toml")
    parts = {name: _joined(text) for name, text in data["part"].items()}
    return tuple(re.compile(_filled(_joined(text), parts) + parts["end"], re.I) for text in data["form"][kind])


@cache
def _strip(name: str) -> re.Pattern[str]:
    return re.compile(_joined(read("change.toml")["strip"][name]), re.I)


def _joined(text: str) -> str:
    """The lines of a long pattern as one; a blank at the begin of a line counts when it is the only one beyond the indent."""
    lines = [line for line in text.split("\n") if line.strip()]
    return "".join([lines[0].rstrip(), *(line.removeprefix("  ") for line in lines[1:])])


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    for name, text in parts.items():
        pattern = pattern.replace(f"{{{name}}}", text)
    return pattern


def _fit(kind: str, text: str) -> re.Match[str] | None:
    return next((found for form in forms(kind) if (found := form.fullmatch(text))), None)


@dataclass(frozen=True)
class Wish:
    """One part of a change message."""

    text: str  #: its words


@dataclass(frozen=True)
class Removal(Wish):
    what: tuple[str, ...]  #: the things, fields, roles or capabilities
    owner: str = ""  #: whose fields


@dataclass(frozen=True)
class Renaming(Wish):
    pairs: tuple[tuple[str, str], ...]  #: (what it is called, what it is to be called): the first whose thing is there is meant
    owner: str = ""


@dataclass(frozen=True)
class Giving(Wish):
    """Fields for something that is there; without such a thing it is a wish like any other."""

    fields: tuple[str, ...]
    owner: str
    sure: bool = True  #: False: only usual fields are meant: "a search for orders" is none


@dataclass(frozen=True)
class Opening(Wish):
    access: Access


@dataclass(frozen=True)
class NewRole(Wish):
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Painting(Wish):
    design: Design = field(default_factory=lambda: Design("", "", ()))


@dataclass(frozen=True)
class Other(Wish):
    """For the planner."""


def read_change(message: str) -> tuple[Wish, ...]:
    """The wishes of a cleaned change message, in its order."""
    return tuple(wish for sentence in sentences(message) for piece in pieces(sentence) for wish in _wishes(piece))


def pieces(sentence: str) -> list[str]:
    """The sentence, cut where a wish of its own begins: "add a leaderboard | make the header dark green"."""
    span = words(sentence)
    cuts, start = [0], 0
    for index in range(1, len(span)):
        if _begins(span, start, index):
            start = index
            cuts.append(index)
    parts = (_trimmed(span[a:b]) for a, b in zip(cuts, [*cuts[1:], len(span)], strict=True))
    return [said(sentence, part) for part in parts if part]


def _begins(span: Words, start: int, index: int) -> bool:
    """Whether a wish begins at ``index``, after a joining word and a wish that has an object already."""
    low, joining, openers = lows(span), word_list("joining"), word_list("openers")
    before = low[start:index]
    told = [word for word in before if word not in joining]
    if low[index - 1] not in joining or not told or set(before) & word_list("leading"):
        return False
    if len(told) < 2 and told[0] in openers:  # "add and remove tasks"
        return False
    rest = " ".join(low[index:])
    return low[index] in openers or any(_fit(kind, rest) for kind in ("opened", "closed", "having"))


def _trimmed(part: Words) -> Words:
    low, joining = lows(part), word_list("joining")
    first, last = 0, len(low)
    while first < last and low[first] in joining:
        first += 1
    while last > first and low[last - 1] in joining:
        last -= 1
    return part[first:last]


def _wishes(piece: str) -> Iterator[Wish]:
    plain = " ".join(piece.split())
    for reader in (_access, _renaming, _removal, _role, _giving):
        found = reader(plain)
        if found is not None:
            yield found
            return
    design = read_design(plain)
    if design is not None:
        yield Painting(design.text, design)
    if design is None or design.rest:
        yield Other(design.rest if design else plain)


# --- one reader for each kind ------------------------------------------------------------------------------------------


def _access(text: str) -> Wish | None:
    if _fit("opened", text):
        return Opening(text, "public_read")
    return Opening(text, "private") if _fit("closed", text) else None


def _removal(text: str) -> Wish | None:
    found = _fit("removed", text)
    if found is None:
        return None
    what, owner = listed(found["what"]), plain(_group(found, "owner"))
    return Removal(text, what, owner) if what else Removal(text, (owner,) if owner else ())  # "the list of invoices"


def _renaming(text: str) -> Wish | None:
    called = _fit("called", text)
    if called:
        parts = called["rest"].split()
        pairs = [(plain(" ".join(parts[:n])), _name(" ".join(parts[n:]))) for n in range(len(parts) - 1, 0, -1)]
        return Renaming(text, tuple(pair for pair in pairs if all(pair))) if pairs else None
    found = _fit("renamed", text) or (None if read_design(text) else _fit("turned", text))
    if found is None or not plain(found["what"]):
        return None
    return Renaming(text, ((plain(found["what"]), _name(found["to"])),), plain(_group(found, "owner")))


def _role(text: str) -> Wish | None:
    found = _fit("role", text)
    named = listed(found["what"]) if found else ()
    return NewRole(text, named) if named else None


def _giving(text: str) -> Wish | None:
    sure = _fit("given_to", text)
    found = sure or _fit("given_for", text)
    if found is None:
        return None
    owner, _, more = found["owner"].partition(" and ")
    what = f"{found['what']}, {more}" if more else found["what"]
    return Giving(text, listed(_strip("field").sub("", what)), plain(owner), sure=sure is not None)


def _group(found: re.Match[str], name: str) -> str:
    return found.groupdict().get(name) or ""


def _name(text: str) -> str:
    return " ".join(text.strip(" \"'“”‘’.,").removeprefix("the ").split())


def plain(text: str) -> str:
    """A noun phrase without its small words: "the list of customers" → customers."""
    now = _strip("listing").sub("", " ".join(text.lower().split()))
    while (shorter := _strip("lead").sub("", now).strip(" ,.\"'“”‘’")) != now:
        now = shorter
    return now


def listed(text: str) -> tuple[str, ...]:
    """ "the invoices, orders and a due date" → invoices, orders, due date."""
    found = (plain(part) for part in re.split(r"\s*(?:,|/|&|\band\b|\bor\b|\bas well as\b)\s*", text, flags=re.I))
    return tuple(part for part in found if part)
