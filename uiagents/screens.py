"""What the pages of an entity show: names, columns, facts, filters and where its records lead.

The page sets of all UI frameworks render from these values; nothing here knows one of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from synergy.core.types import Entity, Kind, Page, PageKind, Plan, PlanField
from uiagents import facts, looks
from uiagents.looks import Look, is_long

COLUMNS = 7  #: of a table; narrow ones hide the last
CARD_FACTS: dict[Look, int] = {
    "record": 3,
    "product": 0,
    "listing": 2,
    "post": 0,
    "person": 2,
    "talk": 1,
    "comment": 0,
    "topic": 0,
}
FEATURED = 3  #: collections shown on the start page
RELATED = 3  #: lists of records that belong to one
GROUPED_FROM = 7  #: entities from which the navigation has headings
OWN_FOLDERS = ("dashboard", "home")
NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.MONEY, Kind.PERCENT)

DETAILS = "Details"
#: The steps of a form in steps.
STEPS = {
    "Basics": (Kind.STRING, Kind.ENUM),
    "Belongs to": (Kind.REF,),
    "Dates and times": (Kind.DATE, Kind.DATETIME, Kind.TIME),
    "Figures": (*NUMBERS, Kind.RATING),
    "Contact": (Kind.EMAIL, Kind.PHONE, Kind.URL),
    DETAILS: (Kind.TEXT, Kind.BOOLEAN),
}

#: What comes first in tables and on cards, after the title and the status.
ORDER = (
    (Kind.REF, Kind.MONEY, Kind.DATE, Kind.DATETIME),
    (Kind.ENUM, Kind.RATING, Kind.PERCENT),
    (Kind.INTEGER, Kind.DECIMAL, Kind.TIME, Kind.STRING, Kind.EMAIL),
    (Kind.PHONE, Kind.BOOLEAN),
)


@dataclass(frozen=True)
class Related:
    """Records of another entity that point to this one by ``field``."""

    screen: Screen
    field: PlanField
    title: str  #: "Orders"; with several references "Orders (billing address)"


@dataclass(frozen=True)
class Screen:
    """An entity as its pages show it."""

    plan: Plan
    entity: Entity

    @property
    def folder(self) -> str:
        """Name of its folder and scope; never that of the dashboard or the start page."""
        return f"{self.entity.slug}-records" if self.entity.slug in OWN_FOLDERS else self.entity.slug

    @property
    def one(self) -> str:
        """PascalCase: "OrderItem"."""
        return self.entity.name

    @property
    def many(self) -> str:
        return facts.pascal(self.entity.table)

    @property
    def camel(self) -> str:
        """The collection in code: "orderItems"."""
        return facts.camel(self.entity.table)

    @property
    def root(self) -> str:
        """Address of the list: "/order-items"."""
        return self.page(PageKind.LIST).path

    def page(self, kind: PageKind | str) -> Page:
        return next(p for p in self.plan.pages if p.entity == self.entity.name and p.kind == kind)

    @property
    def open(self) -> bool:
        """Whether visitors may see its list and its records."""
        return self.page(PageKind.LIST).public

    @property
    def title(self) -> PlanField:
        return self.entity.field(self.entity.display)

    @property
    def status(self) -> PlanField | None:
        return next((f for f in facts.of_kind(self.entity, Kind.ENUM) if f.name == self.entity.status), None)

    @property
    def subtitle(self) -> PlanField | None:
        """A second line below the title; never the status, which has a badge."""
        return next(
            (f for f in self.entity.fields if f.name == self.entity.subtitle and f not in (self.title, self.status)), None
        )

    @property
    def description(self) -> PlanField | None:
        """The first long text."""
        return next(iter(self.texts), None)

    @property
    def texts(self) -> list[PlanField]:
        """Long texts, to be read before the facts."""
        return [f for f in self.entity.fields if is_long(f) and f not in (self.title, self.subtitle)]

    @property
    def details(self) -> list[PlanField]:
        """The facts of a record; its name stands above them already."""
        return [f for f in self.entity.fields if f not in self.texts and not (f == self.title and f.kind in facts.TEXTS)]

    @cached_property
    def columns(self) -> tuple[PlanField, ...]:
        """Of the table: the title, the status, then what people look for."""
        first = tuple(f for f in (self.title, self.status) if f is not None)
        return (*first, *self._ranked(first))[:COLUMNS]

    @cached_property
    def look(self) -> Look:
        return looks.look_of(self.plan, self.entity)

    @property
    def pictured(self) -> bool:
        """Its records have a cover."""
        return self.look in looks.PICTURED

    @property
    def view(self) -> str:
        """How its list begins: "cards", or "table" for plain records."""
        return "table" if self.look == "record" else "cards"

    @property
    def price(self) -> PlanField | None:
        """What a product or a listing costs."""
        return looks.price_of(self.entity) if self.look in ("product", "listing") else None

    @property
    def author(self) -> PlanField | None:
        """Who a post or a comment is by, when its title does not say it."""
        author = looks.author_of(self.entity) if self.look in ("post", "talk", "comment") else None
        return None if author == self.title else author

    @property
    def issued(self) -> PlanField | None:
        """When a post came out; without it the day it was added is told."""
        return looks.issued_of(self.entity) if self.look in ("post", "talk", "comment") else None

    @property
    def points(self) -> PlanField | None:
        """What the best of a game are ranked by."""
        found = looks.points_of(self.entity) if self.plan.layout == "game" else None
        return found if found in self.columns and found.name in facts.sortable(self.entity) else None

    @cached_property
    def kicker(self) -> PlanField | None:
        """The small line above a title: what a product or a post is filed under, what a comment is about."""
        if self.look not in ("product", "post", "talk", "comment") or self.tagline is not None:
            return None
        fields = [f for f in self.entity.fields if f not in (self.title, self.status, self.author)]
        return next((f for kind in (Kind.REF, Kind.ENUM) for f in fields if f.kind is kind), None)

    @property
    def tagline(self) -> PlanField | None:
        """The second line of a card: a product or a post has its kicker instead."""
        return self.subtitle if self.look in ("record", "listing", "person", "topic") else None

    @cached_property
    def card_facts(self) -> tuple[PlanField, ...]:
        """On a card, below what its look shows anyway."""
        said = (self.title, self.status, self.subtitle, self.price, self.author, self.issued, self.kicker)
        short = self._ranked(said)
        if self.look == "listing":
            short = tuple(f for f in short if f.kind is not Kind.BOOLEAN)
        return short[: CARD_FACTS[self.look]]

    @property
    def rating(self) -> PlanField | None:
        return next(iter(facts.of_kind(self.entity, Kind.RATING)), None)

    @property
    def rich_on_card(self) -> tuple[PlanField, ...]:
        """What stands on a card as a badge or as stars."""
        stars = self.rating if self.look == "comment" else None
        return tuple(f for f in (self.status, stars) if f is not None)

    @cached_property
    def shown_on_card(self) -> tuple[PlanField, ...]:
        """All that stands on a card as plain text."""
        fields = (self.kicker, self.tagline, self.author, self.issued, self.price)
        return (*(f for f in fields if f is not None), *self.card_facts)

    def _ranked(self, said: Iterable[PlanField | None]) -> tuple[PlanField, ...]:
        """The short fields that were not ``said`` yet, those first that people look for; in the plan's order among equals."""
        known = [*said, *self.texts]
        return tuple(f for kinds in ORDER for f in self.entity.fields if f.kind in kinds and f not in known)

    @cached_property
    def steps(self) -> tuple[tuple[str, tuple[PlanField, ...]], ...]:
        """Its fields in groups, for a form in steps: (title, fields). The title comes first; what is alone joins the details."""
        groups: dict[str, list[PlanField]] = {name: [] for name in STEPS}
        for field in self.entity.fields:
            name = next((name for name, kinds in STEPS.items() if field.kind in kinds), DETAILS)
            groups["Basics" if field == self.title else name].append(field)
        for name, fields in groups.items():
            if len(fields) == 1 and name not in ("Basics", DETAILS):
                groups[DETAILS].append(fields.pop())
        return tuple((name, tuple(fields)) for name, fields in groups.items() if fields)

    @property
    def choices(self) -> list[PlanField]:
        """Fields with a list of values."""
        return facts.of_kind(self.entity, Kind.ENUM)

    @property
    def filters(self) -> list[PlanField]:
        return facts.filterable(self.entity)

    @property
    def sorts(self) -> list[tuple[str, str]]:
        """(value, words) of the orders a person may choose, newest first as the default."""
        found = [("-created_at", "Newest first"), ("created_at", "Oldest first")]
        for field in self.columns:
            name = sort_name(field)
            if name in facts.sortable(self.entity):
                up, down = _directions(field.kind)
                found += [(name, f"{field.label}: {up}"), (f"-{name}", f"{field.label}: {down}")]
        return found

    @cached_property
    def targets(self) -> dict[str, Screen]:
        """The entities that this one refers to, by name."""
        names = sorted({f.target for f in facts.refs(self.entity)})
        return {name: Screen(self.plan, self.plan.entity(name)) for name in names}

    @cached_property
    def related(self) -> tuple[Related, ...]:
        """What belongs to a record, for its page."""
        found = facts.referrers(self.plan, self.entity)
        owners = [other.name for other, _ in found]
        several = {name for name in owners if owners.count(name) > 1}
        return tuple(
            Related(
                screen=Screen(self.plan, other),
                field=field,
                title=f"{other.label_plural} ({facts.inner(field.label)})" if other.name in several else other.label_plural,
            )
            for other, field in found[:RELATED]
        )

    @property
    def guarded(self) -> bool:
        """Visitors see its records, but not all that belongs to them."""
        return self.open and not all(related.screen.open for related in self.related)

    @property
    def guarded_filters(self) -> list[PlanField]:
        """Filters whose values visitors may not see, although they see the list."""
        return [f for f in self.filters if f.kind is Kind.REF and self.open and not self.targets[f.target].open]

    @property
    def referred(self) -> bool:
        """Other records point to this one, so that forms offer it."""
        return bool(facts.referrers(self.plan, self.entity))

    @property
    def group(self) -> str:
        """The heading it stands under in the navigation; "" while there are few."""
        if len(self.plan.entities) < GROUPED_FROM:
            return ""
        return "Activity" if self.status is not None or facts.refs(self.entity) else "Directory"


