"""All generated tests were run and passed. A skipped test has proved nothing, and a command that failed is one failure more."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure, listed


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    if why := evidence.untested():
        return Measure(None, why)
    report = evidence.tests
    bad = [f"{case.id} ({case.outcome})" for case in report.cases if case.outcome != "passed"]
    if not bad:  # a tool may fail without a failed case: a collection error, a worker that died
        bad = [f"{run.name} ended with {run.killed or run.returncode}" for run in report.checks if run.killed or run.returncode]
    reason = f"Not passed: {listed(bad)}." if bad else f"All {len(report.cases)} tests passed."
    return Measure(len(bad), reason)


part = Gate(evidence="evidence/tests.json", measure=measure)
