"""All generated tests were run and passed, and so did every self-test of the agents (linters, types, dry runs).

A skipped test has proved nothing, and a command that failed is one failure more.
"""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure, listed
from synergy.core.bench import layers


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    if why := evidence.untested():
        return Measure(None, why)
    report = evidence.tests
    bad = [f"{case.id} ({case.outcome})" for case in report.cases if case.outcome != "passed"]
    tested = {run.name for run in report.checks}
    steps = layers(evidence.changes, evidence.ui, evidence.resolution)
    selftests = {run.name: run for step in steps for run in step.checks if run.name not in tested}  # the latest of a name counts
    # a tool may fail without a failed case: a collection error, a worker that died
    runs = [*selftests.values(), *(() if bad else report.checks)]
    bad += [f"{run.name} ended with {run.killed or run.returncode}" for run in runs if run.killed or run.returncode]
    reason = f"Not passed: {listed(bad)}." if bad else f"All {len(report.cases)} tests and {len(selftests)} self-tests passed."
    return Measure(len(bad), reason)


part = Gate(evidence="evidence/tests.json", measure=measure)
