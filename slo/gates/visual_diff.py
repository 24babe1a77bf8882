"""The largest share of pixels that differ from the baseline, over all pages and widths."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure
from synergy.core.types import SERIOUS


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    if why := evidence.unseen():
        return Measure(None, why)
    again = [f for f in evidence.resolution.findings if f.check == "pixels" and f.severity in SERIOUS]
    if again:
        return Measure(None, f"After mediation: {again[0].message}")
    shots = evidence.visuals.shots
    lost = [s for s in shots if s.baseline is not None and s.diff_ratio is None]
    if lost:
        return Measure(None, f"{lost[0].page} at {lost[0].width} was not compared with its baseline.")
    compared = [s for s in shots if s.diff_ratio is not None and not s.expected]
    fresh = len(shots) - len(compared)
    note = f"{fresh} pictures are new, or were to change, and wait for approval as baseline." if fresh else ""
    if not compared:
        return Measure(0.0, note)
    worst = max(compared, key=lambda s: s.diff_ratio or 0.0)
    return Measure(worst.diff_ratio, f"Most on {worst.page} at {worst.width}: {worst.diff_pixels} pixels. {note}".strip())


part = Gate(evidence="evidence/visuals.json", measure=measure)
