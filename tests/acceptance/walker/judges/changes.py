"""Editing and deleting a record: its own, made a moment ago, where there is one."""

from __future__ import annotations

import re

from tests.acceptance.walker.filling import Entry
from tests.acceptance.walker.finding import LEAST, fits, new_form
from tests.acceptance.walker.ground import Ground, Verdict, absent, bad, good
from tests.acceptance.walker.judges.places import _list, _opened, _row
from tests.acceptance.walker.person import Lost, News, submit_button
from tests.acceptance.walker.reading import Reading
from tests.acceptance.walker.screen import Button, Field, Form, Link, Screen
from tests.acceptance.walker.words import likeness, share

OWN = frozenset({"account", "profile", "personal", "my", "settings", "preferences", "details", "password"})
WRITABLE = ("text", "textarea", "search")
SURE = re.compile(r"\b(?:delete|remove|yes|confirm|ok|discard|cancel (?:booking|order|it))\b", re.IGNORECASE)
NAME = re.compile(r"\b(?:name|title|subject|description|text|bio|about|notes?|content|summary|body)\b", re.IGNORECASE)


async def judge_edit(ground: Ground, reading: Reading) -> Verdict:
    """A text is changed, saved, confirmed where that is expected, and still there when the page is loaded anew."""
    form = await _editor(ground, reading)
    if form is None:
        return absent(f"Nothing lets one edit {' '.join(reading.where)!r}; the menu has: {ground.menu}.")
    field = _changeable(form, reading)
    if field is None:
        return bad(f"{ground.person.tab.path}: the form has no text to change: {', '.join(one.label for one in form.fields)}.")
    entry = Entry(ground.memory.marker())
    path = ground.person.tab.path
    await ground.person.write(field, entry.marker)
    screen = await ground.person.look()
    again = next((one for one in screen.forms if [f.label for f in one.fields] == [f.label for f in form.fields]), form)
    news = await ground.person.submit(again, ("save", "update"))
    if news.trouble:
        return bad(f"{path}: {news.trouble}.")
    if news.refusal and not news.confirmation and not news.moved:
        return bad(f"{path}: saving is refused: {news.refusal}.")
    if reading.expect.confirmed and not news.confirmation:
        return bad(
            f"{path}: {field.label!r} was changed, but nothing confirms it; new on the screen: {'; '.join(news.lines)[:100] or 'nothing'!r}."
        )
    seen = await _anew(ground, entry.marker, (news.after.path, path))
    if not seen:
        return bad(f"{path}: {field.label!r} was changed to {entry.marker!r}, which is gone when the page is loaded anew.")
    ground.memory.made.append((reading.topic, entry.marker, seen))
    return good(
        f"{field.label!r} is {entry.marker!r} on {seen}, also when loaded anew{f'; {news.confirmation}' if news.confirmation else ''}."
    )


async def _anew(ground: Ground, marker: str, paths: tuple[str, ...]) -> str:
    """The page that shows ``marker`` after loading it, in its text or in a field."""
    for path in dict.fromkeys(paths):
        screen = await ground.person.open(path)
        if marker in screen.text or any(field.value == marker for field in screen.fields):
            return path
    return ""


async def _editor(ground: Ground, reading: Reading) -> Form | None:
    """The form with the record: one's own account, or that of a record of the list."""
    if OWN & set(reading.where) and (form := await _account(ground, reading)):
        return form
    place = _list(ground, reading)
    if place is None:
        return await _account(ground, reading)
    screen = await ground.to(place)
    made = ground.memory.of(reading.topic)
    row = (screen.holding(made[0]) if made else None) or _row(screen)
    control = _control(screen, reading, row.text if row else "")
    if control is None and row is not None:
        screen = await _opened(ground, row)
        control = _control(screen, reading, "")
    return await _behind(ground, control) if control is not None else None


async def _account(ground: Ground, reading: Reading) -> Form | None:
    for words in (reading.where, ("account",), ("profile",), ("settings",)):
        place = ground.atlas.find(words)
        if place is None:
            continue
        screen = await ground.to(place)
        forms = [form for form in screen.forms if _changeable(form, reading) and submit_button(form) is not None]
        if forms:
            return max(forms, key=lambda form: share(f"{form.heading} {' '.join(f.label for f in form.fields)}", reading.topic))
        if (control := _control(screen, reading, "")) and (form := await _behind(ground, control)):
            return form
    return None


async def _behind(ground: Ground, control: Button | Link) -> Form | None:
    news = await ground.person.press(control)
    return new_form(news.before, news.after) or next(
        (form for form in news.after.forms if any(f.kind in WRITABLE and f.value for f in form.fields)), None
    )


def _control(screen: Screen, reading: Reading, row: str) -> Button | Link | None:
    """What begins the deed, in the row if there is one."""
    several: tuple[Button | Link, ...] = (*screen.buttons, *screen.links)
    found = [
        (fits(one.name, reading), one)
        for one in several
        if one.area in ("main", "dialog", "header")
        and fits(one.name, reading)
        and not (isinstance(one, Button) and one.disabled)
        and (not row or (one.context and one.context[:80] in row))
    ]
    found = [(score, one) for score, one in found if score >= LEAST - 0.2]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _changeable(form: Form, reading: Reading) -> Field | None:
    usable = [
        f
        for f in form.fields
        if f.kind in WRITABLE and not f.search and not f.disabled and not f.pattern and not (f.longest and f.longest < 16)
    ]
    return max(usable, key=lambda f: (likeness(f.label, reading.topic), bool(NAME.search(f.label)), -f.top), default=None)


async def judge_delete(ground: Ground, reading: Reading) -> Verdict:
    """The record is gone from its list, also when that is loaded anew."""
    place = _list(ground, reading)
    if place is None:
        return absent(f"There is no list of {' '.join(reading.where)!r}; the menu has: {ground.menu}.")
    screen = await ground.to(place)
    made = ground.memory.of(reading.topic)
    row = (screen.holding(made[0]) if made else None) or _row(screen)
    if row is None:
        return bad(f"{place.path}: there is no record to delete: {screen.empty!r}.")
    control = _control(screen, reading, row.text)
    if control is None or (row.href and control.context[:80] not in row.text):
        screen = await _opened(ground, row)
        control = _control(screen, reading, "")
    if control is None:
        return bad(f"{ground.person.tab.path}: nothing lets one delete {row.title!r}.")
    news = await _sure(ground, await ground.person.press(control))
    if news.trouble:
        return bad(f"{place.path}: {news.trouble}.")
    after = await ground.person.open(place.path)
    if any(item.text == row.text or (row.href and item.href == row.href) for group in after.groups for item in group.items):
        return bad(
            f"{place.path}: {row.title!r} was deleted, but is still in the list{f' ({news.refusal})' if news.refusal else ''}."
        )
    if reading.expect.confirmed and not news.confirmation:
        return bad(f"{place.path}: {row.title!r} is gone, but nothing confirms it.")
    return good(f"{place.path}: {row.title!r} is gone{f'; {news.confirmation}' if news.confirmation else ''}.")


async def _sure(ground: Ground, news: News) -> News:
    """Say yes where the page asks again."""
    if not news.after.modal and not any(SURE.search(line) and line.endswith("?") for line in news.lines):
        return news
    yes = [
        one
        for one in news.after.buttons
        if SURE.search(one.name) and not re.match(r"(?:no|keep|cancel)$", one.name, re.IGNORECASE)
    ]
    asked = [one for one in yes if one.area == "dialog"] or yes
    if not asked:
        raise Lost("it asks again, but there is no button to say yes")
    return await ground.person.press(asked[-1])
