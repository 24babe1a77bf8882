"""axe-core with the rules of WCAG 2.1 A and AA. It finds what a machine can find: passing it is not conformance."""

from synergy.core.types import Finding
from visual.axe import SOURCE
from visual.checks.base import Check, Severity, View

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
COLOURS = ["color-contrast", "link-in-text-block"]  #: the rules that look at colours
# All of the page at first; later all rules for elements that are new, and those of colours for elements that changed theirs.
# A run costs much before it looks at the first element: where both are wanted, one with all rules is quicker than two.
# Without preload: false it waits 10 s for media that cannot be loaded.
RUN = """async ([tags, colours]) => {
  const news = __view.news();
  const violations = [];
  const run = async (context, runOnly) => {
    violations.push(...(await axe.run(context, { runOnly, resultTypes: ["violations"], preload: false })).violations);
  };
  const tagged = { type: "tag", values: tags };
  if (news.all) await run(document, tagged);
  else {
    if (news.elements.length) await run({ include: [...news.elements, ...news.colours] }, tagged);
    else if (news.colours.length) await run({ include: news.colours }, { type: "rule", values: colours });
  }
  return violations.map(({ id, impact, help, nodes }) => ({
    id, impact, help, targets: nodes.map((node) => node.target.flat().join(" ")),
  }));
}"""
IMPACTS: dict[str, Severity] = {"minor": "minor", "moderate": "moderate", "serious": "serious", "critical": "critical"}


async def look(view: View) -> list[Finding]:
    violations = await view.tab.evaluate(RUN, [TAGS, COLOURS])
    return [
        view.finding(
            "axe",
            IMPACTS.get(violation["impact"], "serious"),
            f"{violation['help']} ({len(violation['targets'])}×, {view.theme})",
            rule=violation["id"],
            target=", ".join(violation["targets"][:3]),
        )
        for violation in violations
    ]


part = Check(view_scripts=(SOURCE,), view=look)
