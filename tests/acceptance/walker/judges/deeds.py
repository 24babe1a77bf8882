"""What is pressed, filled in and sent: done by the best ways, judged by what the screen says then and after it was loaded anew."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.acceptance.walker.atlas import Place
from tests.acceptance.walker.filling import Entry
from tests.acceptance.walker.finding import Way, at_gate, fits, new_form, same_form, ways
from tests.acceptance.walker.ground import Ground, Verdict, absent, bad, good
from tests.acceptance.walker.person import Lost, News
from tests.acceptance.walker.reading import Reading
from tests.acceptance.walker.screen import Button, Form, Screen
from tests.acceptance.walker.verbs import family

WAYS = 4  #: that are tried
STEPS = 6  #: forms that follow one another
TRIES = 3  #: of one form that is refused
GO_ON = re.compile(r"\b(?:next|continue|proceed|review|preview)\b", re.IGNORECASE)
NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
LASTING = frozenset({"vote", "like", "follow", "favourite", "cart", "clock"})
WEEK = 5  #: days that make a calendar
SURE = 0.6  #: how well a button says the deed that a day was chosen for
DAY = re.compile(
    r"^\d{1,2}$|\b\d{1,2}(?:st|nd|rd|th)?\b.*\b20\d\d\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b", re.IGNORECASE
)
LONG_WAIT = 10.0  #: seconds for something that turns or plays before it says what came


@dataclass
class Deed:
    """What was done: every step's news, what was typed, and the record it was done on."""

    entry: Entry
    news: list[News] = field(default_factory=list)
    subject: str = ""
    path: str = ""

    @property
    def last(self) -> News:
        return self.news[-1]

    @property
    def confirmation(self) -> str:
        return next((news.confirmation for news in reversed(self.news) if news.confirmation), "")

    @property
    def trouble(self) -> str:
        return next((news.trouble for news in self.news if news.trouble), "")

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line for news in self.news for line in news.lines)

    @property
    def traces(self) -> tuple[str, ...]:
        """What to look for later: the marker first, then whatever else was typed and is long enough to know again."""
        texts = [text for text in self.entry.typed.values() if self.entry.marker in text or self.entry.slug in text]
        marked = self.entry.marker if any(self.entry.marker in text for text in texts) else ""
        return tuple(dict.fromkeys(filter(None, [marked, *texts])))


async def judge_deed(ground: Ground, reading: Reading) -> Verdict:
    """Do it in the best way, in another where that cannot be done; what the best one came to otherwise."""
    found = ways(ground.atlas, reading)[:WAYS]
    if not found:
        return absent(
            f"Nothing on {len(ground.atlas.places)} pages lets one {reading.verb.name} {' '.join(reading.topic)!r}; the menu has: {ground.menu}."
        )
    first: Verdict | None = None
    for way in found:
        try:
            deed = await do(ground, reading, way)
            verdict = await judged(ground, reading, way, deed)
        except Lost as lost:
            verdict = absent(f"{way.told}: {lost}.")
        if verdict.ok:
            await ground.again(way.place)
        if verdict.ok or verdict.reached:  # what was done and did not come out is not done in another way
            return verdict
        first = first or verdict
    assert first is not None
    return first


async def do(ground: Ground, reading: Reading, way: Way, entry: Entry | None = None) -> Deed:
    """Go there, press or fill, and go through all forms that come up."""
    screen = await ground.to(way.place)
    deed = Deed(entry or ground.entry(reading), path=way.place.path, subject=_subject(way, screen))
    if way.form is not None:
        form = same_form(screen, way.form)
        if form is None:
            raise Lost("the form is not there any more")
        await _sent(ground, reading, deed, form)
    else:
        assert way.control is not None
        control = await ground.person.find_again(way.control)
        if control is None:
            raise Lost("it is not there any more")
        deed.news.append(await ground.person.press(control))
        await _forms(ground, reading, deed)
    if at_gate(deed.last.after) and deed.last.moved and ground.account is None:
        raise Lost("it leads to signing in")
    ground.keep(deed.last)
    return deed


async def _forms(ground: Ground, reading: Reading, deed: Deed) -> None:
    """What comes up is filled in; in a calendar a day is chosen, and the deed is done then."""
    form = new_form(deed.last.before, deed.last.after)
    if form is not None:
        await _sent(ground, reading, deed, form)
    elif sum(bool(DAY.search(button.name)) for button in deed.last.after.buttons) >= WEEK:
        await _on_a_day(ground, reading, deed)


def _days(screen: Screen) -> list[Button]:
    return [one for one in screen.buttons if DAY.search(one.name) and not one.disabled and one.area in ("main", "dialog")]


