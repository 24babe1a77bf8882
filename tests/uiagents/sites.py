"""Plans for sites that everybody may look at, and what the rendered frontend of a plan holds."""

from __future__ import annotations

from synergy.core.stacks import stack
from synergy.core.types import Feature, Page, PageKind, Plan
from tests import factories
from uiagents import react

OPEN = (PageKind.LIST, PageKind.DETAIL, PageKind.DASHBOARD)


def public_site() -> Plan:
    """Customers and orders that everybody may look at, with a start page of its own."""
    plan = factories.plan(access="public_read")
    pages = [p.model_copy(update={"public": p.public or p.kind in OPEN}) for p in plan.pages]
    pages = [
        p.model_copy(update={"path": "/dashboard", "sample": "/dashboard"}) if p.kind is PageKind.DASHBOARD else p for p in pages
    ]
    home = Page(slug="home", path="/", sample="/", title="Home", kind=PageKind.HOME, public=True)
    features = (*plan.features, Feature(id="home.page", label="A start page", pages=("home",)))
    return plan.model_copy(update={"pages": (home, *pages), "features": features})


def mixed_site(closed: str) -> Plan:
    """The same, but one entity and the figures about all are only for who is signed in."""
    plan = public_site()
    pages = [
        p.model_copy(update={"public": p.public and p.entity != closed and p.kind is not PageKind.DASHBOARD}) for p in plan.pages
    ]
    endpoints = [
        e.model_copy(update={"auth": e.auth or e.entity == closed or e.operation == "get_stats"}) for e in plan.endpoints
    ]
    return plan.model_copy(update={"pages": tuple(pages), "endpoints": tuple(endpoints)})


def owned_site() -> Plan:
    """Customers that all share, orders that only those see who made them, and stories that all see and one changes."""
    return factories.owned_plan("", "private", "public")


def rendered(plan: Plan) -> dict[str, str]:
    """The frontend as the templates write it, before it is formatted: path → text."""
    files = react.shell_files(plan, stack(plan.stack).folder / "adapter") | react.scope_files(plan)
    return {path: content.decode() for path, content in files.items()}
