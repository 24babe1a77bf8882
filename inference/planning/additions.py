"""What a change adds, read by the planner itself: everything asked for so far with the change, held against it without."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from inference.planning.draft import Answered, Draft
from inference.planning.edits import as_text
from inference.planning.ledger import UNREAD, Answer
from inference.planning.surface import inner
from synergy.core.errors import BadInput
from synergy.core.types import Clause, ClauseStatus, Entity, Kind, Plan, PlanField, Use

WORD = re.compile(r"[a-z0-9]+")
ENOUGH = 0.6  #: share of a clause's words that stand in the change, from which on the change asked for it


@dataclass(frozen=True)
class Additions:
    """``planner`` plans a text; ``before`` is all that was asked for so far."""

    before: str
    planner: Callable[[str], Plan]


def add_to(draft: Draft, wishes: Sequence[str], given: Additions) -> None:
    """Add the things, capabilities and roles that ``wishes`` ask for and that are not there yet; answer each wish."""
    text = ". ".join(wishes)
    before, whole, alone = (given.planner(t) for t in (given.before, f"{given.before}. {text}", text))
    fresh = _Fresh(draft, before, whole, alone)
    fresh.add()
    draft.answered += _answers(wishes, before, whole, alone, fresh)


class _Fresh:
    """What the planner finds with the change and not without it."""

    def __init__(self, draft: Draft, before: Plan, whole: Plan, alone: Plan) -> None:
        self.draft, self.before, self.whole, self.alone = draft, before, whole, alone
        self.entities: list[Entity] = []

    def add(self) -> None:
        """Things, then what is done with them, then roles."""
        for entity in self._new_entities():
            self._add(entity)
        for use in self._new_uses():
            self._put_to_work(use)
        known = {r.name for r in (*self.before.roles, *self.draft.roles)}
        new = [r for r in self.whole.roles if r.name not in known]
        self.draft.roles = (*self.draft.roles[:-1], *new, self.draft.roles[-1])

    def _new_entities(self) -> Iterator[Entity]:
        """Not there yet, and either new with the change or spoken of by the change itself (it was taken away before)."""
        known = {e.name for e in self.before.entities}
        spoken = {_kind(e) for e in self.alone.entities if not e.assumed}
        for entity in self.whole.entities:
            there = entity.name in self.draft.entities or any(_kind(e) == _kind(entity) for e in self.draft.entities.values())
            if not there and (entity.name not in known or _kind(entity) in spoken):
                yield entity

    def _add(self, entity: Entity) -> None:
        """With references to what is there; what they pointed to and is not there becomes text."""
        self.draft.did("give", entity.name, f"asks for {inner(entity.label_plural)}")
        for f in entity.fields:
            if f.kind is not Kind.REF:
                continue
            target = self.draft.entities.get(f.target)
            wanted = self.whole.entity(f.target)
            entity = as_text(entity, f, wanted) if target is None else _clamped(entity, f, len(target.seed))
        self._check_free(entity)
        self.draft.put(entity)
        self.entities.append(entity)

    def _check_free(self, entity: Entity) -> None:
        clash = [e for e in self.draft.entities.values() if e.slug == entity.slug or e.table == entity.table]
        if clash:
            raise BadInput(
                f"“{entity.label_plural}” would have the address of “{clash[0].label_plural}”.",
                hint="Give the new one another name.",
            )

    def _new_uses(self) -> Iterator[Use]:
        known = {(u.capability, u.entity) for u in self.before.uses}
        spoken = {u.capability for u in self.alone.uses}
        there = {(u.capability, u.entity) for u in self.draft.uses}
        for use in self.whole.uses:
            pair = (use.capability, use.entity)
            if pair not in there and (pair not in known or use.capability in spoken):
                yield use

    def _put_to_work(self, use: Use) -> None:
        """A capability, with what it works on and the fields that it needs."""
        draft, whole = self.draft, self.whole
        names = [name for name in (use.entity, *use.parts.values()) if name]
        for name in names:
            if name not in draft.entities:
                self._add(whole.entity(name))
            draft.put(_with_fields(draft.entities[name], whole.entity(name), use.fields.values() if name == use.entity else ()))
        draft.uses = (*draft.uses, use)


def _kind(entity: Entity) -> tuple[str | None, str]:
    return entity.archetype, entity.label.lower()


def _clamped(entity: Entity, ref: PlanField, rows: int) -> Entity:
    """References to rows that are there: the thing they point to may have been given other rows."""

    def fits(value: object) -> int | None:
        return (int(str(value)) - 1) % rows + 1 if isinstance(value, int) else None

    seed = tuple({**row, ref.name: fits(row[ref.name])} for row in entity.seed)
    return entity.model_copy(update={"seed": seed})


def _with_fields(there: Entity, wanted: Entity, names: Iterable[str]) -> Entity:
    """``there`` with the fields ``names`` of ``wanted``, and rows of everybody or of an account as ``wanted`` has them."""
    known = {f.name for f in there.fields}
    new = [f for f in wanted.fields if f.name in set(names) - known]
    rows = [wanted.seed[n % len(wanted.seed)] for n in range(len(there.seed))]
    seed = tuple({**row, **{f.name: rows[n][f.name] for f in new}} for n, row in enumerate(there.seed))
    return there.model_copy(update={"fields": (*there.fields, *new), "seed": seed, "owned": there.owned or wanted.owned})


# --- answers -----------------------------------------------------------------------------------------------------------


def _answers(wishes: Sequence[str], before: Plan, whole: Plan, alone: Plan, fresh: _Fresh) -> Iterator[Answered]:
    """What becomes of each wish: the planner's clauses about it, else that nothing was recognised."""
    known = {c.text.lower() for c in before.clauses}
    new = [c for c in whole.clauses if c.text.lower() not in known]
    for wish in wishes:
        found = [c for c in new if _about(c, wish)] or [c for c in alone.clauses if _about(c, wish)]
        yield from ((c.text, _answer(c)) for c in found)
        if not found:
            yield wish, Answer(reason=UNREAD)
    for entity in fresh.entities:
        assumed = [inner(f.label) for f in entity.fields if f.assumed]
        if assumed:
            why = "Assumed: nobody named these fields; they are what is usual."
            yield f"Fields of {inner(entity.label_plural)} ({', '.join(assumed)})", Answer((f"{entity.slug}.list",), why)


def _about(clause: Clause, wish: str) -> bool:
    own = WORD.findall(clause.text.lower())
    said = set(WORD.findall(wish.lower()))
    share = sum(w in said or f"{w}s" in said or w.removesuffix("s") in said for w in own)
    return bool(own) and share / len(own) >= ENOUGH


def _answer(clause: Clause) -> Answer:
    if clause.status is ClauseStatus.NOT_BUILT:
        return Answer(reason=clause.reason or UNREAD)
    measured = clause.status is not ClauseStatus.NOT_MEASURED
    return Answer(clause.features, clause.reason, clause.gates, measured=measured)
