"""Menus, ways between pages, pages with content, one record of a list, and whether something is there at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from tests.acceptance.walker import showing
from tests.acceptance.walker.atlas import Place, menu
from tests.acceptance.walker.finding import at_gate
from tests.acceptance.walker.ground import HOME, Ground, Verdict, absent, bad, good
from tests.acceptance.walker.person import Lost
from tests.acceptance.walker.reading import Reading
from tests.acceptance.walker.screen import Item, Link, Screen
from tests.acceptance.walker.words import likeness, share

ALIKE = 0.5  #: likeness of a section's name and a link's
ENOUGH = 0.6  #: share of what is looked for that must be there
LISTS = frozenset(
    {
        "records",
        "record",
        "history",
        "entries",
        "log",
        "logs",
        "overview",
        "catalog",
        "catalogue",
        "tracking",
        "tracker",
        "management",
        "browsing",
        "directory",
        "levels",
        "personal",
    }
)  #: names for a list of anything
LEAST = 40  #: characters of a page that has something to say


async def judge_navigation(ground: Ground, reading: Reading) -> Verdict:
    """Every link of the menu leads to a page that works, and what was named is in it."""
    await ground.person.open(ground.atlas.home.path)
    links = [link for link in await menu(ground.person) if not link.download]
    if not links:
        return absent("There is no menu with links.")
    faults = [fault for link in links if (fault := await _followed(ground, link))]
    missing = [name for name in _sections(reading) if not _leads(ground, name, links)]
    if reading.must or not reading.named:
        faults += [f"no link of the menu leads to {name!r}" for name in missing]
    elif len(missing) > len(reading.named) / 2:
        faults.append(f"most of what was named is not in the menu: {', '.join(missing)}")
    names = ", ".join(link.name for link in links)
    return (
        bad(f"{'; '.join(faults[:4])} (menu: {names})") if faults else good(f"All {len(links)} links of the menu work: {names}.")
    )


def _sections(reading: Reading) -> tuple[str, ...]:
    if reading.named:
        return reading.named
    between = re.search(
        r"between (?:the )?([\w ]+?) and (?:the )?([\w ]+?)(?: panels?| sections?| pages?)?[.,]?$", reading.text, re.IGNORECASE
    )
    return between.groups() if between and "section" not in between[0] else ()


def _leads(ground: Ground, name: str, links: list[Link]) -> bool:
    words = tuple(name.split())
    if any(likeness(link.name, words) >= ALIKE for link in links):
        return True
    places = [ground.atlas.places[link.href] for link in links if link.href in ground.atlas.places]
    return any(place.fits(words) >= ALIKE for place in places)


async def _followed(ground: Ground, link: Link) -> str:
    """What is wrong with where ``link`` leads; "" when nothing is."""
    screen = await ground.person.open(link.href)
    status = ground.person.tab.status
    if not status or status >= 400:
        return f"{link.name!r} leads to {link.href}, which answers {status or 'nothing'}"
    if screen.broken:
        return f"{link.name!r} leads to {link.href}, which says: {screen.broken}"
    if trouble := ground.person.trouble():
        return f"{link.name!r}: {trouble}"
    target = link.href.partition("#")[2]
    if target and not await ground.person.tab.evaluate(
        "(id) => Boolean(document.getElementById(id) || document.getElementsByName(id).length)", target
    ):
        return f"{link.name!r} leads to #{target}, which is not there"
    full = len(screen.main_text) >= LEAST / 2 or screen.pictures or screen.fields
    return "" if full else f"{link.name!r} leads to an empty page"


async def judge_route(ground: Ground, reading: Reading) -> Verdict:
    """From one page to another by a link that can be seen."""
    start = ground.atlas.find(reading.place) if reading.place else None
    start = start or next((place for place in ground.atlas if place.depth), ground.atlas.home)
    end = ground.atlas.find(reading.topic) or ground.atlas.saying(reading.topic)
    if end is None and not (HOME | {"dashboard"}) & set(reading.topic):
        return absent(f"There is no page about {' '.join(reading.topic)}; the menu has: {ground.menu}.")
    end = end or ground.atlas.home
    await ground.to(start)
    bare = end.path.split("#")[0]
    links = [*(await menu(ground.person)), *(await ground.person.look()).links]
    if not any(link.inside and (link.href.split("#")[0] or "/") == bare for link in links):
        return bad(f"On {start.path} no link leads to {end.path}.")
    screen = await ground.to(end)
    if fault := showing.lacking(screen, reading.expect, listed=reading.expect.many):
        return bad(f"{end.path}: {fault}")
    return good(f"From {start.path} a link leads to {end.path} ({screen.heading!r}).")


async def judge_content(ground: Ground, reading: Reading) -> Verdict:
    """A page about the topic, that works and has what is expected on it."""
    place = ground.place(reading)
    if place is None:
        return absent(
            f"There is no page or section about {' '.join(reading.named or reading.where)!r}; the menu has: {ground.menu}."
        )
    screen = await ground.to(place)
    if trouble := ground.person.trouble():
        return bad(f"{place.path}: {trouble}")
    if at_gate(screen) and {"login", "register", "sign", "account"}.isdisjoint(reading.topic):
        return absent(f"{place.path} asks one to sign in.")
    fault = _off_topic(screen, place, reading) or showing.lacking(
        screen, reading.expect, listed=reading.expect.many and not reading.expect.figures
    )
    if fault:
        return bad(f"{place.path} ({screen.heading!r}): {fault}")
    if reading.first and (fault := _latest(ground, screen)):
        return bad(f"{place.path}: {fault}")
    return good(f"{place.path} ({screen.heading!r}) shows {showing.summary(screen)}.")


def _off_topic(screen: Screen, place: Place, reading: Reading) -> str:
    if len(screen.main_text) < LEAST:
        return f"the page has next to no text: {screen.main_text!r}"
    around = f"{place.name} {screen.title} {screen.main_text} {re.sub(r'[^a-z]+', ' ', place.path)}"
    wanted = [reading.named[0].split()] if reading.named else [reading.topic, reading.where]
    best = max(share(around, _strong(words)) for words in wanted)
    return "" if best >= ENOUGH else f"it does not speak of {' '.join(wanted[0])}"


def _strong(words: Iterable[str]) -> tuple[str, ...]:
    """The words without those that any list may be called by, if others are left."""
    kept = tuple(word for word in words if word not in HOME)
    return tuple(word for word in kept if word not in LISTS) or kept


def _latest(ground: Ground, screen: Screen) -> str:
    """What was done before must be seen in a row here."""
    told = [line for lines in ground.memory.told[-1:] for line in lines]
    known = Counter(_records(ground.earlier)) if ground.earlier else Counter()
    rows = _records(screen)
    if not rows:
        return f"nothing is recorded there: {screen.empty or screen.main_text[:80]!r}"
    fresh = list((Counter(rows) - known).elements())
    if not fresh:
        return f"nothing was recorded by what was done; the first record says {rows[0][:80]!r}"
    shared = any(_common(line, text) for line in told for text in fresh)
    return "" if shared else f"the new record says {fresh[0][:80]!r}, and what had come was {'; '.join(told)[:120]!r}"


def _records(screen: Screen) -> list[str]:
    """The rows of all lists; where there is none, the lines of the page."""
    return [item.text for group in screen.groups for item in group.items] or list(screen.main)


def _common(line: str, text: str) -> bool:
    """Whether a record names what a line told: a run of letters of some length that both have."""
    words = [word for word in re.findall(r"\w+", line.lower()) if len(word) > 3 or word.isdigit()]
    return any(word in re.findall(r"\w+", text.lower()) for word in words)


async def judge_detail(ground: Ground, reading: Reading) -> Verdict:
    """One record of the list opens and says more than its row."""
    place = _list(ground, reading)
    if place is None:
        return absent(f"There is no list of {' '.join(reading.where)}; the menu has: {ground.menu}.")
    screen = await ground.to(place)
    row = _row(screen)
    if row is None:
        return bad(f"{place.path}: there is no record to open: {screen.empty or screen.main_text[:80]!r}")
    after = await _opened(ground, row)
    fault = _no_more(screen, after, row.title) or showing.lacking(after, reading.expect, listed=False)
    if trouble := ground.person.trouble():
        fault = trouble
    if fault:
        return bad(f"{place.path}, {row.title!r} clicked: {fault}.")
    return good(f"{row.title!r} opens {after.path}, which shows {', '.join(after.labels[:5]) or showing.summary(after)}.")


def _no_more(before: Screen, after: Screen, title: str) -> str:
    """Why what was opened is not the record; "" when it is."""
    if after.broken:
        return f"{after.path} says: {after.broken}"
    if after.path == before.path and set(after.main) <= set(before.main):
        return "nothing opens"
    if title.lower()[:25] not in after.text.lower():
        return f"{after.path} does not name it"
    return "" if len(after.main) >= 3 else f"{after.path} says no more than {after.main_text!r}"


def _list(ground: Ground, reading: Reading) -> Place | None:
    """The best place with records to open."""
    for words in (reading.topic, reading.place, reading.where):
        ranked = [place for place in ground.atlas.ranked(words) if words and place.fits(words) >= 0.4]
        found = next((place for place in ranked if _row(place.screen)), None)
        if found:
            return found
    return None


def _row(screen: Screen) -> Item | None:
    rows = [
        item for group in sorted(screen.groups, key=lambda g: (not g.solid, -len(g.items))) for item in group.items if item.href
    ]
    outward = [
        item
        for item in rows
        if item.href.split("#")[0] != screen.path.split("#")[0] and not item.href.startswith(("/login", "/register"))
    ]
    main = screen.rows
    first = next((item for item in main.items if item in outward), None) if main else None
    return first or next(iter(outward), None) or (main.items[0] if main and main.solid else None)


async def _opened(ground: Ground, row: Item) -> Screen:
    """The screen after the record's link was clicked, or the row itself where it has none."""
    screen = await ground.person.look()
    links = [link for link in screen.links if row.href and link.href == row.href and link.area in ("main", "dialog")]
    if links:
        return (await ground.person.press(links[0])).after
    again = next((item for group in screen.groups for item in group.items if item.text == row.text), None)
    if again is None:
        raise Lost(f"{row.title!r} is not there any more")
    return (await ground.person.press(again)).after


async def judge_present(ground: Ground, reading: Reading) -> Verdict:
    """A bar, a form, a button or a section is there."""
    wanted = reading.named[0]
    head = wanted.split()[-1].lower()
    places = ground.atlas.ranked(reading.place) if reading.place else list(ground.atlas)
    if HOME & set(reading.place):
        places = [ground.atlas.home]
    for place in places:
        seen = _present(place.screen, wanted, head)
        if seen:
            return good(f"{place.path} has {seen}.")
    return absent(f"No {wanted} on {', '.join(place.path for place in places[:6])}.")


def _present(screen: Screen, wanted: str, head: str) -> str:
    words = wanted.split()
    if "search" in words:
        return next(
            (f"a field {field.label!r}" for field in screen.fields if field.search or likeness(field.label, ("search",)) > 0.4),
            "",
        )
    names = {
        "button": [button.name for button in screen.buttons],
        "link": [link.name for link in screen.links],
        "form": [form.heading for form in screen.forms if form.fields],
        "field": [field.label for field in screen.fields],
    }.get(head, [text for _, text, _ in screen.headings] + [field.label for field in screen.fields])
    return next((f"{head} {name!r}" for name in names if likeness(name, words) >= 0.45), "")
