"""Wall-clock seconds from the message to the verdict."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    if evidence.seconds <= 0:
        return Measure(None, "The clock of this run says nothing.")
    return Measure(evidence.seconds, "Measured by the clock of the ledger.")


part = Gate(evidence="evidence/verdict.json", measure=measure)
