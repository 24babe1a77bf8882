"""Nothing may reach beyond the right edge, so that nobody has to scroll sideways, nor be squeezed until its words break."""

from synergy.core.types import Finding
from visual.checks.base import Check, View


async def look(view: View) -> list[Finding]:
    measured, squeezed = await view.tab.evaluate("[__view.overflow(), __view.squeezed()]")
    found = []
    if measured["beyond"] > 0:
        message = f"The page is {measured['beyond']} pixels wider than the window."
        found.append(view.finding("overflow", "serious", message, rule="page-width", target=", ".join(measured["culprits"])))
    if squeezed:
        message = "Words are broken into letters because there is no room for them."
        found.append(view.finding("overflow", "serious", message, rule="broken-words", target=", ".join(squeezed)))
    return found


part = Check(view=look)