async def _on_a_day(ground: Ground, reading: Reading, deed: Deed) -> None:
    """Choose a day of the next month and another soon after, until the deed can be done."""
    following = next(
        (one for one in deed.last.after.buttons if re.search(r"\bnext\b", one.name, re.IGNORECASE) and not one.disabled), None
    )
    if following is not None:
        deed.news.append(await ground.person.press(following))
    for turn in (1, 2):
        days = _days(await ground.person.look())
        if len(days) < WEEK:
            raise Lost("the calendar has no free days")
        deed.news.append(await ground.person.press(days[turn * 2]))
        able = [
            one
            for one in deed.last.after.buttons
            if fits(one.name, reading) >= SURE and not one.disabled and one.area in ("main", "dialog")
        ]
        able = [one for one in able if not DAY.search(one.name) and "date" not in one.name.lower()]
        if able:
            deed.news.append(await ground.person.press(able[0]))
            if form := new_form(deed.last.before, deed.last.after):
                await _sent(ground, reading, deed, form)
            return


async def _sent(ground: Ground, reading: Reading, deed: Deed, form: Form) -> None:
    """Fill and send a form, and those that follow it; once more with other values when it is refused."""
    person = ground.person
    for _ in range(STEPS):
        for attempt in range(TRIES):
            deed.entry.attempt = attempt
            await person.fill(form, deed.entry, files=True)
            screen = await person.look()
            form = same_form(screen, form) or form
            news = await person.submit(form, reading.verb.controls)
            deed.news.append(news)
            again = same_form(news.after, form)
            if again is None or news.confirmation or not news.refusal:
                break
            form = again
        deed.entry.attempt = 0
        following = new_form(news.before, news.after)
        steps = [button for button in news.after.buttons if button.form >= 0 and GO_ON.search(button.name)]
        if news.confirmation or following is None or (news.moved and not steps and reading.kind != "order"):
            return
        form = following


def _subject(way: Way, screen: Screen) -> str:
    """The record something is done on: the one whose row holds the control, or the page's own."""
    context = way.control.context if way.control else ""
    rows = [item for group in screen.groups for item in group.items if context and item.text.startswith(context[:60])]
    return rows[0].title if rows else screen.heading


# --- judging ---------------------------------------------------------------------------------------------------------


async def judged(ground: Ground, reading: Reading, way: Way, deed: Deed) -> Verdict:
    """Whether what was done is seen: no error, the confirmation, the new record, the number, as the check wants them."""
    if deed.trouble:
        return bad(f"{way.told}: {deed.trouble}.")
    if reading.verb.name in ("spin", "draw"):
        await _patiently(ground, deed)
    if not any(news.changed for news in deed.news):
        return bad(f"{way.told}: nothing on the screen changes.")
    refusal = deed.last.refusal
    if refusal and not deed.confirmation and same_screen(deed.last):
        return absent(f"{way.told} is refused: {refusal}.")
    if reading.expect.confirmed and not deed.confirmation:
        return bad(f"{way.told}: no confirmation is shown; what is new: {_short(deed.lines)}.")
    said = deed.confirmation or _short(deed.lines)
    faults = [fault for fault in (await _counted(ground, reading, deed), await _kept(ground, reading, way, deed)) if fault]
    return bad(f"{way.told}: {said}; but {faults[0]}.") if faults else good(f"{way.told}: {said}.")


def same_screen(news: News) -> bool:
    """Whether the form or page is still the one before."""
    return news.before.path == news.after.path


async def _patiently(ground: Ground, deed: Deed) -> None:
    """Wait for what comes after something has turned, rolled or been shuffled."""
    deed.news.append(await ground.person.outcome(deed.last.after, waits=LONG_WAIT if not deed.confirmation else 0.5))
    ground.keep(News(deed.news[0].before, deed.last.after, tuple(one for news in deed.news for one in news.fresh), ""))


async def _counted(ground: Ground, reading: Reading, deed: Deed) -> str:
    if not reading.expect.counted or reading.kind != "press":
        return ""
    before, after = deed.news[0].before, deed.last.after
    if before.path != after.path:
        after = await ground.person.open(before.path)
    left, right = NUMBER.findall(before.main_text), NUMBER.findall(after.main_text)
    return "" if left != right else f"no number on {after.path} has changed"


async def _kept(ground: Ground, reading: Reading, way: Way, deed: Deed) -> str:
    """Why what was done is not to be found when pages are loaded anew; "" when it is."""
    if reading.kind in ("create", "submit") and (reading.kind == "create" or reading.expect.listed or reading.expect.persists):
        return await _listed(ground, reading, deed)
    if reading.expect.shown_in and reading.expect.listed and deed.subject and reading.kind == "press":
        return await _in_section(ground, reading, deed)
    if reading.verb.name in LASTING:
        return await _lasting(ground, way, deed)
    return ""


