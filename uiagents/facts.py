"""What a plan means for storage, API and tests, said once for every blueprint.

``filters``, ``tests`` and ``tools`` are what templates may call:
``entity|searchable``, ``field|key``, ``operation(plan, entity, "list")``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from synergy.core.errors import PermanentError
from synergy.core.types import Clause, ClauseStatus, Endpoint, Entity, Feature, Kind, Plan, PlanField

TEXTS = (Kind.STRING, Kind.TEXT, Kind.EMAIL, Kind.PHONE, Kind.URL)
WHOLE = (Kind.INTEGER, Kind.RATING)
FRACTIONS = (Kind.DECIMAL, Kind.MONEY, Kind.PERCENT)
DAYS = (Kind.DATE, Kind.DATETIME)

MAX_INT = 2**31 - 1  #: what an INTEGER column holds everywhere
LENGTHS = {Kind.STRING: 200, Kind.TEXT: 5000, Kind.EMAIL: 254, Kind.PHONE: 30, Kind.URL: 2000}
PATTERNS = {
    Kind.EMAIL: r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    Kind.PHONE: r"^[+(0-9][0-9 ()./x-]{3,29}$",
    Kind.URL: r"^https?://\S+$",
}
RANGES: dict[Kind, tuple[float | None, float | None]] = {
    Kind.INTEGER: (-MAX_INT, MAX_INT),
    Kind.RATING: (1, 5),
    Kind.PERCENT: (0, 100),
}

ACTIONS = {
    "list": ("GET", ""),
    "create": ("POST", ""),
    "detail": ("GET", "/{id}"),
    "edit": ("PATCH", "/{id}"),
    "delete": ("DELETE", "/{id}"),
}


# --- names -----------------------------------------------------------------------------------------------------------


def words(name: str) -> list[str]:
    """``OrderItem``, ``orderItem``, ``order_item`` and ``order-item`` are all ["order", "item"]."""
    return [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+", name)]


def snake(name: str) -> str:
    return "_".join(words(name))


def kebab(name: str) -> str:
    return "-".join(words(name))


def pascal(name: str) -> str:
    return "".join(w.capitalize() for w in words(name))


def camel(name: str) -> str:
    return pascal(name)[:1].lower() + pascal(name)[1:]


def constant(name: str) -> str:
    return snake(name).upper()


def inner(label: str) -> str:
    """A label in the middle of a sentence: "New order", but "New VAT rate"."""
    first, _, rest = label.partition(" ")
    return (first if first[1:] != first[1:].lower() else first.lower()) + (" " + rest if rest else "")


# --- fields ----------------------------------------------------------------------------------------------------------


def key(field: PlanField) -> str:
    """The field's name in the API and in the table."""
    return f"{field.name}_id" if field.kind is Kind.REF else field.name


def longest(field: PlanField) -> int | None:
    """Characters a text may have; None for everything else."""
    if field.kind in (Kind.STRING, Kind.TEXT) and field.max_length is not None:
        return max(1, field.max_length)
    return LENGTHS.get(field.kind)


def pattern(field: PlanField) -> str | None:
    return PATTERNS.get(field.kind)


def bounds(field: PlanField) -> tuple[float | None, float | None]:
    """Lowest and highest value, whole numbers as ``int``; None = unlimited."""
    lowest, highest = RANGES.get(field.kind, (None, None))
    if field.kind not in (*WHOLE, *FRACTIONS):
        return None, None
    low = field.minimum if field.minimum is not None and (lowest is None or field.minimum > lowest) else lowest
    high = field.maximum if field.maximum is not None and (highest is None or field.maximum < highest) else highest
    return _tidy(low), _tidy(high)


def limited(field: PlanField) -> bool:
    """Does a value need more than its type to be valid?"""
    return field.kind in (Kind.STRING, Kind.TEXT, Kind.ENUM) or bounds(field) != (None, None)


def unique_value(field: PlanField) -> bool:
    """May no two rows have the same value? Never for a choice among a few."""
    return field.unique and field.kind not in (Kind.BOOLEAN, Kind.ENUM, Kind.RATING, Kind.TEXT)


def enum_length(field: PlanField) -> int:
    """Characters of the column: room for values that come later."""
    return max([40, *(len(c.value) for c in field.choices)])


def _tidy(number: float | None) -> float | None:
    return int(number) if number is not None and float(number).is_integer() else number


# --- entities --------------------------------------------------------------------------------------------------------


def of_kind(entity: Entity, *kinds: Kind | str) -> list[PlanField]:
    return [f for f in entity.fields if f.kind in kinds]


def searchable(entity: Entity) -> list[PlanField]:
    """The fields ``q`` looks in. Without any, it looks at what titles a row."""
    return of_kind(entity, *TEXTS)


