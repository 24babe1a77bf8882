"""What a person does with a page, and reads on it: the acts of a browser check, one by one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from synergy.core.acts import Act, Words
from visual.browser import Error, Locator, Tab, is_crash
from visual.samples import sample_file

PATIENCE = 5.0  #: seconds in which something must come to be seen, or be there to be clicked
SLICE_MS = 500  #: of one question: a page may go to another document meanwhile
MODAL = """Boolean(document.querySelector('dialog:modal, [aria-modal="true"]'))"""
DIALOG = 'dialog[open], [aria-modal="true"]'
CONTROLS = 'input, select, textarea, [contenteditable="true"]'
WRAPPED = ("combobox", "listbox", "textbox")  #: whose own words stand in a label that is around them, but not in their name
MARKS = r"(?:\s*[(:]?\s*(?:optional|required|\*)\)?)?:?"  #: that a label may end with, which nobody counts to its name
TODAY = re.compile(r"today(?:([+-]\d+))?(?: (\d\d:\d\d))?\Z")
UNTIL = "([question, args, ms]) => window.__walk ? __walk.wait(question, args, ms) : {ok: false, said: 'there is no page'}"
STYLED = "(element, [property, wanted]) => __walk.styled(element, property, wanted)"
PICKED = "(element) => [...element.selectedOptions].map((option) => option.label).join()"
MISSING = ":is(input, select, textarea):required:not([type=checkbox], [type=radio], [type=file], [type=hidden])"
FIRST = "(element) => [...element.options].find((option) => option.value && !option.disabled)?.value ?? ''"
PLAUSIBLE = """(element, email) => ({
  email, tel: "+49 30 5550199", url: "https://example.com/", number: element.min || "1", date: "2026-02-03", time: "10:30",
  "datetime-local": "2026-02-03T10:30", password: "Sample-pass-2468",
})[element.type] ?? "Written by a visitor".slice(0, element.maxLength > 0 ? element.maxLength : 100)"""
LABEL = "(element) => { const label = element.labels?.[0]; label?.click(); return Boolean(label); }"
#: After these the page may be another one.
MOVES = ("open", "click", "pick", "check", "uncheck", "choose", "upload", "press", "drag", "reload", "back")
READS = ("fill", "complete", "keep", "see", "miss", "count", "at", "differs", "equals", "style", "downloads")


class Failed(Exception):
    """An act could not be done, or what it says is not so. The text says why."""


class Hands:
    """One person's way through one tab. ``kept`` are the texts that acts may name."""

    def __init__(self, tab: Tab, kept: dict[str, str], patience: float = PATIENCE) -> None:
        self._tab, self._page, self._kept, self._patience = tab, tab.page, kept, patience

    async def do(self, act: Act) -> None:
        """Do it. Failed when that cannot be done or is not so; Error when the browser died."""
        try:
            await _DEEDS[act.verb](self, act)
            if act.verb in MOVES:
                await self._tab.settle()
        except Error as error:
            if is_crash(error):
                raise
            raise Failed(_first_line(error)) from error

    # --- where things are --------------------------------------------------------------------------------------------

    async def _scope(self) -> Any:
        """Where a person can click: an open dialog, if there is one, else everywhere."""
        return self._page.locator(DIALOG).last if await self._tab.evaluate(MODAL) else self._page

    async def _found(self, act: Act) -> Locator:
        """What is visible and has this name; Failed when it does not come."""
        scope = (await self._scope()) if not act.where else self._page.locator(act.where)
        found = self._named(scope, act).locator("visible=true").first
        return await self._there(found, act)

    async def _there(self, found: Locator, act: Act, state: Any = "visible") -> Locator:
        try:
            await found.wait_for(state=state, timeout=self._ms)
        except Error as error:
            if is_crash(error):
                raise
            raise Failed(f"there is no such {act.what or 'field'} on {self._tab.path}") from error
        return found

    def _named(self, scope: Any, act: Act) -> Locator:
        """All that have this name, visible or not."""
        if act.what == "css":
            return scope.locator(act.name.text)  # type: ignore[no-any-return]
        name = self._pattern(act.name)
        if act.what in ("button", "link", "heading"):
            return scope.get_by_role(act.what, name=name)  # type: ignore[no-any-return]
        if act.what == "text":
            return scope.get_by_text(name)  # type: ignore[no-any-return]
        name = self._pattern(act.name, MARKS)
        found = scope.get_by_label(name).and_(scope.locator(CONTROLS))
        for role in WRAPPED:
            found = found.or_(scope.get_by_role(role, name=name))
        return found  # type: ignore[no-any-return]

    async def _control(self, act: Act) -> Locator:
        """The control with this label: the visible one if there are several, and a hidden one that its label stands for."""
        every = self._named(await self._scope(), act)
        seen = every.locator("visible=true").first
        await self._there(every.first, act, "attached")
        return seen if await seen.count() else every.first

    def _pattern(self, words: Words, after: str = "") -> re.Pattern[str]:
        return re.compile(rf"^\s*{words.pattern(self._kept)}{after}\s*$", re.IGNORECASE | re.DOTALL)

    def _parts(self, words: Words) -> list[str]:
        """The text, divided where anything may stand."""
        text = words.filled(self._kept)
        return [text] if words.quoted else text.split("*")

    @property
    def _ms(self) -> float:
        return self._patience * 1000

    # --- doing -------------------------------------------------------------------------------------------------------

    async def open(self, act: Act) -> None:
        path = act.name.text or act.value.filled(self._kept)
        await self._tab.open(path)
        if not self._tab.status:
            raise Failed(f"{path} gives no answer")
        if self._tab.status >= 500:
            raise Failed(f"{path} answers {self._tab.status}")

    async def reload(self, act: Act) -> None:
        await self._tab.open(self._tab.path)

    async def back(self, act: Act) -> None:
        await self._tab.back()

    async def click(self, act: Act) -> None:
        await (await self._found(act)).click(timeout=self._ms)

    async def fill(self, act: Act) -> None:
        control = await self._control(act)
        await control.fill(await self._entry(act.value, control), timeout=self._ms)

    async def complete(self, act: Act) -> None:
        """Everything in a form that must be filled in and is empty, plausibly, as its kinds of controls want it."""
        form = await self._there(self._page.locator(act.name.text).locator("visible=true").first, act)
        controls = form.locator(MISSING)
        for number in range(await controls.count()):
            control = controls.nth(number)
            if await control.evaluate("(element) => element.localName === 'select'"):
                option = await control.evaluate(FIRST)
                await control.select_option(option, timeout=self._ms)
            elif not await control.input_value(timeout=self._ms):
                await control.fill(
                    await control.evaluate(PLAUSIBLE, f"visitor-{self._kept['run']}@example.com"), timeout=self._ms
                )

    async def _entry(self, value: Words, control: Locator) -> str:
        """What is typed. ``today+3`` becomes a day as the control wants it."""
        text = value.filled(self._kept)
        match = None if value.quoted else TODAY.match(text)
        if match is None:
            return text
        day = (datetime.now(UTC) + timedelta(days=int(match[1] or 0))).date().isoformat()
        kind = await control.get_attribute("type")
        return f"{day}T{match[2] or '12:00'}" if kind == "datetime-local" else day

    async def pick(self, act: Act) -> None:
        control, option = await self._control(act), act.value.filled(self._kept)
        try:
            await control.select_option(label=option, timeout=self._ms)
        except Error as error:
            if is_crash(error):
                raise
            raise Failed(f"{option!r} cannot be picked: {_first_line(error)}") from error
        if " ".join((await control.evaluate(PICKED)).split()) != " ".join(option.split()):
            raise Failed(f"{option!r} was picked, but {await control.evaluate(PICKED)!r} is chosen")

    async def check(self, act: Act) -> None:
        await self._set(act, True)

    async def uncheck(self, act: Act) -> None:
        await self._set(act, False)

    async def _set(self, act: Act, wanted: bool) -> None:
        """A check box or a radio button; by its label where that covers it, as a person does."""
        control = await self._control(act)
        if await control.is_checked() != wanted and not await control.evaluate(LABEL):
            await control.set_checked(wanted, timeout=self._ms)
        for _ in range(20):
            if await control.is_checked() == wanted:
                return
            await asyncio.sleep(0.025)
        raise Failed(f"it is still {'not ' if wanted else ''}checked")

    async def upload(self, act: Act) -> None:
        name, kind, data = sample_file(act.how, act.value.text)
        await (await self._control(act)).set_input_files({"name": name, "mimeType": kind, "buffer": data}, timeout=self._ms)

    async def press(self, act: Act) -> None:
        if act.where:
            await self._page.locator(act.where).locator("visible=true").first.press(act.name.text, timeout=self._ms)
        else:
            await self._tab.key(act.name.text)

    async def drag(self, act: Act) -> None:
        start, end = (self._page.locator(css).locator("visible=true").first for css in (act.name.text, act.where))
        await start.drag_to(end, timeout=self._ms)

    async def keep(self, act: Act) -> None:
        self._kept[act.value.text] = self._tab.path if act.how else await self._ask("text", act.name.text)

    # --- reading -----------------------------------------------------------------------------------------------------

    async def see(self, act: Act) -> None:
        if act.what == "css":
            await self._ask("there", " ".join(filter(None, (act.where, act.name.text))))
        elif act.what:
            await self._found(act)
        elif act.value.text:
            await self._ask("before", act.where, self._parts(act.name), self._parts(act.value))
        else:
            await self._ask("says", act.where, self._parts(act.name))

    async def miss(self, act: Act) -> None:
        """Only a page that is at rest can be said to lack something."""
        await self._tab.settle()
        if act.what == "css":
            await self._ask("gone", " ".join(filter(None, (act.where, act.name.text))))
        elif not act.what:
            await self._ask("lacks", act.where, self._parts(act.name))
        else:
            scope = self._page.locator(act.where) if act.where else self._page
            every = self._named(scope, act).locator("visible=true")
            end = monotonic() + self._patience
            while await every.count():
                if monotonic() > end:
                    raise Failed("it is there")
                await asyncio.sleep(0.05)

    async def count(self, act: Act) -> None:
        await self._ask("count", act.name.text, act.how, int(act.value.text))

    async def at(self, act: Act) -> None:
        await self._ask("at", Words(act.name.text).pattern({}).replace(".*", "[^/]*"))

    async def differs(self, act: Act) -> None:
        await self._ask("differs", act.name.text, self._kept[act.value.text])

    async def equals(self, act: Act) -> None:
        await self._ask("equals", act.name.text, self._kept[act.value.text])

    async def style(self, act: Act) -> None:
        found = await self._found(act)
        end = monotonic() + self._patience
        while not (answer := await found.evaluate(STYLED, [act.how, act.value.filled(self._kept)]))["ok"]:
            if monotonic() > end:
                raise Failed(answer["said"])
            await asyncio.sleep(0.05)

    async def downloads(self, act: Act) -> None:
        end = monotonic() + self._patience
        while not any(self._pattern(act.name).match(name) for name in self._tab.downloads):
            if monotonic() > end:
                raise Failed(f"what was downloaded: {', '.join(self._tab.downloads) or 'nothing'}")
            await asyncio.sleep(0.05)

    async def _ask(self, question: str, *args: object) -> str:
        """Ask the page until it says yes; what it said. Failed when it does not say so in time."""
        end = monotonic() + self._patience
        answer = {"ok": False, "said": "there is no page"}
        while (left := end - monotonic()) > 0:
            answer = await self._tab.evaluate(UNTIL, [question, list(args), min(SLICE_MS, left * 1000)]) or answer
            if answer["ok"]:
                return str(answer["said"])
            await asyncio.sleep(0.01)
        raise Failed(str(answer["said"]))


_DEEDS: dict[str, Callable[[Hands, Act], Awaitable[None]]] = {
    **{verb: getattr(Hands, verb) for verb in (*MOVES, *READS) if verb != "choose"},
    "choose": Hands.check,
}


def _first_line(error: Error) -> str:
    """What Playwright says, without the name of the call and the log of what it tried."""
    line = error.message.strip().partition("\n")[0]
    return re.sub(r"^\w+\.\w+: ", "", line)[:300]
