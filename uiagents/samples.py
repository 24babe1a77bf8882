"""Records for the component tests of a generated project, as the API sends them. The same plan has the same records."""

from __future__ import annotations

from synergy.core.types import Entity, Kind, Plan, PlanField
from uiagents import facts
from uiagents.rows import sample

ROWS = 3  #: of each entity

Value = str | int | float | bool | None
Row = dict[str, Value]
OWNER: Row = {"owner_id": 1, "owner_label": "Noah Lind"}  #: the account with all rights, as ``test/data.ts`` has it


def sample_answers(plan: Plan) -> dict[str, list[Row]]:
    """``ROWS`` answers for every entity, by its name. Record ``n`` refers to the records ``n``."""
    return {entity.name: [_answer(plan, entity, n) for n in range(1, ROWS + 1)] for entity in plan.entities}


def typed_text(field: PlanField, value: Value) -> str:
    """What a person types or picks in the control of ``field`` to enter ``value``."""
    if field.kind is Kind.DATETIME:
        return str(value)[:16]
    return str(value)[:5] if field.kind is Kind.TIME else str(value)


def needed(entity: Entity) -> list[PlanField]:
    """The fields that an empty form complains about: required, and without a value to begin with."""
    return [f for f in entity.fields if f.required and f.kind is not Kind.BOOLEAN and f.name != entity.status]


def _answer(plan: Plan, entity: Entity, n: int) -> Row:
    answer: Row = {"id": n}
    for field in entity.fields:
        answer[facts.key(field)] = n if field.kind is Kind.REF else sample(field, n)
        if field.kind is Kind.REF:
            answer[f"{field.name}_label"] = _label(plan.entity(field.target), n)
    if entity.owned:
        answer |= OWNER
    return answer | {"created_at": f"2026-01-0{n}T09:00:00Z"}


def _label(target: Entity, n: int) -> str:
    title = target.field(target.display)
    return f"{target.label} {n}" if title.kind is Kind.REF else str(sample(title, n))
