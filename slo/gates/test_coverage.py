"""Line coverage of the weakest half, so that a well tested backend cannot hide an untested frontend."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    if why := evidence.uncounted():
        return Measure(None, why)
    weakest = min(evidence.tests.coverage, key=lambda half: half.ratio)
    return Measure(weakest.ratio, f"{weakest.name}: {weakest.covered} of {weakest.total} lines.")


part = Gate(evidence="evidence/tests.json", measure=measure)
