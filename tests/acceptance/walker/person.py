"""The hands and eyes: a tab, used as a person uses it, and what changed on the screen by what was done."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from tests.acceptance.walker import filling
from tests.acceptance.walker.filling import Entry
from tests.acceptance.walker.screen import Button, Field, Form, Link, Screen, Thing, parse
from tests.acceptance.walker.words import likeness
from visual.browser import Error, Tab, is_crash
from visual.samples import sample_file

CLICK_MS = 2500
LOADS = 6.0  #: seconds that somebody waits for what is loading
WAITS = 1.6  #: seconds in which an act must begin to show
CHECKED = "(element) => { const label = element.labels?.[0]; (label && !element.checkVisibility({opacityProperty: true}) ? label : element).click(); }"
GOOD = re.compile(
    r"\b(?:success\w*|thank|thanks|saved|created|added|confirm(?:ed|ation)|submitted|sent|received|recorded|updated|deleted|removed|subscribed|joined|enrolled|"
    r"booked|reserved|posted|published|welcome|registered|applied|placed|voted|following|followed|invited|uploaded|completed|counted|logged|noted|clocked|"
    r"congratulations|you won|your [\w ]{1,30} (?:is|was|has been|are|were|have been)|you are in|done|signed (?:in|up|out))\b",
    re.IGNORECASE,
)
BAD = re.compile(
    r"\b(?:error|failed|invalid|wrong|could not|cannot|can't|unable|must|not allowed|missing|required|incorrect|not valid|already (?:taken|exists?|in use)|please (?:enter|fill|choose|select|sign)|"
    r"enter an?|choose an?|too (?:short|long|small|large)|is needed|not be empty)\b",
    re.IGNORECASE,
)
STAMP = re.compile(r"^(?:created|updated|added|posted|published|recorded)(?: (?:at|on|by))?:?$|^no .* yet", re.IGNORECASE)


class Lost(Exception):
    """It could not be done. The text says why."""


@dataclass(frozen=True)
class News:
    """What an act changed."""

    before: Screen
    after: Screen
    fresh: tuple[tuple[str, bool], ...]  #: (line that appeared, whether it was announced)
    trouble: str  #: an error of the server or of a script, "" when there was none

    @property
    def moved(self) -> bool:
        return self.before.path != self.after.path

    @property
    def changed(self) -> bool:
        return self.moved or bool(self.fresh) or self.before.lines != self.after.lines or self.before.modal != self.after.modal

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything that was not on the screen before."""
        known = set(self.before.lines)
        return tuple(
            dict.fromkeys(
                [line for line, _ in self.fresh if line not in known] + [line for line in self.after.lines if line not in known]
            )
        )

    @property
    def confirmation(self) -> str:
        """The words that say it worked; "" when nothing says so."""
        loud = [line for line, live in self.fresh if live]
        loud += [line for line in self.after.said if line not in self.before.said]  # it came while the screen was read
        for line in loud:
            if GOOD.search(line) and not BAD.search(line):
                return line
        for line in self.lines:
            enough = len(line.split()) >= 3 or re.search(r"success|thank", line, re.IGNORECASE)
            if enough and len(line) <= 200 and GOOD.search(line) and not BAD.search(line) and not STAMP.search(line):
                return line
        return ""

    @property
    def refusal(self) -> str:
        """The words that say it did not work."""
        wrong = [
            f"{field.label}: {field.told or field.wrong}"
            for field in self.after.fields
            if field.invalid or (field.wrong and not self.moved)
        ]
        loud = [line for line, live in self.fresh if live and BAD.search(line)]
        said = [line for line in self.lines if len(line) <= 160 and BAD.search(line)]
        return next(iter([*wrong, *loud, *self.after.alerts[:1], *said]), "")


