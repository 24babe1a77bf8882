"""Carries out browser checks on a served site: every one on a fresh tab of its person's browser, and says what it came to.

The words are read by ``synergy.core.acts``. What only looks goes first, side by side; then what changes something, and never two
that could disturb each other at a time. What failed is tried once more when nothing else runs: a machine that is busy must not
fail a project.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from synergy.core.acts import Act, BadAct, parse, parse_check
from synergy.core.types import BrowserCheck, Page, Walked
from visual.browser import Chromium, Error, Profile, Tab, is_crash
from visual.hands import PATIENCE, Failed, Hands

WORKERS = min(6, 1 + (os.cpu_count() or 1))  #: checks at a time
LIMIT = 20.0  #: seconds of one check
SCRIPT = (Path(__file__).parent / "js" / "walk.js").read_text()
LOOKS = ("open", "reload", "back", "fill", "pick", "keep", "see", "miss", "count", "at", "differs", "equals", "style")
MEMBER = {"me": "Robin Walker", "email": "robin.walker@example.com", "password": "walk-pass-1357"}  #: who registers for the run

NOT_UNDERSTOOD = "not understood: "
ENTRIES = {"owner": "sign in with the demo account", "member": "register an account"}
REGISTER = (
    "fill Name = $me",
    "fill Email = $email",
    "fill Password = $password",
    "click button Create account",
    "miss button Create account",
)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where the walks go. ``groups`` names, by feature, what its checks work on: those of one group run one after the other."""

    login: Page | None = None
    register: Page | None = None
    email: str = ""
    password: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Walk:
    """What a check came to, and the picture taken where it failed (PNG)."""

    result: Walked
    picture: bytes = b""


class Walker:
    """Carries out ``checks`` on one running site. ``note`` gets a line for each that failed."""

    def __init__(
        self,
        chromium: Chromium,
        ground: Ground,
        checks: Iterable[BrowserCheck],
        note: Callable[[str], None] = lambda line: None,
        *,
        patience: float = PATIENCE,
        again: bool = True,
    ) -> None:
        self._chromium, self._ground, self._note, self._patience, self._again = chromium, ground, note, patience, again
        self._checks = tuple(checks)
        self._seats = Seats(chromium)
        self._doors = {who: asyncio.Lock() for who in ENTRIES}
        self._entries: dict[str, dict[str, Any] | None] = {"visitor": {}}
        self._numbers = itertools.count(int(time.time() * 1000) % 10**9)

    async def run(self) -> tuple[Walk, ...]:
        """The outcome of every check, in their order. Error when the browser died."""
        done: dict[str, Walk] = {}
        looking = [[check] for check in self._checks if _looks(check)]
        doing: dict[str, list[BrowserCheck]] = {}
        for check in self._checks:
            if not _looks(check):
                doing.setdefault(self._group(check), []).append(check)
        for groups in (looking, sorted(doing.values(), key=len, reverse=True)):
            await self._side_by_side(groups, done)
            if self._again:
                await self._try_again([check for group in groups for check in group], done)
        await self._seats.close()
        for walk in done.values():
            if not walk.result.passed:
                self._note(f"{walk.result.check}: {walk.result.message}")
        return tuple(done[check.id] for check in self._checks)

    async def _try_again(self, checks: Iterable[BrowserCheck], done: dict[str, Walk]) -> None:
        """Those of ``checks`` that failed, one after the other."""
        failed = [c for c in checks if not done[c.id].result.passed and not done[c.id].result.message.startswith(NOT_UNDERSTOOD)]
        second: dict[str, Walk] = {}
        await self._side_by_side([failed], second, workers=1)
        done.update({name: _second(done[name], walk) for name, walk in second.items()})

    def _group(self, check: BrowserCheck) -> str:
        return self._ground.groups.get(check.feature) or check.feature.rpartition(".")[0] or check.id

    async def _side_by_side(self, groups: Iterable[list[BrowserCheck]], done: dict[str, Walk], workers: int = WORKERS) -> None:
        """``workers`` groups at a time; the checks of one group one after the other."""
        waiting = list(reversed(list(groups)))

        async def work() -> None:
            async with self._seats.one() as seat:
                while waiting:
                    for check in waiting.pop():
                        done[check.id] = await self._walk(check, seat)

        try:
            async with asyncio.TaskGroup() as people:
                for _ in range(min(workers, len(waiting))):
                    people.create_task(work())
        except ExceptionGroup as several:
            raise several.exceptions[0] from None

    # --- one check ---------------------------------------------------------------------------------------------------

    async def _walk(self, check: BrowserCheck, seat: Seat) -> Walk:
        started = time.monotonic()
        picture = b""
        try:
            message, picture = await self._carried_out(check, parse_check(check), seat)
        except BadAct as error:
            message = f"{NOT_UNDERSTOOD}{error.message}"
        seconds = round(time.monotonic() - started, 3)
        return Walk(Walked(check=check.id, feature=check.feature, passed=not message, seconds=seconds, message=message), picture)

    async def _carried_out(self, check: BrowserCheck, acts: tuple[Act, ...], seat: Seat) -> tuple[str, bytes]:
        """(why it failed or "", picture of where)."""
        state = await self._entry(check.who, seat)
        if state is None:
            return f"nobody could {ENTRIES[check.who]}", b""
        tab = await seat.taken(f"walk-{check.id}", state)
        hands = Hands(tab, self._known(check.who), self._patience)
        act = acts[0]
        try:
            async with asyncio.timeout(LIMIT):
                for act in acts:
                    await hands.do(act)
        except Failed as failed:
            return f"{act.text}: {failed}", await _picture(tab)
        except TimeoutError:
            picture = await _picture(tab)
            await seat.left()  # what hangs shall not hang the next check
            return f"{act.text}: the check took longer than {LIMIT:.0f} s", picture
        return "", b""

    # --- who walks ---------------------------------------------------------------------------------------------------

    def _known(self, who: str) -> dict[str, str]:
        """The names that acts may use without keeping anything. ``$run`` is never the same twice."""
        person = MEMBER if who == "member" else {"me": "Demo", "email": self._ground.email, "password": self._ground.password}
        return {**person, "run": f"{next(self._numbers)}"}

    async def _entry(self, who: str, seat: Seat) -> dict[str, Any] | None:
        """Cookies of this person, who enters once for all checks; {} for a visitor, None when there is no way in."""
        if who not in self._entries:
            async with self._doors[who]:
                if who not in self._entries:
                    self._entries[who] = await (self._sign_in(seat) if who == "owner" else self._register(seat))
        return self._entries[who]

    async def _sign_in(self, seat: Seat) -> dict[str, Any] | None:
        login = self._ground.login
        if login is None:
            return {}
        tab = await seat.taken(f"walk-{login.slug}", {})
        entered = await tab.sign_in(login.sample, self._ground.email, self._ground.password)
        return await seat.state() if entered else None

    async def _register(self, seat: Seat) -> dict[str, Any] | None:
        page = self._ground.register
        if page is None:
            return None
        hands = Hands(await seat.taken(f"walk-{page.slug}", {}), dict(MEMBER), self._patience)
        try:
            for act in (f"open {page.sample}", *REGISTER):
                await hands.do(parse(act))
        except Failed as failed:
            self._note(f"Registering failed: {failed}")
            return None
        return await seat.state()


