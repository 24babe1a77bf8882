"""Pages, features and endpoints of a plan: what every entity gets, and what every application has."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from inference.planning.names import snake_of
from synergy.core.capabilities import inner as inner
from synergy.core.types import Endpoint, Entity, Feature, Page, PageKind

Access = Literal["private", "public_read"]
#: Action → (label, kind of the page where it is done). An entity without anything to filter by has no "filter".
ACTIONS = {
    "list": ("See {many}", "list"),
    "search": ("Search {many}", "list"),
    "filter": ("Filter {many}", "list"),
    "sort": ("Sort {many}", "list"),
    "paginate": ("Page through {many}", "list"),
    "detail": ("See one {one}", "detail"),
    "create": ("Add a {one}", "new"),
    "edit": ("Change a {one}", "edit"),
    "delete": ("Delete a {one}", "detail"),
}
#: The feature "own" of entities whose rows belong to accounts.
OWNED = {"private": ("See and change only your own {many}", "list"), "public": ("Change only your own {many}", "detail")}
BASE = (
    ("auth.login", "Sign in", ("login",)),
    ("auth.register", "Create an account", ("register",)),
    ("auth.roles", "Roles with different rights", ()),
    ("account.profile", "Change your own profile", ("account",)),
    ("dashboard.stats", "Figures at a glance", ("dashboard",)),
    ("dashboard.charts", "Charts", ("dashboard",)),
    ("design.colors", "Colours", ()),
    ("design.theme", "Light and dark", ()),
)


def pages(entities: Iterable[Entity], access: Access, title: str, closed: Collection[str] = ()) -> tuple[Page, ...]:
    """``closed``: names of entities that visitors do not see although the site is public; nor do they see figures about all."""
    own = (page for e in entities for page in entity_pages(e, public=access == "public_read" and e.name not in closed))
    return (*base_pages(access, title, figures=not closed), *own)


def features(entities: Iterable[Entity], access: Access) -> tuple[Feature, ...]:
    return (*base_features(access), *(feature for e in entities for feature in entity_features(e)))


def endpoints(entities: Iterable[Entity], access: Access, closed: Collection[str] = ()) -> tuple[Endpoint, ...]:
    own = (point for e in entities for point in entity_endpoints(e, public=access == "public_read" and e.name not in closed))
    return (*base_endpoints(public=access == "public_read" and not closed), *own)


def base_pages(access: Access, title: str = "Home", *, figures: bool = True) -> tuple[Page, ...]:
    """Sign in, register, dashboard, account; a site that everybody may read begins with a home page.

    ``figures``: whether visitors of such a site may see its dashboard.
    """
    public = access == "public_read"
    where = "/dashboard" if public else "/"
    found = [
        Page(slug="login", path="/login", sample="/login", title="Sign in", kind=PageKind.LOGIN, public=True),
        Page(slug="register", path="/register", sample="/register", title="Create account", kind=PageKind.REGISTER, public=True),
        Page(slug="dashboard", path=where, sample=where, title="Dashboard", kind=PageKind.DASHBOARD, public=public and figures),
        Page(slug="account", path="/account", sample="/account", title="Account", kind=PageKind.ACCOUNT),
    ]
    if public:
        found.insert(0, Page(slug="home", path="/", sample="/", title=title, kind=PageKind.HOME, public=True))
    return tuple(found)


def entity_pages(e: Entity, *, public: bool) -> tuple[Page, ...]:
    root, one = f"/{e.slug}", inner(e.label)
    return (
        Page(
            slug=f"{e.slug}-list", path=root, sample=root, title=e.label_plural, kind=PageKind.LIST, entity=e.name, public=public
        ),
        Page(
            slug=f"{e.slug}-new", path=f"{root}/new", sample=f"{root}/new", title=f"New {one}", kind=PageKind.FORM, entity=e.name
        ),
        Page(
            slug=f"{e.slug}-detail",
            path=f"{root}/:id",
            sample=f"{root}/1",
            title=e.label,
            kind=PageKind.DETAIL,
            entity=e.name,
            public=public,
        ),
        Page(
            slug=f"{e.slug}-edit",
            path=f"{root}/:id/edit",
            sample=f"{root}/1/edit",
            title=f"Edit {one}",
            kind=PageKind.EDIT,
            entity=e.name,
        ),
    )


def base_features(access: Access) -> tuple[Feature, ...]:
    home = (Feature(id="home.page", label="A start page for visitors", pages=("home",)),) if access == "public_read" else ()
    return (*(Feature(id=id_, label=label, pages=where) for id_, label, where in BASE), *home)


def entity_features(e: Entity) -> tuple[Feature, ...]:
    actions = ACTIONS | ({"own": OWNED[e.owned]} if e.owned else {})
    return tuple(
        Feature(
            id=f"{e.slug}.{action}",
            label=label.format(one=inner(e.label), many=inner(e.label_plural)),
            entity=e.name,
            pages=(f"{e.slug}-{page}",),
        )
        for action, (label, page) in actions.items()
        if action != "filter" or e.filterable
    )


def base_endpoints(*, public: bool) -> tuple[Endpoint, ...]:
    return (
        Endpoint(method="POST", path="/api/auth/register", operation="register", auth=False),
        Endpoint(method="POST", path="/api/auth/login", operation="login", auth=False),
        Endpoint(method="POST", path="/api/auth/logout", operation="logout"),
        Endpoint(method="GET", path="/api/auth/me", operation="get_me"),
        Endpoint(method="PATCH", path="/api/auth/me", operation="update_me"),
        Endpoint(method="GET", path="/api/stats", operation="get_stats", auth=not public),
    )


def entity_endpoints(e: Entity, *, public: bool) -> tuple[Endpoint, ...]:
    one, root, auth = snake_of(e.name), f"/api/{e.slug}", not public
    return (
        Endpoint(method="GET", path=root, operation=f"list_{e.table}", entity=e.name, paginated=True, auth=auth),
        Endpoint(method="POST", path=root, operation=f"create_{one}", entity=e.name),
        Endpoint(method="GET", path=f"{root}/{{id}}", operation=f"get_{one}", entity=e.name, auth=auth),
        Endpoint(method="PATCH", path=f"{root}/{{id}}", operation=f"update_{one}", entity=e.name),
        Endpoint(method="DELETE", path=f"{root}/{{id}}", operation=f"delete_{one}", entity=e.name),
    )
