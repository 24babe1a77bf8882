"""Every link, button and form must do something: go somewhere, change the page, ask the server, open a dialog …

A control that is the same on all pages (in the header, the navigation …) is tried once; of many rows with the same controls,
three. What a press brings up (a menu, a dialog) is tried too. What deletes or signs out comes last.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synergy.core.types import Finding, PageKind
from visual.browser import Tab
from visual.checks.base import Check, Severity, Tried
from visual.events import Failure
from visual.room import Room, plain

SCRIPT = (Path(__file__).parents[1] / "js" / "controls.js").read_text()
WIDE, NARROW = 1920, 375  #: at the second only what is not shown at the first
QUICK_MS, PATIENCE_MS = 60, 600  #: effects are waited for a short time, then for a long one; after that there are none
DEPTH = 2  #: presses in a row
MOST = 150  #: controls of one page
DESTROYS = re.compile(r"\b(delete|remove|destroy|erase|sign ?out|log ?out)\b", re.IGNORECASE)
UPWARDS = re.compile(r"\btop\b|\bup\b", re.IGNORECASE)
BROKEN = (0, 404, 405)  #: besides 5xx; a refusal (400, 409, 422 …) is an answer


@dataclass(frozen=True)
class Control:
    """A link, button or form, found again after a reload by its key."""

    kind: str
    name: str
    key: str
    target: str
    address: str  #: for links: inside, outside, here, part, none, other
    shared: bool
    sampled: bool
    fresh: bool  #: it was not there at the last look

    @property
    def title(self) -> str:
        return f"the {self.kind} {self.name!r}" if self.name else f"a {self.kind} without a name"

    @property
    def destroys(self) -> bool:
        return bool(DESTROYS.search(self.name))


Steps = tuple[Control, ...]
Enter = Callable[[int], Awaitable[Tab | None]]


@dataclass
class Trial:
    """All attempts on one page."""

    room: Room
    tried: int = 0
    findings: list[Finding] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    async def survey(self, width: int) -> list[Control]:
        """What is on the page at this width."""
        tab = await self.room.ready(width)
        return await controls(tab) if tab else []

    async def walk(self, width: int) -> None:
        """Try what is on the page at this width; leave what destroys for later."""
        for control in await self.survey(width):
            if self.claim(control):
                await self.descend(width, (control,))

    def wanted(self, control: Control) -> bool:
        """Whether nobody tried it, here or, when all pages have it, elsewhere."""
        tried = control.key in self.known or (control.shared and control.key in self.room.claimed)
        return control.sampled and not tried and self.tried < MOST

    def claim(self, control: Control) -> bool:
        """Whether this control is to be tried here and now."""
        if not self.wanted(control):
            return False
        self.known.add(control.key)
        if control.shared:
            self.room.claimed.add(control.key)
        return True

    async def descend(self, width: int, steps: Steps, *, last: bool = False) -> None:
        """Try ``steps[-1]``, then what it brought up."""
        if steps[-1].destroys and not last:
            self.room.later.append((width, steps))
            return
        tab = await self.attempt(width, steps)
        if tab is None or len(steps) == DEPTH:
            return
        brought = [c for c in await controls(tab) if c.fresh]
        for control in sorted(brought, key=lambda c: c.destroys):
            if self.claim(control):
                await self.descend(width, (*steps, control), last=last)

    async def attempt(self, width: int, steps: Steps) -> Tab | None:
        """Press ``steps`` one after the other and judge the last. The tab if it is still on the same page and changed."""
        control = steps[-1]
        if control.address in ("outside", "other", "here"):
            self.tried += 1  # an address of the wide world cannot be visited from here; one of this page leads nowhere else
            return None
        tab, came = await self.try_out(width, steps)
        if tab is None or came is None:
            return None
        self.tried += 1
        self.judge(width, control, came)
        if control.kind == "link" and plain(tab.path) in self.room.addresses - {plain(self.room.page.sample)}:
            return None  # it led to a page that is looked at by itself
        await self.aftermath(tab, width, control, came)
        stayed = control.kind != "form" and came.signs and "address" not in came.signs
        return tab if stayed else None

    async def try_out(self, width: int, steps: Steps) -> tuple[Tab | None, Came | None]:
        """Press ``steps`` on the page as it is. When that comes to nothing, once more on the page loaded anew."""
        for enter in (self.room.ready, self.room.fresh):
            tab = await self.approach(enter, width, steps[:-1])
            untouched, self.room.untouched = self.room.untouched and len(steps) == 1, False
            came = await effects(tab, steps[-1]) if tab else None
            if untouched or (came and came.worked(steps[-1])):
                break
        return tab, came

    async def approach(self, enter: Enter, width: int, steps: Steps) -> Tab | None:
        """The page as it is after ``steps``; None when it cannot be brought there."""
        tab = await enter(width)
        for control in steps:
            at = await press(tab, control) if tab else None
            if tab is None or at is None or at["covered"]:
                return None
            await tab.settle()
            tab.events.forget()
        return tab

    async def aftermath(self, tab: Tab, width: int, control: Control, came: Came) -> None:
        """What shows only after a while: errors, failed requests, a page where nothing is."""
        await tab.settle()
        if control.kind == "form" and came.signs:
            await self.send(tab, control)
        self.judge_errors(width, control, tab.events.take_console(), tab.events.take_failures())
        if control.kind == "link" and "address" in came.signs and await self.nowhere(tab):
            self.report("serious", width, control, f"leads to {tab.path}, where nothing is")

    async def send(self, tab: Tab, form: Control) -> None:
        """Fill the form in and send it, if sending it empty was refused: so that its request is seen."""
        own = self.room.page.kind in (PageKind.LOGIN, PageKind.REGISTER)  # elsewhere a password is not ours to change
        if tab.events.writes or (not own and await tab.evaluate("key => __controls.asksPassword(key)", form.key)):
            return
        if await tab.evaluate("([key, n]) => __controls.fill(key, n)", [form.key, 7]) and await press(tab, form):
            await tab.settle()

    async def nowhere(self, tab: Tab) -> bool:
        text = await tab.evaluate("__view.content()")
        return bool(self.room.not_found) and (text or "").replace(plain(tab.path), "") == self.room.not_found

    def judge(self, width: int, control: Control, came: Came) -> None:
        if came.covered:
            self.report("serious", width, control, f"cannot be pressed: {came.covered} covers it")
        elif not came.worked(control):
            self.report("serious", width, control, "does nothing")

    def judge_errors(self, width: int, control: Control, errors: list[str], failures: list[Failure]) -> None:
        for error in dict.fromkeys(errors):
            self.report("serious", width, control, f"raises an error: {error[:200]}")
        for failure in dict.fromkeys(failures):
            if failure.status in BROKEN or failure.status >= 500:
                said = failure.status or failure.reason
                self.report("serious", width, control, f"asks for what is not there: {failure.method} {failure.url} gives {said}")

    def report(self, severity: Severity, width: int, control: Control, what: str) -> None:
        message = f"{control.title[0].upper()}{control.title[1:]} {what}."
        page = self.room.page.slug
        self.findings.append(
            Finding(
                check="controls",
                severity=severity,
                page=page,
                width=width,
                rule=control.kind,
                message=message,
                target=control.target,
            )
        )

    def result(self) -> Tried:
        return Tried(controls=self.tried, findings=tuple(self.findings))


@dataclass(frozen=True)
class Came:
    """What came of a press."""

    signs: Set[str]
    covered: str = ""

    def worked(self, control: Control) -> bool:
        """Whether it did something; that an empty address is shown, or leads to the top where nobody was told so, is nothing."""
        nothing = {"address"} if UPWARDS.search(control.name) else {"address", "scroll"}
        return bool(self.signs) and not (control.address == "none" and self.signs <= nothing)


async def controls(tab: Tab) -> list[Control]:
    """What can be pressed now."""
    fields = Control.__dataclass_fields__
    found: list[dict[str, Any]] = await tab.evaluate("__controls.list()") or []
    return [Control(**{name: value for name, value in one.items() if name in fields}) for one in found]


async def press(tab: Tab, control: Control) -> dict[str, Any] | None:
    """Press it as a person does. Where that was, None when it is not there."""
    at: dict[str, Any] | None = await tab.evaluate("key => __controls.aim(key)", control.key)
    if at and not at["covered"]:
        await tab.press(at["x"], at["y"])
        if control.kind == "form" and not at["submits"]:
            await tab.type("a")
            await tab.key("Enter")
    return at


async def effects(tab: Tab, control: Control) -> Came | None:
    """Press it and watch; None when it is not there any more."""
    at = await press(tab, control)
    if not at or at["covered"]:
        return Came(frozenset(), at["covered"]) if at else None
    for patience in (QUICK_MS, PATIENCE_MS):
        if came := await _wait(tab, patience):
            return Came(came)
        if tab.events.requests or tab.events.signs:
            return Came({"request", *tab.events.signs})
    return Came(frozenset())


async def _wait(tab: Tab, limit_ms: int) -> set[str]:
    found: list[str] | None = await tab.evaluate("limit => __controls.effects(limit)", limit_ms)
    return {"address"} if found is None else set(found)


async def explore(room: Room) -> Tried:
    trial = Trial(room)
    narrow = await trial.survey(NARROW)
    await trial.walk(WIDE)
    if any(trial.wanted(control) for control in narrow):
        await trial.walk(NARROW)
    return trial.result()


async def finish(room: Room) -> Tried:
    trial = Trial(room)
    for width, steps in list(room.later):
        await trial.descend(width, steps, last=True)
    return trial.result()


part = Check(scripts=(SCRIPT,), explore=explore, finish=finish)
