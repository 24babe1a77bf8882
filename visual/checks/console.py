"""Errors that scripts throw or write to the console."""

from synergy.core.types import Finding
from visual.checks.base import Check, View

LENGTH = 300  #: characters of an error that are kept


async def look(view: View) -> list[Finding]:
    errors = dict.fromkeys(view.tab.events.take_console())
    return [view.finding("console", "serious", error[:LENGTH]) for error in errors]


part = Check(view=look)
