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
STATES = ("planned", "assumed", "not built")


def state(plan: Plan, number: int) -> str:
    """What a clause is before anything was built: planned when nothing but proof is missing."""
    clause = plan.clauses[number]
    if clause.status is ClauseStatus.NOT_BUILT:
        return "not built"
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
    rows = [_row(number, text) for number, text in enumerate(messages(path), 1)]
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
    lines = [_line(row) for row in rows]
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
        "ms": (time.perf_counter() - start) * 1000,
    }


def _line(row: dict[str, Any]) -> str:
    if "refused" in row:
        return f"{row['number']:>4}  refused: {row['refused']}"
    uses = ", ".join(row["uses"]) or "no capability"
    return f"{row['number']:>4}  {row['title']}: {'/'.join(row['entities'])}  ({_words(row['requirements'])})  {uses}"


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[s]} {s}" for s in STATES if counts.get(s)) or "nothing"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"
