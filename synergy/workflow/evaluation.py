"""Measure the whole system on real messages: each is built by the running workers, one after the other."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from pydantic import ValidationError

from inference.incoming import read_message
from synergy.core.artifacts import ArtifactStore
from synergy.core.errors import BadInput
from synergy.core.evaluation import Evaluation
from synergy.core.models import Run
from synergy.core.types import Clause, ClauseStatus, Delivery, Plan, StackChoice, TestReport, Value
from synergy.workflow import services, steps, wire
from synergy.workflow.parcel import unpack
from synergy.workflow.report import follow, run_seconds


class Case(Value):
    id: str
    message: str


def load(path: Path) -> list[Case]:
    """The cases of a JSON Lines file with ``id`` and ``message``; BadInput names the line that is not one."""
    cases = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        try:
            row = json.loads(line)
            cases.append(Case(id=str(row["id"]), message=row["message"]))
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            raise BadInput(f"Line {number} of {path.name} is no message: {error}") from error
    return cases


def evaluate_messages(path: Path, note: Callable[[str], None] = lambda line: None, keep: Path | None = None) -> Evaluation:
    """Build every message of ``path`` and say what became of it. Needs a worker; ``note`` gets a line after each.

    The deliveries are unpacked to ``keep``/<id of the message>; a folder that is there already is left alone.
    """
    rows = []
    for case in load(path):
        rows.append(_row(case, keep))
        note(_line(rows[-1]))
    summary = _summary(rows)
    return Evaluation(rows=rows, summary=summary, lines=_totals(summary))


def _row(case: Case, keep: Path | None) -> dict[str, Any]:
    try:
        run, ready = services.create_run(read_message(case.message), tenant=services.default_tenant())
    except BadInput as error:
        return {"id": case.id, "verdict": "refused", "cause": error.message, "gates": {}, "entities": [], "seconds": 0.0}
    wire.send(ready)
    for news in follow(run.id):
        run = news
    steps.remove_work(run.id)
    if keep:
        _unpack(run, keep / re.sub(r"[^\w.-]", "_", case.id).lstrip("."))
    return _outcome(case, run)


def _unpack(run: Run, folder: Path) -> None:
    result = run.steps.filter(name="delivery").values_list("result", flat=True).first()
    if result:
        archive = Delivery.model_validate_json(result).archive
        unpack(ArtifactStore(Path(settings.ARTIFACTS_DIR)).get(archive), folder)


def _outcome(case: Case, run: Run) -> dict[str, Any]:
    results = {step.name: step.result for step in run.steps.all() if step.result}
    plan = Plan.model_validate_json(results["plan"]) if "plan" in results else None
    choice = StackChoice.model_validate_json(results["stack"]) if "stack" in results else None
    tests = TestReport.model_validate_json(results["tests"]) if "tests" in results else None
    gates = (run.verdict or {}).get("gates", [])
    clauses = _clauses(results, plan)
    return {
        "id": case.id,
        "run": str(run.id),
        "stack": choice.built_with if choice else None,
        "inferred": choice.inferred if choice else None,
        "confidence": run.confidence,
        "entities": [entity.name for entity in plan.entities] if plan else [],
        "uses": {use.name: use.evidence for use in plan.uses} if plan else {},
        "gates": {g["gate"]: {key: g[key] for key in ("value", "threshold", "passed")} for g in gates},
        "verdict": run.state,
        "cause": run.reason,
        "requirements": dict(Counter(clause.status.value for clause in clauses if not clause.ours)),
        "decided": sum(clause.ours for clause in clauses),
        "coverage": tests.line_coverage if tests else None,
        "tests": len(tests.cases) if tests else 0,
        "project_hash": tests.project_hash if tests else None,
        "seconds": run_seconds(run),
        "steps": {step.name: round((step.finished_at - step.started_at).total_seconds(), 2) for step in run.steps.all()
                  if step.finished_at and step.started_at},
    }  # fmt: skip


def _clauses(results: dict[str, str], plan: Plan | None) -> list[Clause]:
    if "slo" in results:
        return [Clause.model_validate(row) for row in json.loads(results["slo"])["clauses"]]
    return list(plan.clauses) if plan else []


def _line(row: dict[str, Any]) -> str:
    counts = row.get("requirements", {})
    words = _words(counts) or "nothing asked for"
    confidence = f"{row['confidence']:.2f}" if row.get("confidence") is not None else "  – "
    cause = "" if row["verdict"] == "completed" else f"  {row['cause']}"
    return (
        f"{row['id']:>8}  {row['verdict']:<10} {row.get('stack') or '–':<14} {confidence}  {row['seconds'] or 0:6.1f} s  "
        f"{'/'.join([*row['entities'], *row.get('uses', ())]) or '–'}  ({words}){cause}"
    )


def _words(counts: dict[str, int]) -> str:
    """7 built, 2 assumed, 1 not built."""
    return ", ".join(f"{counts[s]} {s.value.replace('_', ' ')}" for s in ClauseStatus if s in counts)


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    seconds = sorted(row["seconds"] for row in rows if row["seconds"])
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(row.get("requirements", {}))
    return {
        "messages": len(rows),
        "verdicts": dict(Counter(row["verdict"] for row in rows)),
        "all_gates_passed": sum(bool(row["gates"]) and all(gate["passed"] for gate in row["gates"].values()) for row in rows),
        "requirements": dict(counts),
        "decided": sum(row.get("decided", 0) for row in rows),
        "median_seconds": median(seconds) if seconds else None,
        "max_seconds": seconds[-1] if seconds else None,
        "unnamed_failures": sum(row["verdict"] != "completed" and not row["cause"] for row in rows),
    }


def _totals(summary: dict[str, Any]) -> list[str]:
    verdicts = ", ".join(f"{count} {name}" for name, count in sorted(summary["verdicts"].items()))
    lines = [
        f"{summary['messages']} messages: {verdicts}; {summary['all_gates_passed']} passed all gates",
        f"asked for: {_words(summary['requirements']) or 'nothing'}; {summary['decided']} decided, which they left open",
    ]
    if summary["median_seconds"] is not None:
        lines.append(f"seconds: median {summary['median_seconds']:.1f}, longest {summary['max_seconds']:.1f}")
    return lines
