"""What the components of every scope are: what they take, the states they show, the data they need, what they keep to.

The names are those of the files that the page set renders; ``tests/uiagents/test_ui.py`` holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from synergy.core.types import Plan, Proof, Prop, UiComponent
from uiagents import facts
from uiagents.capabilities import uses
from uiagents.react import has_dashboard, has_home
from uiagents.screens import Screen, featured, screens, topics

SCOPES = "frontend/src/scopes/"
NAMED = "Every control has a name that is read out; targets are at least 44 px high on touch screens."
REFLOW = "Nothing is wider than the screen at 375 px; long words wrap."
ERRORS = "Every complaint stands at its field and is tied to it (aria-describedby); the first bad field gets the focus."
NO_COLOUR = "Colour never carries a meaning alone; text keeps 4.5:1."
RIGHTS = "What a role may not do is not offered."


@dataclass(frozen=True)
class Draft:
    """A component before its scope is known. ``{one}`` and ``{many}`` in a text become the entity's names in code."""

    name: str
    purpose: str
    props: tuple[tuple[str, str], ...] = ()
    states: tuple[str, ...] = ("ready",)
    data: tuple[str, ...] = ()  #: actions of an entity, or operations
    constraints: tuple[str, ...] = ()


RECORD = ("record", "{one}Out")

ENTITY = (
    Draft(
        "{many}Toolbar",
        "Search, filters, order and view of the list; all of it lives in the address. On a phone the filters are pushed aside.",
        (("list", "ListState"),),
        ("ready", "narrowed"),
        ("list",),
        (NAMED, "Typing searches after a rest of 250 ms, Enter at once."),
    ),
    Draft(
        "{many}Table",
        "Records as rows that lead to them; sorted by their headings.",
        (("records", "readonly {one}Out[]"), ("sort", "string"), ("onSort", "(sort: string) => void"), ("stale", "boolean")),
        ("ready", "loading"),
        ("list",),
        (REFLOW, "Rows become cards on a phone; sorting is said by aria-sort."),
    ),
    Draft(
        "{one}RowCard",
        "One record at a glance, for grids and the start page: a product with its price, a post, a person, or plain facts.",
        (RECORD,),
        constraints=(REFLOW, "The whole card takes the click; only its title is a link.", "A drawn picture is for the eye only."),
    ),
    Draft("{one}StatusBadge", "The state of a record in words and colour.", (("value", "string"),), constraints=(NO_COLOUR,)),
    Draft(
        "{one}Form",
        "Create or change a record.",
        (("record", "{one}Out | undefined"), ("onSave", "(values: {one}In) => Promise<unknown>"), ("cancelTo", "string")),
        ("ready", "loading", "error"),
        ("create", "edit"),
        (NAMED, ERRORS),
    ),
    Draft("{one}Summary", "Everything that is known about one record.", (RECORD,), data=("detail",), constraints=(REFLOW,)),
    Draft(
        "{many}EmptyState",
        "No record to show, and the way out of it.",
        (("narrowed", "boolean"), ("canWrite", "boolean"), ("onClear", "() => void")),
        ("empty",),
        ("list",),
        (RIGHTS,),
    ),
    Draft(
        "Delete{one}Dialog",
        "Asks before a record is deleted, and says why when the server refuses.",
        (RECORD, ("open", "boolean"), ("onClose", "() => void")),
        ("ready", "loading", "error"),
        ("delete",),
        (RIGHTS, "The browser's modal dialog: it traps the focus, closes on Escape and gives the focus back."),
    ),
)

CHART = ("chart", 'StatsOut["charts"][number]')

