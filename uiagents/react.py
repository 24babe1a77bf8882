"""Renders the React page set. Its templates are told which parts of the component library show which kind of field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from markupsafe import Markup

from synergy.core.capabilities import PageDraft
from synergy.core.stacks import FIXTURES
from synergy.core.types import Entity, Kind, Page, PageKind, Palette, Plan, PlanField
from uiagents import facts, literals
from uiagents.blueprints import render_tree
from uiagents.capabilities import Bound, uses
from uiagents.palette import stylesheet_values
from uiagents.samples import needed, sample_answers, typed_text
from uiagents.screens import NUMBERS, Screen, featured, prominent, screens, sort_name, topics

FORMATTERS = {
    Kind.STRING: "formatText",
    Kind.TEXT: "formatText",
    Kind.EMAIL: "formatText",
    Kind.PHONE: "formatText",
    Kind.URL: "formatText",
    Kind.REF: "formatText",
    Kind.INTEGER: "formatNumber",
    Kind.DECIMAL: "formatNumber",
    Kind.RATING: "formatNumber",
    Kind.MONEY: "formatMoney",
    Kind.PERCENT: "formatPercent",
    Kind.BOOLEAN: "formatBoolean",
    Kind.DATE: "formatDate",
    Kind.DATETIME: "formatDateTime",
    Kind.TIME: "formatTime",
}
BADGES = (Kind.ENUM, Kind.RATING)  #: kinds that a table shows as more than text
LINKS = {Kind.EMAIL: "EmailLink", Kind.PHONE: "PhoneLink", Kind.URL: "WebLink"}  #: kinds that lead out of the site

NAME = "react"  #: a stack with this page set says ``ui = "react"``
PAGE_SET = FIXTURES / "ui" / NAME
PICTURES = 5  #: beside the words of the start page
QUICK = 2  #: "New …" buttons on the dashboard
PREFIX = "frontend/"

Import = tuple[str, str]  #: (module, name)


def shell_files(plan: Plan, adapter: Path) -> dict[str, bytes]:
    """Frame, component library, account pages and their tests; ``adapter`` is the stack's folder with its API client."""
    light, dark = stylesheet_values(plan.tokens)
    planned = {
        f"planned_{name}": _planned(palette) for name, palette in (("light", plan.tokens.light), ("dark", plan.tokens.dark))
    }
    context = {"plan": plan, "light": light, "dark": dark, **planned}
    shell = render_tree(PAGE_SET / "shell", context, prefix=PREFIX)
    return dict(sorted({**shell, **render_tree(adapter, context, prefix=PREFIX)}.items()))


def scope_files(plan: Plan) -> dict[str, bytes]:
    """The components, pages and tests of the dashboard, the start page and every entity, and the registry of all pages."""
    shown = screens(plan)
    bound = uses(plan)
    context: dict[str, Any] = {
        "plan": plan,
        "screens": shown,
        "grouped": sorted(prominent(plan), key=lambda s: s.group),
        "featured": featured(plan),
        "topics": topics(plan),
        "hero_titles": hero_titles(plan),
        "played": [(page, nav) for use in bound for page, _, nav in use.pages if nav and page.public][:1],
        "few": few,
        "open_stats": not facts.endpoint(plan, "GET", "/api/stats").auth,
        "quick": [s for s in shown if s.status is not None][:QUICK] or shown[:QUICK],
        "dashboard": page_of_kind(plan, PageKind.DASHBOARD),
        "home": page_of_kind(plan, PageKind.HOME),
        "rows": sample_answers(plan),
        "needed": needed,
        "typed_text": typed_text,
        "shows_few": partial(shows_few, plan),
        "formatters": FORMATTERS,
        "links": LINKS,
        "NUMBERS": NUMBERS,
        "imports": imports,
        "attr": attribute,
        "format_names": format_names,
        "icon": icon,
        "sort_name": sort_name,
        "access": access,
        "uses": bound,
        "slots": partial(slots, bound),
        "page_access": page_access,
    }
    files = render_tree(PAGE_SET / "scopes", context, each={"scope": shown}, prefix=PREFIX)
    for use in bound:
        files |= use.files(NAME, context, f"{PREFIX}src/", PAGE_SET / "scopes")
    return dict(sorted(files.items()))


def hero_titles(plan: Plan) -> tuple[str, ...]:
    """What the pictures of the start page are drawn for: records that are there from the beginning, else the entities."""
    shown = featured(plan)
    rows = (str(row.get(s.title.name) or "") for s in shown for row in s.entity.seed if s.title.kind is not Kind.REF)
    labels = (s.entity.label_plural for s in screens(plan))
    return tuple(dict.fromkeys((*rows, *labels)))[:PICTURES]


