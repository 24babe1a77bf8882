"""What a person would write into a field, told from its label, its kind and its limits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.acceptance.walker.screen import Field
from tests.acceptance.walker.words import likeness

AGREE = re.compile(r"\b(?:agree|accept|consent|terms|confirm)\b", re.IGNORECASE)
LATER = re.compile(r"\b(?:end|until|to|check-?out|return|finish|due|deadline|expires?)\b", re.IGNORECASE)
FILES = (("pdf", "pdf"), ("csv", "csv"), ("json", "json"), ("image", "png"), ("png", "png"), ("jp", "jpg"))

PICTURE = re.compile(r"\b(?:image|picture|photo|avatar|cover|logo|gallery)\b", re.IGNORECASE)
#: Words of a label → what is written; the first that fits
LABELLED = (
    (r"card ?number|number on (?:the )?card|credit card|^card$", "4242 4242 4242 4242"),
    (r"\bcvc|\bcvv|security code", "123"),
    (r"expir|valid (?:until|thru)", "12/30"),
    (r"e-?mail|recipient|^to$", "{slug}@example.com"),
    (r"phone|mobile|telephone|\btel\b", "+49 30 1234567"),
    (r"zip|post(?:al)? ?code", "10115"),
    (r"web ?site|\burl\b|\blink\b|homepage", "https://example.com/{slug}"),
    (r"\bage\b", "34"),
    (r"\bscore\b", "640"),
    (
        r"\b(?:quantity|amount|hours|price|cost|number of|count|total|weight|height|length|width|chest|waist|sleeve|collar|measurement|minutes|duration)\b",
        "4",
    ),
    (r"street|address", "12 {marker} Street"),
    (r"\bcity\b|\btown\b", "Berlin"),
    (r"country", "Germany"),
)
LONG = "{marker}: written by a person who tries everything out and reads what comes."


@dataclass
class Entry:
    """What is filled in. ``marker`` is found nowhere else; ``typed`` is what went into each field."""

    marker: str
    password: str = "Walk-pass-2468"
    email: str = ""
    attempt: int = 0
    wishes: tuple[str, ...] = ()  #: names that should be chosen where they are offered
    typed: dict[str, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return re.sub(r"\W+", ".", self.marker.lower())


def value(of: Field, entry: Entry) -> str | None:
    """What to write or choose; None when the field is left as it is. "on" checks a box."""
    if of.disabled or of.search or of.kind in ("hidden", "button", "submit", "reset", "range", "color", "image"):
        return None
    if of.kind == "checkbox":
        return "on" if not of.checked and (of.required or AGREE.search(of.label)) else None
    if of.kind == "select":
        return _option(of, entry)
    if of.value and not entry.attempt and of.kind not in ("radio", "email", "password"):
        return None
    if of.kind in ("date", "datetime-local", "month", "week", "time"):
        return _moment(of, entry)
    if of.kind == "number":
        return _number(of, entry)
    return None if of.kind in ("file", "radio") else _text(of, entry)


def file_for(of: Field, entry: Entry) -> str:
    """The name of a file that fits: one that nothing else has."""
    fitting = next((kind for part, kind in FILES if part in of.accept.lower()), "")
    return f"{entry.slug}.{fitting or ('png' if PICTURE.search(of.label) else 'txt')}"


def choice(options: Iterable[str], entry: Entry) -> str:
    """One of the options: a wished one if there is one."""
    options = list(options)
    for wish in entry.wishes:
        best = max(options, key=lambda option: likeness(option, (wish,)), default="")
        if best and likeness(best, (wish,)) >= 0.5:
            return best
    return options[entry.attempt % len(options)] if options else ""


def _option(of: Field, entry: Entry) -> str | None:
    real = [label for value, label in of.options if value not in ("", "null") and label]
    chosen = dict(of.options).get(of.value, "")
    wished = choice(real, entry)
    if of.value and chosen in real and not entry.attempt and not any(likeness(wished, (wish,)) >= 0.5 for wish in entry.wishes):
        return None
    return wished or None


def _moment(of: Field, entry: Entry) -> str:
    now = datetime.now(UTC)
    day = now + timedelta(days=(5 if LATER.search(of.label) else 3) + 17 * entry.attempt)
    if re.search(r"birth|born", of.label, re.IGNORECASE):
        day = now - timedelta(days=365 * 30)
    elif of.max and of.max[:10] < day.date().isoformat() and len(of.max) >= 10:
        day = datetime.fromisoformat(of.max[:10])
    if of.kind == "time":
        return "15:30" if LATER.search(of.label) else "14:30"
    written = {"date": "%Y-%m-%d", "month": "%Y-%m", "week": "%G-W%V", "datetime-local": "%Y-%m-%dT14:30"}
    return day.strftime(written[of.kind])


def _number(of: Field, entry: Entry) -> str:
    low, high = (float(limit) if re.fullmatch(r"-?[\d.]+", limit) else None for limit in (of.min, of.max))
    guess = float(next((text for words, text in LABELLED if text.isdigit() and re.search(words, of.label, re.IGNORECASE)), "4"))
    guess += 7 * entry.attempt
    if low is not None and guess < low:
        guess = low
    if high is not None and guess > high:
        guess = high
    return f"{guess:g}"


def _text(of: Field, entry: Entry) -> str:
    if of.kind == "email":
        return entry.email or f"{entry.slug}@example.com"
    if of.kind == "password":
        return entry.password
    kinds = {"tel": "+49 30 1234567", "url": f"https://example.com/{entry.slug}"}
    if of.kind in kinds:
        return kinds[of.kind]
    if entry.attempt and of.placeholder and not of.placeholder.endswith(("…", "...")):
        return of.placeholder
    known = next((text for words, text in LABELLED if re.search(words, of.label, re.IGNORECASE)), "")
    plain = known or (LONG if of.kind == "textarea" else "{marker}")
    text = plain.replace("{marker}", entry.marker).replace("{slug}", entry.slug)
    if of.shortest:
        text = text.ljust(of.shortest, "x")
    return text[: of.longest] if of.longest else text
