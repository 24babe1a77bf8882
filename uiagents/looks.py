"""How the records of an entity look on cards and pages: a product with its price, a post to read, a person, a plain record.

Told by the layout of the application and by the entity's fields, so that it also holds for things no archetype fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from synergy.core.types import Entity, Kind, PageKind, Plan, PlanField
from uiagents import facts

Look = Literal["record", "product", "listing", "post", "person", "talk", "comment", "topic"]

LONG = 200  #: characters from which a line of text is read like a paragraph
PICTURED: tuple[Look, ...] = ("product", "listing", "post", "topic")  #: where a product of the kind would have a picture
PLAIN_LAYOUTS = ("dashboard", "tool")  #: for work, not for looking around: every record is a plain one
#: What a layout is about; it comes first in the navigation and on the start page.
MAIN: dict[str, tuple[Look, ...]] = {
    "shop": ("product",),
    "directory": ("listing", "person"),
    "content": ("post",),
    "community": ("talk", "post"),
    "game": ("record",),
}
ORDER: tuple[Look, ...] = ("product", "post", "listing", "talk", "person", "comment", "topic", "record")

#: Kinds of fields by which a record without a text is something that happened; without them it is a thing.
HAPPENS = {Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.REF}

ASIDE = re.compile(r"(?:^|_)(?:notes?|remarks?)$")  #: texts that say something about a record, not what it is
PRICE = re.compile(r"(?:^|_)(?:price|fee|fare|rent|rate|pay|salary|tuition)$")
AUTHOR = re.compile(r"(?:^|_)(?:author|writer|reporter|creator|voter|reviewer|poster|sender|by)$")
ISSUED = re.compile(r"(?:^|_)(?:published|written|posted|issued)_(?:on|at)$")
POINTS = re.compile(r"(?:^|_)(?:points?|scores?|wins?|xp)$")


def is_long(field: PlanField) -> bool:
    """A text that wants a paragraph, not a line."""
    return field.kind is Kind.TEXT or (field.kind is Kind.STRING and (field.max_length or 0) >= LONG)


def look_of(plan: Plan, entity: Entity) -> Look:
    if plan.layout in PLAIN_LAYOUTS:
        return "record"
    told = any(is_long(f) and not ASIDE.search(f.name) for f in entity.fields if f.name != entity.display)
    kinds = {f.kind for f in entity.fields}
    if told and _is_said_of_something(entity, kinds):
        return "comment"
    if kinds & {Kind.EMAIL, Kind.PHONE}:
        return "person"
    if price_of(entity):
        return "product" if plan.layout == "shop" else "listing"
    if not told:
        return "record" if kinds & HAPPENS else "listing"
    if author_of(entity) or issued_of(entity):
        return "post"
    if kinds <= {Kind.STRING, Kind.TEXT, Kind.BOOLEAN, Kind.URL}:
        return "topic"
    return "talk" if plan.layout == "community" or (kinds & HAPPENS and _is_closed(plan, entity)) else "listing"


def _is_closed(plan: Plan, entity: Entity) -> bool:
    """What visitors do not see is for work, not for looking around: a ticket has no picture."""
    return not any(p.public for p in plan.pages if p.entity == entity.name and p.kind is PageKind.LIST)


def _is_said_of_something(entity: Entity, kinds: set[Kind]) -> bool:
    """A review or a comment: it points to what it is about, and has stars or goes by the name of who wrote it."""
    return Kind.REF in kinds and (Kind.RATING in kinds or bool(AUTHOR.search(entity.display)))


def price_of(entity: Entity) -> PlanField | None:
    return _first(facts.of_kind(entity, Kind.MONEY), PRICE)


def author_of(entity: Entity) -> PlanField | None:
    return _first((f for f in entity.fields if f.kind in (Kind.STRING, Kind.REF)), AUTHOR)


def issued_of(entity: Entity) -> PlanField | None:
    """When it came out."""
    return _first((f for f in entity.fields if f.kind in (Kind.DATE, Kind.DATETIME)), ISSUED)


def points_of(entity: Entity) -> PlanField | None:
    """What a ranking goes by."""
    return _first((f for f in entity.fields if f.kind in (Kind.INTEGER, Kind.DECIMAL)), POINTS)


def prominence(plan: Plan, look: Look) -> int:
    """The lower, the earlier it is shown."""
    return 0 if look in MAIN.get(plan.layout, ()) else 1 + ORDER.index(look)


def _first(fields: Iterable[PlanField], named: re.Pattern[str]) -> PlanField | None:
    return next((f for f in fields if named.search(f.name)), None)
