"""The page must be there: right address, an answer, something to read."""

from synergy.core.types import Finding
from visual.checks.base import Check, View
from visual.room import plain


async def look(view: View) -> list[Finding]:
    text = await view.tab.evaluate("__view.text()")
    arrived, wanted = plain(view.tab.path), plain(view.page.sample)
    if view.tab.status == 0 or view.tab.status >= 400:
        why = f"The server answered {view.tab.status}." if view.tab.status else "The server did not answer."
    elif arrived != wanted:
        why = f"It leads to {arrived} instead."
    elif not text:
        why = "Nothing can be read on it."
    elif view.not_found and (await view.tab.evaluate("__view.content()")).replace(arrived, "") == view.not_found:
        why = "It shows what a wrong address shows."
    else:
        why = ""
    found = [view.finding("render", "critical", f"The page does not render: {why}", target=wanted)] if why else []
    if not view.tab.rested:
        found.append(view.finding("render", "serious", "The page never comes to rest.", target=wanted))
    return found


part = Check(view=look)
