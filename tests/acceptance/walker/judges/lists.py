"""Searching, filtering and sorting a list: rows that should stay stay, the others go."""

from __future__ import annotations

import re

from tests.acceptance.walker.atlas import Place
from tests.acceptance.walker.finding import search_field
from tests.acceptance.walker.ground import Ground, Verdict, absent, bad, good
from tests.acceptance.walker.person import Lost, News
from tests.acceptance.walker.reading import Reading
from tests.acceptance.walker.screen import Button, Field, Group, Item, Link, Screen
from tests.acceptance.walker.words import likeness, tokens

NONSENSE = "qxzvkwj"
SHORT = 4  #: letters of a word to search for, at least


async def judge_search(ground: Ground, reading: Reading) -> Verdict:
    """A word of a row leaves that row and none without the word; a word that nothing has leaves nothing."""
    faults = []
    for place in _searchable(ground, reading)[:3]:
        verdict = await _searched(ground, place)
        if verdict.ok:
            return verdict
        faults.append(verdict.said)
    return bad(faults[0]) if faults else absent(f"There is no field to search with on {len(ground.atlas.places)} pages.")


def _searchable(ground: Ground, reading: Reading) -> list[Place]:
    places = [place for place in ground.atlas if search_field(place.screen)]
    lists = [place for place in places if place.screen.rows]
    topic = tuple(word for word in reading.where if word not in ("search", "keyword", "term"))
    return sorted(lists or places, key=lambda place: -place.fits(topic) if topic else 0)


async def _searched(ground: Ground, place: Place) -> Verdict:
    screen = await ground.to(place)
    source = screen.rows or next((other.screen.rows for other in ground.atlas if other.screen.rows), None)
    word = _word(source, screen) if source else ""
    if not word:
        return bad(f"{place.path}: there is no row to take a word from: {screen.empty or screen.main_text[:60]!r}.")
    found = await _typed(ground, word)
    if found.trouble:
        return bad(f"{place.path}: {found.trouble}.")
    rows = _rows(found.after)
    hits = [row for row in rows if word in row.text.lower()]
    if not hits:
        return bad(
            f"{place.path}: a search for {word!r} does not find the row that has it; {len(rows)} rows: {found.after.empty!r}."
        )
    await ground.to(place)
    nothing = await _typed(ground, NONSENSE)
    left = [row for row in _rows(nothing.after) if row.text in {row.text for row in rows} | {row.text for row in _rows(screen)}]
    if left:
        return bad(
            f"{place.path}: a search for {NONSENSE!r}, which nothing has, still shows {len(left)} rows, {left[0].title!r} first."
        )
    if len(hits) < len(rows) / 2 and len(rows) >= len(_rows(screen)):
        return bad(f"{place.path}: a search for {word!r} leaves {len(rows)} rows, of which {len(hits)} have the word.")
    return good(
        f"{place.path}: {word!r} leaves {len(rows)} rows with {hits[0].title!r}; {NONSENSE!r} leaves none ({nothing.after.empty or 'an empty list'})."
    )


def _rows(screen: Screen) -> tuple[Item, ...]:
    return screen.rows.items if screen.rows else ()


def _word(rows: Group, screen: Screen) -> str:
    """A word of the title of one row that few others have."""
    texts = [item.text.lower() for item in rows.items]
    for item in rows.items:
        words = [word for word in tokens(item.title) if len(word) >= SHORT and word.isalpha()]
        rare = sorted(words, key=lambda word: (sum(word in text for text in texts), -len(word)))
        if rare:
            return rare[0]
    return ""


async def _typed(ground: Ground, text: str) -> News:
    """Search for a text: by Enter, and by the button beside the field where Enter does nothing."""
    person = ground.person
    screen = await person.look()
    field = search_field(screen)
    if field is None:
        raise Lost("the field to search with is gone")
    await person.tab.evaluate("() => window.__screen?.mark()")
    await person.write(field, text)
    await (await person._element(field)).press("Enter")
    news = await person.outcome(screen)
    for _ in range(3):  # what is typed may be searched for only when typing rests
        later = await person.outcome(news.after, waits=0.3)
        if not later.changed:
            break
        news = News(screen, later.after, news.fresh + later.fresh, news.trouble or later.trouble)
    button = next((one for one in news.after.buttons if likeness(one.name, ("search",)) >= 0.6), None)
    if not news.changed and button is not None:
        news = await person.press(button)
    return news


# --- filters ---------------------------------------------------------------------------------------------------------


async def judge_filter(ground: Ground, reading: Reading) -> Verdict:
    """Choosing a value leaves rows with it, and fewer or other rows than before."""
    found = []
    for place in ground.atlas:
        rows = _rows(place.screen)
        choices = [_fit(one, rows, reading) for one in _options(place.screen)] if len(rows) > 1 else []
        if choices:
            found.append((max(choices) + place.fits(reading.topic), place))
    if not found:
        return absent(f"No list on {len(ground.atlas.places)} pages has a filter.")
    faults = []
    for _, place in sorted(found, key=lambda pair: -pair[0])[:2]:
        verdict = await _filtered(ground, place, reading)
        if verdict.ok:
            return verdict
        faults.append(verdict.said)
    return bad(faults[0])


