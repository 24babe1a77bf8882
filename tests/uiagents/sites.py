"""Plans for sites that everybody may look at, and what the rendered frontend of a plan holds."""

from __future__ import annotations

from synergy.core.stacks import stack
from synergy.core.types import Choice, Entity, Feature, Kind, Page, PageKind, Plan, PlanField
from tests import factories
from uiagents import react

OPEN = (PageKind.LIST, PageKind.DETAIL, PageKind.DASHBOARD)


def public_site() -> Plan:
    """Customers and orders that everybody may look at, with a start page of its own."""
    return _opened(factories.plan(access="public_read"))


def _opened(plan: Plan) -> Plan:
    pages = [p.model_copy(update={"public": p.public or p.kind in OPEN}) for p in plan.pages]
    pages = [
        p.model_copy(update={"path": "/dashboard", "sample": "/dashboard"}) if p.kind is PageKind.DASHBOARD else p for p in pages
    ]
    home = Page(slug="home", path="/", sample="/", title="Home", kind=PageKind.HOME, public=True)
    features = (*plan.features, Feature(id="home.page", label="A start page", pages=("home",)))
    return plan.model_copy(update={"pages": (home, *pages), "features": features})


def entity(name: str, *fields: tuple[str, Kind], display: str = "") -> Entity:
    """An entity with these fields (name, kind); references are to customers."""
    made = tuple(
        PlanField(name=field, label=field.replace("_", " ").capitalize(), kind=kind, target="Customer" if kind is Kind.REF else "",
                  choices=(Choice(value="a", label="A"),) if kind is Kind.ENUM else (), unit="EUR" if kind is Kind.MONEY else "")
        for field, kind in fields
    )  # fmt: skip
    slug = f"{name.lower()}s"
    return Entity(
        name=name, slug=slug, table=slug, label=name, label_plural=f"{name}s", fields=made, display=display or made[0].name
    )


TEXT = ("description", Kind.TEXT)
GOODS = entity("Vase", ("name", Kind.STRING), ("maker", Kind.REF), ("price", Kind.MONEY), TEXT)
ESSAY = entity("Essay", ("title", Kind.STRING), ("writer", Kind.STRING), ("posted_on", Kind.DATE), ("text", Kind.TEXT))
REMARK = entity("Opinion", ("title", Kind.STRING), ("about", Kind.REF), ("stars", Kind.RATING), ("text", Kind.TEXT))
REPLY = entity("Reply", ("author", Kind.STRING), ("about", Kind.REF), ("text", Kind.TEXT))
WHALE = entity("Whale", ("name", Kind.STRING), ("length", Kind.DECIMAL), TEXT)
GENRE = entity("Genre", ("name", Kind.STRING), TEXT)
CLAIM = entity("Claim", ("number", Kind.STRING), ("person", Kind.REF), ("amount", Kind.MONEY), ("notes", Kind.TEXT))
PRIZE = entity("Prize", ("name", Kind.STRING), ("value", Kind.MONEY), ("left", Kind.INTEGER))
SCORE = entity("Result", ("player", Kind.STRING), ("points", Kind.INTEGER), ("played_on", Kind.DATE))
LOOKS = (GOODS, ESSAY, REMARK, REPLY, WHALE, GENRE, CLAIM, SCORE)


def laid_out(layout: str, *entities: Entity) -> Plan:
    """A public site with customers and these entities (one of every look unless told), with a start page."""
    return _opened(factories.plan(factories.customer(), *(entities or LOOKS), access="public_read")).model_copy(
        update={"layout": layout}
    )


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
