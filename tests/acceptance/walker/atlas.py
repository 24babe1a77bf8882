"""The places of a site, as somebody finds them who follows every link of the menu and opens one record of every list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.acceptance.walker.person import Lost, Person
from tests.acceptance.walker.screen import Link, Screen
from tests.acceptance.walker.words import content, covered, likeness

MOST = 45  #: places that are visited
EXIT = re.compile(r"\b(?:sign|log)[ -]?out\b|logout", re.IGNORECASE)
HARM = re.compile(r"\bdelete|\bremove|\bexport|\bdownload|\.(?:csv|pdf|zip|json|xml|png)$", re.IGNORECASE)
MAKING = re.compile(
    r"^(?:\+|add|new|create|post|write|record|log|publish|compose|start|upload|book|apply|register|join|enrol|edit|place)\b",
    re.IGNORECASE,
)


def kind_of(path: str) -> str:
    """An address without numbers, query and place within the page."""
    return re.sub(r"\d+|[0-9a-f]{8}-[0-9a-f-]+", "#", path.split("?")[0].split("#")[0]) or "/"


@dataclass(frozen=True)
class Place:
    """A page and how it was found. ``depth`` 0 is home, 1 is in the menu, 2 is behind a page of the menu."""

    path: str
    name: str  #: of the link that led here
    screen: Screen
    depth: int
    parent: str = ""
    status: int = 200
    trouble: str = ""

    def fits(self, wanted: Iterable[str]) -> float:
        """How well the place answers to these words: the link's name first, then its heading and address."""
        wanted = tuple(wanted)
        path = re.sub(r"[\W_\d]+", " ", self.path)
        names = likeness(self.name, wanted), likeness(self.screen.heading, wanted) * 0.95, likeness(path, wanted) * 0.8
        own = [text for _, text, area in self.screen.headings if area == "main"]
        parts = max((likeness(text, wanted) for text in own), default=0.0) * 0.75
        together = covered(" ".join([self.name, path, *own]), wanted) * 0.85
        return max(*names, parts, together) - 0.05 * self.depth

    @property
    def kind(self) -> str:
        """Records of one list are of one kind."""
        return kind_of(self.path)


@dataclass
class Atlas:
    """All places that were found."""

    places: dict[str, Place] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Place]:
        return iter(self.places.values())

    @property
    def home(self) -> Place:
        return next(iter(self.places.values()))

    def ranked(self, wanted: Iterable[str]) -> list[Place]:
        """All places, best first; those that speak of it nowhere in their names come last, in their order."""
        wanted = tuple(wanted)
        return sorted(self, key=lambda place: -place.fits(wanted)) if content(wanted) else list(self)

    def find(self, wanted: Iterable[str], least: float = 0.45) -> Place | None:
        """The place that is about this; None when none is."""
        wanted = tuple(wanted)
        best = max(self, key=lambda place: place.fits(wanted), default=None)
        return best if best is not None and best.fits(wanted) >= least else None

    def saying(self, wanted: Iterable[str]) -> Place | None:
        """The first place with all the words in its text."""
        wanted = tuple(wanted)
        return next((place for place in self if content(wanted) and place.screen.about(wanted)), None)


async def explore(person: Person, start: str = "/") -> Atlas:
    """Visit home, the whole menu, one record of each list and the pages where records are made."""
    atlas = Atlas()
    home = await _visit(person, atlas, start, "home", 0, "")
    todo = [(link, 1, home.path) for link in await menu(person)]
    todo += [(link, 2, home.path) for link in _further(home.screen)]
    while todo and len(atlas.places) < MOST:
        link, depth, parent = todo.pop(0)
        if _known(atlas, link.href) or not _harmless(link):
            continue
        if depth > 1 and any(place.kind == kind_of(link.href) for place in atlas):
            continue
        place = await _visit(person, atlas, link.href, link.name, depth, parent)
        if depth < 3:
            todo += [(link, depth + 1, place.path) for link in _further(place.screen)]
    return atlas


async def menu(person: Person) -> tuple[Link, ...]:
    """Every link of the menu, those behind "More" too. The menu stays open."""
    screen = await person.look()
    links = {link.href: link for link in screen.nav}
    for opener in [b for b in screen.buttons if b.opens and b.area in ("nav", "header") and not b.disabled]:
        again = await person.find_again(opener)
        if again is None:
            continue
        try:
            news = await person.press(again)
        except Lost:
            continue
        links |= {
            link.href: link
            for link in news.after.links
            if link.inside and link.area in ("nav", "header", "dialog") and link.href not in links
        }
        if news.after.modal:
            await person.key("Escape")
    return tuple(links.values())


async def _visit(person: Person, atlas: Atlas, path: str, name: str, depth: int, parent: str) -> Place:
    screen = await person.open(path)
    place = Place(path, name, screen, depth, parent, person.tab.status, person.trouble())
    atlas.places[path] = place
    return place


def _further(screen: Screen) -> list[Link]:
    """Links behind this page that are worth following: a record of each list, where something is made, all others of its own part once."""
    own = [link for link in screen.links if link.inside and link.area in ("main", "dialog", "header")]
    makers = [link for link in own if MAKING.search(link.name)]
    records = {group.items[0].href for group in screen.groups if group.items and group.items[0].href}
    first = [link for link in own if link.href in records]
    return [*makers, *first, *(link for link in own if link not in makers and link not in first)]


def _known(atlas: Atlas, href: str) -> bool:
    bare = href.split("#")[0] or "/"
    return href in atlas.places or bare in atlas.places


def _harmless(link: Link) -> bool:
    return not (
        EXIT.search(link.name)
        or HARM.search(link.name)
        or HARM.search(link.href)
        or link.download
        or link.href.startswith(("mailto:", "tel:"))
    )
