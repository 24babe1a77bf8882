"""Chats: what is said is seen, and somebody or something answers."""

from __future__ import annotations

import asyncio
from time import monotonic

from tests.acceptance.walker.finding import Way, new_form, ways
from tests.acceptance.walker.ground import Ground, Verdict, absent, bad, good
from tests.acceptance.walker.person import Lost
from tests.acceptance.walker.reading import Reading
from tests.acceptance.walker.screen import Field, Screen
from tests.acceptance.walker.words import likeness

ANSWER = 8.0  #: seconds
CHATS = ("chat", "chatbot", "assistant")
ASKED = "Hello, {marker} here. What do you offer, and how do I start?"


async def judge_chat(ground: Ground, reading: Reading) -> Verdict:
    faults = []
    for way in ways(ground.atlas, reading)[:4] or _named(ground):
        try:
            verdict = await _talked(ground, reading, way)
        except Lost as lost:
            faults.append(f"{way.told}: {lost}.")
            continue
        if verdict.ok:
            return verdict
        faults.append(verdict.said)
    return (
        bad(faults[0])
        if faults
        else absent(f"There is no chat on {len(ground.atlas.places)} pages; the menu has: {ground.menu}.")
    )


def _named(ground: Ground) -> list[Way]:
    """Pages that are called a chat, whatever the check calls it."""
    return [Way(place, None, None, 0.0) for word in CHATS if (place := ground.atlas.find((word,)))]


async def _talked(ground: Ground, reading: Reading, way: Way) -> Verdict:
    screen = await ground.to(way.place)
    if way.control is not None:
        control = await ground.person.find_again(way.control)
        if control is None:
            raise Lost("it is not there any more")
        screen = (await ground.person.press(control)).after
    box = _box(screen)
    if box is None:
        box, screen = await _further(ground, screen)
    text = ASKED.replace("{marker}", ground.memory.marker())
    await ground.person.write(box, text)
    before = await ground.person.look()
    form = next((form for form in before.forms if any(field.label == box.label for field in form.fields)), None)
    if form is None:
        raise Lost("there is no button to send it")
    news = await ground.person.submit(form, ("send",))
    if news.trouble:
        return bad(f"{way.told}: {news.trouble}.")
    if text not in news.after.text:
        return bad(f"{way.told}: what was said is not shown; new on the screen: {'; '.join(news.lines)[:100]!r}.")
    if not reading.expect.answered:
        return good(f"{way.told}: what was said is shown.")
    answer = await _answer(ground, before, text)
    return (
        good(f"{way.told} answers: {answer[:120]!r}.") if answer else bad(f"{way.told}: nothing answers within {ANSWER:.0f} s.")
    )


async def _answer(ground: Ground, before: Screen, text: str) -> str:
    end = monotonic() + ANSWER
    while monotonic() < end:
        screen = await ground.person.look()
        fresh = [line for line in screen.lines if line not in set(before.lines) and text not in line and len(line.split()) >= 3]
        if fresh:
            return fresh[0]
        await asyncio.sleep(0.3)
    return ""


def _box(screen: Screen) -> Field | None:
    """Where a message is typed."""
    boxes = [field for field in screen.fields if field.kind in ("text", "textarea") and not field.search and not field.disabled]
    talking = [
        field
        for field in boxes
        if max(likeness(field.label, (word,)) for word in ("message", "question", "ask", "chat", "write")) >= 0.3
    ]
    return max(talking, key=lambda field: (field.area == "dialog", field.top), default=None)


async def _further(ground: Ground, screen: Screen) -> tuple[Field, Screen]:
    """A conversation has to be begun or opened first."""
    starts = [
        one
        for one in (*screen.buttons, *screen.links)
        if one.area in ("main", "dialog")
        and any(word in one.name.lower() for word in ("start", "new", "chat", "message", "open"))
    ]
    rows = [one for one in screen.links if screen.rows and one.href in {item.href for item in screen.rows.items if item.href}]
    for control in [*starts[:2], *rows[:1]]:
        again = await ground.person.find_again(control)
        if again is None:
            continue
        news = await ground.person.press(again)
        box = _box(news.after)
        if box is not None:
            return box, news.after
        if form := new_form(news.before, news.after):
            raise Lost(f"a form comes up instead of a chat: {', '.join(field.label for field in form.fields)}")
    raise Lost("there is no field to write a message into")
