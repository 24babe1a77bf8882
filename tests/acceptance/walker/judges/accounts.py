"""Registering, signing in and out: done from the site's own links, and judged by who the site takes one for then."""

from __future__ import annotations

import re

from tests.acceptance.walker.filling import Entry
from tests.acceptance.walker.finding import _real, at_gate, fits
from tests.acceptance.walker.ground import Account, Ground, Verdict, absent, bad, good
from tests.acceptance.walker.judges.deeds import Deed, _sent
from tests.acceptance.walker.person import Lost, Person
from tests.acceptance.walker.reading import Reading
from tests.acceptance.walker.screen import Form, Link, Screen
from tests.acceptance.walker.verbs import Verb, family

OUT = re.compile(r"\b(?:sign|log)[ -]?out\b", re.IGNORECASE)
REFUSED = re.compile(r"\b(?:sign|log) in\b|not allowed|no permission|forbidden|unauthori[sz]ed", re.IGNORECASE)
IN = re.compile(r"\b(?:sign|log)[ -]?in\b", re.IGNORECASE)


def inside(screen: Screen) -> bool:
    """Whether the site takes one for somebody: there is a way out, or an account, and no form that asks who one is."""
    names = [one.name for one in (*screen.buttons, *screen.links)]
    asks = any(field.kind == "password" for form in screen.forms if len(form.fields) <= 4 for field in form.fields)
    account = any(re.match(r"(?:my )?(?:account|profile)\b", name, re.IGNORECASE) for name in names)
    return not asks and (any(OUT.search(name) for name in names) or (account and not any(IN.search(name) for name in names)))


async def gate(person: Person, verb: Verb, start: str = "/") -> Form | None:
    """The form for entering or registering, found from the first page by links; None when there is none."""
    screen = await person.open(start)
    reading = Reading(verb.kind, verb, text=" ".join(verb.words))
    for _ in range(3):
        form = _form(screen, verb)
        if form is not None:
            return form
        several = [one for one in (*screen.links, *screen.buttons) if fits(one.name, reading)]
        control = max(several, key=lambda one: (fits(one.name, reading), isinstance(one, Link)), default=None)
        if control is None:
            return await _hidden(person, reading, verb)
        screen = (await person.press(control)).after
    return _form(screen, verb)


async def _hidden(person: Person, reading: Reading, verb: Verb) -> Form | None:
    """Behind a menu that is closed."""
    for opener in [one for one in person.screen.buttons if one.opens] if person.screen else []:
        news = await person.press(opener)
        link = next((one for one in news.after.links if fits(one.name, reading)), None)
        if link is not None:
            return _form((await person.press(link)).after, verb)
    return None


def _form(screen: Screen, verb: Verb) -> Form | None:
    reading = Reading(verb.kind, verb, text=" ".join(verb.words))
    gates = [form for form in screen.forms if _real(form) and any(field.kind == "password" for field in form.fields)]
    if verb.name == "login":
        gates = [
            form
            for form in gates
            if len(form.fields) <= 4
            and not any(fits(b.name, Reading("register", family("register"), text="register")) > 0.6 for b in form.buttons)
        ] or []
    else:
        gates = [
            form
            for form in gates
            if len(form.fields) >= 3 or any(fits(button.name, reading) > 0.5 for button in form.buttons if button.submit)
        ]
        gates = [form for form in gates if not any(IN.search(button.name) for button in form.buttons if button.submit)]
    return gates[0] if gates else None


async def enter(person: Person, account: Account) -> str:
    """Sign in; "" when that worked, else why not."""
    form = await gate(person, family("login"))
    if form is None:
        return "there is no form to sign in"
    for field in form.fields:
        if field.kind == "password":
            await person.write(field, account.password)
        elif field.kind in ("email", "text"):
            await person.write(field, account.email)
    screen = await person.look()
    news = await person.submit(_form(screen, family("login")) or form, ("sign in", "log in"))
    if news.trouble:
        return news.trouble
    return "" if inside(news.after) else news.refusal or "the site does not take one for anybody then"


