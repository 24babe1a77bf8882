"""Where a check is walked: who walks, which places are known, what was made by the checks before."""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace

from tests.acceptance.walker.atlas import Atlas, Place
from tests.acceptance.walker.filling import Entry
from tests.acceptance.walker.person import Lost, News, Person
from tests.acceptance.walker.reading import Reading
from tests.acceptance.walker.screen import Screen

HOME = frozenset({"home", "homepage", "frontpage", "landing"})
NAMES = ("Quillon", "Zephyrine", "Marlowe", "Tamsin", "Oswin", "Perrin", "Fenella", "Corvin")


@dataclass(frozen=True)
class Verdict:
    """What a check came to: True passed, False failed, None a script cannot tell. One sentence of what was seen."""

    ok: bool | None
    said: str
    reached: bool = True  #: what the check is about was there; otherwise somebody else may see more


def good(said: str) -> Verdict:
    return Verdict(True, said)


def bad(said: str) -> Verdict:
    return Verdict(False, said)


def absent(said: str) -> Verdict:
    return Verdict(False, said, reached=False)


@dataclass(frozen=True)
class Account:
    email: str
    password: str
    name: str = ""


@dataclass
class Memory:
    """What the checks of one message have left behind."""

    made: list[tuple[tuple[str, ...], str, str]] = field(default_factory=list)  #: (topic, marker, path where it is seen)
    told: list[tuple[str, ...]] = field(default_factory=list)  #: lines that acts brought
    registered: Account | None = None
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(int(time.time()) % 90000 + 10000))

    def marker(self) -> str:
        """A name that nothing else has. The site is fed no digits where it wants a name of letters only at the second try."""
        number = next(self.numbers)
        return f"{NAMES[number % len(NAMES)]} {number}"

    def of(self, topic: Iterable[str]) -> tuple[str, str] | None:
        """(marker, path) of what was made last about this."""
        wanted = set(topic)
        return next(((marker, path) for words, marker, path in reversed(self.made) if wanted & set(words)), None)


@dataclass
class Ground:
    """One person on one site."""

    person: Person
    atlas: Atlas
    who: str  #: demo, member, visitor
    account: Account | None
    memory: Memory
    inner: Atlas | None = None  #: the places of somebody who is known to the site
    earlier: Screen | None = None  #: the page that a check is about, before what comes first was done

    def entry(self, reading: Reading) -> Entry:
        wishes = tuple(reading.named) if not reading.must or reading.kind in ("press", "detail") else ()
        return Entry(self.memory.marker(), wishes=wishes)

    async def to(self, place: Place) -> Screen:
        """Open a place; Lost when it does not work."""
        screen = await self.person.open(place.path)
        status = self.person.tab.status
        if not status or status >= 400:
            raise Lost(f"{place.path} answers {status or 'nothing'}")
        if screen.broken:
            raise Lost(f"{place.path} says: {screen.broken}")
        return screen

    async def again(self, place: Place) -> None:
        """Look at a place once more: after a deed it may offer other ones."""
        self.atlas.places[place.path] = replace(place, screen=await self.person.open(place.path))

    def place(self, reading: Reading) -> Place | None:
        """The place that a check is about: what it is done with, then where, then whoever speaks of it."""
        if HOME & set(reading.place) and HOME.isdisjoint(reading.topic):
            return self.atlas.home
        wanted = [name.split() for name in reading.named] if reading.named and reading.kind == "content" else []
        wanted += [reading.topic, reading.where, reading.place] if reading.topic else [reading.place]
        for words in wanted:
            if words and (found := self.atlas.find(words)):
                return found
        return self.atlas.saying(reading.topic)

    @property
    def menu(self) -> str:
        return ", ".join(dict.fromkeys(place.name for place in self.atlas if place.depth == 1)) or "nothing"

    def keep(self, news: News) -> None:
        self.memory.told.append(news.lines)


Judge = Callable[[Ground, Reading], Awaitable[Verdict]]
