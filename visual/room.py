"""Where the controls of one page are tried: a tab that can always be put back to how the page was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from synergy.core.types import Page
from visual.browser import Profile, Tab

MODAL = """Boolean(document.querySelector('dialog:modal, [aria-modal="true"]'))"""
ENTRY = "navigation.currentEntry?.index ?? -1"
HEIGHTS = {375: 812, 768: 1024, 1920: 1080}  #: pixels, by width


@dataclass
class Person:
    """Whose browser it is. Signs in again when something pressed has signed the person out, or in."""

    enter: Callable[[], Awaitable[Profile]]
    profile: Profile | None = None
    _door: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self) -> Profile:
        async with self._door:
            if self.profile is None:
                self.profile = await self.enter()
            return self.profile

    async def leave(self) -> None:
        if self.profile is not None:
            await self.profile.close()
        self.profile = None


@dataclass
class Room:
    """One page and what is known of its controls."""

    page: Page
    person: Person
    not_found: str
    claimed: set[str]  #: keys of controls that all pages share and that were tried somewhere
    addresses: frozenset[str]  #: that are known to lead to a page, because that page is visited itself
    later: list[Any] = field(default_factory=list)  #: what ``explore`` leaves for ``finish``
    untouched: bool = False  #: the page was loaded and nothing was pressed since
    _tab: Tab | None = None
    _width: int = 0
    _entry: int = 0  #: the page's place in the history of the tab
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def ready(self, width: int) -> Tab | None:
        """The tab with the page, brought back as a person would: quicker than ``fresh``, but traces of presses may be left."""
        if self._tab is None or (self._width != width and not self.untouched):
            return await self.fresh(width)
        if self._width != width:
            await self._tab.resize(width, HEIGHTS[width])
            await self._tab.settle()
            self._width = width
        if plain(self._tab.path) != plain(self.page.sample) and await self._tab.evaluate(ENTRY) == self._entry + 1:
            await self._tab.back()
            await self._tab.settle()
        if await self._tab.evaluate(MODAL):
            await self._tab.key("Escape")
            await self._tab.settle()
        if plain(self._tab.path) != plain(self.page.sample) or await self._tab.evaluate(MODAL):
            return await self.fresh(width)
        self._tab.events.forget()
        return self._tab

    async def fresh(self, width: int) -> Tab | None:
        """The tab with the page loaded anew; None when it cannot be reached any more, not even after signing in again."""
        for _ in range(2):
            if self._tab is None:
                self._tab = await self._stack.enter_async_context((await self.person.get()).tab(self.page.slug))
            tab = self._tab
            await tab.resize(width, HEIGHTS[width])
            await tab.open(self.page.sample)
            if plain(tab.path) == plain(self.page.sample):
                self._width, self._entry, self.untouched = width, await tab.evaluate(ENTRY), True
                tab.events.forget()
                return tab
            await self.close()
            await self.person.leave()
        return None

    async def close(self) -> None:
        await self._stack.aclose()
        self._tab = None


def plain(path: str) -> str:
    """The address without query and fragment."""
    return path.split("?")[0].split("#")[0]
