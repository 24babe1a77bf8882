"""The plan of a project: what a blueprint needs to know, and nothing about how it is built."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, get_args

from pydantic import Field

from synergy.core.value import Value

#: How an application is laid out: a back office, or one of a few kinds of sites.
Layout = Literal["dashboard", "shop", "directory", "content", "tool", "game", "community"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


class Kind(StrEnum):
    """Field kinds that every blueprint can store, validate, show and edit."""

    STRING = "string"
    TEXT = "text"  #: several lines
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"  #: two decimals, ``unit`` is the ISO currency
    PERCENT = "percent"  #: 0..100
    RATING = "rating"  #: integer 1..5
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    ENUM = "enum"  #: one of ``choices``
    REF = "ref"  #: belongs to ``target``; stored as ``<name>_id``


class Choice(Value):
    value: str  #: snake_case identifier
    label: str
    tone: Literal["neutral", "info", "success", "warning", "danger"] = "neutral"


class PlanField(Value):
    """One field of an entity. ``name`` is a safe snake_case identifier in Python, SQL and TypeScript."""

    name: str
    label: str
    kind: Kind
    required: bool = True
    unique: bool = False
    choices: tuple[Choice, ...] = ()
    target: str = ""  #: for REF: the ``name`` of the entity it belongs to
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None  #: characters, for STRING and TEXT
    unit: str = ""  #: "EUR", "kg", "min" ...
    help: str = ""
    assumed: bool = False  #: True when the message did not name it


class Entity(Value):
    """A thing the application keeps. ``seed`` rows hold one value per field name; a REF holds the 1-based row it points to."""

    name: str  #: PascalCase class name, unique, never a reserved or framework name
    slug: str  #: plural kebab-case, the URL segment: ``/api/<slug>``
    table: str  #: plural snake_case, the table and Python module name
    label: str  #: "Order"
    label_plural: str  #: "Orders"
    icon: str = "box"  #: name in the icon set of the UI library
    archetype: str | None = None  #: the domain archetype it was made from
    fields: tuple[PlanField, ...]
    display: str  #: name of the field that titles a row
    subtitle: str | None = None
    status: str | None = None  #: name of the ENUM field that is the row's state
    seed: tuple[dict[str, str | int | float | bool | None], ...] = ()
    assumed: bool = False  #: True when the message did not name it
    #: "": rows are everybody's. "private": an account sees and changes its own rows only. "public": whoever may read the list
    #: sees all rows, but only the account that made a row changes it. A role with ``can_delete`` sees and changes all.
    owned: Literal["", "private", "public"] = ""

    def field(self, name: str) -> PlanField:
        return next(f for f in self.fields if f.name == name)

    @property
    def filterable(self) -> tuple[PlanField, ...]:
        """The fields with an exact filter."""
        return tuple(f for f in self.fields if f.kind in (Kind.ENUM, Kind.BOOLEAN, Kind.REF))


class Role(Value):
    name: str  #: snake_case
    label: str
    can_write: bool = True
    can_delete: bool = False


class PageKind(StrEnum):
    DASHBOARD = "dashboard"
    LIST = "list"
    DETAIL = "detail"
    FORM = "form"  #: create; editing is ``/<slug>/:id/edit``
    EDIT = "edit"
    LOGIN = "login"
    REGISTER = "register"
    ACCOUNT = "account"
    HOME = "home"  #: public start page
    FEATURE = "feature"  #: brought by a capability


class Page(Value):
    slug: str  #: unique: "orders-list"
    path: str  #: route pattern: "/orders/:id"
    sample: str  #: a real address with seed data: "/orders/1"
    title: str
    kind: PageKind
    entity: str | None = None  #: Entity.name
    public: bool = False  #: may be seen without signing in
    use: str | None = None  #: Use.name that brings it


class Use(Value):
    """A capability of the library put to work: on one entity, or on the application as a whole."""

    capability: str  #: name of its folder in ``fixtures/capabilities``
    name: str  #: unique snake_case identifier in Python, SQL and (in camel and Pascal case) TypeScript: "tools_reviews"
    slug: str  #: unique kebab-case, never that of an entity: "tools-reviews"
    entity: str | None = None  #: Entity.name it is put to work on
    parts: dict[str, str] = Field(default_factory=dict)  #: role in the capability → Entity.name: {"option": "PollOption"}
    fields: dict[str, str] = Field(default_factory=dict)  #: role → PlanField.name of ``entity``: {"price": "daily_rate"}
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)  #: what the words of the message chose
    evidence: str = ""  #: the words of the message that asked for it, "" when it was assumed


class Feature(Value):
    """Something a person can do.

    Ids: auth.login auth.register auth.roles account.profile dashboard.stats dashboard.charts design.colors design.theme
    home.page, per entity <entity.slug>.{list,search,filter,sort,paginate,detail,create,edit,delete} and, when its rows belong
    to accounts, <entity.slug>.own, and per use <use.slug>.<id of the capability's feature>.
    """

    id: str
    label: str
    entity: str | None = None
    pages: tuple[str, ...] = ()  #: Page.slug
    use: str | None = None  #: Use.name that brings it
    api: bool = True  #: False: a capability of the browser alone, without an API side


class Endpoint(Value):
    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str  #: "/api/orders/{id}"
    operation: str  #: unique snake_case: "list_orders"
    entity: str | None = None
    auth: bool = True
    paginated: bool = False
    use: str | None = None  #: Use.name that brings it; its shapes are in the capability's folder


class Palette(Value):
    """Colours of one theme, all ``#rrggbb``. Text on its ground keeps at least 4.5:1, borders of controls 3:1.

    ``primary`` is a ground: it is kept as it was asked for, and what is written in it takes a readable shade.
    """

    background: str
    surface: str  #: cards, inputs
    border: str
    text: str
    muted: str  #: secondary text, still AA on background and surface
    primary: str  #: buttons, heroes, marks; never the colour of text
    on_primary: str
    accent: str  #: tinted ground of selected items
    on_accent: str
    danger: str
    on_danger: str
    success: str
    warning: str


class DesignTokens(Value):
    light: Palette
    dark: Palette
    asked: dict[str, str] = Field(default_factory=dict)  #: role → colour named in the message: {"background": "white"}
    adjusted: tuple[str, ...] = ()  #: what was changed to keep the contrast, in words
    chart: tuple[str, ...] = ()  #: series colours, light theme


class ClauseStatus(StrEnum):
    BUILT = "built"
    ASSUMED = "assumed"
    NOT_BUILT = "not_built"
    NOT_MEASURED = "not_measured"  #: a quality or an aim, no function: no gate of the run measures it


class Clause(Value):
    """A row of the requirement ledger. The planner fills ``features``; ``built`` is only granted after the tests ran."""

    id: str  #: "R1"
    text: str  #: the words of the message, or what was decided
    ours: bool = False  #: the planner decided it: the message left it open
    features: tuple[str, ...] = ()  #: Feature.id
    status: ClauseStatus
    reason: str = ""
    files: tuple[str, ...] = ()  #: that build it
    tests: tuple[str, ...] = ()  #: that proved it in this run
    checks: tuple[str, ...] = ()  #: BrowserCheck.id that proved it in this run, in the browser
    gates: tuple[str, ...] = ()  #: that measure it, when it is a quality: it is built when all of them pass


class PlanChange(Value):
    """One line of the difference between two plans."""

    sign: Literal["+", "-", "~", "="]  #: new, gone, changed, as it was
    kind: Literal["thing", "field", "capability", "role", "access", "title", "colour", "page"]
    text: str  #: in words: "Customers: renamed to Clients"

    def __str__(self) -> str:
        return f"{self.sign} {self.text}"


class Revision(Value):
    """A change that was made to a plan: the words that asked for it, and the difference it made."""

    message: str
    changes: tuple[PlanChange, ...]


class Plan(Value):
    name: str  #: "Bakery Orders"
    slug: str  #: "bakery-orders": folder, package and image name
    title: str
    summary: str
    message: str
    restated: str = ""  #: the message as a model put it, where it was planned in these words
    amended: tuple[str, ...] = ()  #: sentences with which a model answered wishes that the planner did not understand
    stack: str  #: slug of the blueprint
    access: Literal["private", "public_read"] = "private"  #: public_read: lists and details without signing in
    entities: tuple[Entity, ...]
    roles: tuple[Role, ...]  #: the first is given to who registers; the last has all rights
    pages: tuple[Page, ...]
    features: tuple[Feature, ...]
    endpoints: tuple[Endpoint, ...]
    tokens: DesignTokens
    layout: Layout = "dashboard"
    layout_reason: str = ""  #: the evidence for it, in a sentence
    clauses: tuple[Clause, ...]
    uses: tuple[Use, ...] = ()
    history: tuple[Revision, ...] = ()  #: every change since the first message, oldest first; the last is this run's
    demo_email: str = "admin@example.com"
    demo_password: str = "demo-pass-2468"  # noqa: S105  # documented seed account of the generated project, changed by env

    def entity(self, name: str) -> Entity:
        return next(e for e in self.entities if e.name == name)

    @property
    def open_clauses(self) -> tuple[Clause, ...]:
        """What was asked for and is not planned; qualities, which gates measure, aside."""
        return tuple(c for c in self.clauses if c.status is ClauseStatus.NOT_BUILT and not c.ours and not c.gates)