def filterable(entity: Entity) -> list[PlanField]:
    """The fields with an exact filter."""
    return list(entity.filterable)


def sortable(entity: Entity) -> list[str]:
    """Names that ``sort`` accepts (``-name`` is descending). A reference sorts by the label it shows."""
    names = (f"{f.name}_label" if f.kind is Kind.REF else f.name for f in entity.fields if f.kind is not Kind.TEXT)
    return [*names, "created_at", "id"]


def refs(entity: Entity) -> list[PlanField]:
    return of_kind(entity, Kind.REF)


def month_field(entity: Entity) -> PlanField | None:
    """The date that "by month" goes by: the first required one, else the first."""
    days = of_kind(entity, *DAYS)
    return next((f for f in days if f.required), days[0] if days else None)


def charted(entity: Entity) -> bool:
    return bool(grouped(entity) or month_field(entity))


def grouped(entity: Entity) -> PlanField | None:
    """The field that "by …" goes by: the status, else the first enumeration."""
    enums = of_kind(entity, Kind.ENUM)
    return next((f for f in enums if f.name == entity.status), enums[0] if enums else None)


# --- figures ---------------------------------------------------------------------------------------------------------

#: Words of fields whose values say nothing when they are added up.
LEVELS = {
    "year", "number", "code", "floor", "level", "age", "latitude", "longitude", "lat", "lng", "version", "position", "rank",
    "price", "rate", "temperature", "score",
}  # fmt: skip
QUANTITIES = {"quantity", "qty", "hours", "units", "days", "nights"}
RATES = {"price", "rate", "fee", "cost"}
SUMS = {"amount", "total", "sum", "subtotal"}


def totalled(field: PlanField) -> str:
    """What stands below a column of its values: "sum", "average" or "none"."""
    if field.kind not in (*WHOLE, *FRACTIONS):
        return "none"
    return "average" if field.kind in (Kind.PERCENT, Kind.RATING) or LEVELS & set(words(field.name)) else "sum"


def line(entity: Entity) -> tuple[PlanField, PlanField] | None:
    """(quantity, price of one) of entities like the lines of an invoice; None when there is no such pair, or a sum already."""
    amounts = of_kind(entity, Kind.MONEY)
    many = [f for f in of_kind(entity, Kind.INTEGER, Kind.DECIMAL) if QUANTITIES & set(words(f.name))]
    each = [f for f in amounts if RATES & set(words(f.name))]
    known = any(SUMS & set(words(f.name)) for f in amounts)
    return (many[0], each[0]) if many and each and not known else None


# --- plan ------------------------------------------------------------------------------------------------------------


def referrers(plan: Plan, entity: Entity) -> list[tuple[Entity, PlanField]]:
    """Every (entity, field) that points to ``entity``."""
    return [(other, f) for other in plan.entities for f in refs(other) if f.target == entity.name]


@dataclass(frozen=True, eq=False)
class _Same:
    """A plan as the key of a cache: by identity, since its contents cannot be hashed."""

    plan: Plan

    def __hash__(self) -> int:
        return id(self.plan)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.plan is other.plan


def creation_order(plan: Plan) -> list[Entity]:
    """Entities so that what is referred to comes first; a circle is broken where it costs least (an optional reference)."""
    return list(_ordered(_Same(plan)))


def late_refs(plan: Plan) -> list[tuple[Entity, PlanField]]:
    """References that point to a table made later: the closing edges of circles."""
    return list(_late(_Same(plan)))


@lru_cache(maxsize=16)
def _ordered(same: _Same) -> tuple[Entity, ...]:
    left, done = list(same.plan.entities), []
    while left:
        names = {e.name for e in left}
        ready = [e for e in left if not _waits(e, names, required=False)]
        ready = ready or [e for e in left if not _waits(e, names, required=True)] or left
        done.append(ready[0])
        left.remove(ready[0])
    return tuple(done)


def _waits(entity: Entity, names: set[str], *, required: bool) -> bool:
    return any(f.target in names - {entity.name} for f in refs(entity) if f.required or not required)


@lru_cache(maxsize=16)
def _late(same: _Same) -> tuple[tuple[Entity, PlanField], ...]:
    order = _ordered(same)
    position = {e.name: i for i, e in enumerate(order)}
    return tuple((e, f) for e in order for f in refs(e) if position[f.target] > position[e.name])


def late_keys(entity: Entity, plan: Plan) -> list[str]:
    """References that can only be set once both rows exist: closing edges of circles, and references to the same table."""
    closing = [f for e, f in late_refs(plan) if e == entity]
    return [key(f) for f in refs(entity) if f in closing or f.target == entity.name]


