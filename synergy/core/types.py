"""The values that flow through a run: frozen, validated, without any framework.

message → StackChoice → Plan → ChangeSet (x3) → UiSpec → VisualReport → Resolution → TestReport → Verdict → Delivery

Every value is JSON: ``value.model_dump_json()`` is what the ledger records and ``Type.model_validate_json`` reads back.
File contents never travel inside a value; they live in the artifact store under their SHA-256.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Value(BaseModel):
    """Base of all values: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- message and stack -----------------------------------------------------------------------------------------------


class Message(Value):
    """What the person asked for. ``text`` is cleaned (NFC, no control characters) and never empty."""

    text: str
    stack: str | None = None  #: slug chosen by hand (``--stack``), else inferred


class StackCandidate(Value):
    slug: str
    score: float  #: similarity in [-1, 1]: 0.5 * best + 0.5 * mean of the best three exemplars
    confidence: float  #: calibrated probability that this stack is acceptable, in [0, 1]
    nearest: str = ""  #: the exemplar that was nearest to the message


class StackChoice(Value):
    """Which stack the message asks for, and which one the run is built with."""

    inferred: str | None  #: None when nothing is acceptable
    confidence: float  #: calibrated P(inferred is acceptable); 1.0 when chosen by hand
    abstained: bool  #: True below the threshold: the inferred stack was not taken
    by_hand: bool = False
    built_with: str | None  #: the stack whose blueprint is used; None = the run stops
    reason: str  #: why this stack, in words for a person
    candidates: tuple[StackCandidate, ...] = ()  #: best first; the second is the runner-up


# --- plan ------------------------------------------------------------------------------------------------------------


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

    def field(self, name: str) -> PlanField:
        return next(f for f in self.fields if f.name == name)


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


class Page(Value):
    slug: str  #: unique: "orders-list"
    path: str  #: route pattern: "/orders/:id"
    sample: str  #: a real address with seed data: "/orders/1"
    title: str
    kind: PageKind
    entity: str | None = None  #: Entity.name
    public: bool = False  #: may be seen without signing in


class Feature(Value):
    """Something a person can do.

    Ids: auth.login auth.register auth.roles account.profile dashboard.stats dashboard.charts design.colors design.theme
    home.page, and per entity <entity.slug>.{list,search,filter,sort,paginate,detail,create,edit,delete}.
    """

    id: str
    label: str
    entity: str | None = None
    pages: tuple[str, ...] = ()  #: Page.slug


class Endpoint(Value):
    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str  #: "/api/orders/{id}"
    operation: str  #: unique snake_case: "list_orders"
    entity: str | None = None
    auth: bool = True
    paginated: bool = False


class Palette(Value):
    """Colours of one theme, all ``#rrggbb``. Text on its ground keeps at least 4.5:1, borders of controls 3:1."""

    background: str
    surface: str  #: cards, inputs
    border: str
    text: str
    muted: str  #: secondary text, still AA on background and surface
    primary: str  #: buttons, links, active navigation
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


class Clause(Value):
    """A row of the requirement ledger. The planner fills ``features``; ``built`` is only granted after the tests ran."""

    id: str  #: "R1"
    text: str  #: the words of the message, or what was assumed
    features: tuple[str, ...] = ()  #: Feature.id
    status: ClauseStatus
    reason: str = ""
    files: tuple[str, ...] = ()  #: that build it
    tests: tuple[str, ...] = ()  #: that proved it in this run


class Plan(Value):
    name: str  #: "Bakery Orders"
    slug: str  #: "bakery-orders": folder, package and image name
    title: str
    summary: str
    message: str
    stack: str  #: slug of the blueprint
    access: Literal["private", "public_read"] = "private"  #: public_read: lists and details without signing in
    entities: tuple[Entity, ...]
    roles: tuple[Role, ...]  #: the first is given to who registers; the last has all rights
    pages: tuple[Page, ...]
    features: tuple[Feature, ...]
    endpoints: tuple[Endpoint, ...]
    tokens: DesignTokens
    clauses: tuple[Clause, ...]
    demo_email: str = "admin@example.com"
    demo_password: str = "demo-pass-2468"  # noqa: S105  # documented seed account of the generated project, changed by env

    def entity(self, name: str) -> Entity:
        return next(e for e in self.entities if e.name == name)


