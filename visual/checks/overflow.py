"""Nothing may reach beyond the right edge, so that nobody has to scroll sideways."""

from synergy.core.types import Finding
from visual.checks.base import Check, View


async def look(view: View) -> list[Finding]:
    measured = await view.tab.evaluate("__view.overflow()")
    if measured["beyond"] <= 0:
        return []
    message = f"The page is {measured['beyond']} pixels wider than the window."
    return [view.finding("overflow", "serious", message, target=", ".join(measured["culprits"]))]


part = Check(view=look)
