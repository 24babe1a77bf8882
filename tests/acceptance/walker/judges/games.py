"""Games and quizzes: keys that move something, playing to the end, going on after it."""

from __future__ import annotations

import asyncio
import re
from itertools import cycle

from tests.acceptance.walker.atlas import Place
from tests.acceptance.walker.boards import fault
from tests.acceptance.walker.filling import Entry
from tests.acceptance.walker.finding import ways
from tests.acceptance.walker.ground import Ground, Verdict, absent, bad, good
from tests.acceptance.walker.person import BAD, Lost, Person
from tests.acceptance.walker.reading import Reading
from tests.acceptance.walker.screen import Screen

KEYS = {"up": "ArrowUp", "down": "ArrowDown", "left": "ArrowLeft", "right": "ArrowRight"}
OVER = re.compile(r"\bgame over\b|\byou (?:have )?los[te]\b|\bno (?:more )?moves\b|\bgame (?:has )?ended\b", re.IGNORECASE)
ENDED = re.compile(
    r"\bgame over\b|\byou (?:won|win|lost|lose|scored|got|passed|failed)\b|\byour (?:score|result)|\b(?:final )?(?:score|result)s?:? ?\d|\bfinished\b|\bcompleted?\b|\bwell done\b|"
    r"\bcongratulations\b|\d+ (?:of|out of|/) \d+ (?:correct|right|points)|\bsolved\b",
    re.IGNORECASE,
)
ON = re.compile(
    r"^(?:next|continue|check|submit|answer|finish|done|send|start|begin|play|take|see|show|hit|draw|reveal|confirm|try|guess)\b",
    re.IGNORECASE,
)
AGAIN = re.compile(r"\b(?:revive|continue|keep playing|resume|undo)\b", re.IGNORECASE)
PRESSES, BATCH = 900, 12  #: of keys in a game, and how many between two looks
TURNS = 60  #: answers in a quiz


def _place(ground: Ground, reading: Reading) -> Place:
    """The page where it is played: one with a board, about the topic, else one that speaks of a game."""
    found = [ground.atlas.find(words) for words in (reading.where, ("game",), ("play",))]
    places = [place for place in (*found, ground.atlas.saying(("game",))) if place] or [ground.atlas.home]
    return next((place for place in places if place.screen.tiles), places[0])


async def _begun(ground: Ground, reading: Reading) -> Screen:
    screen = await ground.to(_place(ground, reading))
    start = next(
        (
            one
            for one in screen.buttons
            if re.match(r"(?:start|new game|play|begin)\b", one.name, re.IGNORECASE) and one.area == "main" and not one.disabled
        ),
        None,
    )
    return (await ground.person.press(start)).after if start else screen


async def judge_keys(ground: Ground, reading: Reading) -> Verdict:
    """The arrow key of the direction changes the board. Where the board cannot go that way at once, another key goes first."""
    await _begun(ground, reading)
    name = KEYS[reading.direction]
    for other in ("", *(key for key in KEYS.values() if key != name)):
        if other:
            await ground.person.key(other)
        news = await ground.person.key(name)
        if news.trouble:
            return bad(f"{name}: {news.trouble}.")
        if news.before.main == news.after.main:
            continue
        if (
            news.before.tiles
            and "merge" in reading.expect.text
            and (wrong := fault(news.before.tiles, news.after.tiles, reading.direction))
        ):
            return bad(f"{news.after.path}: {name}: {wrong}.")
        return good(f"{news.after.path}: {name} changes the board from {_told(news.before)} to {_told(news.after)}.")
    return bad(f"{ground.person.tab.path}: {name} changes nothing, whatever is pressed before.")


def _told(screen: Screen) -> str:
    board = " ".join(str(number) for number, _, _ in screen.tiles)
    return f"[{board}]" if board else repr(" ".join(line for line in screen.main if len(line) <= 8)[:60])


async def _to_the_end(ground: Ground, reading: Reading) -> str:
    """Press arrows until the game says that it is over; the words, "" when it never says so."""
    await _begun(ground, reading)
    person = ground.person
    for count, name in enumerate(cycle(KEYS.values())):
        await person.tab.key(name)
        if count % BATCH == BATCH - 1:
            await asyncio.sleep(0.02)
            screen = await person.look()
            line = next((line for line in screen.lines if OVER.search(line)), "")
            if line:
                return line
        if count > PRESSES:
            return ""
    return ""


async def judge_over(ground: Ground, reading: Reading) -> Verdict:
    line = await _to_the_end(ground, reading)
    if not line:
        return bad(f"{ground.person.tab.path}: after {PRESSES} moves nothing says that the game is over.")
    screen = await ground.person.look()
    choices = [one.name for one in screen.buttons if AGAIN.search(one.name)]
    if re.search(r"\brevive|\bcontinue|\boption", reading.expect.text, re.IGNORECASE) and not choices:
        return bad(f"{line!r}, but nothing lets one go on; buttons: {', '.join(one.name for one in screen.buttons[-5:])}.")
    return good(f"{screen.path}: {line!r}; one can choose: {', '.join(choices) or 'nothing'}.")