async def join(ground: Ground) -> tuple[Account, Deed]:
    """Register a new account. Lost when there is no form or it is refused."""
    form = await gate(ground.person, family("register"))
    if form is None:
        raise Lost("there is no form to register")
    entry = Entry(ground.memory.marker())
    entry.email = f"{entry.slug}@example.com"
    deed = Deed(entry, path=ground.person.tab.path)
    await _sent(ground, Reading("register", family("register"), text="register"), deed, form)
    if deed.trouble or (deed.last.refusal and not deed.last.moved):
        raise Lost(f"registering is refused: {deed.trouble or deed.last.refusal}")
    return Account(entry.email, entry.password, entry.marker), deed


async def judge_register(ground: Ground, reading: Reading) -> Verdict:
    """A new account is confirmed or one is inside at once, and it can be entered again later."""
    account, deed = await join(ground)
    after = deed.last.after
    if (
        reading.expect.confirmed
        and not deed.confirmation
        and not (inside(after) and account.name.split()[0].lower() in after.text.lower())
    ):
        return bad(f"Registered as {account.email}; nothing confirms it: {' / '.join(after.main[:3])!r}.")
    said = deed.confirmation or f"one is inside, at {after.path}"
    if inside(after) and not await _left(ground):
        return bad("Registered, but there is no way to sign out and come again.")
    why = await enter(ground.person, account)
    if why:
        return bad(f"Registered as {account.email}, but signing in with that fails: {why}.")
    ground.memory.registered = account
    return good(f"Registered {account.email}: {said}; signing in again works.")


async def _left(ground: Ground) -> bool:
    """Sign out; whether that could be done."""
    screen = await ground.person.look()
    for opener in [None, *(button for button in screen.buttons if button.opens)]:
        if opener is not None:
            again = await ground.person.find_again(opener)
            if again is None:
                continue
            screen = (await ground.person.press(again)).after
        out = next((one for one in (*screen.buttons, *screen.links) if OUT.search(one.name)), None)
        if out is not None:
            await ground.person.press(out)
            return True
    return False


async def judge_login(ground: Ground, reading: Reading) -> Verdict:
    """One is inside with the right password, and not with a wrong one."""
    account = ground.memory.registered or ground.account
    if account is None:
        account, _ = await join(ground)
        await _left(ground)
    if not await enter(ground.person, Account(account.email, account.password + "-wrong")):
        return bad(f"A wrong password lets one in as {account.email}.")
    why = await enter(ground.person, account)
    if why:
        return bad(f"Signing in as {account.email} fails: {why}.")
    screen = await ground.person.look()
    if "by name" in reading.expect.text and account.name and account.name.split()[0].lower() not in screen.text.lower():
        return bad(f"Signed in as {account.email} at {screen.path}, but {account.name!r} is not on the page.")
    return good(f"Signed in as {account.email}; the site shows {screen.path} ({screen.heading!r}). A wrong password is refused.")


async def judge_logout(ground: Ground, reading: Reading) -> Verdict:
    """After signing out the site takes one for nobody, also when the page is loaded anew."""
    await ground.person.open("/")
    if not await _left(ground):
        return absent("There is no way to sign out.")
    screen = await ground.person.open("/")
    return (
        bad(f"Signed out, but {screen.path} still takes one for somebody.")
        if inside(screen)
        else good("Signed out; the site asks to sign in again.")
    )


async def judge_guard(ground: Ground, reading: Reading) -> Verdict:
    """A page that others reach when they are inside asks a stranger who one is, or refuses."""
    if ground.inner is None:
        return Verdict(None, "Nobody can get inside to learn which pages are for members.")
    own = [place for place in ground.inner.ranked(reading.topic) if place.path not in ground.atlas.places]
    if not own:
        return bad("Every page that somebody inside reaches is open to strangers, too.")
    for place in own[:3]:
        screen = await ground.person.open(place.path)
        refused = ground.person.tab.status in (401, 403) or at_gate(screen) or REFUSED.search(screen.main_text)
        if not refused and screen.path == place.path:
            return bad(f"A stranger sees {place.path}: {screen.main_text[:80]!r}.")
    return good(f"{own[0].path} asks a stranger to sign in.")