def few(screen: Screen) -> int:
    """How many records a section of the start page shows."""
    return {"product": 8, "listing": 8, "topic": 8, "post": 5, "record": 5}.get(screen.look, 4)


def _planned(palette: Palette) -> dict[str, str]:
    """The colours that the plan names, by their custom properties."""
    return {name.replace("_", "-"): colour for name, colour in palette.model_dump().items()}


def page_of_kind(plan: Plan, kind: PageKind) -> Page | None:
    return next((p for p in plan.pages if p.kind is kind), None)


def has_home(plan: Plan) -> bool:
    return page_of_kind(plan, PageKind.HOME) is not None


def has_dashboard(plan: Plan) -> bool:
    return page_of_kind(plan, PageKind.DASHBOARD) is not None


def access(page: Page) -> str:
    """Who may open a page of an entity or the site: "public", "session" (signed in) or "write"."""
    if page.kind in (PageKind.FORM, PageKind.EDIT):
        return "write"
    return "public" if page.public else "session"


def page_access(page: Page, draft: PageDraft) -> str:
    """The same for a page that a capability brings."""
    if draft.access in ("as_list", "as_site"):
        return "public" if page.public else "session"
    return draft.access


def slots(bound: Iterable[Bound], at: str, entity: Entity | None = None) -> list[tuple[Bound, str, str]]:
    """(use, component, its name in this project) of what stands at a place: on the pages of ``entity``, or of the site."""
    return [
        (use, slot.component, f"{use.pascal}{slot.component}")
        for use in bound
        for slot in use.slots
        if slot.at == at and (entity is None or use.holder(slot) == entity.name)
    ]


def attribute(value: object) -> Markup:
    """The value of a JSX attribute: ``"bare words"`` where that is safe, else ``{"…"}``."""
    words = str(value)
    return Markup(f'"{words}"' if literals.JSX_PLAIN.match(words) else f"{{{literals.js(words)}}}")  # noqa: S704  # matched or escaped


def format_names(details: Iterable[PlanField]) -> str:
    """The formatters that the summary of a record uses."""
    shown = (f for f in details if f.kind not in (Kind.ENUM, Kind.REF, Kind.RATING, *LINKS))
    return ", ".join(sorted({"formatDateTime", *(FORMATTERS[f.kind] for f in shown)}))


def shows_few(plan: Plan, screen: Screen) -> bool:
    """A few records of ``screen`` are shown elsewhere: on the start page, or on the page of what they belong to."""
    shown = screens(plan)
    owned = any(related.screen == screen for owner in shown for related in owner.related)
    return owned or (screen in featured(plan) and has_home(plan))


def icon(entity: Entity) -> str:
    """The entity's icon, if the set has it."""
    return entity.icon if entity.icon in icons() else "box"


@cache
def icons() -> frozenset[str]:
    """Names of the icon set."""
    source = (PAGE_SET / "shell/src/components/icons.tsx").read_text()
    return frozenset(re.findall(r'^  "?([a-z][a-z-]*)"?: [(<]', source, re.MULTILINE))


def imports(
    screen: Screen,
    rich: Iterable[PlanField] = (),
    text: Iterable[PlanField] = (),
    cell: Iterable[PlanField] = (),
    also: Iterable[Import] = (),
) -> list[Import]:
    """(module, "name, name") of all that the macros of ``fields.jinja`` use for these fields, and of ``also``; sorted."""
    cells = list(cell)
    rich = [*rich, *(f for f in cells if f.kind in BADGES)]
    text = [*text, *(f for f in cells if f.kind not in BADGES)]
    used = {need for f in rich for need in _rich(screen, f)} | {need for f in text for need in _text(f)} | set(also)
    modules = sorted({module for module, _ in used})
    return [(m, ", ".join(sorted(name for module, name in used if module == m))) for m in modules]


def _text(field: PlanField) -> Iterator[Import]:
    if field.kind is Kind.ENUM:
        yield "../../components/Badge", "choiceLabel"
        yield "./choices", choices_name(field)
    else:
        yield "../../lib/format", FORMATTERS[field.kind]


def _rich(screen: Screen, field: PlanField) -> Iterator[Import]:
    if field.kind is Kind.ENUM and field == screen.status:
        yield f"./{screen.one}StatusBadge", f"{screen.one}StatusBadge"
    elif field.kind is Kind.ENUM:
        yield "../../components/Badge", "ChoiceBadge"
        yield "./choices", choices_name(field)
    elif field.kind is Kind.REF:
        yield "../../components/links", "RecordLink"
    elif field.kind is Kind.RATING:
        yield "../../components/Rating", "Rating"
    elif field.kind in LINKS:
        yield "../../components/links", LINKS[field.kind]
    else:
        yield from _text(field)


def choices_name(field: PlanField) -> str:
    """The constant that holds the values of an enumeration."""
    return f"{facts.camel(field.name)}Choices"
