"""Whether a screen shows what is expected of it: lists, numbers, and fields known by their labels or by how they look."""

from __future__ import annotations

import re

from tests.acceptance.walker.expecting import Expected
from tests.acceptance.walker.screen import Group, Screen
from tests.acceptance.walker.words import content, key, likeness, share, tokens

MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
LOOKS = {  #: what a value looks like, by the key of the field's word
    key("date"): re.compile(
        rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b|\b\d{{1,2}} {MONTH}\b|\b{MONTH} \d{{1,2}}\b|\b(?:today|yesterday|\d+ (?:minutes?|hours?|days?) ago)\b|\b{MONTH} \d{{4}}\b",
        re.IGNORECASE,
    ),
    key("price"): re.compile(r"[€$£¥]\s?\d|\d\s?(?:[€$£¥]|eur|usd|gbp)\b|\bfree\b", re.IGNORECASE),
    key("email"): re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    key("phone"): re.compile(r"\+?\d[\d ()/-]{6,}\d"),
    key("score"): re.compile(r"\d"),
    key("total"): re.compile(r"\d"),
    key("quantity"): re.compile(r"\d"),
}
LINE = 5  #: words of a line that describes something
FIGURE = re.compile(r"\d")


def lacking(screen: Screen, expect: Expected, *, listed: bool) -> str:
    """What is expected and not there; "" when nothing is missing."""
    rows = screen.rows
    if listed and rows is None:
        return f"no list is shown{f': {screen.empty!r}' if screen.empty else ''}"
    if expect.figures and not _figures(screen):
        return "neither numbers nor charts are shown"
    if expect.exactly and (fault := _count(screen, expect.exactly)):
        return fault
    missing = [name for name in expect.fields if not shows(screen, rows, name)]
    if missing:
        return f"it does not show {', '.join(missing)}"
    absent = [name for name in expect.examples if not shows(screen, rows, name)]
    if expect.examples and len(absent) > len(expect.examples) / 2:
        return f"it shows too little of {', '.join(expect.examples)}: not {', '.join(absent)}"
    return ""


def shows(screen: Screen, rows: Group | None, name: str) -> bool:
    """Whether a field is on the screen: by a label, by its words, or by what its values look like."""
    words = tokens(name)
    last = key(words[-1])
    if any(likeness(label, words) >= 0.5 for label in screen.labels) or share(screen.main_text, words) == 1:
        return True
    if last == key("name"):
        return bool(rows and all(item.title for item in rows.items)) or bool(screen.heading)
    if last == key("description") or last == key("detail"):
        return any(len(line.split()) >= LINE for line in screen.main)
    if last == key("picture"):
        return screen.pictures > 0
    if last == key("contact"):
        return any(LOOKS[kind].search(screen.main_text) for kind in ("mail", "phone"))
    return last in LOOKS and bool(LOOKS[last].search(screen.main_text))


def _figures(screen: Screen) -> bool:
    return (screen.pictures > 0 and bool(FIGURE.search(screen.main_text))) or sum(
        bool(FIGURE.search(line)) for line in screen.main
    ) >= 2


def _count(screen: Screen, exactly: tuple[int, str]) -> str:
    number, what = exactly
    counts = [len(group.items) for group in screen.groups]
    if number in counts:
        return ""
    return f"there are not {number} {what}, but {max(counts, default=0)}"


def summary(screen: Screen) -> str:
    """A few words about a page."""
    rows = screen.rows
    if rows is not None:
        return f"{len(rows.items)} records, the first {rows.items[0].title!r}"
    return f"{len(content(screen.main_text))} words: {' '.join(screen.main)[:60]!r}"
