"""Forms that are filled in wrongly: the site says what is wrong and makes nothing."""

from __future__ import annotations

from tests.acceptance.walker.filling import Entry
from tests.acceptance.walker.finding import Way, new_form, same_form, ways
from tests.acceptance.walker.ground import Ground, Verdict, absent, bad, good
from tests.acceptance.walker.person import Lost, News
from tests.acceptance.walker.reading import Reading
from tests.acceptance.walker.screen import Field, Form
from tests.acceptance.walker.verbs import family

WRONG = {"email": "not-an-address", "number": "-99999", "tel": "abc", "url": "nowhere"}


async def judge_validation(ground: Ground, reading: Reading) -> Verdict:
    """Sent empty, and with values that cannot be: each time something is said and nothing is confirmed."""
    faults = []
    for name in ("submit", "create", "register", "contact"):
        asked = Reading(
            "register" if name == "register" else "submit", family(name), reading.topic, reading.place, text=reading.text
        )
        for way in ways(ground.atlas, asked)[:2]:
            try:
                verdict = await _tried(ground, asked, way)
            except Lost as lost:
                faults.append(f"{way.told}: {lost}.")
                continue
            return verdict
    return (
        bad(faults[0]) if faults else absent(f"There is no form about {' '.join(reading.where)!r}; the menu has: {ground.menu}.")
    )


async def _tried(ground: Ground, reading: Reading, way: Way) -> Verdict:
    form = await _form(ground, way)
    said = []
    for how in ("empty", "wrong"):
        changed = await _spoiled(ground, form, how)
        if not changed:
            continue
        screen = await ground.person.look()
        news = await ground.person.submit(same_form(screen, form) or form, reading.verb.controls)
        if fault := _taken(news, how, way):
            return bad(fault)
        said.append(f"{how}: {news.refusal}")
        form = await _form(ground, way)
    if not said:
        raise Lost("nothing in the form can be wrong")
    return good(f"{way.told}: {'; '.join(said)[:200]}.")


def _taken(news: News, how: str, way: Way) -> str:
    """Why the site is wrong to go on; "" when it refuses and says why."""
    if news.trouble:
        return f"{way.told}: {news.trouble}."
    if news.confirmation and not news.refusal:
        return f"{way.told} takes what is {how}: {news.confirmation}."
    if news.moved and not news.refusal:
        return f"{way.told} goes on to {news.after.path} with what is {how}."
    return "" if news.refusal else f"{way.told} says nothing about what is {how}."


async def _form(ground: Ground, way: Way) -> Form:
    screen = await ground.to(way.place)
    if way.form is not None:
        form = same_form(screen, way.form)
    else:
        assert way.control is not None
        control = await ground.person.find_again(way.control)
        news = await ground.person.press(control) if control else None
        form = new_form(news.before, news.after) if news else None
    if form is None:
        raise Lost("no form comes up")
    return form


async def _spoiled(ground: Ground, form: Form, how: str) -> bool:
    """Make the form empty, or right but for one value. Whether there was anything to make so."""
    person = ground.person
    written = [
        field
        for field in form.fields
        if field.kind not in ("select", "checkbox", "radio", "file", "range", "color") and not field.disabled
    ]
    if how == "empty":
        for field in written:
            if field.value:
                await person.write(field, "")
        return bool(written)
    worst = next((field for field in written if _wrong(field) is not None), None)
    if worst is None:
        return False
    await person.fill(form, Entry(ground.memory.marker()))
    await person.write(worst, _wrong(worst) or "")
    return True


def _wrong(field: Field) -> str | None:
    if field.kind == "number" and field.min in ("", None) and field.max in ("", None):
        return None
    return WRONG.get(field.kind)
