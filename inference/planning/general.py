"""Wishes that name nothing the application keeps: one's own data, information in general, data in general, a back office."""

from __future__ import annotations

import re
from typing import NamedTuple

from inference.planning.asks import Ask
from inference.planning.lexicon import lexicon
from inference.planning.matching import core
from inference.planning.missing import forms
from inference.planning.roles import PUBLIC
from inference.planning.surface import inner
from inference.planning.wordset import word_set
from synergy.core.types import Entity

VIEWED = {"view": ("list", "detail"), "search": ("list", "search"), "filter": ("list", "filter"), "sort": ("list", "sort")}
KEPT = ("list", "detail", "create", "edit", "delete")
PERSONAL = re.compile(r"\bpersonal (?:details?|information|info|data)\b", re.I)
BACK_OFFICE = re.compile(
    r"\b(?:back[- ]?end|back[- ]?office|admin(?:istration|istrator|istrative)? (?:panel|area|interface|section|backend)|"
    r"content management|management (?:system|panel|interface|backend))\b", re.I)  # fmt: skip
#: Verbs that put something in front of readers.
TELLING = word_set("provide offer give share deliver publish present supply display show contain include have")
#: Words of a wish for keeping data, whatever data it is.
DATA = word_set(
    """data information record collection collect storage store management manage entry enter keep organize organise database
    handle maintain"""
)
ONE_ACCOUNT = re.compile(r"\b(?:an?|new|their|his|her|my|your|own) (?:new |own |user |member |customer |free )?account$", re.I)
ACCOUNT_OF_ONE = word_set("create open register set make add new")


class Meant(NamedTuple):
    entity: Entity | None
    actions: tuple[str, ...]  #: what is done with its records
    features: tuple[str, ...] = ()  #: that every application has
    reason: str = ""


def opens_account(ask: Ask) -> bool:
    """ "create an account": what everybody does before signing in, unless an administrator does it for others."""
    administers = bool(ask.subject) and ask.subject[-1] in lexicon().administrator
    return ask.verb in ACCOUNT_OF_ONE and bool(ONE_ACCOUNT.search(ask.text)) and not administers


def general_answer(ask: Ask, main: Entity | None, actor: Entity | None, *, public: bool) -> Meant | None:
    """What a wish without a thing means; None when nobody knows. ``actor``: the entity of those who act, if they are kept;
    ``main``: what the application is about; ``public``: it has a start page for visitors."""
    if PUBLIC.search(ask.text) and public and not ask.action:
        return Meant(None, (), ("home.page",))
    return (
        _own_data(ask, actor)
        or _back_office(ask, main)
        or _data(ask, main)
        or _told(ask, main, public)
        or _seen(ask, main, public)
    )


def _own_data(ask: Ask, actor: Entity | None) -> Meant | None:
    """ "manage personal details": of the student who does it, else of the account."""
    if not PERSONAL.search(ask.text) or ask.action not in ("create", "edit", "manage", "view") or not ask.subject:
        return None
    if actor is not None:
        actions = ("list", "detail") if ask.action == "view" else ("detail", "create", "edit")
        return Meant(actor, actions, (), f"Assumed: these are fields of {inner(actor.label_plural)}.")
    return Meant(None, (), ("account.profile",), "Assumed: name and address of one's own account are meant.")


def _back_office(ask: Ask, main: Entity | None) -> Meant | None:
    if main is None or not BACK_OFFICE.search(ask.text) or ask.others:
        return None
    why = "Assumed: there is no site of its own for it; who may write adds and changes everything on the same pages."
    return Meant(main, ("create", "edit", "delete"), ("auth.roles",), why)


def _data(ask: Ask, main: Entity | None) -> Meant | None:
    """ "data collection and storage"."""
    known = lexicon()
    small = known.determiner | known.vague | known.preposition | known.filler | {"and", "or"}
    words = [form for form in forms(ask.text) if not form & small]
    if main is None or not words or any(not form & DATA for form in words):
        return None
    return Meant(main, KEPT, (), f"Assumed: {inner(main.label_plural)} are meant.")


def _told(ask: Ask, main: Entity | None, public: bool) -> Meant | None:
    """ "provide information to visitors": by what is shown."""
    last = core(ask.thing)[-1] if ask.thing else ""
    if main is None or last not in ("information", "info", "content", "detail", "resource") or ask.verb not in {"", *TELLING}:
        return None
    home = ("home.page",) if public else ()
    return Meant(main, VIEWED["view"], home, f"Assumed: what is told is kept as {inner(main.label_plural)}.")


def _seen(ask: Ask, main: Entity | None, public: bool) -> Meant | None:
    """ "searching", "browse the website": meant for what the application mainly keeps."""
    known = lexicon()
    last = core(ask.thing)[-1] if ask.thing else ""
    general = (not ask.thing and ask.action != "view") or (
        "personal" not in ask.text.lower()
        and (last in known.application | known.telling | known.generic and len(core(ask.thing)) == 1)
    )
    if main is None or ask.action not in VIEWED or not general:
        return None
    home = ("home.page",) if ask.action == "view" and public else ()
    return Meant(main, VIEWED[ask.action], home)
