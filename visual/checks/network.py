"""Requests that fail while a page is drawn. Asking who is signed in may be answered by "nobody"."""

from synergy.core.types import Finding
from visual.checks.base import Check, View


async def look(view: View) -> list[Finding]:
    failures = dict.fromkeys(view.tab.events.take_failures())
    return [
        view.finding(
            "network", "serious", f"{failure.method} {failure.url}: {failure.status or failure.reason}", target=failure.url
        )
        for failure in failures
        if not (view.page.public and failure.status in (401, 403) and failure.method == "GET")
    ]


part = Check(view=look)