def sort_name(field: PlanField) -> str:
    """What a list is sorted by to sort it by ``field``: a reference sorts by the label it shows."""
    return f"{field.name}_label" if field.kind is Kind.REF else field.name


def _directions(kind: Kind) -> tuple[str, str]:
    """The two ways to sort, in words."""
    if kind in (*NUMBERS, Kind.RATING):
        return "low to high", "high to low"
    if kind in (Kind.DATE, Kind.DATETIME, Kind.TIME):
        return "earliest first", "latest first"
    return ("no first", "yes first") if kind is Kind.BOOLEAN else ("A to Z", "Z to A")


def featured(plan: Plan) -> tuple[Screen, ...]:
    """What the start page of a public site shows: of what visitors may see, that which the site is about first."""
    return tuple(screen for screen in prominent(plan) if screen.open)[:FEATURED]


def prominent(plan: Plan) -> tuple[Screen, ...]:
    """All entities, first those that an application of this layout is about; in the plan's order among equals."""
    return tuple(sorted(screens(plan), key=lambda screen: looks.prominence(plan, screen.look)))


def topics(plan: Plan) -> tuple[Screen, ...]:
    """What the start page leads visitors to; nothing where there is nothing to choose from."""
    shown = tuple(screen for screen in prominent(plan) if screen.open)
    return shown if len(shown) > 1 else ()


def screens(plan: Plan) -> tuple[Screen, ...]:
    """All entities in the plan's order."""
    return tuple(Screen(plan, entity) for entity in plan.entities)
