"""Which control or form does a deed: those whose names fit the verb and the topic, best first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.acceptance.walker.atlas import EXIT, MAKING, Atlas, Place, kind_of
from tests.acceptance.walker.reading import Reading
from tests.acceptance.walker.screen import Button, Field, Form, Link, Screen
from tests.acceptance.walker.words import content, likeness, stem, tokens

LEAST = 0.75  #: score of a way that is tried
HALF = 0.5  #: of the fields of two forms that are taken for the same one
FILLED = 0.5  #: what a form loses that holds something already: it is for changing that
FAINT = 0.25  #: likeness below which something is about something else
TOLD = 0.5  #: how well a form for something special says that it is for that
PLAINLY = frozenset({"create", "submit", "send", "contact", "register", "login"})  #: deeds that any form may be for
FIRST = 6  #: words of a name that are read
MAKES = frozenset({"create", "submit", "edit", "chat", "play", "report"})  #: kinds that may begin with "New …"
GATE = ("login", "register")
PLAIN = frozenset(
    {
        "textarea",
        "text",
        "email",
        "tel",
        "url",
        "number",
        "date",
        "datetime-local",
        "time",
        "select",
        "file",
        "radio",
        "checkbox",
        "password",
    }
)


@dataclass(frozen=True)
class Way:
    """One way to do something: a control to press or a form to fill, and where it is."""

    place: Place
    control: Button | Link | None
    form: Form | None
    score: float

    @property
    def told(self) -> str:
        name = self.control.name if self.control else (self.form.heading if self.form else self.place.name)
        return f"{name!r} on {self.place.path}"


def ways(atlas: Atlas, reading: Reading) -> list[Way]:
    """All ways, best first. A record's page counts once for all records."""
    found: list[Way] = []
    known = {place.kind for place in atlas}
    for place in atlas:
        found += [way for way in _controls(place, reading, known) if way.score >= LEAST]
        found += [way for way in _forms(place, reading) if way.score >= LEAST]
    best: dict[tuple[str, str, str], Way] = {}
    for way in sorted(found, key=lambda way: -way.score):
        name = way.control.name if way.control else "form"
        best.setdefault((way.place.kind, name, way.control.area if way.control else "main"), way)
    return list(best.values())


def _controls(place: Place, reading: Reading, known: set[str]) -> Iterable[Way]:
    """Controls that do it. A link to a page that is known is none: what can be done there counts there."""
    if any(field.kind == "password" for field in place.screen.fields) and reading.kind not in ("register", "login"):
        return
    screen = place.screen
    inside = {button.i for form in screen.forms if _real(form) for button in form.buttons if button.submit}
    heads = {label for group in screen.groups for item in group.items[:1] for label in item.labels}
    several: tuple[Button | Link, ...] = (*screen.buttons, *screen.links)
    for control in several:
        if (
            control.i in inside
            or control.name in heads
            or EXIT.search(control.name)
            or (isinstance(control, Button) and (control.disabled or control.opens))
        ):
            continue
        if isinstance(control, Link) and (not control.inside or kind_of(control.href) in known):
            continue
        verb = fits(control.name, reading)
        if verb:
            menu = 0.4 if control.area in ("nav", "footer") else 0.1 if control.area == "header" else 0.0
            yield Way(place, control, None, verb + _topic(place, reading, control.name, control.heading, control.context) - menu)


def fits(name: str, reading: Reading) -> float:
    """0 to 1: how well the name of a control says the deed. "Voting option" is a thing, not to vote."""
    words = [stem(word) for word in tokens(name) if not word.endswith("ing")][:FIRST]
    own = [stem(word) for phrase in reading.verb.words for word in tokens(phrase)]
    said = [stem(word) for word in tokens(reading.text)]
    makes = reading.kind in MAKES or not MAKING.match(name)
    scores = [0.0]
    for place, phrase in enumerate(reading.verb.controls):
        parts = [stem(word) for word in tokens(phrase)]
        if parts and all(part in words for part in parts) and (makes or parts[0] == words[0]):
            best = parts[0] in own and (parts[0] in said or stem(parts[0] + "ing") in said)
            scores.append((0.95 if best else 0.75 - 0.03 * place) - 0.03 * max(0, len(words) - 4))
    return max(scores)


