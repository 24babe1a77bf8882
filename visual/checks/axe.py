"""axe-core with the rules of WCAG 2.1 A and AA. It finds what a machine can find: passing it is not conformance."""

from hashlib import sha256

from synergy.core.types import Finding
from visual.axe import SOURCE
from visual.checks.base import Check, Severity, View

OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
    "preload": False,  # else it waits 10 s for media that cannot be loaded
}
RUN = """async (options) => (await axe.run(document, options)).violations.map((v) => ({
  id: v.id, impact: v.impact, help: v.help, targets: v.nodes.map((n) => n.target.flat().join(" ")),
}))"""
IMPACTS: dict[str, Severity] = {"minor": "minor", "moderate": "moderate", "serious": "serious", "critical": "critical"}


async def look(view: View) -> list[Finding]:
    signature = sha256((await view.tab.evaluate("__view.signature()")).encode()).hexdigest()
    if signature in view.seen:
        return []  # the same elements in the same colours: it would say the same again
    view.seen.add(signature)
    return [
        view.finding(
            "axe",
            IMPACTS.get(violation["impact"], "serious"),
            f"{violation['help']} ({len(violation['targets'])}×, {view.theme})",
            rule=violation["id"],
            target=", ".join(violation["targets"][:3]),
        )
        for violation in await view.tab.evaluate(RUN, OPTIONS)
    ]


part = Check(view_scripts=(SOURCE,), view=look)
