"""The values that flow through a run: frozen, validated, without any framework.

message → StackChoice → Plan → ChangeSet (x3) → UiSpec → VisualReport → Resolution → TestReport → Verdict → Delivery

Every value is JSON: ``value.model_dump_json()`` is what the ledger records and ``Type.model_validate_json`` reads back.
File contents never travel inside a value; they live in the artifact store under their SHA-256.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synergy.core.plans import (
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
    PlanChange,
    PlanField,
    Revision,
    Role,
    Use,
)
from synergy.core.value import Value

__all__ = [
    "Choice",
    "Clause",
    "ClauseStatus",
    "DesignTokens",
    "Endpoint",
    "Entity",
    "Feature",
    "Kind",
    "Page",
    "PageKind",
    "Palette",
    "Plan",
    "PlanChange",
    "PlanField",
    "Revision",
    "Role",
    "Use",
    "Value",
]


class Usage(Value):
    """What a step spent with a model provider. Blueprint work spends nothing."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in Usage.model_fields})


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
    restated: str = ""  #: the message as a model put it, where it was judged in these words
    usage: Usage = Usage()


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
    usage: Usage = Usage()


class EditNote(Value):
    """What became of a file that a person had changed by hand. All hashes are artifacts; "" = there is no such file."""

    path: str
    outcome: Literal["kept", "merged", "conflict", "dropped", "removed", "restored"]
    reason: str  #: in words for a person
    base: str = ""  #: as it was generated before
    mine: str = ""  #: as the person left it
    generated: str = ""  #: as it is generated now
    result: str = ""  #: as it is delivered


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


class BrowserCheck(Value):
    """What a person does in a browser to see that a feature works. The words of ``acts`` are those of
    ``synergy.core.acts``.
    """

    id: str  #: unique: "orders.create", "tools-reviews.add"
    feature: str  #: Feature.id
    title: str  #: in words: "A review can be added and is shown"
    who: Literal["visitor", "member", "owner"] = "owner"  #: nobody, who has just registered, or the demo account
    acts: tuple[str, ...]


class UiSpec(Value):
    """The 6-8 components of every scope, and the files that hold them."""

    scopes: tuple[str, ...]
    components: tuple[UiComponent, ...]
    changes: ChangeSet
    walks: tuple[BrowserCheck, ...] = ()  #: what the browser is to do and see
    edits: ChangeSet | None = None  #: a person's edits, merged with what is generated now; None = as they were given
    edit_notes: tuple[EditNote, ...] = ()


# --- visuals ---------------------------------------------------------------------------------------------------------


SERIOUS = ("serious", "critical")  #: severities that no project may have


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
    expected: str = ""  #: why this picture was to change; a new baseline waits for approval then
    main: tuple[int, int, int, int] | None = None  #: left, top, width, height of the content, without navigation
    outline: str = ""  #: hash of the places and words of all that the content shows: the same whatever its colours


class ObservedCall(Value):
    """A request the page really made."""

    method: str
    path: str  #: "/api/orders/1"
    query: tuple[str, ...] = ()
    status: int
    request: dict[str, str] = Field(default_factory=dict)  #: field → JSON type of the body sent
    response: dict[str, str] = Field(default_factory=dict)  #: field → JSON type of the answer; nested: "items[].name"
    page: str = ""


class Walked(Value):
    """A browser check that was really done."""

    check: str  #: BrowserCheck.id
    feature: str
    passed: bool
    seconds: float
    message: str = ""  #: the act that failed, and why
    shot: str = ""  #: artifact hash of the picture taken where it failed


class Kept(Value):
    """A picture that a change of the project was to leave as it was, held against how it was."""

    page: str
    width: int
    theme: Literal["light", "dark"] = "light"
    by: Literal["pixels", "content", "outline", "words"]  #: the whole picture; without its frame; places and words; words alone
    same: bool
    reason: str = ""  #: how it differs


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
    walked: tuple[Walked, ...] = ()
    kept: tuple[Kept, ...] = ()  #: what was to stay the same, when the run changes a project


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
    walked: tuple[Walked, ...] = ()  #: the browser checks, done again on what was rewritten
    report: str = ""  #: artifact hash of the full comparison (JSON)
    dropped: dict[str, str] = Field(default_factory=dict)  #: features that were taken back (Feature.id) → why

    def findings_now(self, visuals: VisualReport) -> tuple[Finding, ...]:
        """What the browser found: pages that were rendered again count as they are now."""
        again = set(self.rerendered)
        return (*(f for f in visuals.findings if f.page not in again), *self.findings)

    def walked_now(self, visuals: VisualReport) -> tuple[Walked, ...]:
        """What the browser checks came to: after mediation, as they are now."""
        return self.walked if self.rerendered else visuals.walked


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
    edits: tuple[EditNote, ...] = ()  #: what became of a person's edits


class Delivery(Value):
    archive: str  #: artifact hash of the zip
    filename: str
    bytes: int
    files: int
    manifest: str  #: artifact hash of manifest.json
    key: str  #: public Ed25519 key, hex
    signature: str  #: hex
