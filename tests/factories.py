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
        endpoints=(
            *base_endpoints(public_read=access == "public_read"),
            *(p for e in entities for p in entity_endpoints(e, public_read=access == "public_read")),
        ),
        tokens=palettes(),
        clauses=(
            Clause(id="R1", text="Track orders and customers", features=tuple(f"{e.slug}.{a}" for e in entities for a in ("list", "create")),
                   status=ClauseStatus.ASSUMED),
            Clause(id="R2", text="white background, navy buttons", features=("design.colors",), status=ClauseStatus.ASSUMED),
            Clause(id="R3", text="send a fax", status=ClauseStatus.NOT_BUILT, reason="Synergy has nothing that sends a fax."),
        ),
    )  # fmt: skip


NASTY = "</script><b onclick='x'>\"Größe\" & ${x} {{y}} «z» [% w %] \\ 🎂 日本 `code` $(id); --"
LONG = "a_field_with_quite_a_long_name_that_still_is_an_identifier"


def everything() -> Entity:
    """One field of every kind, required and optional, with labels that nobody should trust."""
    extra = {
        Kind.STRING: {"max_length": 1, "unique": True}, Kind.TEXT: {"max_length": 10}, Kind.INTEGER: {"minimum": -3, "maximum": 1},
        Kind.DECIMAL: {"minimum": -0.5, "unit": "m²"}, Kind.MONEY: {"unit": "EUR", "maximum": 10}, Kind.PERCENT: {"minimum": 5},
        Kind.ENUM: {"choices": (Choice(value="only", label=NASTY), )}, Kind.REF: {"target": "Lonely"}, Kind.DATE: {"unique": True},
    }  # fmt: skip
    fields = [PlanField(name=f"own_{k.value}", label=f"{NASTY} {k.value}", kind=k, help=NASTY, **extra.get(k, {})) for k in Kind]
    choices = tuple(Choice(value=v, label=f"{v} {NASTY}") for v in ("one", "two", "three"))
    extra = {
        Kind.ENUM: {"choices": choices},
        Kind.REF: {"target": "Lonely"},
        Kind.EMAIL: {"unique": True},
        Kind.MONEY: {"unit": NASTY},
    }
    fields += [PlanField(name=f"any_{k.value}", label="Any", kind=k, required=False, **extra.get(k, {})) for k in Kind]
    return Entity(
        name="Everything", slug="everything-and-more", table="everything_and_more", label=NASTY, label_plural=f"{NASTY}s",
        display="own_string", status="own_enum", fields=tuple(fields),
    )  # fmt: skip


def lonely() -> Entity:
    """Nothing is required, and nothing is a text."""
    return Entity(
        name="Lonely", slug="lonely", table="lonely", label="Lonely", label_plural="Lonely ones", display="weight",
        fields=(
            PlanField(name="weight", label="Weight", kind=Kind.DECIMAL, required=False),
            PlanField(name="parent", label="Parent", kind=Kind.REF, target="Lonely", required=False),
            PlanField(name="at", label="At", kind=Kind.DATETIME, required=False),
        ),
        seed=({"weight": 1.5, "parent": 2, "at": "2026-01-02T03:04:05Z"}, {"weight": None, "parent": None, "at": None}),
    )  # fmt: skip


def pair(name: str, other: str) -> Entity:
    """Two of these refer to each other; each is titled by what it refers to."""
    return Entity(
        name=name, slug=f"{name.lower()}s", table=f"{name.lower()}s", label=name, label_plural=f"{name}s", display=f"my_{other.lower()}",
        fields=(
            PlanField(name=f"my_{other.lower()}", label=other, kind=Kind.REF, target=other, required=False),
            PlanField(name="badge", label="Badge", kind=Kind.REF, target="Lonely", unique=True),
            PlanField(name=LONG, label=LONG, kind=Kind.BOOLEAN),
        ),
        seed=tuple({f"my_{other.lower()}": 2 - i, "badge": i + 1, LONG: True} for i in range(2)),
    )  # fmt: skip


