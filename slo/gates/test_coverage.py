"""Line coverage of the weakest half, so that a well tested backend cannot hide an untested frontend."""

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
    weakest = min(halves, key=lambda half: half.ratio)
    return Measure(weakest.ratio, f"{weakest.name}: {weakest.covered} of {weakest.total} lines.")


part = Gate(evidence="evidence/tests.json", measure=measure)
