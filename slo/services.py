"""The project is tested and the run is judged: project → TestReport → Verdict."""

from __future__ import annotations

from math import isfinite

from slo.evidence import Evidence
from slo.gates.base import Gate, registry
from slo.levels import Level, levels
from slo.requirements import overruled, settle, standings
from slo.runner import run_tests
from synergy.core.bench import Bench
from synergy.core.revisions import Base
from synergy.core.spans import span
from synergy.core.types import (
    ChangeSet,
    GateResult,
    Plan,
    Resolution,
    StackChoice,
    TestReport,
    UiSpec,
    Verdict,
    VisualReport,
)

__all__ = ["judge", "run_tests"]


def judge(
    bench: Bench,
    stack: StackChoice,
    plan: Plan,
    changes: tuple[ChangeSet, ...],
    ui: UiSpec,
    visuals: VisualReport,
    resolution: Resolution,
    tests: TestReport,
    cost_usd: float,
    seconds: float,
    base: Base | None = None,
) -> Verdict:
    """Hold the run's evidence against every service level, and settle the requirement ledger.

    ``cost_usd`` is the sum of the usage ledger, ``seconds`` the time since the message came in, ``base`` the delivery that the
    run changes. A gate that could not be measured fails. The run passes when all gates do; a clause that was not built does not
    fail it, but is said.
    """
    evidence = Evidence(
        stack=stack,
        plan=plan,
        changes=changes,
        ui=ui,
        visuals=visuals,
        resolution=resolution,
        tests=tests,
        cost_usd=cost_usd,
        seconds=seconds,
        read=bench.store.get,
        base=base,
    )
    gates = tuple(_result(name, level, evidence) for name, level in levels().items())
    for gate in gates:
        bench.note(f"{gate.gate}: {'passed' if gate.passed else 'FAILED'}. {gate.reason}")
    return Verdict(
        gates=gates,
        passed=all(gate.passed for gate in gates),
        clauses=overruled(settle(plan.clauses, standings(evidence), gates), base.plan.clauses if base else (), ui.edit_notes),
        cost_usd=cost_usd,
        seconds=seconds,
        edits=ui.edit_notes,
    )


def _result(name: str, level: Level, evidence: Evidence) -> GateResult:
    gate = registry.get(name)
    with span(f"gate {name}", {"gen_ai.evaluation.name": name}) as seen:
        result = _judged(name, gate, level, evidence)
        seen.set_attribute("gen_ai.evaluation.score.label", "pass" if result.passed else "fail")
        if result.value is not None:
            seen.set_attribute("gen_ai.evaluation.score.value", result.value)
        return result


def _judged(name: str, gate: Gate, level: Level, evidence: Evidence) -> GateResult:
    measure = gate.measure(evidence, level.limits)
    value = measure.value if measure.value is not None and isfinite(measure.value) else None
    reason = measure.reason if value is not None else f"Not measured. {measure.reason}".strip()
    return GateResult(
        gate=name,
        value=value,
        threshold=level.threshold,
        comparison=level.comparison,
        unit=level.unit,
        passed=level.kept(value),
        reason=reason,
        evidence=gate.evidence,
    )
