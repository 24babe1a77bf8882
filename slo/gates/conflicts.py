"""Conflicts between what the backend declares and serves and what the frontend calls that are still open."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure, listed
from synergy.core.types import Conflict


def is_open(conflict: Conflict, mediated: float) -> bool:
    """Mediation must have settled it, and made both sides similar enough."""
    return not conflict.resolved or conflict.similarity_after is None or conflict.similarity_after < mediated


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    resolution = evidence.resolution
    if not resolution.operations:
        return Measure(None, "No operation was compared.")
    found = [f"{c.kind} {c.method} {c.path}" for c in resolution.conflicts if is_open(c, limits["mediated_similarity"])]
    if not found and resolution.similarity_after < limits["least_similarity"]:
        found = [f"a similarity of {resolution.similarity_after:.2f}"]
    if found:
        return Measure(len(found), f"Open: {listed(found)}.")
    settled = f", {len(resolution.conflicts)} conflicts settled" if resolution.conflicts else ""
    similar = f"lowest similarity {resolution.similarity_before:.2f} before and {resolution.similarity_after:.2f} after"
    return Measure(0, f"{resolution.operations} operations compared{settled}; {similar}.")


part = Gate(evidence="evidence/contracts.json", measure=measure)
