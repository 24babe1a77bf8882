"""Line coverage over all of the project's own code, both halves together."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    if why := evidence.untested():
        return Measure(None, why)
    halves = evidence.tests.coverage
    missing = [half.name for half in halves if not half.report]
    if missing or not halves:
        return Measure(None, f"No usable coverage report of: {', '.join(missing) or 'any half'}.")
    lines = ", ".join(f"{half.name} {half.covered}/{half.total}" for half in halves)
    return Measure(evidence.tests.line_coverage, f"Lines: {lines}.")


part = Gate(evidence="evidence/tests.json", measure=measure)
