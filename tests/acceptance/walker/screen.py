"""What is on the screen at one moment, as a person reads it: links, controls, fields, lists and texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tests.acceptance.walker.words import likeness, says

SCRIPT = (Path(__file__).parent / "screen.js").read_text()
BROKEN = re.compile(
    r"\b(?:page )?not found\b|\b404\b|something went wrong|internal server error|unexpected error|failed to (?:load|fetch)|could not be loaded|cannot get /",
    re.IGNORECASE,
)
LOADING = re.compile(r"(?:loading|please wait)\b", re.IGNORECASE)
NOTHING = re.compile(
    r"\b(?:no|nothing|0|zero|none)\b.{0,40}\b(?:found|match\w*|results?|yet|here|fits?)\b|\bno [\w ]{1,30}$|nothing (?:here|found|matches|fits)|did(?: not|n't) match|\bempty\b|no\b.{0,30}\bmatch",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Thing:
    """Something that can be pressed or filled. ``i`` finds it again on the page as it was read."""

    i: int


@dataclass(frozen=True)
class Link(Thing):
    name: str
    href: str
    inside: bool  #: leads to the same site
    area: str  #: nav, header, main, footer, dialog
    context: str
    heading: str
    current: bool
    download: bool


@dataclass(frozen=True)
class Button(Thing):
    name: str
    area: str
    context: str
    heading: str
    form: int
    submit: bool
    pressed: str
    disabled: bool
    opens: bool


@dataclass(frozen=True)
class Field(Thing):
    label: str
    kind: str  #: type of the input, "select" or "textarea"
    name: str
    value: str
    checked: bool
    form: int
    area: str
    heading: str
    legend: str
    required: bool
    invalid: bool
    told: str  #: what is said about it
    wrong: str  #: what the browser holds against its value
    min: str
    max: str
    longest: int
    shortest: int
    pattern: str
    placeholder: str
    accept: str
    disabled: bool
    multiple: bool
    options: tuple[tuple[str, str], ...]
    search: bool
    top: int


@dataclass(frozen=True)
class Item(Thing):
    """One of several things that look alike."""

    text: str
    title: str
    href: str
    buttons: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    kind: str
    label: str
    items: tuple[Item, ...]

    @property
    def solid(self) -> bool:
        return self.kind != "like"

    def holding(self, words: str) -> tuple[Item, ...]:
        return tuple(item for item in self.items if words.lower() in item.text.lower())


@dataclass(frozen=True)
class Form:
    """One form with its controls."""

    number: int
    heading: str
    text: str
    fields: tuple[Field, ...]
    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class Screen:
    path: str
    title: str
    modal: bool
    headings: tuple[tuple[int, str, str], ...]  #: (level, text, area)
    links: tuple[Link, ...]
    buttons: tuple[Button, ...]
    fields: tuple[Field, ...]
    forms: tuple[Form, ...]
    groups: tuple[Group, ...]
    lines: tuple[str, ...]
    main: tuple[str, ...]
    labels: tuple[str, ...]
    said: tuple[str, ...]
    alerts: tuple[str, ...]
    tiles: tuple[tuple[int, int, int], ...]  #: numbers on a board: (number, x, y)
    pictures: int

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def main_text(self) -> str:
        return "\n".join(self.main)

    @property
    def heading(self) -> str:
        """The first big heading of the page's own part."""
        own = [text for level, text, area in self.headings if area in ("main", "dialog")]
        return own[0] if own else self.title

    @property
    def nav(self) -> tuple[Link, ...]:
        """The menu: links in a navigation, or in the head of a page that has none; each address once."""
        menu = [link for link in self.links if link.area == "nav" and link.inside]
        menu = menu or [link for link in self.links if link.area in ("header", "footer") and link.inside]
        return tuple({link.href: link for link in reversed(menu)}.values())[::-1]

    @property
    def rows(self) -> Group | None:
        """The list that the page is about: most records, those with links and with words first."""
        worth = {id(group): _worth(group) for group in self.groups}
        best = max(self.groups, key=lambda group: worth[id(group)], default=None)
        return best if best is not None and worth[id(best)] > 0 else None

    @property
    def broken(self) -> str:
        """The line that says the page does not work, "" when there is none."""
        own = [self.title, *(text for _, text, _ in self.headings), *self.alerts, *self.main[:6]]
        return next((line for line in own if len(line) < 160 and BROKEN.search(line)), "")

    @property
    def busy(self) -> bool:
        """Whether something is still to come."""
        return any(len(line) < 30 and LOADING.match(line) for line in self.lines)

    @property
    def empty(self) -> str:
        """The line that says a list is empty."""
        return next((line for line in self.main if len(line) < 120 and NOTHING.search(line)), "")

    def holding(self, words: str) -> Item | None:
        """The smallest row with these words."""
        found = [item for group in self.groups for item in group.holding(words)]
        return min(found, key=lambda item: len(item.text), default=None)

    def find_link(self, wanted: Iterable[str], least: float = 0.5, areas: tuple[str, ...] = ()) -> Link | None:
        """The link whose name fits best."""
        wanted = tuple(wanted)
        found = [(likeness(link.name, wanted), link) for link in self.links if link.inside and (not areas or link.area in areas)]
        best = max(found, key=lambda one: one[0], default=None)
        return best[1] if best and best[0] >= least else None

    def about(self, wanted: Iterable[str]) -> bool:
        """Whether title, headings or text have all the words."""
        return says(f"{self.title} {self.text}", wanted)


