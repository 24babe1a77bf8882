"""Wishes that the planner did not understand, put by a model into its own terms: things to keep, capabilities to put to work.

The model writes no plan. What it says becomes sentences of a closed form, which the planner reads together with the message; the
plan that comes of it is taken when it has all that the first one has, and answers more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from inference.llm.ask import Answer, Question, help_with
from inference.llm.base import provider
from inference.llm.prompts import prompt
from inference.planning.matching import Nearest
from inference.planning.planner import make_plan
from synergy.core.bench import Bench
from synergy.core.capabilities import capabilities
from synergy.core.errors import SynergyError
from synergy.core.types import Clause, ClauseStatus, Message, Plan, StackChoice, Value

ACTIVITY = "plan"
NOUN = re.compile(r"[a-z][a-z -]{1,38}[a-z]\Z", re.I)
MOST_THINGS, MOST_FIELDS, MOST_WORK = 3, 8, 3  #: for one wish


class Keep(Value):
    thing: str
    fields: tuple[str, ...]


class Work(Value):
    capability: str
    thing: str


class Amendment(Value):
    clause: str
    keep: tuple[Keep, ...]
    work: tuple[Work, ...]


class Amendments(Value):
    amendments: tuple[Amendment, ...]


def amended(bench: Bench, message: Message, plan: Plan, stack: StackChoice, nearest: Nearest) -> Plan:
    """``plan``, or a larger one that answers wishes which it leaves open. Raises BudgetSpent, Cancelled."""
    open_ = plan.open_clauses
    answer = _asked(bench, plan, open_) if open_ and provider() is not None else None
    if answer is None:
        return plan
    said = {a.clause: a for a in answer.value.amendments if a.keep or a.work}
    larger = _larger(message, plan, stack, said, nearest) if said else None
    for clause in open_ if larger else ():
        if clause.id in said:
            bench.note(f"{clause.id}: read by a model as: {' '.join(sentences(said[clause.id]))}")
    return larger or plan


def _asked(bench: Bench, plan: Plan, open_: Sequence[Clause]) -> Answer[Amendments] | None:
    things = {e.label_plural.lower(): [f.label.lower() for f in e.fields] for e in plan.entities}
    data = {
        "capabilities": "\n".join(f"{name}: {capability.does}" for name, capability in capabilities().items()),
        "plan": json.dumps({"things": things, "capabilities": [use.capability for use in plan.uses]}, ensure_ascii=False),
        "wishes": "\n".join(f"{c.id}: {c.text}" for c in open_),
    }
    known = {clause.id for clause in open_}
    question = Question(ACTIVITY, prompt("amend"), data, Amendments, max_tokens=1500, check=lambda a: wrong(a, known))
    return help_with(bench, question)


def wrong(answer: Amendments, wishes: set[str]) -> str:
    """What is wrong with an answer; "" = nothing."""
    return " ".join(line for amendment in answer.amendments for line in _wrong(amendment, wishes))


def _wrong(amendment: Amendment, wishes: set[str]) -> Iterator[str]:
    if amendment.clause not in wishes:
        yield f"{amendment.clause!r} is no wish."
    if len(amendment.keep) > MOST_THINGS or len(amendment.work) > MOST_WORK:
        yield f"{amendment.clause}: at most {MOST_THINGS} things and {MOST_WORK} capabilities for one wish."
    unknown = [work.capability for work in amendment.work if work.capability not in capabilities()]
    yield from (f"There is no capability {name!r}." for name in unknown)
    nouns = [word for keep in amendment.keep for word in (keep.thing, *keep.fields)]
    nouns += [work.thing for work in amendment.work if work.thing]
    yield from (f"{noun[:60]!r} is not a noun in plain letters." for noun in nouns if not NOUN.match(noun))
    yield from (
        f"{keep.thing}: one to {MOST_FIELDS} fields." for keep in amendment.keep if not 0 < len(keep.fields) <= MOST_FIELDS
    )


def sentences(amendment: Amendment) -> Iterator[str]:
    """The amendment in words that the planner reads."""
    for keep in amendment.keep:
        *most, last = keep.fields
        yield f"Keep {keep.thing.lower()} with {', '.join(most)}{' and ' if most else ''}{last}."
    for work in amendment.work:
        phrase = capabilities()[work.capability].phrases()[0][0]
        one = work.thing.lower().removesuffix("s")
        yield f"Members can {phrase.format(thing=work.thing.lower(), one=one)}."


def _larger(message: Message, plan: Plan, stack: StackChoice, said: Mapping[str, Amendment], nearest: Nearest) -> Plan | None:
    """The plan for the message with all of ``said``; None when that is not all of ``plan`` and more."""
    added = tuple(line for amendment in said.values() for line in sentences(amendment))
    text = f"{(plan.restated or message.text).rstrip(' .')}. {' '.join(added)}"
    try:
        whole = make_plan(message.model_copy(update={"text": text}), stack, nearest)
    except SynergyError:
        return None
    names, features = {e.name for e in whole.entities}, {f.id for f in whole.features}
    same = (whole.access, whole.layout) == (plan.access, plan.layout)
    if not same or not {e.name for e in plan.entities} <= names or not {f.id for f in plan.features} <= features:
        return None
    clauses = _answered(plan, whole, said)
    if clauses is None:
        return None
    kept = {name: getattr(plan, name) for name in ("name", "slug", "title", "message", "restated")}
    return whole.model_copy(update={**kept, "amended": added, "clauses": clauses})


def _answered(plan: Plan, whole: Plan, said: Mapping[str, Amendment]) -> tuple[Clause, ...] | None:
    """The clauses of ``plan`` with answers to those of ``said``; None when none of them got one."""
    known = {clause.text for clause in plan.clauses}
    new = [c for c in whole.clauses if c.text not in known and not c.ours]
    found: dict[str, Clause] = {}
    at_work = {use.capability for use in whole.uses if use not in plan.uses}
    for clause in plan.open_clauses:
        amendment = said.get(clause.id)
        if amendment is None or not {work.capability for work in amendment.work} <= at_work:
            continue
        lines = list(sentences(amendment))
        rows = [c for c in new if any(_within(c.text, line) for line in lines)]
        if rows and all(c.features for c in rows):
            features = tuple(dict.fromkeys(f for c in rows for f in c.features))
            reason = f"Assumed: a model read it as: {' '.join(lines)}"
            update = {"features": features, "status": ClauseStatus.ASSUMED, "reason": reason}
            found[clause.id] = clause.model_copy(update=update)
    if not found:
        return None
    asked = [found.get(c.id, c) for c in plan.clauses if not c.ours]
    ours = [c for c in whole.clauses if c.ours]
    last = max((int(c.id[1:]) for c in asked), default=0)
    return (*asked, *(c.model_copy(update={"id": f"R{n}"}) for n, c in enumerate(ours, last + 1)))


def _within(text: str, line: str) -> bool:
    """Whether a clause is one of a sentence: all of its words stand in it."""
    words = set(re.findall(r"\w+", text.lower()))
    return bool(words) and words <= set(re.findall(r"\w+", line.lower()))
