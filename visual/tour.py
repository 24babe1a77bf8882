"""Visits every page of a served site: draws it at every width, has the checks look, then has them try what can be pressed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from synergy.core.types import Finding, ObservedCall, Page, PageKind
from visual.browser import Chromium, Profile, Tab
from visual.checks.base import Check, Theme, Tried, View
from visual.proxy import Exchange, Proxy
from visual.room import HEIGHTS, Person, Room

WORKERS = 2  #: pages at a time
VIEWS: tuple[tuple[int, Theme], ...] = ((375, "light"), (768, "light"), (1920, "light"), (1920, "dark"))
WRONG = "/there-is-no-such-page"
TEXT = "__view.text()"
NO_ENTRY = "Signing in with the demo account leads nowhere."
SLOW_MS = 300  #: quiet that is waited for when two pictures differ
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
        self._state: dict[str, Any] | None = None
        self._not_found = {True: "", False: ""}  #: signed in or not → text of a wrong address
        self._claimed: set[str] = set()
        self._seen = Seen()

    async def run(self) -> Seen:
        self._state = await self._sign_in_once()
        for signed_in in (True, False):
            self._not_found[signed_in] = await self._text_of_wrong_address(signed_in)
        await self._look_at_all()
        await self._try_all()
        order = {page.slug: n for n, page in enumerate(self._site.pages)}
        self._seen.drawings.sort(key=lambda d: (order[d.page], d.theme != "light", d.width))
        self._seen.findings.sort(key=lambda f: (order[f.page], f.width or 0, f.check, f.rule, f.message, f.target))
        self._seen.calls = calls(self._proxy.exchanges)
        return self._seen

    # --- who visits --------------------------------------------------------------------------------------------------

    def _signed_in(self, page: Page) -> bool:
        return self._site.login is not None and page.kind not in VISITOR

    async def _sign_in_once(self) -> dict[str, Any] | None:
        """Cookies and storage of a person who signed in; None when nobody can."""
        if self._site.login is None:
            return None
        profile = await self._sign_in()
        try:
            return await profile.state()
        finally:
            await profile.close()

    async def _sign_in(self) -> Profile:
        login = self._site.login
        assert login is not None
        profile = await self._chromium.profile()
        async with profile.tab(login.slug) as tab:
            if not await tab.sign_in(login.sample, self._site.email, self._site.password):
                finding = Finding(check="render", severity="critical", page=login.slug, message=NO_ENTRY, target=login.sample)
                self._seen.findings += [] if finding in self._seen.findings else [finding]
        return profile

    async def _text_of_wrong_address(self, signed_in: bool) -> str:
        """What can be read at an address that does not exist; "" when it leads elsewhere."""
        profile = await self._chromium.profile(self._state if signed_in else None)
        try:
            async with profile.tab("") as tab:
                await tab.open(WRONG)
                text: str | None = await tab.evaluate(TEXT)
                return (text or "").replace(WRONG, "") if tab.path == WRONG else ""
        finally:
            await profile.close()

    # --- looking -----------------------------------------------------------------------------------------------------

    async def _look_at_all(self) -> None:
        scripts = tuple(script for check in self._checks for script in check.view_scripts)

        async def work(pages: asyncio.Queue[Page]) -> None:
            people = {True: await self._chromium.profile(self._state), False: await self._chromium.profile()}
            while not pages.empty():
                page = pages.get_nowait()
                person = people[self._signed_in(page)]
                async with person.tab(page.slug) as first, person.tab(page.slug, scripts) as second:
                    await self._look(page, first, second)
                self._note(f"Looked at {page.title}")
            for profile in people.values():
                await profile.close()

        await _side_by_side(work, self._site.pages)

    async def _look(self, page: Page, first: Tab, second: Tab) -> None:
        """Draw the page in every view, in two tabs that must show the same, and let the checks look at the second."""
        remembered: set[str] = set()
        for width, theme in VIEWS:
            twice = theme == "light"
            before = await self._draw(page, first, width, theme) if twice else None
            picture = await self._draw(page, second, width, theme)
            stable = before in (picture, None) or await self._agree(page, first, second)
            text: str = await second.evaluate(TEXT) or ""
            second.events.add(first.events)
            view = View(
                page=page, width=width, theme=theme, tab=second, status=second.status, rested=first.rested and second.rested,
                not_found=self._not_found[self._signed_in(page)], seen=remembered,
            )  # fmt: skip
            for check in self._checks:
                if check.view is not None:
                    self._seen.findings += await check.view(view)
            self._seen.drawings.append(
                Drawing(page.slug, width, theme, HEIGHTS[width], picture, text, other=None if stable else before)
            )

    async def _draw(self, page: Page, tab: Tab, width: int, theme: Theme) -> bytes:
        await tab.theme(theme)
        await tab.resize(width, HEIGHTS[width])
        await tab.open(page.sample)
        return await tab.picture()

    async def _agree(self, page: Page, *tabs: Tab) -> bool:
        """Whether two tabs that differed show the same when they get more time."""
        pictures = set()
        for tab in tabs:
            await tab.open(page.sample)
            await tab.settle(SLOW_MS)
            pictures.add(await tab.picture())
        return len(pictures) == 1

    # --- trying ------------------------------------------------------------------------------------------------------

    async def _try_all(self) -> None:
        later: dict[str, Room] = {}

        async def work(pages: asyncio.Queue[Page]) -> None:
            people = self._people(self._state)
            while not pages.empty():
                page = pages.get_nowait()
                signed_in = self._signed_in(page)
                later[page.slug] = room = Room(page, people[signed_in], self._not_found[signed_in], self._claimed)
                await self._call(room, [check.explore for check in self._checks])
                self._note(f"Tried the controls of {page.title}")
            for person in people.values():
                await person.leave()

        await _side_by_side(work, self._site.pages)
        people = self._people(None)
        for page in reversed(self._site.pages):  # what was made last refers to what was made first
            later[page.slug].person = people[self._signed_in(page)]
            await self._call(later[page.slug], [check.finish for check in self._checks])
        for person in people.values():
            await person.leave()

    async def _call(self, room: Room, hooks: Iterable[Callable[[Room], Awaitable[Tried]] | None]) -> None:
        try:
            for hook in hooks:
                if hook is not None:
                    tried = await hook(room)
                    self._seen.controls += tried.controls
                    self._seen.findings += tried.findings
        finally:
            await room.close()

    def _people(self, state: dict[str, Any] | None) -> dict[bool, Person]:
        """Who is signed in, and who is not. The first entrance uses ``state``, later ones sign in."""
        states = [state] if state else []

        async def enter() -> Profile:
            return await self._chromium.profile(states.pop()) if states else await self._sign_in()

        return {True: Person(enter), False: Person(self._chromium.profile)}


async def _side_by_side(work: Callable[[asyncio.Queue[Page]], Coroutine[Any, Any, None]], pages: Iterable[Page]) -> None:
    """Run WORKERS of ``work`` on a common queue; the first error ends all."""
    queue: asyncio.Queue[Page] = asyncio.Queue()
    for page in pages:
        queue.put_nowait(page)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(work(queue))
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
