"""Visits every page of a served site: draws it at every width, has the checks look, then has them try what can be pressed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from synergy.core.types import Finding, ObservedCall, Page, PageKind
from visual.browser import CALM, Chromium, Profile, Tab
from visual.checks.base import Check, Theme, Tried, View
from visual.diff import compare
from visual.proxy import Exchange, Proxy
from visual.room import HEIGHTS, Person, Room, plain

WORKERS = min(8, 2 * (os.cpu_count() or 1))  #: pages at a time: each waits half of its time
WRONG = "/there-is-no-such-page"
SHOWN = "[__view.text(), __view.outline()]"
NO_ENTRY = "Signing in with the demo account leads nowhere."
SLOWLY = 30  #: looks at a page that must be calm when two pictures of it differed
VISITOR = (PageKind.LOGIN, PageKind.REGISTER, PageKind.HOME)  #: seen by who is not signed in


@dataclass(frozen=True)
class Site:
    """What is to be visited. Without ``login`` nobody signs in."""

    pages: tuple[Page, ...]
    login: Page | None = None
    email: str = ""
    password: str = ""


@dataclass(frozen=True)
class Drawing:
    """A page as it was drawn once. The pictures are PNG files."""

    page: str
    width: int
    theme: Theme
    height: int  #: of the window
    picture: bytes
    text: str  #: what can be read
    other: bytes | None = None  #: another picture that differs, though nothing was changed
    outline: str = ""  #: JSON: the place of the content and of all that shows in it


@dataclass
class Seen:
    """All that was seen on a tour."""

    drawings: list[Drawing] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    controls: int = 0
    calls: tuple[ObservedCall, ...] = ()


class Tour:
    """One visit to a site. ``note`` gets a line of progress now and then."""

    def __init__(
        self,
        chromium: Chromium,
        proxy: Proxy,
        site: Site,
        checks: Iterable[Check],
        note: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._chromium, self._proxy, self._site, self._note = chromium, proxy, site, note
        self._checks = tuple(checks)
        self._entries: dict[bool, asyncio.Task[None]] = {}
        self._state: dict[str, Any] | None = None
        self._not_found = {True: "", False: ""}  #: signed in or not → content of a wrong address
        self._claimed: set[str] = set()
        self._barred = False
        self._seen = Seen()

    async def run(self) -> Seen:
        self._entries = {True: asyncio.create_task(self._enter(True)), False: asyncio.create_task(self._enter(False))}
        await self._visit_all()
        await asyncio.gather(*self._entries.values())
        order = {page.slug: n for n, page in enumerate(self._site.pages)}
        self._seen.drawings.sort(key=lambda d: (order[d.page], d.theme != "light", d.width))
        self._seen.findings.sort(key=lambda f: (order[f.page], f.width or 0, f.check, f.rule, f.message, f.target))
        self._seen.calls = calls(self._proxy.exchanges)
        return self._seen

    async def _visit_all(self) -> None:
        """WORKERS people look at all pages, each at another one; then they try all controls; then one destroys things."""
        to_look, to_try = (_queue(self._site.pages) for _ in range(2))
        rooms: dict[str, Room] = {}
        looked, tried = asyncio.Barrier(WORKERS), asyncio.Barrier(WORKERS)
        lookers = self._people()  # the same for all who look, for who looks changes nothing: their browser keeps what it loaded

        async def work(last: bool) -> None:
            people = lookers if last else self._people()
            while not to_look.empty():
                page = to_look.get_nowait()
                await self._look(page, await lookers[self._signed_in(page)].get())
                self._note(f"Looked at {page.title}")
            await looked.wait()  # what is tried may change what is seen
            while not to_try.empty():
                page = to_try.get_nowait()
                rooms[page.slug] = self._room(page, people[self._signed_in(page)])
                await self._call(rooms[page.slug], [check.explore for check in self._checks])
                self._note(f"Tried the controls of {page.title}")
            await tried.wait()
            for page in reversed(self._site.pages) if last else ():  # what was made last refers to what was made first
                rooms[page.slug].person = people[self._signed_in(page)]
                await self._call(rooms[page.slug], [check.finish for check in self._checks])
            for person in people.values():
                await person.leave()

        await _side_by_side(work(last=number == 0) for number in range(WORKERS))

    # --- who visits --------------------------------------------------------------------------------------------------

    def _signed_in(self, page: Page) -> bool:
        return self._site.login is not None and page.kind not in VISITOR

    async def _enter(self, signed_in: bool) -> None:
        """Sign in once, for all who are to be signed in, and learn what an address looks like that does not exist."""
        if signed_in and self._site.login is None:
            return
        profile = await (self._sign_in() if signed_in else self._chromium.profile())
        if signed_in:
            self._state = await profile.state()
        async with profile.tab("") as tab:
            await tab.open(WRONG)
            text: str | None = await tab.evaluate("__view.content()")
            self._not_found[signed_in] = (text or "").replace(WRONG, "") if tab.path == WRONG else ""
        await profile.close()

    async def _sign_in(self) -> Profile:
        """A profile that signed in as a person does. When that fails once, nobody tries again."""
        login = self._site.login
        assert login is not None
        profile = await self._chromium.profile()
        async with profile.tab(login.slug) as tab:
            if not self._barred and not await tab.sign_in(login.sample, self._site.email, self._site.password):
                self._barred = True
                finding = Finding(check="render", severity="critical", page=login.slug, message=NO_ENTRY, target=login.sample)
                self._seen.findings.append(finding)
        return profile

    def _people(self) -> dict[bool, Person]:
        """Who is signed in, and who is not. The first entrance uses what the first signing in gave, later ones sign in."""
        entered = False

        async def enter() -> Profile:
            nonlocal entered
            await self._entries[True]
            again, entered = entered, True
            return await (self._sign_in() if again or not self._state else self._chromium.profile(self._state))

        async def visit() -> Profile:
            await self._entries[False]
            return await self._chromium.profile()

        return {True: Person(enter), False: Person(visit)}

    # --- looking -----------------------------------------------------------------------------------------------------

    async def _look(self, page: Page, person: Profile) -> None:
        """Draw the page in every view and let the checks look at it.

        Two tabs must show the same. One loaded the page for a wide window, the other for a narrow one, and both are resized: that
        is much quicker than loading. Where they differ, both load the page anew.
        """
        scripts = tuple(script for check in self._checks for script in check.view_scripts)
        narrow, middle, wide = HEIGHTS
        async with person.tab(page.slug) as other, person.tab(page.slug, scripts) as seen:
            wide_picture, narrow_picture = await _load(seen, page, wide), await _load(other, page, narrow)
            await self._hold(page, wide, seen, other, wide_picture, await _turn(other, wide))
            await self._hold(page, narrow, seen, other, narrow_picture, await _turn(seen, narrow))
            await self._hold(page, middle, seen, other, await _turn(seen, middle), await _turn(other, middle))
            await self._keep(View(page=page, width=wide, theme="dark", tab=seen), await _turn(seen, wide, "dark"), None)

    async def _hold(self, page: Page, width: int, seen: Tab, other: Tab, picture: bytes, again: bytes) -> None:
        """Keep ``picture``, and say so when another one of the same page is not the same."""
        same = again == picture or not compare(picture, again).pixels  # a change that no eye sees is none
        if not same and await self._agree(page, width, seen, other):
            same, picture = True, await seen.picture()
        seen.take_over(other)
        await self._keep(View(page=page, width=width, theme="light", tab=seen), picture, None if same else again)

    async def _agree(self, page: Page, width: int, *tabs: Tab) -> bool:
        """Whether two tabs that differed show the same when both load the page anew and get more time. A busy machine gets a
        second try: what chance draws is another one every time."""
        for _ in range(2):
            one, other = [await _load(tab, page, width, SLOWLY) for tab in tabs]
            if one == other or not compare(one, other).pixels:
                return True
        return False

    async def _keep(self, view: View, picture: bytes, again: bytes | None) -> None:
        """Keep what the page looks like, and let the checks look at it."""
        text, outline = await view.tab.evaluate(SHOWN) or ("", "")
        view.not_found = self._wrong(view.page)
        for check in self._checks:
            if check.view is not None:
                self._seen.findings += await check.view(view)
        height = HEIGHTS[view.width]
        self._seen.drawings.append(Drawing(view.page.slug, view.width, view.theme, height, picture, text, again, outline))

    def _wrong(self, page: Page) -> str:
        return self._not_found[self._signed_in(page)]

    # --- trying ------------------------------------------------------------------------------------------------------

    def _room(self, page: Page, person: Person) -> Room:
        addresses = frozenset(
            plain(other.sample) for other in self._site.pages if self._signed_in(other) == self._signed_in(page)
        )
        return Room(page, person, self._wrong(page), self._claimed, addresses)

    async def _call(self, room: Room, hooks: Iterable[Callable[[Room], Awaitable[Tried]] | None]) -> None:
        try:
            for hook in hooks:
                if hook is not None:
                    tried = await hook(room)
                    self._seen.controls += tried.controls
                    self._seen.findings += tried.findings
        finally:
            await room.close()


async def _load(tab: Tab, page: Page, width: int, calm: int = CALM) -> bytes:
    """The page, loaded at this width."""
    await tab.theme("light")
    await tab.resize(width, HEIGHTS[width])
    await tab.open(page.sample, calm)
    return await tab.picture()


async def _turn(tab: Tab, width: int, theme: Theme = "light") -> bytes:
    """The page as it is, given another size or theme."""
    await tab.theme(theme)
    await tab.resize(width, HEIGHTS[width])
    await tab.settle()
    return await tab.picture()


def _queue(pages: Iterable[Page]) -> asyncio.Queue[Page]:
    queue: asyncio.Queue[Page] = asyncio.Queue()
    for page in pages:
        queue.put_nowait(page)
    return queue


async def _side_by_side(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all at once; the first error ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except ExceptionGroup as several:
        raise several.exceptions[0] from None


def calls(exchanges: Iterable[Exchange]) -> tuple[ObservedCall, ...]:
    """The answered calls to the API, each kind once: what answers with JSON, and whatever changes something."""
    observed = {
        call.model_dump_json(): call
        for exchange in exchanges
        if exchange.status and (exchange.method != "GET" or "json" in exchange.kind)
        for call in (exchange.observed(),)
    }
    return tuple(sorted(observed.values(), key=lambda c: (c.path, c.method, c.page, c.status, c.query)))