# --- agents ----------------------------------------------------------------------------------------------------------


class Proof(Value):
    """Which files build a feature and which test cases prove it. Tests are ``<path>::<name>`` as TestCase.id prints them."""

    feature: str
    files: tuple[str, ...]
    tests: tuple[str, ...]


class CommandRun(Value):
    """One command that was really run, in the sandbox."""

    name: str  #: "backend tests"
    argv: tuple[str, ...]
    returncode: int
    seconds: float
    output: str = ""  #: artifact hash of the log
    inputs: str = ""  #: tree hash of the files it read: same hash, same evidence
    outputs: dict[str, str] = Field(default_factory=dict)  #: "junit", "coverage" … → artifact hash of the file it wrote
    killed: str | None = None  #: timeout, memory, output, cancelled
    peak_mb: int = 0


class ChangeSet(Value):
    """Files an agent wrote: path (relative, POSIX) → SHA-256 in the artifact store."""

    agent: str
    files: dict[str, str]
    removed: tuple[str, ...] = ()
    executable: tuple[str, ...] = ()  #: paths with the x bit
    proofs: tuple[Proof, ...] = ()
    checks: tuple[CommandRun, ...] = ()  #: the self-test
    usage: Usage = Field(default_factory=lambda: Usage())


class Usage(Value):
    """What a step spent with a model provider. Blueprint work spends nothing."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0


class Prop(Value):
    name: str
    type: str  #: TypeScript type


class UiComponent(Value):
    name: str  #: PascalCase
    scope: str
    path: str
    test: str  #: path of its component test
    purpose: str
    props: tuple[Prop, ...] = ()
    states: tuple[str, ...] = ()  #: "loading", "empty", "error", "ready"
    data: tuple[str, ...] = ()  #: Endpoint.operation it needs
    constraints: tuple[str, ...] = ()


class UiSpec(Value):
    """The 6-8 components of every scope, and the files that hold them."""

    scopes: tuple[str, ...]
    components: tuple[UiComponent, ...]
    changes: ChangeSet


# --- visuals ---------------------------------------------------------------------------------------------------------


class Finding(Value):
    check: str  #: axe, overflow, console, network, controls, pixels, text, determinism
    severity: Literal["info", "minor", "moderate", "serious", "critical"]
    page: str  #: Page.slug
    width: int | None = None
    rule: str = ""
    message: str
    target: str = ""  #: CSS selector or address


class Shot(Value):
    page: str
    width: int
    height: int
    theme: Literal["light", "dark"] = "light"
    image: str  #: artifact hash of the PNG
    text: str  #: hash of the visible text
    baseline: str | None = None  #: artifact hash, None on a first run
    diff: str | None = None  #: artifact hash of the diff image
    diff_pixels: int = 0
    diff_ratio: float | None = None  #: of all pixels, in [0, 1]; None when there was no baseline
    text_changed: bool = False
    approved: bool = False  #: the baseline it was compared with had been approved
    deterministic: bool = True


class ObservedCall(Value):
    """A request the page really made."""

    method: str
    path: str  #: "/api/orders/1"
    query: tuple[str, ...] = ()
    status: int
    request: dict[str, str] = Field(default_factory=dict)  #: field → JSON type of the body sent
    response: dict[str, str] = Field(default_factory=dict)  #: field → JSON type of the answer; nested: "items[].name"
    page: str = ""


class VisualReport(Value):
    browser: str  #: name and version
    fonts: str  #: hash of the font list
    axe: str  #: version of axe-core
    pages: int
    widths: tuple[int, ...]
    shots: tuple[Shot, ...]
    findings: tuple[Finding, ...]
    controls: int  #: links, buttons and forms that were tried
    calls: tuple[ObservedCall, ...]
    checks: tuple[CommandRun, ...] = ()  #: build, serve
    seconds: float
    project_hash: str  #: of the files that were rendered


# --- conflicts -------------------------------------------------------------------------------------------------------


class Operation(Value):
    """One side's idea of one endpoint, normalised: path parameters are ``{}``, names snake_case."""

    method: str
    path: str
    auth: bool | None = None  #: None = this side does not say
    request: dict[str, str] | None = None  #: field → type; nested fields are ``items[].name``; None = this side does not say
    required: tuple[str, ...] = ()  #: fields of the request that may not be left out
    response: dict[str, str] | None = None
    query: tuple[str, ...] | None = None  #: names of query parameters
    pagination: str | None = None  #: page, cursor, list; None = a single thing
    source: str = ""  #: declared, served, static, observed


