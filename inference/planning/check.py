"""Is a plan whole and safe? Identifiers, references, uniqueness, seed rows, contrast: all that blueprints rely on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time

from inference.planning.check_uses import check_uses
from inference.planning.names import FIELD_WORDS, SLUGS, TABLES, columns, reserved_field
from inference.planning.oklch import contrast
from synergy.core.types import ClauseStatus, Entity, Kind, Palette, Plan, PlanField

MOST_ENTITIES = 40
NAME, SNAKE, KEBAB = (
    re.compile(r"[A-Z][A-Za-z0-9]{0,60}"),
    re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*_?"),
    re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*"),
)
COLOR = re.compile(r"#[0-9a-f]{6}")
EMAIL = re.compile(r"[a-z0-9.+-]+@(?:[a-z0-9-]+\.)*example\.com")
#: (what, ground, least contrast) in both palettes.
PAIRS = (
    *((ink, ground, 4.5) for ink in ("text", "muted", "danger", "success", "warning") for ground in ("background", "surface")),
    ("on_primary", "primary", 4.5),
    ("on_accent", "accent", 4.5),
    ("on_danger", "danger", 4.5),
    ("border", "background", 3.0),
    ("border", "surface", 3.0),
)


def check_plan(plan: Plan) -> list[str]:
    """What is wrong with ``plan``, in words; empty when it is whole."""
    found: list[str] = []
    for part in (_numbers, _entities, _relations, _owners, _roles, _pages, _features, _endpoints, _clauses, _tokens, check_uses):
        found += part(plan)
    return found


def _numbers(plan: Plan) -> Iterator[str]:
    if not 1 <= len(plan.entities) <= MOST_ENTITIES:
        yield f"{len(plan.entities)} entities; 1 to {MOST_ENTITIES} are allowed"
    if not KEBAB.fullmatch(plan.slug) or not plan.slug[0].isalpha():
        yield f"slug {plan.slug!r} is no package name"
    if not (plan.name.strip() and plan.title.strip() and plan.message.strip()):
        yield "name, title or message is empty"


def _twice(what: str, values: Iterable[str]) -> Iterator[str]:
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{what} {value!r} is there {count} times"


# --- entities ------------------------------------------------------------------------------------------------------------


def _entities(plan: Plan) -> Iterator[str]:
    yield from _twice("entity", (e.name.lower() for e in plan.entities))
    yield from _twice("slug", (e.slug for e in plan.entities))
    yield from _twice("table", (e.table for e in plan.entities))
    for e in plan.entities:
        if not NAME.fullmatch(e.name) or not KEBAB.fullmatch(e.slug) or not SNAKE.fullmatch(e.table):
            yield f"{e.name}/{e.slug}/{e.table} are no safe names"
        if e.slug in SLUGS or e.table in TABLES:
            yield f"{e.name}: slug {e.slug!r} or table {e.table!r} is taken by the framework"
        if not (e.label.strip() and e.label_plural.strip()):
            yield f"{e.name} has no label"
        yield from _fields(e)
        yield from _seed(e)


def _fields(e: Entity) -> Iterator[str]:
    names = [f.name for f in e.fields]
    yield from _twice(f"{e.name}: column", (c for f in e.fields for c in (columns(f.name) if f.kind is Kind.REF else {f.name})))
    for named in (e.display, e.subtitle, e.status):
        if named is not None and named not in names:
            yield f"{e.name} names the field {named!r}, which it does not have"
    for f in e.fields:
        yield from _field(e, f)
    if e.status is not None and e.status in names and e.field(e.status).kind is not Kind.ENUM:
        yield f"{e.name}: its state {e.status!r} is no enum"


def _field(e: Entity, f: PlanField) -> Iterator[str]:
    if not SNAKE.fullmatch(f.name) or reserved_field(f.name) or f.name in FIELD_WORDS:
        yield f"{e.name}.{f.name} is no safe name"
    if not f.label.strip():
        yield f"{e.name}.{f.name} has no label"
    if (f.kind is Kind.ENUM) != bool(f.choices):
        yield f"{e.name}.{f.name}: choices belong to an enum, and an enum has some"
    if (f.kind is Kind.REF) != bool(f.target):
        yield f"{e.name}.{f.name}: a target belongs to a ref, and a ref has one"
    if f.minimum is not None and f.maximum is not None and f.minimum > f.maximum:
        yield f"{e.name}.{f.name}: minimum is above maximum"
    yield from _twice(f"{e.name}.{f.name}: choice", (c.value for c in f.choices))
    yield from (f"{e.name}.{f.name}: choice {c.value!r} is no safe name" for c in f.choices if not SNAKE.fullmatch(c.value))


def _relations(plan: Plan) -> Iterator[str]:
    earlier: dict[str, int] = {}
    for e in plan.entities:
        for f in e.fields:
            if f.kind is not Kind.REF:
                continue
            if f.target not in earlier:
                yield f"{e.name}.{f.name} points to {f.target!r}, which does not come before it"
                continue
            for number, row in enumerate(e.seed, 1):
                value = row.get(f.name)
                if not (value is None and not f.required) and not (_is_int(value) and 1 <= int(value or 0) <= earlier[f.target]):
                    yield f"{e.name} row {number}: {f.name} is {value!r}, there are {earlier[f.target]} rows"
        earlier[e.name] = len(e.seed)


def _owners(plan: Plan) -> Iterator[str]:
    """Rows that belong to accounts: nothing shows or names a private one to others, and who registers may have some."""
    owned = {e.name: e.owned for e in plan.entities if e.owned}
    for e in plan.entities:
        leads = [f.name for f in e.fields if owned.get(f.target) == "private"]
        if leads and owned.get(e.name) != "private":
            yield f"{e.name}.{leads[0]} names private rows to everybody"
        if owned.get(e.name) == "private" and any(not p.auth for p in plan.endpoints if p.entity == e.name):
            yield f"visitors may read {e.name}, whose rows are private"
        if e.owned and any(columns(f.name) & columns("owner") for f in e.fields):
            yield f"{e.name} has a field that is called like the account it belongs to"
    if owned and plan.roles and (plan.roles[0].can_delete or not plan.roles[0].can_write):
        yield f"rows belong to accounts, but {plan.roles[0].name!r}, who registers, may change all of them or none"


# --- seed rows -------------------------------------------------------------------------------------------------------------


def _seed(e: Entity) -> Iterator[str]:
    if not e.seed:
        yield f"{e.name} has no seed rows"
    names = {f.name for f in e.fields}
    for number, row in enumerate(e.seed, 1):
        if set(row) != names:
            yield f"{e.name} row {number} has other fields: {sorted(set(row) ^ names)}"
            continue
        for f in e.fields:
            if f.kind is not Kind.REF and not _fits(f, row[f.name]):
                yield f"{e.name} row {number}: {f.name} = {row[f.name]!r} is no {f.kind}"
    for f in e.fields:
        if f.unique:
            yield from _twice(f"{e.name}.{f.name}: value", (str(row.get(f.name)) for row in e.seed))


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _parses(parse: Callable[[str], object]) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        try:
            return isinstance(value, str) and bool(parse(value) or True)
        except ValueError:
            return False

    return fits


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


FITS: dict[Kind, Callable[[object], bool]] = {
    **dict.fromkeys((Kind.STRING, Kind.TEXT, Kind.PHONE, Kind.ENUM), _is_text),
    Kind.INTEGER: _is_int,
    Kind.RATING: lambda v: _is_int(v) and 1 <= int(str(v)) <= 5,
    **dict.fromkeys((Kind.DECIMAL, Kind.MONEY), _is_number),
    Kind.PERCENT: lambda v: _is_number(v) and 0 <= float(str(v)) <= 100,
    Kind.BOOLEAN: lambda v: isinstance(v, bool),
    Kind.DATE: _parses(date.fromisoformat),
    Kind.DATETIME: _parses(datetime.fromisoformat),
    Kind.TIME: _parses(time.fromisoformat),
    Kind.EMAIL: lambda v: isinstance(v, str) and bool(EMAIL.fullmatch(v)),
    Kind.URL: lambda v: isinstance(v, str) and v.startswith("https://"),
}


def _fits(f: PlanField, value: object) -> bool:
    if value is None:
        return not f.required
    if not FITS[f.kind](value):
        return False
    if f.kind is Kind.ENUM:
        return value in {c.value for c in f.choices}
    if isinstance(value, str):
        return f.max_length is None or len(value) <= f.max_length
    number = float(str(value)) if not isinstance(value, bool) else 0.0
    low = f.minimum is None or isinstance(value, bool) or number >= f.minimum
    return low and (f.maximum is None or isinstance(value, bool) or number <= f.maximum)


# --- the rest ----------------------------------------------------------------------------------------------------------------


def _roles(plan: Plan) -> Iterator[str]:
    yield from _twice("role", (r.name for r in plan.roles))
    yield from (f"role {r.name!r} is no safe name" for r in plan.roles if not SNAKE.fullmatch(r.name))
    if not plan.roles or not (plan.roles[-1].can_write and plan.roles[-1].can_delete):
        yield "the last role must have all rights"


def _pages(plan: Plan) -> Iterator[str]:
    yield from _twice("page", (p.slug for p in plan.pages))
    yield from _twice("path", (p.path for p in plan.pages))
    names = {e.name for e in plan.entities}
    for page in plan.pages:
        if page.entity is not None and page.entity not in names:
            yield f"page {page.slug} is about {page.entity!r}, which is not there"
    if "/" not in {p.path for p in plan.pages}:
        yield "no page at /"
    kinds = Counter(p.entity for p in plan.pages if p.entity and p.use is None)
    yield from (f"{e.name} has {kinds[e.name]} of 4 pages" for e in plan.entities if kinds[e.name] != 4)


def _features(plan: Plan) -> Iterator[str]:
    yield from _twice("feature", (f.id for f in plan.features))
    slugs = {p.slug for p in plan.pages}
    for feature in plan.features:
        yield from (
            f"feature {feature.id} names the page {slug!r}, which is not there" for slug in feature.pages if slug not in slugs
        )


def _endpoints(plan: Plan) -> Iterator[str]:
    yield from _twice("operation", (p.operation for p in plan.endpoints))
    yield from _twice("endpoint", (f"{p.method} {p.path}" for p in plan.endpoints))
    for point in plan.endpoints:
        if not SNAKE.fullmatch(point.operation) or not re.fullmatch(r"/api/[a-z0-9_/{}-]+", point.path):
            yield f"endpoint {point.path} {point.operation} has unsafe names"
    counts = Counter(p.entity for p in plan.endpoints if p.entity and p.use is None)
    yield from (f"{e.name} has {counts[e.name]} of 5 endpoints" for e in plan.entities if counts[e.name] != 5)


def _clauses(plan: Plan) -> Iterator[str]:
    yield from _twice("clause", (c.id for c in plan.clauses))
    ids = {f.id for f in plan.features}
    for clause in plan.clauses:
        yield from (f"{clause.id} names the feature {f!r}, which is not planned" for f in clause.features if f not in ids)
        if clause.status is ClauseStatus.BUILT:
            yield f"{clause.id} is called built before anything was proved"
        if clause.status in (ClauseStatus.NOT_BUILT, ClauseStatus.NOT_MEASURED) and not clause.reason:
            yield f"{clause.id} is {clause.status.value.replace('_', ' ')} and does not say why"
        if clause.gates and (clause.features or clause.status is not ClauseStatus.ASSUMED):
            yield f"{clause.id} is measured by gates and yet is no quality that waits for them"
        if not clause.text.strip():
            yield f"{clause.id} has no words"


def _tokens(plan: Plan) -> Iterator[str]:
    for theme, palette in (("light", plan.tokens.light), ("dark", plan.tokens.dark)):
        yield from (f"{theme}: {problem}" for problem in _palette(palette))
    yield from (f"chart colour {c!r}" for c in plan.tokens.chart if not COLOR.fullmatch(c))


def _palette(palette: Palette) -> Iterator[str]:
    colors: dict[str, str] = palette.model_dump()
    wrong = [name for name, value in colors.items() if not COLOR.fullmatch(value)]
    yield from (f"{name} {colors[name]!r} is no colour" for name in wrong)
    for ink, ground, least in PAIRS:
        if ink in wrong or ground in wrong:
            continue
        ratio = contrast(colors[ink], colors[ground])
        if ratio < least:
            yield f"{ink} on {ground} has a contrast of {ratio:.2f}, {least} is needed"
