"""What a browser is to do and see, for every planned feature: the checks that prove a running project."""

from __future__ import annotations

from collections.abc import Iterator

from synergy.core.acts import parse_checks, quoted
from synergy.core.types import BrowserCheck, Entity, Feature, Page, PageKind, Plan
from uiagents import facts
from uiagents.capabilities import uses
from uiagents.entity_walks import EntityWalks
from uiagents.react import page_of_kind
from uiagents.screens import featured, screens
from uiagents.shown import title

NEWCOMER = "walker$run@example.com"
SECRET = "walk-pass-2468"  # noqa: S105  # typed into a project that lives for a minute
FIGURES = 3  #: of a dashboard that are looked at


def walks_of(plan: Plan) -> tuple[BrowserCheck, ...]:
    """All checks of a plan: those of the frame, of every entity, and of every use. BadAct when one is not understood."""
    checks = (*base_checks(plan), *(check for use in uses(plan) for check in use.walks()))
    parse_checks(checks)
    return checks


def base_checks(plan: Plan) -> tuple[BrowserCheck, ...]:
    """The checks of what every project has, in the order of the plan's features."""
    frame = _Frame(plan)
    found = [check for feature in plan.features if feature.id in MAKERS for check in MAKERS[feature.id](frame, feature)]
    return (*found, *(check for screen in screens(plan) for check in EntityWalks(screen).checks()))


