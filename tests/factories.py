"""Ready-made values for tests: a small, complete plan and the pieces around it."""

from __future__ import annotations

from synergy.core.types import (
    Choice,
    Clause,
    ClauseStatus,
    DesignTokens,
    Endpoint,
    Entity,
    Feature,
    Kind,
    Page,
    PageKind,
    Palette,
    Plan,
    PlanField,
    Role,
)

ENTITY_ACTIONS = ("list", "search", "filter", "sort", "paginate", "detail", "create", "edit", "delete")


def palettes() -> DesignTokens:
    light = Palette(
        background="#ffffff", surface="#f8fafc", border="#6b7280", text="#111827", muted="#4b5563", primary="#000080",
        on_primary="#ffffff", accent="#e0e7ff", on_accent="#1e1b4b", danger="#b91c1c", on_danger="#ffffff", success="#15803d",
        warning="#92400e",
    )  # fmt: skip
    dark = Palette(
        background="#0b1020", surface="#151b2e", border="#8b95ab", text="#f1f5f9", muted="#b6c0d0", primary="#9db2ff",
        on_primary="#0b1020", accent="#26304f", on_accent="#e0e7ff", danger="#fca5a5", on_danger="#450a0a", success="#86efac",
        warning="#fcd34d",
    )  # fmt: skip
    return DesignTokens(light=light, dark=dark, asked={"background": "white", "components": "navy"}, chart=("#000080", "#0f766e"))


def customer() -> Entity:
    return Entity(
        name="Customer", slug="customers", table="customers", label="Customer", label_plural="Customers", icon="users",
        archetype="customer", display="name", subtitle="email",
        fields=(
            PlanField(name="name", label="Name", kind=Kind.STRING, max_length=120),
            PlanField(name="email", label="E-mail", kind=Kind.EMAIL, unique=True),
            PlanField(name="phone", label="Phone", kind=Kind.PHONE, required=False),
            PlanField(name="newsletter", label="Newsletter", kind=Kind.BOOLEAN),
            PlanField(name="notes", label="Notes", kind=Kind.TEXT, required=False, max_length=2000),
        ),
        seed=tuple(
            {"name": n, "email": f"{n.split()[0].lower()}@example.com", "phone": f"+49 30 555 01{i:02}", "newsletter": i % 2 == 0, "notes": None}
            for i, n in enumerate(("Ada Brandt", "Ben Castillo", "Chloe Dubois", "Daniel Eriksen", "Elif Fischer"), start=1)
        ),
    )  # fmt: skip


def order() -> Entity:
    states = (
        Choice(value="new", label="New", tone="info"),
        Choice(value="baking", label="Baking", tone="warning"),
        Choice(value="delivered", label="Delivered", tone="success"),
    )
    return Entity(
        name="Order", slug="orders", table="orders", label="Order", label_plural="Orders", icon="shopping-bag", archetype="order",
        display="title", subtitle="due_on", status="status",
        fields=(
            PlanField(name="title", label="Title", kind=Kind.STRING, max_length=120),
            PlanField(name="customer", label="Customer", kind=Kind.REF, target="Customer"),
            PlanField(name="status", label="Status", kind=Kind.ENUM, choices=states),
            PlanField(name="due_on", label="Due on", kind=Kind.DATE),
            PlanField(name="total", label="Total", kind=Kind.MONEY, unit="EUR", minimum=0),
            PlanField(name="pieces", label="Pieces", kind=Kind.INTEGER, minimum=1, maximum=500),
        ),
        seed=tuple(
            {"title": t, "customer": i % 5 + 1, "status": states[i % 3].value, "due_on": f"2026-03-{i + 3:02}", "total": 18.5 + 7.25 * i,
             "pieces": 4 * (i + 1)}
            for i, t in enumerate(("Wedding cake", "Sourdough for the week", "Croissants", "Birthday tart", "Rye loaves", "Rolls"))
        ),
    )  # fmt: skip


