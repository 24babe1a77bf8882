"""Colours, and the page on a phone."""

from __future__ import annotations

from collections import Counter

from tests.acceptance.walker import colours
from tests.acceptance.walker.colours import Rgb
from tests.acceptance.walker.ground import Ground, Verdict, bad, good
from tests.acceptance.walker.person import Lost
from tests.acceptance.walker.reading import Reading

PAGES = 4  #: that are looked at
MUCH = 0.25  #: of the points of a window, for a background
SIDES = ("background", "borderTop", "borderLeft", "borderBottom", "text")
FRAMES = frozenset({"header", "nav", "aside", "footer", "th"})  #: parts whose surface shows a colour as much as a button's
PHONE = (375, 812)
USUAL = (1280, 800)


async def judge_colours(ground: Ground, reading: Reading) -> Verdict:
    """The background is what lies behind most of the page; components have their colour as a surface, not only somewhere."""
    wanted = reading.colours
    assert wanted is not None
    for name in (wanted.ground, wanted.parts):
        if name and not colours.meant(name):
            return Verdict(None, f"{name!r} is not the name of a colour")
    seen = []
    for place in list(ground.atlas)[:PAGES]:
        await ground.to(place)
        seen.append(await ground.person.tab.evaluate("() => __screen.colours()"))
    faults = [*_ground(wanted.ground, seen), *_parts(wanted.parts, seen)]
    if faults:
        return bad("; ".join(faults))
    parts = "; ".join(
        filter(
            None,
            (
                wanted.ground and f"the background is {wanted.ground}",
                wanted.parts and f"buttons and other parts are {wanted.parts}",
            ),
        )
    )
    return good(f"On {len(seen)} pages {parts}.")


def _ground(name: str, seen: list[dict]) -> list[str]:
    """Why the background is not ``name``: on the first page it must be behind the page itself and behind much of the window."""
    if not name:
        return []
    for page in seen:
        body = colours.parse(page["body"])
        points = Counter(filter(None, map(colours.parse, page["points"])))
        part = sum(count for colour, count in points.items() if colours.near(colour, name)) / max(1, sum(points.values()))
        if body is None or not (colours.near(body, name) or part > 0.5):
            return [f"the background is {_told(body)}, not {name}"]
        if part < MUCH:
            most = points.most_common(1)[0][0]
            return [f"only {part:.0%} of the window is {name}; most of it is {_told(most)}"]
    return []


def _parts(name: str, seen: list[dict]) -> list[str]:
    if not name:
        return []
    parts = [part for page in seen for part in page["parts"]]
    surfaces = [part for part in parts if (part["button"] or part["what"] in FRAMES) and _has(part, ("background",), name)]
    strokes = [part for part in parts if _has(part, SIDES, name)]
    buttons = [part for part in parts if part["button"]]
    filled = [colour for part in buttons if (colour := colours.parse(part["background"]))]
    if surfaces or (strokes and not filled and len(strokes) >= 3):
        return []
    usual = Counter(filled or [c for part in parts if (c := colours.parse(part["background"]))]).most_common(3)
    return [
        f"no button, header or card has the colour {name}; their surfaces are {', '.join(_told(c) for c, _ in usual) or 'without colour'}"
    ]


def _has(part: dict, sides: tuple[str, ...], name: str) -> bool:
    return any((colour := colours.parse(part.get(side, ""))) and colours.near(colour, name) for side in sides)


def _told(colour: Rgb | None) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour) if colour else "see-through"


async def judge_layout(ground: Ground, reading: Reading) -> Verdict:
    """No page is wider than a phone, and its words can be read there."""
    tab = ground.person.tab
    wide = []
    try:
        await tab.resize(*PHONE)
        for place in list(ground.atlas)[:12]:
            try:
                await ground.to(place)
            except Lost:
                continue
            beyond = (await tab.evaluate("() => __view.overflow()"))["beyond"]
            wide += [f"{place.path} is {beyond} pixels too wide"] if beyond > 1 else []
    finally:
        await tab.resize(*USUAL)
    return bad("; ".join(wide[:3])) if wide else good(f"{min(12, len(ground.atlas.places))} pages fit into {PHONE[0]} pixels.")