class _Frame:
    """The checks of accounts, dashboard, start page and looks."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def path(self, kind: PageKind) -> str:
        """A real address of the first page of this kind, "" when there is none."""
        page: Page | None = page_of_kind(self.plan, kind)
        return page.sample if page else ""

    def login(self, feature: Feature) -> Iterator[BrowserCheck]:
        login, account = self.path(PageKind.LOGIN), self.path(PageKind.ACCOUNT)
        send = "click button Sign in"
        email = quoted(self.plan.demo_email)
        acts = (
            f"open {account}",
            f"at {login}",
            f"fill Email = {email}",
            'fill Password = "not the password"',
            send,
            "see wrong",
            f"at {login}",
            f"fill Password = {quoted(self.plan.demo_password)}",
            send,
            f"at {account}",
            f"see {email}",
        )
        yield _check(feature, "Only the right password opens the account", "visitor", acts)

    def register(self, feature: Feature) -> Iterator[BrowserCheck]:
        account = self.path(PageKind.ACCOUNT)
        acts = (*self._registering("Kim Newcomer"), f"open {account}", f"see {NEWCOMER}", "see Kim Newcomer")
        yield _check(feature, "Who registers is signed in with an account", "visitor", acts)

    def _registering(self, name: str) -> tuple[str, ...]:
        send = "button Create account"
        return (
            f"open {self.path(PageKind.REGISTER)}",
            f"fill Name = {name}",
            f"fill Email = {NEWCOMER}",
            f"fill Password = {SECRET}",
            f"click {send}",
            f"miss {send}",
        )

    def profile(self, feature: Feature) -> Iterator[BrowserCheck]:
        acts = (
            *self._registering("Kim Before"),
            f"open {self.path(PageKind.ACCOUNT)}",
            "see Kim Before",
            "fill Name = Kim Afterwards",
            "click button Save profile",
            "see saved",
            "reload",
            "see Kim Afterwards in css main",
            "miss Kim Before",
        )
        yield _check(feature, "A changed name is stored", "visitor", acts)

    def roles(self, feature: Feature) -> Iterator[BrowserCheck]:
        """What the demo account may do and a newcomer may not; visitors may not even look at an account."""
        account, login = self.path(PageKind.ACCOUNT), self.path(PageKind.LOGIN)
        yield _check(feature, "Accounts are not for visitors", "visitor", (f"open {account}", f"at {login}"), ".visitor")
        newcomer, owner = self.plan.roles[0], self.plan.roles[-1]
        screen = next((s for s in screens(self.plan) if not s.entity.owned and s.entity.seed), None)
        if screen is None or newcomer.can_delete or not owner.can_delete:
            return
        seen = (f"open {screen.root}/1", f"see {quoted(_first(self.plan, screen.entity))} in css main")
        forbidden = ("miss button Delete", *(() if newcomer.can_write else ("miss link Edit",)))
        yield _check(feature, f"{owner.label} may delete", "owner", (*seen, "see button Delete"), ".owner")
        yield _check(feature, f"{newcomer.label} may not delete", "member", (*seen, *forbidden), ".member")

    def stats(self, feature: Feature) -> Iterator[BrowserCheck]:
        """The demo account sees the rows of everybody."""
        counts = [f"see {quoted(f'{e.label_plural} {len(e.seed)}')} in css main" for e in self.plan.entities]
        acts = (f"open {self.path(PageKind.DASHBOARD)}", *counts[:FIGURES])
        yield _check(feature, "The figures are those of the records", "owner", acts)

    def charts(self, feature: Feature) -> Iterator[BrowserCheck]:
        for entity in self.plan.entities:
            field = facts.grouped(entity)
            if field and entity.seed:
                drawn = f"{entity.label_plural} by {facts.inner(field.label)}"
                counted = [(c.label, sum(row.get(field.name) == c.value for row in entity.seed)) for c in field.choices]
                bars = [f"see {quoted(f'{label} {count}')} in css main" for label, count in counted if count][:FIGURES]
                acts = (f"open {self.path(PageKind.DASHBOARD)}", f"see {quoted(drawn)} in css main", *bars)
                yield _check(feature, "The charts show how many there are of each", "owner", acts)
                return
        dated = next((e for e in self.plan.entities if facts.month_field(e) and e.seed), None)
        path, first = self.path(PageKind.DASHBOARD), self.plan.entities[0]
        if dated is not None:
            acts = (
                f"open {path}",
                f"see {quoted(dated.label)} in css main",
                "see by month in css main",
                "see css main svg[role=img]",
            )
            yield _check(feature, "The charts are drawn", "owner", acts)
        else:
            acts = (f"open {path}", f"see {quoted(first.label_plural)} in css main", "miss css main figure")
            yield _check(feature, "Records without dates and states have nothing to chart", "owner", acts)

    def colors(self, feature: Feature) -> Iterator[BrowserCheck]:
        light = self.plan.tokens.light
        acts = (
            f"open {self.path(PageKind.LOGIN)}",
            f"style background-color of css body is {light.background}",
            f"style background-color of button Sign in is {light.primary}",
            f"style color of button Sign in is {light.on_primary}",
        )
        yield _check(feature, "Page and main buttons have the planned colours", "visitor", acts)

    def theme(self, feature: Feature) -> Iterator[BrowserCheck]:
        ground = "style background-color of css body is"
        light, dark = self.plan.tokens.light.background, self.plan.tokens.dark.background
        acts = (
            f"open {self.path(PageKind.LOGIN)}",
            f"{ground} {light}",
            "click button *Switch to light*",
            "click button *Switch to dark*",
            f"{ground} {dark}",
            "reload",
            f"{ground} {dark}",
        )
        yield _check(feature, "The dark theme can be chosen and stays", "visitor", acts)

    def home(self, feature: Feature) -> Iterator[BrowserCheck]:
        home = self.path(PageKind.HOME)
        acts = [f"open {home}", f"see heading {quoted(self.plan.title)}"]
        screen = next((s for s in featured(self.plan) if s.entity.seed), None)
        name = title(self.plan, screen.entity, len(screen.entity.seed)) if screen else ""
        if screen and name:
            acts += [
                f"click link {quoted(name)}",
                f"at {screen.root}/{len(screen.entity.seed)}",
                f"see {quoted(name)} in css main",
            ]
        yield _check(feature, "The start page says what this is and leads to the newest records", "visitor", tuple(acts))


MAKERS = {
    "auth.login": _Frame.login,
    "auth.register": _Frame.register,
    "auth.roles": _Frame.roles,
    "account.profile": _Frame.profile,
    "dashboard.stats": _Frame.stats,
    "dashboard.charts": _Frame.charts,
    "design.colors": _Frame.colors,
    "design.theme": _Frame.theme,
    "home.page": _Frame.home,
}


def _check(feature: Feature, label: str, who: str, acts: tuple[str, ...], suffix: str = "") -> BrowserCheck:
    return BrowserCheck.model_validate(
        {"id": feature.id + suffix, "feature": feature.id, "title": label, "who": who, "acts": acts}
    )


def _first(plan: Plan, entity: Entity) -> str:
    return title(plan, entity, 1) or entity.label
