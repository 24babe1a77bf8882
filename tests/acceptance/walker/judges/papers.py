"""Reports, exports and comparisons: a document that can be seen or was downloaded, and records side by side."""

from __future__ import annotations

import re

from tests.acceptance.walker import showing
from tests.acceptance.walker.finding import new_form, ways
from tests.acceptance.walker.ground import Ground, Verdict, absent, bad, good
from tests.acceptance.walker.judges.deeds import Deed, _sent
from tests.acceptance.walker.person import Lost, News
from tests.acceptance.walker.reading import Reading
from tests.acceptance.walker.screen import Button, Field, Screen
from tests.acceptance.walker.words import likeness

#: Drawings and pictures of the page's own part, and its texts, without the controls
SHOWN = """() => { const main = document.querySelector("main") ?? document.body;
  const drawn = [...main.querySelectorAll("svg, canvas, img")].map((e) => e.toDataURL?.() ?? e.src ?? e.outerHTML);
  return [...drawn, ...__screen.read().main].join("\\n"); }"""


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
            verdict = absent(f"{way.told}: {lost}.")
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
    return bad(faults[0]) if faults else absent(f"Nothing generates {' '.join(reading.topic)!r}; the menu has: {ground.menu}.")


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
    """Two records are chosen, in the list, on their pages or where they are compared; a page shows both."""
    for choose in (_in_list, _on_pages, _from_a_list):
        titles = await choose(ground)
        if len(titles) == 2:
            return await _beside(ground, titles)
    return absent(f"Nothing lets one compare two records; the menu has: {ground.menu}.")


def _comparing(screen: Screen) -> list[Button]:
    return [one for one in screen.buttons if likeness(one.name, ("compare",)) >= 0.3 and one.area != "nav" and not one.disabled]


async def _in_list(ground: Ground) -> list[str]:
    """Press what stands in the rows of a list."""
    for place in ground.atlas:
        rows = [
            item
            for group in place.screen.groups
            for item in group.items
            if any(likeness(name, ("compare",)) >= 0.3 for name in item.buttons)
        ]
        if len(rows) < 2:
            continue
        await ground.to(place)
        for row in rows[:2]:
            control = next((one for one in _comparing(await ground.person.look()) if row.title in one.context), None)
            if control is None:
                return []
            await ground.person.press(control)
        return [row.title for row in rows[:2]]
    return []


async def _on_pages(ground: Ground) -> list[str]:
    """Press it on the pages of two records of one list."""
    page = next((place for place in ground.atlas if place.depth > 1 and _comparing(place.screen)), None)
    source = next(
        (
            place
            for place in ground.atlas
            if page and place.screen.rows and any(i.href == page.path for i in place.screen.rows.items)
        ),
        None,
    )
    if page is None or source is None or source.screen.rows is None:
        return []
    titles = []
    for row in [item for item in source.screen.rows.items if item.href][:2]:
        screen = await ground.person.open(row.href)
        if controls := _comparing(screen):
            await ground.person.press(controls[0])
            titles.append(row.title)
    return titles


async def _from_a_list(ground: Ground) -> list[str]:
    """Choose from a list of names on the page where things are compared."""
    place = ground.atlas.find(("compare",))
    titles: list[str] = []
    if place is None:
        return titles
    screen = await ground.to(place)
    for _ in range(2):
        field = next((one for one in screen.fields if one.kind == "select" and one.area == "main"), None)
        names = [label for value, label in field.options if value and label not in titles] if field else []
        if field is None or not names:
            break
        await ground.person.write(field, names[0])
        screen = (await ground.person.outcome(screen)).after
        titles.append(names[0])
    return titles


async def _beside(ground: Ground, titles: list[str]) -> Verdict:
    """The page that shows both: where one is now, or behind a control or the menu."""
    place = ground.atlas.find(("compare",))
    screen = await ground.person.look()
    links = [one for one in (*screen.links, *screen.buttons) if likeness(one.name, ("compare",)) >= 0.3]
    for control in [None, *links[:3]]:
        if control is not None:
            again = await ground.person.find_again(control)
            screen = (await ground.person.press(again)).after if again else screen
        if (
            all(title.lower() in screen.main_text.lower() for title in titles)
            and likeness(f"{screen.heading} {screen.path}", ("compare",)) > 0.1
        ):
            return good(f"{screen.path} shows {' and '.join(titles)}.")
    if place is not None:
        screen = await ground.to(place)
        if all(title.lower() in screen.main_text.lower() for title in titles):
            return good(f"{screen.path} shows {' and '.join(titles)}.")
    return bad(
        f"{' and '.join(titles)} were chosen, but nothing shows them side by side; the page says: {screen.main_text[:80]!r}."
    )


async def judge_live(ground: Ground, reading: Reading) -> Verdict:
    """On the page with a preview another choice changes what is shown at once, without being sent."""
    faults = []
    for place in ground.atlas.ranked(reading.where):
        choices = [field for field in place.screen.fields if field.area == "main" and not field.search and _other(field)]
        if not choices or not place.screen.pictures or place.screen.rows:
            continue
        await ground.to(place)
        before = await ground.person.tab.evaluate(SHOWN)
        for field in [one for one in (await ground.person.look()).fields if any(one.label == known.label for known in choices)]:
            screen = await ground.person.look()
            now = next((one for one in screen.fields if (one.label, one.kind) == (field.label, field.kind)), None)
            if now is None or not (other := _other(now)):
                continue
            await ground.person.write(now, other)
            await ground.person.outcome(screen)
            if await ground.person.tab.evaluate(SHOWN) != before:
                return good(f"{place.path}: {now.label!r} set to {other!r} changes what is shown.")
        faults.append(f"{place.path}: no choice changes what is shown: {', '.join(field.label for field in choices)}.")
        if len(faults) == 3:
            break
    return bad(faults[0]) if faults else absent(f"No page has a preview with something to choose; the menu has: {ground.menu}.")


def _other(field: Field) -> str:
    """Another value that can be chosen; "" when there is none."""
    if field.kind == "radio":
        return "" if field.checked else "on"
    return next((label for value, label in field.options if value not in ("", field.value) and label), "")
