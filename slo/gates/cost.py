"""What this run spent with model providers, from the usage ledger."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    booked = sum(change.usage.cost_usd for change in evidence.changes)
    if evidence.cost_usd < booked - 1e-9:
        return Measure(None, f"The ledger says ${evidence.cost_usd:.4f}, the agents alone booked ${booked:.4f}.")
    return Measure(evidence.cost_usd, "Sum of the usage ledger of this run.")


part = Gate(evidence="evidence/cost.json", measure=measure)
