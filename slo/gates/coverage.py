"""Line coverage over all of the project's own code, both halves together."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    if why := evidence.uncounted():
        return Measure(None, why)
    lines = ", ".join(f"{half.name} {half.covered}/{half.total}" for half in evidence.tests.coverage)
    return Measure(evidence.tests.line_coverage, f"Lines: {lines}.")


part = Gate(evidence="evidence/tests.json", measure=measure)