DASHBOARD = (
    Draft("DashboardHeader", "Greets who is signed in, and offers what is done most.", (("actions", "ReactNode"),)),
    Draft("QuickActions", "Short ways to what is added most often.", constraints=(RIGHTS, NAMED)),
    Draft("StatGrid", "The figures at a glance.", (("cards", 'StatsOut["cards"]'),), data=("get_stats",), constraints=(REFLOW,)),
    Draft(
        "ChartPanel",
        "One chart in the form the server chose for its figures.",
        (CHART,),
        ("ready", "empty"),
        ("get_stats",),
        (NO_COLOUR, "Every value of a chart can be read as text."),
    ),
    Draft("ChartGrid", "All charts, side by side where there is room.", (("charts", 'StatsOut["charts"]'),), data=("get_stats",)),
    Draft("RecentList", "What was added last.", (("rows", 'StatsOut["recent"]'),), data=("get_stats",), constraints=(REFLOW,)),
    Draft("GettingStarted", "Instead of empty charts: what to do first.", states=("empty",), constraints=(RIGHTS,)),
)

HOME = (
    Draft(
        "HomeHero",
        "What this site is, and the two things to do first.",
        constraints=(REFLOW, "The page's only heading of level 1."),
    ),
    Draft(
        "HomeFigures", "A few figures; left out when they cannot be had.", states=("ready", "empty", "error"), data=("get_stats",)
    ),
    Draft("HomeTopics", "The way to everything on the site.", constraints=(NAMED,)),
    Draft(
        "HomeSection",
        "The newest records of one kind, laid out as they look: products, posts, places of a ranking.",
        (
            ("title", "string"),
            ("to", "string"),
            ("query", "UseQueryResult<{ items: Row[] }>"),
            ("empty", "string"),
            ("card", "(row: Row) => ReactNode"),
            ("look", "string"),
        ),
        ("loading", "empty", "error", "ready"),
        ("list",),
        (REFLOW,),
    ),
    Draft("HomeRecent", "What was added last, whatever it is.", states=("ready", "empty"), data=("get_stats",)),
    Draft("HomeCallToAction", "For guests: why to join. For members: the way to their account."),
)


def components_of(plan: Plan) -> tuple[UiComponent, ...]:
    """The components of all scopes, in the order of the navigation."""
    return tuple(_components(plan))


def _components(plan: Plan) -> Iterator[UiComponent]:
    shown = screens(plan)
    if has_home(plan):
        lists = tuple(_operation(plan, screen, "list") for screen in featured(plan))
        for draft in (d for d in HOME if d.name != "HomeTopics" or topics(plan)):
            data = lists if draft.data == ("list",) else draft.data
            yield _component("home", draft, {}, data)
    if has_dashboard(plan):
        yield from (_component("dashboard", draft, {}, draft.data) for draft in DASHBOARD)
    for screen in shown:
        names = {"{one}": screen.one, "{many}": screen.many}
        for draft in ENTITY:
            if screen.status is not None or draft.name != "{one}StatusBadge":
                data = tuple(_operation(plan, screen, action) for action in draft.data)
                yield _component(screen.folder, draft, names, data)
    for use in uses(plan):
        yield from use.ui_components()


def _operation(plan: Plan, screen: Screen, action: str) -> str:
    return facts.operation(plan, screen.entity, action).operation


def _component(scope: str, draft: Draft, names: dict[str, str], data: tuple[str, ...]) -> UiComponent:
    def filled(text: str) -> str:
        for token, name in names.items():
            text = text.replace(token, name)
        return text

    name = filled(draft.name)
    return UiComponent(
        name=name,
        scope=scope,
        path=f"{SCOPES}{scope}/{name}.tsx",
        test=test_file(scope),
        purpose=draft.purpose,
        props=tuple(Prop(name=prop, type=filled(kind)) for prop, kind in draft.props),
        states=draft.states,
        data=data,
        constraints=draft.constraints,
    )


def test_file(scope: str) -> str:
    """The one file with the tests of a scope's components and pages."""
    return f"{SCOPES}{scope}/{scope}.test.tsx"


# --- proofs ----------------------------------------------------------------------------------------------------------