async def _listed(ground: Ground, reading: Reading, deed: Deed) -> str:
    traces = deed.traces
    if not traces:
        if reading.expect.shown_in and deed.subject and (fault := await _in_section(ground, reading, deed)):
            return fault
        return "" if deed.confirmation else "nothing that was typed could be looked for, and nothing says that it was saved"
    for path in await _likely(ground, reading, deed):
        screen = await ground.person.open(path)
        seen = next((trace for trace in traces if trace.lower() in screen.main_text.lower()), "")
        if not seen:
            screen, seen = await _searched(ground, screen, traces)
        if seen:
            ground.memory.made.append((reading.topic or reading.place, seen, path))
            return ""
    return f"{traces[0]!r} is on none of the pages where it should be"


async def _likely(ground: Ground, reading: Reading, deed: Deed) -> list[str]:
    """Where something new should be seen, each address once: where the check says, where one is now, lists of its kind."""
    await ground.person.look()
    words = [reading.expect.shown_in, reading.topic, reading.where, reading.place]
    places = [place for wanted in words if wanted for place in ground.atlas.ranked(wanted)[:3] if place.fits(wanted) >= 0.35]
    own = [ground.person.tab.path, deed.path, *(news.after.path for news in deed.news)]
    return list(dict.fromkeys([*[place.path for place in places], *own]))[:10]


async def _searched(ground: Ground, screen: Screen, traces: tuple[str, ...]) -> tuple[Screen, str]:
    """Look for it with the search of a list, in case it is on a later page."""
    box = next((field for field in screen.fields if field.search and field.area == "main"), None)
    if box is None:
        return screen, ""
    before = screen
    await ground.person.write(box, traces[0].split(":")[0])
    await ground.person.tab.key("Enter")
    after = (await ground.person.outcome(before)).after
    rows = [item.text.lower() for group in after.groups for item in group.items]
    return after, next((trace for trace in traces if any(trace.lower() in row for row in rows)), "")


async def _in_section(ground: Ground, reading: Reading, deed: Deed) -> str:
    """Why the record it was done on is not in the section that the check names; that section must be another than before."""
    place = ground.atlas.find(reading.expect.shown_in)
    if place is None or place.path == deed.path:
        return ""
    screen = await ground.person.open(place.path)
    if deed.subject.lower()[:40] not in screen.main_text.lower():
        return f"{place.path} does not show {deed.subject!r}"
    return "" if screen.main != place.screen.main else f"{place.path} is as it was before"


async def _lasting(ground: Ground, way: Way, deed: Deed) -> str:
    """What was pressed is still so when the page is loaded anew: its button or a number is another than before."""
    before = deed.news[0].before
    after = await ground.person.open(before.path)
    if before.main_text != after.main_text or _states(before) != _states(after):
        return ""
    if deed.last.moved and deed.confirmation:
        return ""
    return "after loading the page anew it is as it was before"


def _states(screen: Screen) -> list[tuple[str, str]]:
    return [(button.name, button.pressed) for button in screen.buttons] + [
        (link.name, "") for link in screen.links if re.search(r"\d", link.name)
    ]


def _short(lines: tuple[str, ...]) -> str:
    told = "; ".join(line for line in lines if len(line) > 1)[:140]
    return repr(told) if told else "nothing"


async def judge_order(ground: Ground, reading: Reading) -> Verdict:
    """Something into the cart, then through the checkout until the order is confirmed."""
    adding = Reading("press", family("cart"), topic=("cart",), text="add to cart")
    said = "nothing puts anything into a cart"
    for way in ways(ground.atlas, adding)[:2]:
        try:
            said = (await do(ground, adding, way)).confirmation or "something is in the cart"
            break
        except Lost as lost:
            said = str(lost)
    for words in (("checkout",), ("cart",), reading.topic):
        place = ground.atlas.find(words)
        form = await _checkout(ground, place) if place else None
        if form is None:
            continue
        deed = Deed(ground.entry(reading), path=ground.person.tab.path)
        await _sent(ground, reading, deed, form)
        if deed.confirmation and not deed.trouble:
            return good(f"{deed.last.after.path}: {deed.confirmation}.")
        return bad(
            f"{deed.last.after.path}: {deed.trouble or deed.last.refusal or 'no confirmation'}; what is new: {_short(deed.lines)}."
        )
    return absent(f"There is no way to a checkout ({said}); the menu has: {ground.menu}.")


async def _checkout(ground: Ground, place: Place) -> Form | None:
    """The form of the checkout: on this page, or behind its control."""
    screen = await ground.person.open(place.path)
    control = next(
        (
            one
            for one in (*screen.links, *screen.buttons)
            if fits(one.name, Reading("order", family("checkout"), text="checkout"))
        ),
        None,
    )
    form = new_form(ground.atlas.home.screen, screen)
    if form is None and control is not None:
        news = await ground.person.press(control)
        form = new_form(news.before, news.after)
    return form
