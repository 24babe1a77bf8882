"""Changed words are a change, however few pixels they have."""

from synergy.core.types import Finding
from visual.checks.base import Check, Judged


def judge(judged: Judged) -> list[Finding]:
    shot = judged.shot
    if not shot.text_changed or shot.expected or shot.theme != "light":  # the words do not depend on the theme
        return []
    message = "The visible text is not that of the approved baseline."
    return [Finding(check="text", severity="serious", page=shot.page, width=shot.width, message=message)]


part = Check(picture=judge)