#: action of an entity → (files in its folder, tests: "describe > name")
ACTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "list": (
        ("pages.tsx", "{many}Table.tsx", "{one}RowCard.tsx", "{many}EmptyState.tsx"),
        (
            "{one}ListPage > lists the records",
            "{one}ListPage > says when there is nothing, and when it cannot be loaded",
            "{many}Table > shows records as rows that lead to them",
        ),
    ),
    "search": (
        ("{many}Toolbar.tsx", "queries.ts"),
        ("{many}Toolbar > searches", "{one}ListPage > finds what is searched for"),
    ),
    "filter": (
        ("{many}Toolbar.tsx", "queries.ts"),
        ("{many}Toolbar > filters, and can be cleared", "{one}ListPage > shows what a filter leaves"),
    ),
    "sort": (
        ("{many}Toolbar.tsx", "{many}Table.tsx", "queries.ts"),
        ("{many}Toolbar > sorts and switches the view", "{one}ListPage > asks the server to sort, and shows cards"),
    ),
    "paginate": (("pages.tsx", "queries.ts"), ("{one}ListPage > goes through many records page by page",)),
    "detail": (
        ("pages.tsx", "{one}Summary.tsx"),
        ("{one}DetailPage > shows one record, and asks before it is deleted", "{one}Summary > tells all that is known"),
    ),
    "create": (
        ("pages.tsx", "{one}Form.tsx"),
        ("{one}CreatePage > creates a record and shows it", "{one}CreatePage > shows what the server refuses at its field"),
    ),
    "edit": (
        ("pages.tsx", "{one}Form.tsx"),
        ("{one}EditPage > changes a record and shows it", "{one}Form > begins with the record that is changed"),
    ),
    "own": (
        ("pages.tsx", "{one}Summary.tsx"),
        (
            "own {many} > are changed by those who made them",
            "own {many} > are not offered for change to others",
            "own {many} > are changed by those who may do everything, and say whose they are",
        ),
    ),
    "delete": (
        ("pages.tsx", "Delete{one}Dialog.tsx"),
        ("Delete{one}Dialog > deletes the record and goes back to the list", "Delete{one}Dialog > says why the server refuses"),
    ),
}

#: feature → (scope, files in its folder, tests)
COMMON: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "dashboard.stats": (
        "dashboard",
        ("pages.tsx", "StatGrid.tsx"),
        ("StatGrid > shows the figures with their units", "DashboardPage > shows figures, charts and what is new"),
    ),
    "dashboard.charts": (
        "dashboard",
        ("pages.tsx", "ChartGrid.tsx", "ChartPanel.tsx"),
        ("ChartGrid > shows every chart", "DashboardPage > shows figures, charts and what is new"),
    ),
    "home.page": (
        "home",
        ("pages.tsx", "HomeHero.tsx", "HomeSection.tsx"),
        ("HomePage > is for everybody, and shows what the site holds", "HomeHero > says what the site is and invites visitors"),
    ),
}


def proofs_of(plan: Plan) -> tuple[Proof, ...]:
    """Which files build the planned features, and which tests prove them. A feature that no scope builds has no proof."""
    by_entity = {screen.entity.name: screen for screen in screens(plan)}
    found = []
    for feature in plan.features:
        if feature.id in COMMON:
            scope, files, tests = COMMON[feature.id]
            found.append(_proof(feature.id, scope, files, tests))
        screen = by_entity.get(feature.entity or "")
        action = feature.id.rpartition(".")[2]
        if screen is not None and action in ACTIONS and (action != "filter" or screen.filters):
            found.append(_entity_proof(feature.id, screen, *ACTIONS[action]))
    return tuple(found)


def _entity_proof(feature: str, screen: Screen, files: tuple[str, ...], tests: tuple[str, ...]) -> Proof:
    def filled(text: str) -> str:
        return text.replace("{one}", screen.one).replace("{many}", screen.many)

    return _proof(feature, screen.folder, tuple(map(filled, files)), tuple(map(filled, tests)))


def _proof(feature: str, scope: str, files: tuple[str, ...], tests: tuple[str, ...]) -> Proof:
    return Proof(
        feature=feature,
        files=tuple(f"{SCOPES}{scope}/{name}" for name in files),
        tests=tuple(f"{test_file(scope)}::{name}" for name in tests),
    )