def _worth(group: Group) -> float:
    if not group.items or group.kind == "dl":
        return 0
    linked = sum(bool(item.href) for item in group.items)
    long = sum(len(item.text) > 12 for item in group.items)
    if not linked and not long:
        return 0.1 if group.solid else 0
    huge = sum(len(item.text) > 1500 for item in group.items)
    return len(group.items) * 0.2 + linked + long * 0.5 + (3 if group.kind == "tbody" else 2 if group.solid else 0.5) - huge * 5


def parse(given: dict[str, Any]) -> Screen:
    """The screen that screen.js told."""
    buttons = tuple(_made(Button, one) for one in given["buttons"])
    inputs = tuple(_made(Field, {**one, "options": tuple(map(tuple, one["options"]))}) for one in given["fields"])
    forms = [
        Form(
            number,
            form["heading"],
            form["text"],
            tuple(field for field in inputs if field.form == number),
            tuple(button for button in buttons if button.form == number),
        )
        for number, form in enumerate(given["forms"])
        if form["shown"]
    ]
    forms += _loose(inputs, buttons)
    groups = tuple(
        Group(
            group["kind"],
            group["label"],
            tuple(_made(Item, {**i, "buttons": tuple(i["buttons"]), "labels": tuple(i["labels"])}) for i in group["items"]),
        )
        for group in given["groups"]
    )
    plain = {key: tuple(given[key]) for key in ("lines", "main", "labels", "said", "alerts")}
    return Screen(
        path=given["path"],
        title=given["title"],
        modal=given["modal"],
        headings=tuple((h["level"], h["text"], h["area"]) for h in given["headings"]),
        links=tuple(_made(Link, one) for one in given["links"]),
        buttons=buttons,
        fields=inputs,
        forms=tuple(forms),
        groups=groups,
        tiles=tuple((number, x, y) for number, x, y in given["tiles"]),
        pictures=given["pictures"],
        **plain,
    )


def _loose(inputs: tuple[Field, ...], buttons: tuple[Button, ...]) -> list[Form]:
    """Fields outside of any form, those under one heading together, with the buttons under it."""
    found = []
    for heading in dict.fromkeys(field.heading for field in inputs if field.form < 0):
        own = tuple(field for field in inputs if field.form < 0 and field.heading == heading)
        beside = tuple(one for one in buttons if one.form < 0 and one.heading == heading and one.area in ("main", "dialog"))
        found.append(Form(-1, heading, "", own, beside))
    return found


def _made(kind: type[Any], given: dict[str, Any]) -> Any:
    return kind(**{one.name: given[one.name] for one in fields(kind)})