class Person:
    """Somebody with a browser. ``screen`` is what was read last: only things of it can be pressed."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.screen: Screen | None = None

    async def look(self) -> Screen:
        given = None
        for _ in range(20):
            given = await self.tab.evaluate("() => window.__screen && document.body ? __screen.read() : null")
            if given:
                break
            await asyncio.sleep(0.1)
        if not given:
            raise Lost("there is no page")
        self.screen = parse(given)
        return self.screen

    async def open(self, path: str) -> Screen:
        """Load an address anew."""
        self.tab.events.forget()
        await self.tab.open(path)
        return await self._come()

    async def _come(self) -> Screen:
        """The screen when everything on it has come, or when nobody would wait any longer."""
        end = monotonic() + LOADS
        while (screen := await self.look()).busy and monotonic() < end:
            await asyncio.sleep(0.1)
            await self.tab.settle()
        return screen

    async def at(self, path: str) -> Screen:
        """Be on this page: stay if it is the one, else load it."""
        return await self.look() if self.tab.path == path else await self.open(path)

    async def back(self) -> Screen:
        await self.tab.back()
        await self.tab.settle()
        return await self.look()

    async def _element(self, thing: Thing) -> Any:
        handle = await self.tab.page.evaluate_handle("i => __screen.element(i)", thing.i)
        element = handle.as_element()
        if element is None:
            raise Lost("it is not on the page any more")
        return element

    async def press(self, thing: Thing) -> News:
        """Click and see what comes of it. Lost when it cannot be clicked."""
        before = self.screen or await self.look()
        self.tab.events.forget()
        await self.tab.evaluate("() => window.__screen?.mark()")
        element = await self._element(thing)
        await self._tried(element.click(timeout=CLICK_MS), f"{getattr(thing, 'name', 'it')!r} cannot be clicked")
        return await self.outcome(before)

    async def key(self, name: str) -> News:
        before = self.screen or await self.look()
        await self.tab.evaluate("() => window.__screen?.mark()")
        await self.tab.key(name)
        return await self.outcome(before, waits=0.6)

    async def outcome(self, before: Screen, waits: float = WAITS) -> News:
        """What has changed; waits until something has, or until ``waits`` seconds are over."""
        end = monotonic() + waits
        while True:
            await self.tab.settle()
            fresh = (
                await self.tab.evaluate("() => window.__screen ? __screen.news().map((one) => [one.text, one.live]) : []") or []
            )
            news = News(before, await self._come(), tuple((text, live) for text, live in fresh), self.trouble())
            if news.changed or monotonic() > end:
                return news
            await asyncio.sleep(0.1)

    def trouble(self) -> str:
        """An error of the server or of a script since the last page or press."""
        failed = [
            f"{failure.method} {failure.url} answers {failure.status or failure.reason}"
            for failure in self.tab.events.failures
            if failure.status >= 500
        ]
        return next(
            iter([*failed, *(f"a script failed: {line[:160]}" for line in self.tab.events.console if "Error" in line)]), ""
        )

    async def _tried(self, doing: Any, why: str) -> None:
        try:
            await doing
        except Error as error:
            if is_crash(error):
                raise
            raise Lost(why) from error

    # --- forms -------------------------------------------------------------------------------------------------------

    async def write(self, field: Field, text: str) -> None:
        element = await self._element(field)
        why = f"the field {field.label!r} does not take {text!r}"
        if field.kind == "select":
            await self._tried(element.select_option(label=text, timeout=CLICK_MS), why)
        elif field.kind in ("checkbox", "radio"):
            await self._tried(element.evaluate(CHECKED), why)
        elif field.kind == "file":
            name, kind, data = sample_file(text, "walker")
            await self._tried(element.set_input_files({"name": name, "mimeType": kind, "buffer": data}, timeout=CLICK_MS), why)
        else:
            await self._tried(element.fill(text, timeout=CLICK_MS), why)

    async def fill(self, form: Form, entry: Entry, *, files: bool = False) -> None:
        """Fill every field with something that fits; what was written is in ``entry.typed``."""
        chosen: set[str] = set()
        for field in form.fields:
            if field.kind == "radio":
                await self._choose(form.fields, field, entry, chosen)
            elif (
                field.kind == "checkbox" and entry.attempt and not field.checked and (field.legend or field.heading) not in chosen
            ):
                chosen.add(field.legend or field.heading)
                await self.write(field, "on")
            elif field.kind == "file":
                if files or field.required:
                    entry.typed[field.label] = filling.file_for(field, entry)
                    await self.write(field, entry.typed[field.label])
            elif (text := filling.value(field, entry)) is not None:
                await self.write(field, text)
                entry.typed[field.label] = text

    async def _choose(self, fields: Sequence[Field], field: Field, entry: Entry, chosen: set[str]) -> None:
        """One of a group of radio buttons."""
        group = field.name or field.legend
        if group in chosen:
            return
        chosen.add(group)
        several = [one for one in fields if one.kind == "radio" and (one.name or one.legend) == group]
        if any(one.checked for one in several) and not entry.attempt and not entry.wishes:
            return
        label = filling.choice([one.label for one in several], entry)
        await self.write(next(one for one in several if one.label == label), "on")
        entry.typed[field.legend or group] = label

    async def submit(self, form: Form, words: Iterable[str] = ()) -> News:
        """Press the button that sends a form."""
        button = submit_button(form, words)
        if button is not None:
            return await self.press(button)
        if not form.fields:
            raise Lost("the form has neither a button nor a field")
        before = self.screen or await self.look()
        await self.tab.evaluate("() => window.__screen?.mark()")
        await self._tried((await self._element(form.fields[-1])).press("Enter", timeout=CLICK_MS), "Enter does not send the form")
        return await self.outcome(before)

    async def find_again(self, wanted: Button | Link) -> Thing | None:
        """A control that was seen on an earlier look, on the screen as it is now."""
        screen = await self.look()
        for one in (*screen.buttons, *screen.links):
            if (
                one.name == wanted.name
                and one.area == wanted.area
                and type(one) is type(wanted)
                and one.context == wanted.context
            ):
                return one
        return next(
            (one for one in (*screen.buttons, *screen.links) if one.name == wanted.name and type(one) is type(wanted)), None
        )


ASIDE = re.compile(r"\b(?:cancel|close|back|clear|reset|discard|dismiss|show|hide|delete|remove|previous)\b", re.IGNORECASE)


def submit_button(form: Form, words: Iterable[str] = ()) -> Button | None:
    """The button that sends the form: a submit button, one whose name fits first."""
    usable = [button for button in form.buttons if not button.disabled and not button.opens and not ASIDE.search(button.name)]
    real = [button for button in usable if button.submit] or usable
    wanted = [*words, "submit", "send", "save"]
    return max(
        real, key=lambda button: (max(likeness(button.name, (word,)) for word in wanted), -usable.index(button)), default=None
    )
