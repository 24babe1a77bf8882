"""Whose rows are they? Rows belong to accounts where the words say so: "their own bookings", "track their expenses".

An archetype may say that its rows usually do: ``owned = "private"`` when people make them for themselves (a diary),
``"brought"`` only when its verb brings them in (to book: a hotel's staff keeps bookings, too). ``"never"``: others make them
about a person (grades), or they only tell something together (votes).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from inference.planning.archetypes import Archetype
from inference.planning.asks import Ask
from inference.planning.lexicon import lexicon
from inference.planning.roles import MEMBER, TRUSTED, is_personal
from inference.planning.surface import Access
from inference.planning.things import Found, Thing
from synergy.core.types import Entity, Kind, Role

Owned = Literal["", "private", "public"]
Pairs = Sequence[tuple[Thing, Entity]]

OWN = re.compile(r"\b(?:their|his|her|my|your) own\b|\bown\b", re.I)
PERSONAL = re.compile(r"\bpersonal (?!details?\b|information\b|info\b|data\b|profiles?\b|account\b|home ?page\b)", re.I)
OTHERS = re.compile(r"\bothers?['\u2019]|\bof others\b|\bother (?:users?|people|members?|persons?)\b|\beach other\b", re.I)
EVERYBODYS = re.compile(r"\ball\b|\bevery\b|\beverybody|\beveryone|\bshared\b", re.I)
POSSESSIVE = re.compile(r"([a-z]+) (?:only )?(?:their|his|her|my) (?!own\b)", re.I)
SEEING = ("view", "search", "filter", "sort")
SHOWING = ("publish", "post", "share", "showcase")  #: verbs that are for others' eyes
MAKING = ("create", "edit", "delete", "manage")
TAKEN = ("owner", "owner_id", "owner_label")  #: what a row that belongs to an account has anyway


def own_rows(
    pairs: Pairs, found: Found, asks: Sequence[Ask], text: str, access: Access, apart: Collection[int] = ()
) -> list[tuple[Thing, Entity]]:
    """``pairs`` with ``Entity.owned`` as the words say. What refers to private rows is private itself.

    ``apart``: id(thing) of those whose rows a capability keeps from the eyes of others.
    """
    wishes = [ask for ask in asks if not ask.head]
    said = {entity.name: _owned(thing, entity, found, wishes, text, access) for thing, entity in pairs}
    said |= {entity.name: "private" for thing, entity in pairs if id(thing) in apart}
    for _, entity in pairs:  # what is pointed to comes first
        if any(said[f.target] == "private" for f in entity.fields if f.kind is Kind.REF):
            said[entity.name] = "private"
    return [(thing, _marked(entity, said[entity.name])) for thing, entity in pairs]


def with_members(roles: Sequence[Role], entities: Iterable[Entity]) -> tuple[Role, ...]:
    """``roles`` so that who registers may have rows of their own, but not change those of others."""
    if not any(entity.owned for entity in entities):
        return tuple(roles)
    first = next((role for role in roles[:-1] if role.can_write and not role.can_delete), MEMBER)
    return (first, *(role for role in roles if role.name != first.name))


# --- the words -------------------------------------------------------------------------------------------------------


def _owned(thing: Thing, entity: Entity, found: Found, wishes: Sequence[Ask], text: str, access: Access) -> Owned:
    kept = thing.archetype
    if kept is not None and kept.owned == "never":
        return ""
    about = [ask for ask in wishes if _is_about(ask, thing, found)]
    own = [ask for ask in about if _of_a_member(ask) and _says_own(ask, text)]
    if own and _can_be(kept, own, about):
        return _how(thing, entity, own, wishes, found, access)
    usual = kept is not None and kept.owned and _one_kind_of_people(wishes) and not _shared(about)
    return "private" if usual and kept and not own and any(_is_made(ask, kept, found) for ask in about) else ""


def _is_about(ask: Ask, thing: Thing, found: Found) -> bool:
    """Whether a wish speaks of ``thing``, or of what leaves one: "book a room" of bookings."""
    return found.of(ask) is thing or bool(thing.archetype and found.brings(ask) == thing.archetype.name)


def _says_own(ask: Ask, text: str) -> bool:
    """ "view their own bookings", "keep a personal diary", "track their expenses" (but not "customers and their orders")."""
    if ask.verb != "own" and OWN.search(ask.text):
        return True
    if PERSONAL.search(ask.text) and ask.action in MAKING:
        return True
    if not ask.subject or not ask.thing:
        return False
    noun = re.escape(ask.thing[-1][:-1] if len(ask.thing[-1]) > 3 else ask.thing[-1])  # also with another ending
    return _possessed(ask, noun, text) or _also_own(noun, text)


def _possessed(ask: Ask, noun: str, text: str) -> bool:
    """ "track their expenses": a verb stands before the possessive, so that it means the subject."""
    following = re.compile(rf"(?:[\w-]+ ){{0,3}}?{noun}", re.I)
    said = (m for m in POSSESSIVE.finditer(text) if re.search(r"\b(?:their|his|her|my)\b", ask.text, re.I))
    return any(lexicon().verb_of(m[1].lower()) and following.match(text, m.end()) for m in said)


def _also_own(noun: str, text: str) -> bool:
    """ "their own obituaries and funeral arrangements": the second thing is their own, too."""
    second = re.finditer(rf"\bown (?:[\w-]+ ){{1,3}}?and ((?:[\w-]+ ){{0,2}}?){noun}", text, re.I)
    return any(not any(lexicon().verb_of(word) for word in m[1].lower().split()) for m in second)


def _can_be(kept: Archetype | None, own: Sequence[Ask], about: Sequence[Ask]) -> bool:
    """Records may be only looked at; for other things somebody has to make them: "view their own courses" are not theirs."""
    made = any(ask.action in MAKING for ask in own) or any(ask.action == "create" and _of_a_member(ask) for ask in about)
    return made or kept is None or kept.family == "records"


def _how(thing: Thing, entity: Entity, own: Sequence[Ask], wishes: Sequence[Ask], found: Found, access: Access) -> Owned:
    """Private, unless others are said to see the rows, or the site shows them to visitors."""
    if any(OTHERS.search(ask.text) and thing in _named(ask, found) for ask in wishes) or any(ask.verb in SHOWING for ask in own):
        return "public"
    if any(ask.action in SEEING for ask in own):
        return "private"
    looked_at = any(ask.action in SEEING and _is_about(ask, thing, found) and _of_a_member(ask) for ask in wishes)
    open_to_all = access == "public_read" and not is_personal(thing, entity)
    return "public" if looked_at or open_to_all else "private"


def _named(ask: Ask, found: Found) -> list[Thing]:
    return [found.meant[phrase] for phrase in (ask.thing, *ask.others) if phrase in found.meant]


def _one_kind_of_people(wishes: Sequence[Ask]) -> bool:
    """Whether one kind of people uses the application: where students apply and companies choose, both see the applications."""
    return len({ask.subject[-1] for ask in wishes if ask.subject and _of_a_member(ask)}) == 1


def _is_made(ask: Ask, kept: Archetype, found: Found) -> bool:
    """Whether a wish lets somebody make such a row for themselves: to book, to order, to write a diary."""
    made = found.brings(ask) == kept.name or (kept.owned == "private" and ask.action in MAKING)
    return bool(ask.subject) and _of_a_member(ask) and made


def _shared(about: Sequence[Ask]) -> bool:
    """Whether a member is said to see the rows of all."""
    return any(EVERYBODYS.search(ask.text) for ask in about if _of_a_member(ask))


def _of_a_member(ask: Ask) -> bool:
    """Said of those who use the application, not of those who look after it: these see everything anyway."""
    return not ask.subject or ask.subject[-1] not in lexicon().administrator | TRUSTED


# --- the entity ------------------------------------------------------------------------------------------------------


def _marked(entity: Entity, owned: Owned) -> Entity:
    """``entity`` as owned; a field of its own that is called like the account gets another name."""
    if not owned:
        return entity
    names = {f.name for f in entity.fields}
    new = {name: next(n for n in (f"{name}_name", f"own_{name}") if n not in names) for name in TAKEN if name in names}

    def renamed(name: str | None) -> str | None:
        return new.get(name, name) if name else name

    return entity.model_copy(
        update={
            "owned": owned,
            "fields": tuple(f.model_copy(update={"name": renamed(f.name)}) for f in entity.fields),
            "display": renamed(entity.display),
            "subtitle": renamed(entity.subtitle),
            "status": renamed(entity.status),
            "seed": tuple({renamed(name): value for name, value in row.items()} for row in entity.seed),
        }
    )
