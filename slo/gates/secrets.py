"""Strings in the project that look like secrets. The documented demo account is none."""

from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure, listed
from synergy.core.secrets import find_secrets


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    allowed = (evidence.plan.demo_password,)
    found = [
        f"{secret.kind} in {path}:{secret.line}"
        for path, sha in evidence.files.items()
        for secret in find_secrets(evidence.read(sha).decode(errors="replace"), allowed)
    ]
    return Measure(len(found), f"Found: {listed(found)}." if found else f"{len(evidence.files)} files were searched.")


part = Gate(evidence="evidence/verdict.json", measure=measure)
