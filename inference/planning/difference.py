"""The difference between two plans, in words; and which pages it touches, so that all others can be held to stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from synergy.core.types import Entity, Kind, Page, PageKind, Plan, PlanChange, PlanField, Use

ROLE_WORDS = {"background": "background", "primary": "main colour", "text": "text colour"}
ACCESS_WORDS = {"private": "only for who is signed in", "public_read": "visitors may read"}
OVERVIEWS = (PageKind.DASHBOARD, PageKind.HOME)
ACCOUNTS = (PageKind.LOGIN, PageKind.REGISTER, PageKind.ACCOUNT)


def plan_diff(old: Plan, new: Plan) -> tuple[PlanChange, ...]:
    """Every change from ``old`` to ``new``, and last what stayed. Only "=" = nothing changed."""
    found = [c for part in (_title, _access, _roles, _things, _uses, _colours) for c in part(old, new)]
    return (*found, *_same(old, new))


def changed(changes: tuple[PlanChange, ...]) -> bool:
    return any(c.sign != "=" for c in changes)


def _title(old: Plan, new: Plan) -> Iterator[PlanChange]:
    if old.title != new.title:
        yield PlanChange(sign="~", kind="title", text=f"Title: {old.title} → {new.title}")


def _access(old: Plan, new: Plan) -> Iterator[PlanChange]:
    if old.access != new.access:
        yield PlanChange(sign="~", kind="access", text=f"Access: {ACCESS_WORDS[old.access]} → {ACCESS_WORDS[new.access]}")


def _roles(old: Plan, new: Plan) -> Iterator[PlanChange]:
    before, after = ({r.name: r for r in plan.roles} for plan in (old, new))
    yield from (PlanChange(sign="-", kind="role", text=f"Role {r.label}") for n, r in before.items() if n not in after)
    yield from (PlanChange(sign="+", kind="role", text=f"Role {r.label}") for n, r in after.items() if n not in before)
    for name in before.keys() & after.keys():
        if before[name] != after[name]:
            yield PlanChange(sign="~", kind="role", text=f"Role {after[name].label}: other rights")


def _things(old: Plan, new: Plan) -> Iterator[PlanChange]:
    before, after = ({e.name: e for e in plan.entities} for plan in (old, new))
    yield from (_thing("-", e) for n, e in before.items() if n not in after)
    yield from (_thing("+", e) for n, e in after.items() if n not in before)
    for name, entity in after.items():
        if name in before:
            yield from _entity(before[name], entity)


def _thing(sign: str, e: Entity) -> PlanChange:
    text = f"{e.label_plural} ({', '.join(f.label for f in e.fields)})"
    return PlanChange.model_validate({"sign": sign, "kind": "thing", "text": text})


def _entity(old: Entity, new: Entity) -> Iterator[PlanChange]:
    if (old.label, old.label_plural) != (new.label, new.label_plural):
        yield PlanChange(sign="~", kind="thing", text=f"{old.label_plural}: renamed to {new.label_plural}; still at /{new.slug}")
    before, after = ({f.name: f for f in e.fields} for e in (old, new))
    for name, f in before.items():
        if name not in after:
            yield PlanChange(sign="-", kind="field", text=f"{new.label_plural}: {f.label}")
    for name, f in after.items():
        if name not in before:
            yield PlanChange(sign="+", kind="field", text=f"{new.label_plural}: {f.label} ({f.kind.value})")
        elif before[name] != f:
            yield PlanChange(sign="~", kind="field", text=f"{new.label_plural}: {_field(before[name], f)}")
    if old.owned != new.owned:
        words = {"": "everybody's", "private": "each account's own", "public": "seen by all, changed by their account"}
        yield PlanChange(sign="~", kind="thing", text=f"{new.label_plural}: {words[old.owned]} → {words[new.owned]}")


def _field(old: PlanField, new: PlanField) -> str:
    if old.label != new.label:
        return f"{old.label} renamed to {new.label}"
    if old.kind != new.kind:
        was = "a reference" if old.kind is Kind.REF else old.kind.value
        return f"{new.label} was {was}, is {'a reference' if new.kind is Kind.REF else new.kind.value}"
    return f"{new.label} has other rules"


def _uses(old: Plan, new: Plan) -> Iterator[PlanChange]:
    before, after = ({u.name: u for u in plan.uses} for plan in (old, new))
    yield from (PlanChange(sign="-", kind="capability", text=_use(old, u)) for n, u in before.items() if n not in after)
    yield from (PlanChange(sign="+", kind="capability", text=_use(new, u)) for n, u in after.items() if n not in before)


def _use(plan: Plan, use: Use) -> str:
    words = use.capability.replace("_", " ").capitalize()
    return f"{words} for {plan.entity(use.entity).label_plural}" if use.entity else words


def _colours(old: Plan, new: Plan) -> Iterator[PlanChange]:
    for role, words in ROLE_WORDS.items():
        was, now = (getattr(plan.tokens.light, role) for plan in (old, new))
        if was != now:
            yield PlanChange(sign="~", kind="colour", text=f"{words.capitalize()}: {_colour(old, role)} → {_colour(new, role)}")
    if old.tokens != new.tokens and all(getattr(old.tokens.light, r) == getattr(new.tokens.light, r) for r in ROLE_WORDS):
        yield PlanChange(sign="~", kind="colour", text="Other shades")


def _colour(plan: Plan, role: str) -> str:
    value: str = getattr(plan.tokens.light, role)
    asked = plan.tokens.asked.get("components" if role == "primary" else role)
    return f"{asked} ({value})" if asked else value


def _same(old: Plan, new: Plan) -> Iterator[PlanChange]:
    before = {e.name: e for e in old.entities}
    kept = [e.label_plural for e in new.entities if before.get(e.name) == e]
    if kept:
        listed = ", ".join(kept[:6]) + (" …" if len(kept) > 6 else "")
        yield PlanChange(
            sign="=", kind="thing", text=f"{len(kept)} {'thing' if len(kept) == 1 else 'things'} as before: {listed}"
        )
    scope = touched(old, new)
    quiet = [page for page in new.pages if page.slug not in scope.pages]
    if quiet:
        yield PlanChange(sign="=", kind="page", text=f"{len(quiet)} of {len(new.pages)} pages are to stay as they are{scope.but}")


# --- pages -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scope:
    """What a change may be seen on."""

    pages: frozenset[str]  #: Page.slug of those whose content may change, new ones included
    navigation: bool  #: the frame around all pages changes
    colours: bool

    @property
    def but(self) -> str:
        """What changes on all pages, as the end of a sentence."""
        parts = [word for word, there in (("the navigation", self.navigation), ("colours", self.colours)) if there]
        return f", but for {' and '.join(parts)}" if parts else ""


def touched(old: Plan, new: Plan) -> Scope:
    """Which pages of ``new`` the difference to ``old`` may be seen on."""
    known = {page.slug: page for page in old.pages}
    asks = (_frame, _overview, _own)
    told = [page.slug for page in new.pages if known.get(page.slug) != page or any(ask(old, new, page) for ask in asks)]
    return Scope(frozenset(told), _navigation(old) != _navigation(new), old.tokens != new.tokens)


def _frame(old: Plan, new: Plan, page: Page) -> bool:
    """Accounts, titles and rights are seen on the pages about accounts, rights on every page that has buttons for them."""
    if page.kind in ACCOUNTS:
        return (old.title, old.summary, old.access, old.roles) != (new.title, new.summary, new.access, new.roles)
    return (old.access, old.roles) != (new.access, new.roles)


def _overview(old: Plan, new: Plan, page: Page) -> bool:
    """Dashboard and home page tell of all that is kept."""
    if page.kind not in OVERVIEWS:
        return False
    return any(part(old) != part(new) for part in OVERVIEW_PARTS)


OVERVIEW_PARTS: tuple[Callable[[Plan], object], ...] = (
    lambda plan: plan.entities,
    lambda plan: plan.uses,
    lambda plan: (plan.title, plan.summary, plan.access),
)


def _own(old: Plan, new: Plan, page: Page) -> bool:
    """Pages of a thing show it, what it points to and what points to it; those of a capability what it works on."""
    names = {page.entity} if page.entity else set[str]()
    for use in (u for plan in (old, new) for u in plan.uses if u.name == page.use):
        names |= {use.entity or "", *use.parts.values()}
    names = {n for n in names if n}
    if page.kind is PageKind.FEATURE and not names:  # it may tell of everything
        return old.entities != new.entities
    return any(_around(old, name) != _around(new, name) for name in names)


def _around(plan: Plan, name: str) -> object:
    """All of ``plan`` that pages of the thing ``name`` may show."""
    own = next((e for e in plan.entities if e.name == name), None)
    if own is None:
        return None
    targets = {f.target for f in own.fields if f.kind is Kind.REF}
    near = [e for e in plan.entities if e.name in targets or any(f.target == name for f in e.fields)]
    uses = [u for u in plan.uses if name in (u.entity, *u.parts.values())]
    return own, near, uses


def _navigation(plan: Plan) -> object:
    """What the frame around all pages shows."""
    pages = [(p.slug, p.path, p.title) for p in plan.pages if p.use or p.kind in (PageKind.LIST, *OVERVIEWS)]
    return plan.title, plan.access, plan.roles, pages, [e.icon for e in plan.entities], plan.uses
