"""The calibrated probability that the stack is acceptable for the message."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    stack = evidence.stack
    if stack.by_hand:
        return Measure(1.0, "The stack was chosen by hand.")
    if stack.inferred is None:
        return Measure(stack.confidence, "No known stack is acceptable for the message.")
    words = "what a model made of the message" if stack.restated else "the message"
    return Measure(stack.confidence, f"{stack.inferred} was inferred from {words}.")


part = Gate(evidence="evidence/stack.json", measure=measure)
