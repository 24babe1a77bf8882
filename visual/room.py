"""Where the controls of one page are tried: a tab that can always be put back to how the page was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from synergy.core.types import Page
from visual.browser import Profile, Tab

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
    later: list[object] = field(default_factory=list)  #: what ``explore`` leaves for ``finish``
    _tab: Tab | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def fresh(self, width: int) -> Tab | None:
        """The tab with the page loaded anew; None when the page cannot be reached any more, not even after signing in again."""
        for _ in range(2):
            if self._tab is None:
                self._tab = await self._stack.enter_async_context((await self.person.get()).tab(self.page.slug))
            tab = self._tab
            await tab.resize(width, HEIGHTS[width])
            await tab.open(self.page.sample)
            if tab.path.split("?")[0].split("#")[0] == self.page.sample.split("?")[0]:
                tab.events.take_console()
                tab.events.take_failures()
                return tab
            await self.close()
            await self.person.leave()
        return None

    async def close(self) -> None:
        await self._stack.aclose()
        self._tab = None
