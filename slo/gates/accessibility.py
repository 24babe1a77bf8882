"""Serious and critical findings of axe-core over all pages and widths."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure, listed
from synergy.core.types import SERIOUS


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    if why := evidence.unseen():
        return Measure(None, why)
    if not evidence.visuals.axe:
        return Measure(None, "axe-core did not run.")
    found = [f for f in evidence.findings if f.check == "axe" and f.severity in SERIOUS]
    rules = sorted({f"{f.rule} on {f.page}" for f in found})
    reason = (
        f"Found: {listed(rules)}." if found else f"axe-core {evidence.visuals.axe} on {len(evidence.visuals.shots)} renderings."
    )
    return Measure(len(found), reason)


part = Gate(evidence="evidence/findings.json", measure=measure)