def plan(*entities: Entity, access: str = "private") -> Plan:
    """A bakery with the given entities (customers and orders unless told)."""
    entities = entities or (customer(), order())
    return Plan(
        name="Bakery Orders", slug="bakery-orders", title="Bakery Orders", summary="Orders and customers of a bakery.",
        message="Track orders and customers for a bakery; white background, navy buttons", stack="fastapi-react", access=access,
        entities=entities, roles=(Role(name="member", label="Member"), Role(name="admin", label="Administrator", can_delete=True)),
        pages=(*base_pages(), *(p for e in entities for p in entity_pages(e))),
        features=(*base_features(), *(f for e in entities for f in entity_features(e))),
        endpoints=(*base_endpoints(), *(p for e in entities for p in entity_endpoints(e))),
        tokens=palettes(),
        clauses=(
            Clause(id="R1", text="Track orders and customers", features=tuple(f"{e.slug}.{a}" for e in entities for a in ("list", "create")),
                   status=ClauseStatus.ASSUMED),
            Clause(id="R2", text="white background, navy buttons", features=("design.colors",), status=ClauseStatus.ASSUMED),
            Clause(id="R3", text="send a fax", status=ClauseStatus.NOT_BUILT, reason="Synergy has nothing that sends a fax."),
        ),
    )  # fmt: skip


def base_pages() -> tuple[Page, ...]:
    return (
        Page(slug="login", path="/login", sample="/login", title="Sign in", kind=PageKind.LOGIN, public=True),
        Page(slug="register", path="/register", sample="/register", title="Create account", kind=PageKind.REGISTER, public=True),
        Page(slug="dashboard", path="/", sample="/", title="Dashboard", kind=PageKind.DASHBOARD),
        Page(slug="account", path="/account", sample="/account", title="Account", kind=PageKind.ACCOUNT),
    )


def entity_pages(e: Entity) -> tuple[Page, ...]:
    root = f"/{e.slug}"
    return (
        Page(slug=f"{e.slug}-list", path=root, sample=root, title=e.label_plural, kind=PageKind.LIST, entity=e.name),
        Page(slug=f"{e.slug}-new", path=f"{root}/new", sample=f"{root}/new", title=f"New {e.label.lower()}", kind=PageKind.FORM, entity=e.name),
        Page(slug=f"{e.slug}-detail", path=f"{root}/:id", sample=f"{root}/1", title=e.label, kind=PageKind.DETAIL, entity=e.name),
        Page(slug=f"{e.slug}-edit", path=f"{root}/:id/edit", sample=f"{root}/1/edit", title=f"Edit {e.label.lower()}", kind=PageKind.EDIT,
             entity=e.name),
    )  # fmt: skip


def base_features() -> tuple[Feature, ...]:
    ids = {
        "auth.login": "Sign in", "auth.register": "Create an account", "auth.roles": "Roles", "account.profile": "Change your profile",
        "dashboard.stats": "Figures at a glance", "dashboard.charts": "Charts", "design.colors": "Colours", "design.theme": "Light and dark",
    }  # fmt: skip
    return tuple(Feature(id=i, label=label) for i, label in ids.items())


def entity_features(e: Entity) -> tuple[Feature, ...]:
    return tuple(
        Feature(id=f"{e.slug}.{a}", label=f"{a.capitalize()} {e.label_plural.lower()}", entity=e.name, pages=(f"{e.slug}-list",))
        for a in ENTITY_ACTIONS
    )


def base_endpoints() -> tuple[Endpoint, ...]:
    return (
        Endpoint(method="POST", path="/api/auth/register", operation="register", auth=False),
        Endpoint(method="POST", path="/api/auth/login", operation="login", auth=False),
        Endpoint(method="POST", path="/api/auth/logout", operation="logout"),
        Endpoint(method="GET", path="/api/auth/me", operation="get_me"),
        Endpoint(method="PATCH", path="/api/auth/me", operation="update_me"),
        Endpoint(method="GET", path="/api/stats", operation="get_stats"),
    )


def entity_endpoints(e: Entity, *, public_read: bool = False) -> tuple[Endpoint, ...]:
    one = e.name.lower()
    root = f"/api/{e.slug}"
    return (
        Endpoint(method="GET", path=root, operation=f"list_{e.table}", entity=e.name, paginated=True, auth=not public_read),
        Endpoint(method="POST", path=root, operation=f"create_{one}", entity=e.name),
        Endpoint(method="GET", path=f"{root}/{{id}}", operation=f"get_{one}", entity=e.name, auth=not public_read),
        Endpoint(method="PATCH", path=f"{root}/{{id}}", operation=f"update_{one}", entity=e.name),
        Endpoint(method="DELETE", path=f"{root}/{{id}}", operation=f"delete_{one}", entity=e.name),
    )