def title_name(entity: Entity, plan: Plan) -> str:
    """The field that titles a row. A row may be titled by what it refers to, but not in circles."""
    seen, current = {entity.name}, entity
    while current.field(current.display).kind is Kind.REF:
        current = plan.entity(current.field(current.display).target)
        if current.name in seen:
            return next((f.name for f in entity.fields if f.kind is not Kind.REF), "id")
        seen.add(current.name)
    return entity.display


def early_targets(entity: Entity, plan: Plan) -> list[Entity]:
    """What ``entity`` refers to and can import: tables that are made before it."""
    late = late_targets(entity, plan)
    found = [e for e in plan.entities if e.name in {f.target for f in refs(entity)} - {entity.name}]
    return by_table(e for e in found if e not in late)


def late_targets(entity: Entity, plan: Plan) -> list[Entity]:
    """What ``entity`` refers to although it is made later."""
    return by_table({f.target: plan.entity(f.target) for e, f in late_refs(plan) if e == entity}.values())


def with_late_keys(entities: Iterable[Entity], plan: Plan) -> list[Entity]:
    return [e for e in entities if late_keys(e, plan)]


def owned(plan: Plan) -> list[Entity]:
    """Entities whose rows belong to accounts."""
    return [e for e in plan.entities if e.owned]


def private(plan: Plan) -> list[Entity]:
    """Entities of whose rows an account sees its own only."""
    return [e for e in plan.entities if e.owned == "private"]


def shared(plan: Plan) -> list[Entity]:
    """Entities whose rows belong to accounts and are seen by others."""
    return [e for e in plan.entities if e.owned == "public"]


def private_refs(entity: Entity, plan: Plan) -> list[PlanField]:
    """References to rows that only their account sees."""
    return [f for f in refs(entity) if plan.entity(f.target).owned == "private"]


def private_links(plan: Plan) -> list[Entity]:
    """Entities whose rows belong to accounts and refer to rows that only their account sees."""
    return [e for e in owned(plan) if private_refs(e, plan)]


def component_names(entities: Iterable[Entity], *suffixes: str) -> list[str]:
    return sorted((e.name + suffix for e in entities for suffix in suffixes or ("",)), key=natural)


def by_table(entities: Iterable[Entity]) -> list[Entity]:
    """In the order of imports."""
    return sorted(entities, key=lambda e: natural(e.table))


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sorts "order_2" before "order_10", as import sorters do."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.findall(r"[0-9]+|[^0-9]", name)]


def endpoint(plan: Plan, method: str, path: str) -> Endpoint:
    """The planned endpoint; PermanentError when the plan has none."""
    for found in plan.endpoints:
        if (found.method, found.path) == (method, path):
            return found
    raise PermanentError(f"The plan has no endpoint {method} {path}.")


def operation(plan: Plan, entity: Entity, action: str) -> Endpoint:
    """The endpoint for ``list``, ``create``, ``detail``, ``edit`` or ``delete``."""
    method, rest = ACTIONS[action]
    return endpoint(plan, method, f"/api/{entity.slug}{rest}")


def features(plan: Plan, entity: Entity) -> Iterator[Feature]:
    return (f for f in plan.features if f.entity == entity.name)


def assumption(clause: Clause) -> bool:
    """Was it assumed, not asked for? (A wish that waits for its proof has the same status, but no such reason.)"""
    return clause.status is ClauseStatus.ASSUMED and clause.reason.lower().startswith("assumed")


filters: dict[str, Callable[..., Any]] = {
    "snake": snake, "kebab": kebab, "pascal": pascal, "camel": camel, "constant": constant, "inner": inner,
    "key": key, "longest": longest, "bounds": bounds, "pattern": pattern, "unique_value": unique_value,
    "enum_length": enum_length, "of_kind": of_kind, "searchable": searchable, "filterable": filterable,
    "sortable": sortable, "refs": refs, "month_field": month_field, "grouped": grouped, "late_keys": late_keys,
    "with_late_keys": with_late_keys, "title_name": title_name, "names": component_names, "by_table": by_table,
    "early_targets": early_targets, "late_targets": late_targets, "owned": owned, "private": private, "shared": shared,
    "private_refs": private_refs, "private_links": private_links, "totalled": totalled, "line": line,
}  # fmt: skip

tests: dict[str, Callable[..., bool]] = {
    "assumption": assumption,
    "charted": charted,
    "limited": limited,
    "unique_value": unique_value,
}

tools: dict[str, Any] = {
    "operation": operation, "endpoint": endpoint, "referrers": referrers, "creation_order": creation_order,
    "late_refs": late_refs, "features": features, "Kind": Kind,
    "TEXTS": TEXTS, "WHOLE": WHOLE, "FRACTIONS": FRACTIONS, "DAYS": DAYS,
}  # fmt: skip
