"""The picture may differ from its approved baseline in less than 5 % of the pixels, and must have the same size."""

from synergy.core.types import Finding
from visual.checks.base import Check, Judged, Severity

LIMIT = 0.05  #: of all pixels


def judge(judged: Judged) -> list[Finding]:
    shot = judged.shot
    if not shot.diff_ratio:
        return []
    severity: Severity = "info" if shot.expected else "serious" if shot.diff_ratio >= LIMIT else "minor"
    if judged.resized:
        message = f"The size changed from {judged.resized} ({shot.theme})."
    else:
        message = f"{shot.diff_pixels} pixels ({shot.diff_ratio:.2%}) differ from the baseline, {judged.changed} ({shot.theme})."
    if shot.expected:
        message += f" {shot.expected}"
    return [Finding(check="pixels", severity=severity, page=shot.page, width=shot.width, message=message)]


part = Check(picture=judge)
