"""Plan messages without building them: what would be built, what is assumed, what is not built, which capabilities were found."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from inference.passages import nearest
from inference.planning.clean import clean_message
from inference.planning.planner import make_plan
from synergy.core.errors import BadInput
from synergy.core.evaluation import Evaluation
from synergy.core.types import ClauseStatus, Message, Plan, StackChoice

STACK = "fastapi-react"
STATES = ("planned", "assumed", "not built", "not measured")
WARM = "Track orders"  #: planned first: reading the model and the libraries is no part of planning


def state(plan: Plan, number: int) -> str:
    """What a clause is before anything was built: planned when nothing but proof is missing."""
    clause = plan.clauses[number]
    if clause.status in (ClauseStatus.NOT_BUILT, ClauseStatus.NOT_MEASURED):
        return clause.status.value.replace("_", " ")
    return "assumed" if clause.reason.startswith("Assumed") else "planned"


def messages(path: Path) -> list[str]:
    """The messages of a JSON Lines file; BadInput names the line that holds none."""
    found: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            found.append(json.loads(line)["message"])
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"Line {number} of {path.name} is no message: {error}") from error
    return found


def evaluate_plans(path: Path) -> Evaluation:
    """The plan of every message of ``path``, with what it takes to make it. Needs the seeded database."""
    texts = messages(path)
    _row(0, WARM)
    rows = [_row(number, text) for number, text in enumerate(texts, 1)]
    read = [row for row in rows if "refused" not in row]
    clauses: Counter[str] = Counter()
    for row in read:
        clauses.update(row["requirements"])
    uses = Counter(name for row in read for name in row["capabilities"])
    summary = {
        "messages": len(rows),
        "refused": len(rows) - len(read),
        "requirements": dict(clauses),
        "capabilities": dict(uses.most_common()),
        "median_ms": median(row["ms"] for row in read) if read else None,
    }
    lines = [line for row in rows for line in _lines(row)]
    lines += [f"{len(read)} of {len(rows)} messages planned: {_words(clauses)}", f"capabilities: {_counted(uses)}"]
    if read:
        lines.append(f"milliseconds: median {summary['median_ms']:.0f}, longest {max(row['ms'] for row in read):.0f}")
    return Evaluation(rows, summary, lines)


def _row(number: int, text: str) -> dict[str, Any]:
    choice = StackChoice(inferred=STACK, confidence=1.0, abstained=False, by_hand=True, built_with=STACK, reason="chosen by hand")
    start = time.perf_counter()
    try:
        plan = make_plan(Message(text=clean_message(text)), choice, nearest)
    except BadInput as error:
        return {"number": number, "message": text, "refused": error.message}
    return {
        "number": number,
        "message": text,
        "title": plan.title,
        "entities": [e.name for e in plan.entities],
        "uses": {use.name: use.evidence for use in plan.uses},
        "capabilities": [use.capability for use in plan.uses],
        "requirements": dict(Counter(state(plan, i) for i, clause in enumerate(plan.clauses) if not clause.ours)),
        "open": [
            {"text": c.text, "state": state(plan, i), "reason": c.reason}
            for i, c in enumerate(plan.clauses)
            if c.status in (ClauseStatus.NOT_BUILT, ClauseStatus.NOT_MEASURED)
        ],
        "ms": (time.perf_counter() - start) * 1000,
    }


def _lines(row: dict[str, Any]) -> list[str]:
    """A line for the message; below it what was found by which words, and what is not built."""
    if "refused" in row:
        return [f"{row['number']:>4}  refused: {row['refused']}"]
    uses = ", ".join(row["uses"]) or "no capability"
    head = f"{row['number']:>4}  {row['title']}: {'/'.join(row['entities'])}  ({_words(row['requirements'])})  {uses}"
    found = [f"        {name}: {evidence}" for name, evidence in row["uses"].items() if evidence]
    return [f"{head}  {row['ms']:.0f} ms", *found, *(f"        {c['state']}: {c['text']}: {c['reason']}" for c in row["open"])]


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[s]} {s}" for s in STATES if counts.get(s)) or "nothing"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"