class Seat:
    """A browser of one person at a time: whoever takes it finds nothing of the one before."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium
        self._profile: Profile | None = None
        self._tab: Tab | None = None

    async def taken(self, visit: str, state: dict[str, Any]) -> Tab:
        """The tab, for the person with ``state``; its requests count for ``visit``."""
        if self._profile is None or self._tab is None:
            self._profile = await self._chromium.profile(live=True)
            self._tab = await self._profile.new_tab()
        await self._profile.become(self._tab, state)
        await self._tab.begin(visit)
        return self._tab

    async def state(self) -> dict[str, Any]:
        assert self._profile is not None
        return await self._profile.state()

    async def left(self) -> None:
        if self._profile is not None:
            await self._profile.close()
        self._profile = self._tab = None


class Seats:
    """The seats there are. One that is free is taken again: its browser has seen the site already."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium
        self._free: list[Seat] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Seat]:
        seat = self._free.pop() if self._free else Seat(self._chromium)
        yield seat
        self._free.append(seat)

    async def close(self) -> None:
        for seat in self._free:
            await seat.left()


def _looks(check: BrowserCheck) -> bool:
    """Whether the check changes nothing that another one could see."""
    return all(act.startswith("click link ") or act.partition(" ")[0] in LOOKS for act in check.acts)


def _second(first: Walk, second: Walk) -> Walk:
    """The outcome after the second try; one that passed says what went wrong before."""
    if not second.result.passed:
        return second
    said = f"passed when tried again; at first: {first.result.message}"
    return replace(second, result=second.result.model_copy(update={"message": said}))


async def _picture(tab: Any) -> bytes:
    try:
        picture: bytes = await asyncio.wait_for(tab.picture(), 5)
    except (Error, TimeoutError) as error:
        if isinstance(error, Error) and is_crash(error):
            raise
        return b""
    return picture