def _choices(screen: Screen) -> list[Field]:
    """Lists to choose from and boxes to check beside a list."""
    return [
        field
        for field in screen.fields
        if field.kind in ("select", "checkbox", "radio")
        and field.area in ("main", "header")
        and not _sorts(field)
        and not field.disabled
    ]


def _sorts(field: Field) -> bool:
    return bool(
        re.search(
            r"\b(?:sort|order by|per page|language|theme|view|layout)\b",
            f"{field.label} {field.name} {field.legend}",
            re.IGNORECASE,
        )
    )


async def _filtered(ground: Ground, place: Place, reading: Reading) -> Verdict:
    screen = await ground.to(place)
    before = _rows(screen)
    options = sorted(_options(screen), key=lambda one: -_fit(one, before, reading))
    if not options:
        return bad(f"{place.path}: the filters offer nothing.")
    field, option = options[0]
    await ground.person.tab.evaluate("() => window.__screen?.mark()")
    await ground.person.write(field, option)
    news = await ground.person.outcome(screen)
    button = next((one for one in news.after.buttons if re.search(r"\b(?:apply|filter|show)\b", one.name, re.IGNORECASE)), None)
    if [row.text for row in _rows(news.after)] == [row.text for row in before] and button is not None:
        news = await ground.person.press(button)
    after = _rows(news.after)
    label = f"{field.label}: {option if field.kind == 'select' else field.label}"
    if [row.text for row in after] == [row.text for row in before]:
        return bad(f"{place.path}: {label!r} changes nothing; all {len(before)} rows are still there.")
    if not after:
        return bad(
            f"{place.path}: {label!r} leaves nothing, though rows have it."
            if _has(before, option)
            else f"{place.path}: {label!r} leaves nothing."
        )
    wrong = [row for row in after if option.lower() not in row.text.lower()]
    if _has(before, option) and wrong:
        return bad(f"{place.path}: {label!r} still shows {wrong[0].title!r}, which does not have it.")
    return good(f"{place.path}: {label!r} leaves {len(after)} of {len(before)} rows, {after[0].title!r} first.")


def _has(rows: tuple[Item, ...], option: str) -> bool:
    return any(option.lower() in row.text.lower() for row in rows)


def _options(screen: Screen) -> list[tuple[Field, str]]:
    found = []
    for field in _choices(screen):
        if field.kind == "select":
            found += [
                (field, label) for value, label in field.options if value not in ("", "all") and value != field.value and label
            ]
        elif not field.checked:
            found.append((field, field.label))
    return found


def _fit(one: tuple[Field, str], rows: tuple[Item, ...], reading: Reading) -> float:
    """How much a filter is the one that is meant: named by the check, and one that some rows have and others have not."""
    field, option = one
    hits = sum(option.lower() in row.text.lower() for row in rows)
    telling = 1.0 if 0 < hits < len(rows) else 0.3 if hits else 0.0
    words = tokens(reading.text.replace("-", " "))
    return (
        telling
        + 2 * likeness(option, words) * (likeness(option, words) >= 0.4)
        + max((likeness(field.label, (word,)) for word in words), default=0)
    )


# --- sorting ---------------------------------------------------------------------------------------------------------


async def judge_sort(ground: Ground, reading: Reading) -> Verdict:
    """Sorting gives the same rows in another order."""
    for place in ground.atlas.ranked(reading.where):
        if not place.screen.rows or len(place.screen.rows.items) < 2:
            continue
        screen = await ground.to(place)
        before = [row.text for row in _rows(screen)]
        for news in [await _sorted(ground, screen, turn) for turn in (0, 1)]:
            after = [row.text for row in _rows(news.after)] if news else before
            if after != before and after:
                return good(f"{place.path}: the first row is {after[0][:60]!r} now; it was {before[0][:60]!r}.")
        if _sorters(screen) or any(_sorts(field) for field in screen.fields):
            return bad(f"{place.path}: sorting changes nothing.")
    return absent(f"No list on {len(ground.atlas.places)} pages can be sorted.")


def _sorters(screen: Screen) -> list[Button | Link]:
    heads = {label for group in screen.groups for item in group.items[:1] for label in item.labels}
    return [
        one
        for one in (*screen.buttons, *screen.links)
        if one.area == "main" and (one.name in heads or re.match(r"sort\b", one.name, re.IGNORECASE))
    ]


async def _sorted(ground: Ground, screen: Screen, turn: int) -> News | None:
    person = ground.person
    now = await person.look()
    field = next(
        (one for one in now.fields if one.kind == "select" and _sorts(one) and "per page" not in one.label.lower()), None
    )
    if field is not None:
        others = [label for value, label in field.options if value != field.value]
        if not others:
            return None
        await person.write(field, others[-1 - turn] if turn < len(others) else others[0])
        return await person.outcome(now)
    controls = _sorters(now)
    return await person.press(controls[0]) if controls else None
