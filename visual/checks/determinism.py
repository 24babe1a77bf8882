"""Two pictures of the same page must be equal, else no comparison with a baseline means anything."""

from synergy.core.types import Finding
from visual.checks.base import Check, Judged


def judge(judged: Judged) -> list[Finding]:
    shot = judged.shot
    if shot.deterministic:
        return []
    message = f"Two pictures of the same page differ: {judged.unstable}."
    return [Finding(check="determinism", severity="serious", page=shot.page, width=shot.width, message=message)]


part = Check(picture=judge)
