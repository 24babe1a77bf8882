"""How the values of a plan read on the pages, and what a person could type to make new ones: for the checks in the browser."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from synergy.core.acts import quoted
from synergy.core.types import Entity, Kind, Plan, PlanField
from uiagents import facts, rows

CURRENCIES = ("EUR", "USD", "GBP")  #: whose amounts are read with two decimals everywhere
WORD = "Sample $run"  #: never the same text twice
DEEPEST = 3  #: references that a title is followed through
ROOM = 24  #: characters that it needs
TEXT_KINDS = (Kind.STRING, Kind.TEXT)

Row = Mapping[str, Any]


def title(plan: Plan, entity: Entity, number: int, depth: int = 0) -> str:
    """What record ``number`` (1 = the first demo row) is called wherever it is named; "" when that cannot be told."""
    field = entity.field(entity.display)
    value = entity.seed[number - 1].get(field.name)
    if value in (None, "") and field.kind in facts.TEXTS:
        return f"{entity.label} {number}"
    return shown(plan, field, value, depth)


def shown(plan: Plan, field: PlanField, value: Any, depth: int = 0) -> str:
    """``value`` as the pages show it; "" when it is empty or reads differently from place to place."""
    if value is None or value == "":
        return ""
    if field.kind is Kind.ENUM:
        return next((choice.label for choice in field.choices if choice.value == value), "")
    if field.kind is Kind.REF:
        target = plan.entity(field.target)
        known = depth < DEEPEST and 0 < int(value) <= len(target.seed)
        return title(plan, target, int(value), depth + 1) if known else ""
    return " ".join(_plain(field, value).split())


def _plain(field: PlanField, value: Any) -> str:
    if field.kind in facts.TEXTS:
        return str(value)
    if field.kind is Kind.BOOLEAN:
        return "Yes" if value else "No"
    if field.kind is Kind.TIME:
        return str(value)[:5]
    if field.kind is Kind.DATE:
        day = dt.date.fromisoformat(str(value))
        return f"{day:%b} {day.day}, {day.year}"
    if field.kind is Kind.MONEY:
        return f"{float(value):,.2f}" if field.unit in CURRENCIES else ""
    if field.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT):
        return number(value)
    return ""  # moments and stars


def number(value: Any) -> str:
    """1,234.5: at most two decimals."""
    text = f"{float(value):,.2f}"
    return text.rstrip("0").rstrip(".")


# --- new records -----------------------------------------------------------------------------------------------------


def words(field: PlanField) -> str:
    """A text for this field that no other record has, as an act says it; "" when the field holds no text, or too short ones."""
    if field.kind in TEXT_KINDS and (facts.longest(field) or 0) >= ROOM:
        return WORD
    return {Kind.EMAIL: "sample$run@example.com", Kind.URL: "https://example.com/$run"}.get(field.kind, "")


def entry(plan: Plan, entity: Entity, field: PlanField, place: int) -> str | None:
    """What is entered into ``field`` for the new record number ``place``; None when nothing can be known to fit."""
    if field.kind is Kind.ENUM:
        return quoted(field.choices[0].label)
    if field.kind is Kind.REF:
        target = plan.entity(field.target)
        name = title(plan, target, 1) if target.seed else ""
        return quoted(name) if name and not field.unique else None
    if field.kind in (Kind.DATE, Kind.DATETIME):
        return f"today+{place + 1}"
    return words(field) or _free(entity, field, place)


def _free(entity: Entity, field: PlanField, place: int) -> str | None:
    """A value that is valid and, where that matters, not taken by a demo row or another new record."""
    taken = {str(row.get(field.name)) for row in entity.seed} if facts.unique_value(field) else set()
    values = [rows.sample(field, n) for n in range(1, rows.ROWS + 1)]
    _, high = facts.bounds(field)
    if taken and field.kind in (*facts.WHOLE, *facts.FRACTIONS):
        top = max(float(v) for v in taken if v != "None")
        values += [v for v in (int(top) + step for step in range(1, 9)) if high is None or v <= high]
    free = [value for value in values if str(value) not in taken]
    if not free or (taken and place > len(free)):
        return None
    value = free[(place - 1) % len(free)]
    return quoted(str(value)[:5] if field.kind is Kind.TIME else str(value))
