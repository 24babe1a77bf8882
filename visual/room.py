"""Where the controls of one page are tried: a tab that can always be put back to how the page was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from synergy.core.types import Page
from visual.browser import Profile, Tab

STATE = "__controls.state()"
HEIGHTS = {375: 812, 768: 1024, 1920: 1080}  #: pixels, by width


@dataclass
class Person:
    """Whose browser it is. Signs in again when something pressed has signed the person out, or in."""

    enter: Callable[[], Awaitable[Profile]]
    profile: Profile | None = None

    async def get(self) -> Profile:
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
    _tab: Tab | None = None
    _width: int = 0
    _state: str | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def fresh(self, width: int) -> Tab | None:
        """The tab with the page as it was at first; None when it cannot be reached any more, not even after signing in again."""
        if self._tab and await self._restored(self._tab):
            if self._width != width:
                await self._resize(self._tab, width)
            return self._tab
        for _ in range(2):
            if self._tab is None:
                self._tab = await self._stack.enter_async_context((await self.person.get()).tab(self.page.slug))
            tab = self._tab
            await tab.open(self.page.sample)
            if plain(tab.path) == plain(self.page.sample):
                await self._resize(tab, width)
                return self._quiet(tab)
            await self.close()
            await self.person.leave()
        return None

    async def _restored(self, tab: Tab) -> bool:
        """Go back, or close what was opened, as a person would: much quicker than loading the page anew, if it helps."""
        if address(tab.path) != address(self.page.sample):
            await tab.back()
        else:
            await tab.key("Escape")
        await tab.settle()
        if not self._state or await tab.evaluate(STATE) != self._state:
            return False
        self._quiet(tab)
        return True

    async def _resize(self, tab: Tab, width: int) -> None:
        await tab.resize(width, HEIGHTS[width])
        await tab.settle()
        self._width, self._state = width, await tab.evaluate(STATE)

    def _quiet(self, tab: Tab) -> Tab:
        tab.events.take_console()
        tab.events.take_failures()
        return tab

    async def close(self) -> None:
        await self._stack.aclose()
        self._tab = None


def address(path: str) -> str:
    """The address without fragment."""
    return path.split("#")[0]


def plain(path: str) -> str:
    """The address without query and fragment."""
    return path.split("?")[0].split("#")[0]