def only_refs() -> Entity:
    """A bare link between others, like a membership."""
    return Entity(
        name="Link", slug="links", table="links", label="Link", label_plural="Links", display="customer",
        fields=(
            PlanField(name="customer", label="Customer", kind=Kind.REF, target="Customer"),
            PlanField(name="seller", label="Seller", kind=Kind.REF, target="Customer", required=False),
            PlanField(name="link", label="Link", kind=Kind.REF, target="Link", required=False),
        ),
    )  # fmt: skip


def extreme_plan(access: str = "private") -> Plan:
    """Everything a plan may hold that is likely to break a template."""
    entities = (everything(), only_refs(), pair("Left", "Right"), pair("Right", "Left"), lonely(), customer())
    roles = (
        Role(name="viewer", label=NASTY, can_write=False),
        Role(name="editor", label="Editor"),
        Role(name="chief", label="Chief", can_delete=True),
    )
    made = plan(*entities, access=access)
    clauses = tuple(c.model_copy(update={"text": f"{c.text} {NASTY}", "reason": NASTY}) for c in made.clauses)
    return made.model_copy(
        update={
            "name": NASTY,
            "title": NASTY,
            "summary": f"{NASTY}\nsecond line",
            "message": NASTY,
            "roles": roles,
            "clauses": clauses,
        }
    )


def owned_plan(*owned: str, access: str = "private") -> Plan:
    """Customers, orders that refer to them, and stories, whose rows belong to accounts as ``owned`` says in this order."""
    told = PlanField(name="text", label="Text", kind=Kind.TEXT, required=False, max_length=2000)
    title = PlanField(name="title", label="Title", kind=Kind.STRING, max_length=120)
    story = Entity(
        name="Story", slug="stories", table="stories", label="Story", label_plural="Stories", display="title", fields=(title, told),
        seed=tuple({"title": name, "text": None} for name in ("The first loaf", "Flour", "Salt", "A long night")),
    )  # fmt: skip
    entities = (customer(), order(), story)
    return plan(*(e.model_copy(update={"owned": how}) for e, how in zip(entities, owned, strict=True)), access=access)


def large_plan(count: int = 40) -> Plan:
    """As many entities as a message may name, each referring to the one before."""
    first = customer()
    made = [first]
    for number in range(2, count + 1):
        ref = PlanField(name="previous", label="Previous", kind=Kind.REF, target=made[-1].name)
        changes = {
            "name": f"Customer{number}",
            "slug": f"customers-{number}",
            "table": f"customers_{number}",
            "label": f"Customer {number}",
        }
        seed = tuple(row | {"previous": i} for i, row in enumerate(first.seed, start=1))
        made.append(first.model_copy(update=changes | {"fields": (*first.fields, ref), "seed": seed}))
    return plan(*made)


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
        for a in (*ENTITY_ACTIONS, *(("own",) if e.owned else ()))
        if a != "filter" or e.filterable
    )


def base_endpoints(*, public_read: bool = False) -> tuple[Endpoint, ...]:
    return (
        Endpoint(method="POST", path="/api/auth/register", operation="register", auth=False),
        Endpoint(method="POST", path="/api/auth/login", operation="login", auth=False),
        Endpoint(method="POST", path="/api/auth/logout", operation="logout"),
        Endpoint(method="GET", path="/api/auth/me", operation="get_me"),
        Endpoint(method="PATCH", path="/api/auth/me", operation="update_me"),
        Endpoint(method="GET", path="/api/stats", operation="get_stats", auth=not public_read),
    )


def entity_endpoints(e: Entity, *, public_read: bool = False) -> tuple[Endpoint, ...]:
    one = e.name.lower()
    root = f"/api/{e.slug}"
    public_read = public_read and e.owned != "private"
    return (
        Endpoint(method="GET", path=root, operation=f"list_{e.table}", entity=e.name, paginated=True, auth=not public_read),
        Endpoint(method="POST", path=root, operation=f"create_{one}", entity=e.name),
        Endpoint(method="GET", path=f"{root}/{{id}}", operation=f"get_{one}", entity=e.name, auth=not public_read),
        Endpoint(method="PATCH", path=f"{root}/{{id}}", operation=f"update_{one}", entity=e.name),
        Endpoint(method="DELETE", path=f"{root}/{{id}}", operation=f"delete_{one}", entity=e.name),
    )
