"""Rows that fit a plan: the demo data as the API names it, rows for API tests, and values that must be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from synergy.core.types import Entity, Kind, Plan, PlanField
from uiagents import facts, literals

FOUND = 3  #: that every test finds
ROWS = FOUND + 3  #: and more to create
Row = dict[str, Any]


def seed_tables(plan: Plan) -> dict[str, list[Row]]:
    """table → the demo rows, with the names of the API; references are row numbers."""
    return {
        entity.table: [{facts.key(f): row.get(f.name) for f in entity.fields} for row in entity.seed] for entity in plan.entities
    }


def sample_tables(plan: Plan) -> dict[str, list[Row]]:
    """table → six valid rows that differ wherever the field allows it. The first three refer to the rows of their own number, the
    others to rows 1."""
    return {entity.table: [sample_row(plan, entity, n) for n in range(1, ROWS + 1)] for entity in plan.entities}


def sample_row(plan: Plan, entity: Entity, n: int) -> Row:
    late = facts.late_keys(entity, plan)
    target = n if n <= FOUND else 1
    return {
        facts.key(f): (None if facts.key(f) in late else target) if f.kind is Kind.REF else sample(f, n) for f in entity.fields
    }


def sample(field: PlanField, n: int) -> Any:
    """A valid value; higher for higher ``n`` where the field has room."""
    return _SAMPLES[field.kind](field, n)


def invalid(field: PlanField) -> Any:
    """A value that the API must refuse."""
    low, high = facts.bounds(field)
    if high is not None:
        return high + 1
    if low is not None:
        return low - 1
    return {
        Kind.URL: "javascript:alert(1)", Kind.PHONE: "call me", Kind.BOOLEAN: "perhaps", Kind.REF: 0, Kind.ENUM: "no such choice",
    }.get(field.kind, "nonsense")  # fmt: skip


def _text(field: PlanField, n: int) -> str:
    room = (facts.longest(field) or 200) - len(str(n)) - 1
    name = field.name.replace("_", " ").capitalize()[: max(0, room)]
    return f"{name} {n}" if name else str(n)


def _number(field: PlanField, n: int, step: float = 1) -> float:
    low, high = facts.bounds(field)
    start = max(low or 0, 0)
    if high is not None and start + ROWS * step > high:  # little room: spread over what there is
        start = high - ROWS * step if low is None else low
        step = (high - start) / ROWS
    return int(start + n * step) if field.kind in facts.WHOLE else round(start + n * step, 2)


_SAMPLES: dict[Kind, Callable[[PlanField, int], Any]] = {
    Kind.STRING: _text,
    Kind.TEXT: _text,
    Kind.INTEGER: _number,
    Kind.RATING: _number,
    Kind.DECIMAL: lambda field, n: _number(field, n, 1.5),
    Kind.MONEY: lambda field, n: _number(field, n, 12.25),
    Kind.PERCENT: lambda field, n: _number(field, n, 10.5),
    Kind.BOOLEAN: lambda field, n: n % 2 == 1,
    Kind.DATE: lambda field, n: f"2026-03-0{n}",
    Kind.DATETIME: lambda field, n: f"2026-03-0{n}T09:30:00Z",
    Kind.TIME: lambda field, n: f"0{n}:30:00",
    Kind.EMAIL: lambda field, n: f"person{n}@example.com",
    Kind.PHONE: lambda field, n: f"+49 30 555 010{n}",
    Kind.URL: lambda field, n: f"https://example.com/{n}",
    Kind.ENUM: lambda field, n: field.choices[(n - 1) % len(field.choices)].value,
}


# --- what test templates ask -----------------------------------------------------------------------------------------


def wrong(field: PlanField) -> Markup:
    """Python for a value that the API must refuse."""
    if field.kind in (Kind.STRING, Kind.TEXT):
        return Markup(f'"x" * {(facts.longest(field) or 0) + 1}')  # noqa: S704  # digits
    return literals.py(invalid(field))


def filter_case(plan: Plan, entity: Entity, field: PlanField) -> Markup:
    """Python for two lines, ``value`` and ``ids``: the first row's value, and which of the first three rows have it."""
    values = [sample_row(plan, entity, n)[facts.key(field)] for n in range(1, FOUND + 1)]
    found = [n for n, value in enumerate(values, start=1) if value is not None and value == values[0]]
    ids = "{" + ", ".join(map(str, found)) + "}" if found else "set()"
    return literals.py(1 if values[0] is None else values[0]) + Markup(f",\n            {ids}")  # noqa: S704  # digits


def used_in_samples(users: list[tuple[Entity, PlanField]], plan: Plan) -> bool:
    """Does a sample row refer to row 1, given all (entity, field) that could?"""
    return any(facts.key(field) not in facts.late_keys(entity, plan) for entity, field in users)


def seed_counts(plan: Plan) -> list[int]:
    """Demo rows of each table, in the order of creation."""
    return [len(entity.seed) for entity in facts.creation_order(plan)]


filters: dict[str, Callable[..., Any]] = {
    "wrong": wrong, "filter_case": filter_case, "used_in_samples": used_in_samples, "seed_counts": seed_counts,
}  # fmt: skip
