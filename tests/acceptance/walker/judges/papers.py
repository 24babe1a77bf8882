"""Reports, exports and comparisons: a document that can be seen or was downloaded, and records side by side."""

from __future__ import annotations

import re

from tests.acceptance.walker import showing
from tests.acceptance.walker.finding import new_form, ways
from tests.acceptance.walker.ground import Ground, Verdict, bad, good
from tests.acceptance.walker.judges.deeds import Deed, _sent
from tests.acceptance.walker.person import Lost, News
from tests.acceptance.walker.reading import Reading
from tests.acceptance.walker.screen import Screen
from tests.acceptance.walker.words import likeness


async def judge_report(ground: Ground, reading: Reading) -> Verdict:
    """What is pressed shows a report with rows or figures, or downloads a file."""
    found = ways(ground.atlas, reading)[:3]
    faults = []
    for way in found:
        await ground.to(way.place)
        control = await ground.person.find_again(way.control) if way.control else None
        if control is None:
            continue
        ground.person.tab.downloads.clear()
        try:
            news = await ground.person.press(control)
            verdict = await _paper(ground, reading, news)
        except Lost as lost:
            verdict = bad(f"{way.told}: {lost}.")
        if verdict.ok:
            return verdict
        faults.append(f"{way.told}: {verdict.said}")
    place = ground.place(reading)
    if place is not None and any(
        likeness(place.name + " " + place.screen.heading, (word,)) > 0.2 for word in ("report", *reading.topic[-1:])
    ):
        screen = await ground.to(place)
        fault = _empty(screen) or showing.lacking(screen, reading.expect, listed=False)
        return (
            bad(f"{place.path}: {fault}")
            if fault
            else good(f"{place.path} ({screen.heading!r}) shows {showing.summary(screen)}.")
        )
    return bad(faults[0] if faults else f"Nothing generates {' '.join(reading.topic)!r}; the menu has: {ground.menu}.")


async def _paper(ground: Ground, reading: Reading, news: News) -> Verdict:
    if news.trouble:
        return bad(news.trouble)
    form = new_form(news.before, news.after)
    if form is not None and not ground.person.tab.downloads:
        deed = Deed(ground.entry(reading))
        await _sent(ground, reading, deed, form)
        news = deed.last
        if news.refusal and not news.moved:
            return bad(f"it is refused: {news.refusal}")
    if ground.person.tab.downloads:
        return good(f"{ground.person.tab.downloads[-1]} was downloaded.")
    if not news.changed:
        return bad("nothing comes, neither on the screen nor as a file")
    fault = _empty(news.after) or showing.lacking(news.after, reading.expect, listed=False)
    return bad(fault) if fault else good(f"{news.after.path} ({news.after.heading!r}) shows {showing.summary(news.after)}.")


def _empty(screen: Screen) -> str:
    if screen.broken:
        return f"it says: {screen.broken}"
    return "" if screen.rows or len(re.findall(r"\d", screen.main_text)) > 3 else "neither rows nor figures are shown"


async def judge_compare(ground: Ground, reading: Reading) -> Verdict:
    """Two records are chosen; a page shows both."""
    for way in ways(ground.atlas, reading)[:3]:
        screen = await ground.to(way.place)
        chosen = []
        for group in screen.groups:
            rows = [item for item in group.items if any(likeness(name, ("compare",)) >= 0.3 for name in item.buttons)]
            chosen = chosen or [item.title for item in rows[:2]]
        if len(chosen) < 2:
            continue
        for title in chosen:
            now = await ground.person.look()
            control = next((one for one in now.buttons if likeness(one.name, ("compare",)) >= 0.3 and title in one.context), None)
            if control is None:
                return bad(f"{way.place.path}: {title!r} cannot be chosen.")
            await ground.person.press(control)
        return await _beside(ground, chosen)
    return bad(f"Nothing lets one compare {' '.join(reading.topic)!r}; the menu has: {ground.menu}.")


async def _beside(ground: Ground, titles: list[str]) -> Verdict:
    screen = await ground.person.look()
    links = [
        one
        for one in (*screen.links, *screen.buttons)
        if likeness(one.name, ("compare",)) >= 0.3 and not any(title in getattr(one, "context", "") for title in titles)
    ]
    for control in links[:3]:
        again = await ground.person.find_again(control)
        if again is None:
            continue
        news = await ground.person.press(again)
        if news.moved or news.after.modal:
            lacking = [title for title in titles if title.lower() not in news.after.main_text.lower()]
            return (
                bad(f"{news.after.path} does not show {lacking[0]!r}.")
                if lacking
                else good(f"{news.after.path} shows {' and '.join(titles)}.")
            )
    return bad("Two were chosen, but nothing shows them side by side.")