async def judge_revive(ground: Ground, reading: Reading) -> Verdict:
    line = await _to_the_end(ground, reading)
    if not line:
        return bad(f"{ground.person.tab.path}: after {PRESSES} moves the game is not over, so nothing can be revived.")
    screen = await ground.person.look()
    button = next((one for one in screen.buttons if AGAIN.search(one.name)), None)
    if button is None:
        return bad(f"{line!r}, and nothing lets one go on.")
    news = await ground.person.press(button)
    if news.trouble or any(OVER.search(one) for one in news.after.lines):
        return bad(f"After {button.name!r} the game is still over{f': {news.trouble}' if news.trouble else ''}.")
    if reading.expect.confirmed and not news.lines:
        return bad(f"After {button.name!r} nothing says that the game goes on.")
    moved = [await ground.person.key(name) for name in KEYS.values()]
    if not any(step.before.main != step.after.main for step in moved):
        return bad(f"After {button.name!r} no arrow key changes the board.")
    return good(
        f"{button.name!r} goes on ({'; '.join(news.lines)[:60] or 'the message is gone'}), and the board can be moved again."
    )


async def judge_play(ground: Ground, reading: Reading) -> Verdict:
    """Begin, answer or press whatever is asked for, until a result is shown."""
    starts = ways(ground.atlas, reading)[:2]
    faults = []
    for way in starts or [None]:
        await ground.to(way.place if way else _place(ground, reading))
        if way and way.control and (control := await ground.person.find_again(way.control)):
            await ground.person.press(control)
        line = await _played(ground)
        if line:
            ground.memory.told.append((line,))
            return good(f"{ground.person.tab.path}: played to the end: {line!r}.")
        faults.append(
            f"{ground.person.tab.path}: played, but no result is shown; the page says: {' '.join((await ground.person.look()).main)[:100]!r}."
        )
    return bad(faults[0])


async def _played(ground: Ground) -> str:
    """The words of the result; "" when it does not come."""
    person = ground.person
    start = set((await person.look()).lines)
    for _ in range(TURNS):
        screen = await person.look()
        line = next((line for line in screen.main if ENDED.search(line) and line not in start and len(line) < 160), "")
        if line:
            return line
        if not await _turn(person, screen, Entry(ground.memory.marker())):
            return ""
    return ""


async def _turn(person: Person, screen: Screen, entry: Entry) -> bool:
    """Answer what is asked and go on; whether anything could be done."""
    for form in screen.forms:
        await person.fill(form, entry)
    screen = await person.look()
    going = [one for one in screen.buttons if ON.search(one.name) and not one.disabled and one.area in ("main", "dialog")]
    answers = [
        one
        for one in screen.buttons
        if one.area in ("main", "dialog") and not one.disabled and one not in going and not BAD.search(one.name)
    ]
    for button in (*sorted(going, key=lambda one: -one.submit), *answers[:6]):
        try:
            news = await person.press(button)
        except Lost:
            continue
        if news.changed:
            return True
    return False


async def judge_start(ground: Ground, reading: Reading) -> Verdict:
    """Something new begins: a board, a round, a blank sheet; a score that is expected at nought is nought."""
    for way in ways(ground.atlas, reading)[:3]:
        await ground.to(way.place)
        control = await ground.person.find_again(way.control) if way.control else None
        if control is None:
            continue
        news = await ground.person.press(control)
        if news.trouble:
            return bad(f"{way.told}: {news.trouble}.")
        if re.search(r"score .*zero|reset", reading.expect.text, re.IGNORECASE) and (wrong := _nought(news.after)):
            return bad(f"{way.told}: {wrong}.")
        if reading.expect.exactly and (wrong := _tiles(news.after, reading.expect.exactly[0])):
            return bad(f"{way.told}: {wrong}.")
        if news.changed or reading.expect.counted:
            return good(f"{way.told}: {news.after.path} shows {_told(news.after)}.")
    return absent(f"Nothing lets one start {' '.join(reading.topic)!r}; the menu has: {ground.menu}.")


def _nought(screen: Screen) -> str:
    text = " ".join(screen.main)
    match = re.search(r"\bscore\D{0,12}(\d+)", text, re.IGNORECASE) or re.search(r"(\d+)\s*score\b", text, re.IGNORECASE)
    return "" if match and int(match[1]) == 0 else f"the score is {match[1] if match else 'not shown'}"


def _tiles(screen: Screen, number: int) -> str:
    """A board with other than ``number`` numbers on it; where there is no board, nothing is said."""
    return "" if len(screen.tiles) == number else f"{len(screen.tiles)} places of the board hold a number, not {number}"
