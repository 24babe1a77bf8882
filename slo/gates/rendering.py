"""Serious findings of every visual check but axe: overflow, console, network, dead controls, determinism, changed text …"""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure, listed
from synergy.core.types import SERIOUS

ELSEWHERE = ("axe", "pixels", "unchanged")  #: judged by the gates accessibility, visual_diff and unchanged


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    if why := evidence.unseen():
        return Measure(None, why)
    if not evidence.visuals.controls:
        return Measure(None, "No link, button or form was tried.")
    serious = [f for f in evidence.findings if f.check not in ELSEWHERE and f.severity in SERIOUS]
    found = [f"{f.check} on {f.page}: {f.message[:80]}" for f in serious]
    said = {(f.check, f.page, f.width) for f in evidence.findings}
    for shot in evidence.visuals.shots:  # a picture that differs is a finding even if no check made one of it
        if not shot.deterministic and ("determinism", shot.page, shot.width) not in said:
            found.append(f"determinism on {shot.page}: two renderings at {shot.width} differ")
        if shot.text_changed and shot.approved and not shot.expected and ("text", shot.page, shot.width) not in said:
            found.append(f"text on {shot.page}: the approved text at {shot.width} changed")
    unique = sorted(set(found))
    reason = f"Found: {listed(unique)}." if found else f"{evidence.visuals.controls} controls tried, no serious finding."
    return Measure(len(found), reason)


part = Gate(evidence="evidence/findings.json", measure=measure)
