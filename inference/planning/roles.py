"""Who uses the application: roles, and whether visitors may read without signing in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from inference.planning.archetypes import verbs
from inference.planning.asks import Ask
from inference.planning.lexicon import lexicon
from inference.planning.names import choice_value, snake
from inference.planning.surface import Access
from inference.planning.things import Thing
from synergy.core.types import Entity, Kind, Role

MOST = 6
MEMBER, ADMIN = Role(name="member", label="Member"), Role(name="admin", label="Administrator", can_delete=True)
READERS = {"viewer", "reader", "guest", "visitor", "auditor"}
TRUSTED = {"staff", "editor", "manager", "moderator", "librarian", "supervisor", "teacher", "employer"}
ORGANISATIONS = {"system", "tool", "board", "business"}

PRIVATE = re.compile(
    r"\b(?:private|internal|intranet|back[- ]?office|only (?:signed|logged)[- ]in|members[- ]only|behind (?:a )?login|staff only|"
    r"confidential|for my own use|personal use|admin panel only|"
    r"for myself|lets? me|reminds? me|where I can|so (?:that )?I can)\b", re.I)  # fmt: skip
PUBLIC = re.compile(
    r"\b(?:public(?:ly)?|visitors?|anyone|everyone|anybody|everybody|"
    r"without (?:an account|signing in|login|logging in|registration)|"
    r"no (?:login|accounts?|sign[- ]?up|registration)|guests? can)\b", re.I)  # fmt: skip
SITE = re.compile(
    r"\b(?:web ?sites?|web ?pages?|sites?|blogs?|shops?|stores?|storefront|e-?commerce|marketplace|portfolio|landing|forum|wiki|"
    r"job board|magazine|news|gallery|directory|homepage|portal|cv|resume|community)\b", re.I)  # fmt: skip
SYSTEM = re.compile(
    r"\b(?:dashboard|management|manage|admin(?:istrator)?s?|staff|employees?|crm|erp|track(?:er|ing)?|system|log ?in|sign ?in|"
    r"auth\w*|platform|inventory|back ?end|payroll|accounting|diary|planner)\b", re.I)  # fmt: skip


def make_roles(asks: Sequence[Ask]) -> tuple[tuple[Role, ...], bool]:
    """(roles, whether the message names any): first who registers, last the administrator, who may do everything."""
    named = list(dict.fromkeys(label for ask in asks for label in _labels(ask)))[: MOST - 1]
    roles = [
        Role(
            name=choice_value(label),
            label=label[:1].upper() + label[1:],
            can_write=label.split()[-1] not in READERS or _writes(label, asks),
            can_delete=label.split()[-1] in TRUSTED,
        )
        for label in named
        if snake(label) != "admin"
    ]
    return (*(roles or [MEMBER]), ADMIN), bool(roles)


def _writes(label: str, asks: Sequence[Ask]) -> bool:
    """Whether somebody with this role is said to add or change anything: "readers leave reviews"."""
    own = [ask for ask in asks if " ".join(ask.subject[-2:]) == label]
    return any(ask.action in ("create", "edit", "delete", "manage") or ask.verb in verbs() for ask in own)


def _labels(ask: Ask) -> Iterable[str]:
    known = lexicon()
    listed = [d for d in ask.details if d[-1] in known.people] if ask.thing[-1:] in (("role",), ("permission",)) else []
    for phrase in (ask.subject, *listed):
        last = phrase[-1] if phrase else ""
        if last in known.people and last not in known.audience | known.administrator | ORGANISATIONS:
            yield " ".join(phrase[-2:])


def names_administrator(asks: Sequence[Ask]) -> bool:
    return any(ask.subject[-1:] and ask.subject[-1] in lexicon().administrator for ask in asks)


def is_personal(thing: Thing, entity: Entity) -> bool:
    """Whether its rows tell something about a person, so that they are not for visitors of a public site."""
    if thing.archetype is not None:
        return thing.archetype.personal or thing.archetype.confidential
    return any(field.kind in (Kind.EMAIL, Kind.PHONE) for field in entity.fields)


def access_for(message: str, things: Sequence[Thing]) -> Access:
    """ "public_read" for what reads like a site for visitors; plain words go before hints.

    What is confidential is never open (``is_personal``). With it a site is open only when it has something else to show and
    reads like a site more than like a system.
    """
    if PRIVATE.search(message):
        return "private"
    site, system = len(SITE.findall(message)), len(SYSTEM.findall(message))
    kinds = [t.archetype for t in things if t.archetype]
    if any(a.confidential for a in kinds):
        shown = any(a.family in ("content", "things") and not (a.confidential or a.personal) for a in kinds)
        return "public_read" if shown and site > system else "private"
    if PUBLIC.search(message):
        return "public_read"
    content = any(a.family in ("content", "things") for a in kinds)
    return "public_read" if site >= max(1, system) and (content or not system) else "private"