class Conflict(Value):
    kind: Literal["missing_endpoint", "method", "path", "field", "type", "auth", "pagination", "similarity"]
    method: str
    path: str
    detail: str
    sides: tuple[str, str]  #: e.g. ("declared", "static")
    similarity: float  #: before mediation, in [0, 1]
    resolved: bool = False
    similarity_after: float | None = None
    remedy: str = ""


class Resolution(Value):
    operations: int  #: compared
    conflicts: tuple[Conflict, ...]
    similarity_before: float  #: lowest over all compared pairs
    similarity_after: float
    changes: ChangeSet | None = None  #: what mediation rewrote
    rerendered: tuple[str, ...] = ()  #: pages rendered again after mediation
    findings: tuple[Finding, ...] = ()  #: of the second rendering
    report: str = ""  #: artifact hash of the full comparison (JSON)


# --- tests, verdict, delivery ----------------------------------------------------------------------------------------


class TestCase(Value):
    __test__ = False
    id: str  #: "backend/tests/test_orders.py::test_create"
    outcome: Literal["passed", "failed", "error", "skipped"]
    seconds: float = 0.0
    message: str = ""


class CoverageHalf(Value):
    name: str  #: backend, frontend
    covered: int  #: lines
    total: int
    excluded: tuple[str, ...] = ()  #: files left out (generated clients, configuration)
    report: str = ""  #: artifact hash

    @property
    def ratio(self) -> float:
        return self.covered / self.total if self.total else 0.0


class TestReport(Value):
    __test__ = False
    cases: tuple[TestCase, ...]
    coverage: tuple[CoverageHalf, ...]
    checks: tuple[CommandRun, ...]
    reused: tuple[str, ...] = ()  #: commands whose evidence of this run was reused: same files, by hash
    project_hash: str

    @property
    def line_coverage(self) -> float | None:
        """Lines covered over all lines of all halves, in [0, 1]; None when nothing was measured."""
        total = sum(half.total for half in self.coverage)
        return sum(half.covered for half in self.coverage) / total if total else None


class GateResult(Value):
    gate: str
    value: float | None  #: None = not measured = failed
    threshold: float
    comparison: Literal["<", "<=", ">", ">=", "=="]
    unit: str = ""
    passed: bool
    reason: str = ""
    evidence: str = ""  #: file in the delivery that holds the proof


class Verdict(Value):
    gates: tuple[GateResult, ...]
    passed: bool
    clauses: tuple[Clause, ...]  #: the settled requirement ledger
    cost_usd: float
    seconds: float


class Delivery(Value):
    archive: str  #: artifact hash of the zip
    filename: str
    bytes: int
    files: int
    manifest: str  #: artifact hash of manifest.json
    key: str  #: public Ed25519 key, hex
    signature: str  #: hex
