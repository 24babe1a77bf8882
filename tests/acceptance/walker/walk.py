"""Walks the checks of one message through one running project, one after the other, and says what each came to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

from tests.acceptance.walker.atlas import Atlas, Place, explore
from tests.acceptance.walker.ground import Account, Ground, Judge, Memory, Verdict, absent, bad
from tests.acceptance.walker.judges import accounts, changes, deeds, forms, games, lists, looks, papers, places, talks
from tests.acceptance.walker.person import Lost, Person
from tests.acceptance.walker.reading import Check, Reading, read
from visual.browser import Chromium, Error, is_crash
from visual.walks import Seat, _picture

JUDGES: dict[str, Judge] = {
    "colours": looks.judge_colours,
    "layout": looks.judge_layout,
    "navigation": places.judge_navigation,
    "route": places.judge_route,
    "content": places.judge_content,
    "detail": places.judge_detail,
    "present": places.judge_present,
    "search": lists.judge_search,
    "filter": lists.judge_filter,
    "sort": lists.judge_sort,
    "press": deeds.judge_deed,
    "submit": deeds.judge_deed,
    "create": deeds.judge_deed,
    "order": deeds.judge_order,
    "start": games.judge_start,
    "edit": changes.judge_edit,
    "delete": changes.judge_delete,
    "register": accounts.judge_register,
    "login": accounts.judge_login,
    "logout": accounts.judge_logout,
    "guard": accounts.judge_guard,
    "validation": forms.judge_validation,
    "chat": talks.judge_chat,
    "keys": games.judge_keys,
    "over": games.judge_over,
    "revive": games.judge_revive,
    "play": games.judge_play,
    "report": papers.judge_report,
    "compare": papers.judge_compare,
    "live": papers.judge_live,
}
LIMIT = 150.0  #: seconds of one check by one person
ALONE = frozenset({"colours", "layout"})  #: judged once: they look the same to everybody
STRANGERS = frozenset({"register", "login", "guard"})  #: done by somebody whom the site does not know
BEFORE = frozenset({"press", "submit", "create", "play", "start"})  #: deeds that can come before another


@dataclass(frozen=True)
class Message:
    id: str
    text: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Result:
    """What a check came to, with the evidence."""

    check: Check
    kind: str
    status: str  #: passed, failed, not scriptable
    said: str
    who: str = ""
    path: str = ""
    unseen: tuple[str, ...] = ()  #: parts of what is expected that a script cannot judge
    seconds: float = 0.0
    picture: bytes = b""
    reached: bool = False  #: what the check is about was there


@dataclass
class Walker:
    """All walks on one running project."""

    chromium: Chromium
    message: Message
    account: Account | None
    note: Callable[[str], None] = lambda line: None
    memory: Memory = field(default_factory=Memory)
    _states: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    _atlases: dict[str, Atlas] = field(default_factory=dict)
    _known: dict[str, Account | None] = field(default_factory=dict)

    async def run(self) -> list[Result]:
        seat = Seat(self.chromium)
        results = []
        for check in self.message.checks:
            result = await self._check(check, seat)
            self.note(f"{self.message.id} {result.status:15} {result.kind:10} {check.do[:70]} | {result.said}")
            results.append(result)
        await seat.left()
        return results

    async def _check(self, check: Check, seat: Seat) -> Result:
        reading = read(check)
        kind = "start" if reading.kind == "press" and reading.verb.name == "start" else reading.kind
        judge = JUDGES.get(kind)
        unseen = reading.expect.unseen
        if judge is None:
            why = reading.why or "it needs the fine movement of a hand on a drawing"
            return Result(check, kind, "not scriptable", f"{why[0].upper()}{why[1:]}.", unseen=unseen)
        started, first = monotonic(), None
        for who in self._people(kind):
            try:
                result = await self._by(check, reading, kind, judge, who, seat)
            except Lost as lost:
                result = Result(check, kind, "failed", f"{str(lost)[0].upper()}{str(lost)[1:]}.", who, unseen=unseen)
            if first is None or result.status == "passed" or (first.status == "failed" and not first.path):
                first = result
            if result.status != "failed" or kind in ALONE or result.reached:
                break
        assert first is not None
        if kind == "logout":
            self._states.pop(first.who, None)
        values = {**first.__dict__, "seconds": round(monotonic() - started, 1)}
        return Result(**values)

    def _people(self, kind: str) -> tuple[str, ...]:
        """Who does it, one after the other until somebody can."""
        if kind in STRANGERS:
            return ("visitor",)
        return ("demo", "member", "visitor") if self.account else ("visitor", "member")

    async def _by(self, check: Check, reading: Reading, kind: str, judge: Judge, who: str, seat: Seat) -> Result:
        if kind == "guard" and self.account:
            await self._ground("demo", seat)
        ground = await self._ground(who, seat)
        verdict = self._remarked(reading, await self._judged(ground, reading, judge, seat))
        status = {True: "passed", False: "failed", None: "not scriptable"}[verdict.ok]
        picture = b"" if verdict.ok else await _picture(ground.person.tab)
        return Result(
            check,
            kind,
            status,
            verdict.said,
            who,
            ground.person.tab.path,
            reading.expect.unseen,
            picture=picture,
            reached=verdict.reached,
        )

    def _remarked(self, reading: Reading, verdict: Verdict) -> Verdict:
        """A colour that is checked and that the message never named is said to be so."""
        names = [name for name in (reading.colours.ground, reading.colours.parts) if name] if reading.colours else []
        unsaid = [name for name in names if name.replace(" ", "") not in self.message.text.lower().replace(" ", "")]
        return (
            replace(verdict, said=f"{verdict.said} (The message does not name {' and '.join(unsaid)}.)")
            if unsaid and not verdict.ok
            else verdict
        )

    async def _judged(self, ground: Ground, reading: Reading, judge: Judge, seat: Seat) -> Verdict:
        try:
            async with asyncio.timeout(LIMIT):
                if said := await self._first(ground, reading):
                    return bad(f"What comes first failed: {said}")
                return await judge(ground, reading)
        except Lost as lost:
            return absent(f"{ground.person.tab.path}: {lost}.")
        except TimeoutError:
            await seat.left()
            raise Lost(f"it took longer than {LIMIT:.0f} s") from None
        except Error as error:
            if is_crash(error):
                raise
            return bad(f"{ground.person.tab.path}: {' '.join(error.message.split())[:160]}.")

    async def _first(self, ground: Ground, reading: Reading) -> str:
        """Do what comes before the check; why that failed, "" when it did not."""
        before = [one for one in reading.first if one.kind in BEFORE]
        if before and (place := ground.place(reading)):
            ground.earlier = await ground.to(place)
        for one in before:
            plays = one.kind == "submit" and {"game", "quiz", "test", "exam"} & set(one.topic)
            verdict = await JUDGES["play" if plays else one.kind](ground, one)
            if not verdict.ok:
                return verdict.said
        return ""

    # --- people ------------------------------------------------------------------------------------------------------

    async def _ground(self, who: str, seat: Seat) -> Ground:
        """The person, inside where that is possible, with the places that this person sees. Lost when one cannot get in."""
        if who not in self._states:
            self._states[who] = await self._entered(who, seat)
        state = self._states[who]
        if state is None:
            raise Lost(f"nobody can enter as {who}")
        tab = await seat.taken(f"walker-{who}", state)
        person = Person(tab)
        if who not in self._atlases:
            self._atlases[who] = await explore(person)
        inner = next((self._atlases[one] for one in ("demo", "member") if one in self._atlases), None)
        return Ground(person, self._atlases[who], who, self._known.get(who), self.memory, inner)

    async def _entered(self, who: str, seat: Seat) -> dict[str, Any] | None:
        if who == "visitor":
            return {}
        person = Person(await seat.taken(f"walker-{who}", {}))
        await person.open("/")
        try:
            if who == "demo":
                assert self.account is not None
                why = await accounts.enter(person, self.account)
                self._known[who] = self.account
            else:
                home = await person.look()
                ground = Ground(person, Atlas({"/": Place("/", "home", home, 0)}), who, None, self.memory)
                self._known[who], deed = await accounts.join(ground)
                why = "" if accounts.inside(deed.last.after) else await accounts.enter(person, self._known[who])
        except Lost as lost:
            why = str(lost)
        if why:
            self.note(f"{self.message.id} {who} cannot enter: {why}")
            return None
        return await seat.state()
