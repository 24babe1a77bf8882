"""Every planned feature has proofs: files that exist, tests and browser checks that ran and passed, pages that were rendered."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure, listed
from slo.requirements import standings


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    if why := evidence.untested():
        return Measure(None, why)
    if not evidence.plan.features:
        return Measure(None, "The plan has no features.")
    open_features = [f"{s.feature} ({s.reason})" for s in standings(evidence).values() if s.reason]
    if open_features:
        return Measure(len(open_features), f"Not proved: {listed(open_features)}.")
    return Measure(0, f"All {len(evidence.plan.features)} features are proved by tests and in the browser.")


part = Gate(evidence="evidence/requirements.json", measure=measure)