def _topic(place: Place, reading: Reading, *texts: str) -> float:
    """0 to 1: how much a control or its surroundings are about the topic; where it should be counts only beside that."""
    wanted = reading.topic or reading.place
    if not wanted:
        return 0.5
    weights = (1.0, 0.85, 0.6)
    own = max((weight * likeness(text, wanted) for weight, text in zip(weights, texts, strict=False)), default=0.0)
    about = max(own, 0.8 * place.fits(wanted))
    if about < FAINT and reading.kind != "press":
        return -1.0
    return max(0.0, about) + (0.2 * max(0.0, place.fits(reading.place)) if reading.place else 0.0)


def _real(form: Form) -> bool:
    """A form that is to be filled, not one for searching."""
    return any(field.kind in PLAIN and not field.search and not field.disabled for field in form.fields) and not all(
        field.search for field in form.fields
    )


def _forms(place: Place, reading: Reading) -> Iterable[Way]:
    for form in place.screen.forms:
        gate = any(field.kind == "password" for field in form.fields)
        if not _real(form) or gate != (reading.kind in GATE) or _filters(form):
            continue
        sends = max((max(fits(button.name, reading), 0.4 if button.submit else 0.0) for button in form.buttons), default=0.2)
        labels = " ".join(field.label for field in form.fields)
        if reading.verb.name not in PLAINLY and max(sends, fits(form.heading, reading), fits(place.name, reading)) < TOLD:
            continue
        about = _topic(place, reading, form.heading, labels, form.text)
        part = sum(likeness(field.label, (word,)) >= 0.5 for word in reading.topic for field in form.fields)
        filled = (
            FILLED
            if reading.kind != "edit" and any(field.kind in ("text", "textarea") and field.value for field in form.fields)
            else 0.0
        )
        yield Way(place, None, form, sends + about + min(0.3, 0.1 * part) - filled)


def _filters(form: Form) -> bool:
    """Whether a form only narrows a list: nothing in it is sent."""
    return (form.number < 0 and not any(button.submit or content(button.name) for button in form.buttons)) or (
        bool(form.fields)
        and all(field.search or field.kind in ("select", "radio", "checkbox") for field in form.fields)
        and not any(b.submit for b in form.buttons)
    )


def new_form(before: Screen, after: Screen) -> Form | None:
    """The form that came up: in a dialog, or one that was not there before; the biggest."""
    known = {(field.label, field.kind) for field in before.fields} if before.path == after.path else set()
    found = [form for form in after.forms if _real(form) and not _filters(form) and not _gate(form)]
    if after.modal:
        found = [form for form in found if all(field.area == "dialog" for field in form.fields)] or found
    fresh = [form for form in found if any((field.label, field.kind) not in known for field in form.fields)]
    return max(fresh, key=lambda form: len(form.fields), default=None)


def _gate(form: Form) -> bool:
    return any(field.kind == "password" for field in form.fields)


def at_gate(screen: Screen) -> bool:
    """Whether the screen asks who one is."""
    return any(_gate(form) and len(form.fields) <= 4 for form in screen.forms)


def same_form(screen: Screen, form: Form) -> Form | None:
    """A form that was seen on an earlier look: the one that shares most of its fields."""
    labels = {field.label for field in form.fields}

    def shared(one: Form) -> float:
        own = {field.label for field in one.fields}
        return len(labels & own) / max(1, len(labels | own))

    best = max(screen.forms, key=shared, default=None)
    return best if best is not None and shared(best) >= HALF else None


def search_field(screen: Screen) -> Field | None:
    found = [
        field
        for field in screen.fields
        if field.kind in ("search", "text")
        and (field.search or likeness(field.label, ("search",)) >= 0.4 or "find" in tokens(field.label))
    ]
    return min(found, key=lambda field: (field.area != "main", not field.search), default=None)
