"""Every browser check was carried out on the running project, and passed: what a person does there really does it."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure, listed


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    if why := evidence.unwalked():
        return Measure(None, why)
    walked = evidence.walked
    left = [f"{check.id} was not carried out" for check in evidence.ui.walks if check.id not in walked]
    failed = [f"{w.check}: {w.message[:120]}" for w in walked.values() if not w.passed]
    if failed or left:
        return Measure(len(failed) + len(left), f"Not passed: {listed([*failed, *left])}.")
    slow = max(walked.values(), key=lambda w: w.seconds)
    return Measure(0, f"All {len(walked)} browser checks passed; the longest took {slow.seconds:.1f} s.")


part = Gate(evidence="evidence/walks.json", measure=measure)
