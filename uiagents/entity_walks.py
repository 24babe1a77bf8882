"""What a person does in the browser to see that the pages of an entity work: one check for every action, with real demo rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from synergy.core.acts import quoted
from synergy.core.types import BrowserCheck, Entity, Kind, PageKind, Plan, PlanField
from uiagents import facts
from uiagents.rows import sample
from uiagents.samples import needed
from uiagents.screens import Screen
from uiagents.shown import entry, shown, title, words

PAGE = 20  #: records on a page of a list, newest first
LISTED, FACTS = 3, 3  #: how many are looked at
LONGEST = 300  #: characters of a value that is looked for
ROOM_OF_SEARCH = 100  #: characters of what is searched for
PICKED = (Kind.ENUM, Kind.REF)
SORTED = (Kind.INTEGER, Kind.DECIMAL, Kind.MONEY, Kind.PERCENT, Kind.DATE, Kind.STRING, Kind.EMAIL)

Acts = tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """A demo row as the pages show it."""

    number: int  #: its id
    title: str
    text: str  #: all its values, in small letters
    values: Mapping[str, object]


@dataclass(frozen=True)
class EntityWalks:
    """The checks of one entity. Each method gives the acts of an action, () when the demo rows cannot show it."""

    screen: Screen

    def checks(self) -> Iterator[BrowserCheck]:
        """One for each planned feature of the entity that can be shown."""
        makers = {
            "list": (self.listed, f"The {self.many} are listed and lead to their pages"),
            "search": (self.search, f"A search finds what it should, and nothing else, among the {self.many}"),
            "filter": (self.filter, f"A filter narrows the {self.many}"),
            "sort": (self.sort, f"The {self.many} can be put in another order"),
            "paginate": (self.paginate, f"The list tells which of the {self.many} it shows"),
            "detail": (self.detail, f"One {self.one} is shown with its facts"),
            "create": (self.create, f"A new {self.one} is stored and shown"),
            "edit": (self.edit, f"A change to one {self.one} is stored"),
            "delete": (self.delete, f"A deleted {self.one} is gone"),
            "own": (self.own, f"The {self.many} of others are not for newcomers, their own are"),
        }
        for feature in facts.features(self.plan, self.entity):
            maker, label = makers.get(feature.id.removeprefix(f"{self.entity.slug}."), (None, ""))
            acts = maker() if maker else ()
            if acts:
                yield BrowserCheck(
                    id=feature.id, feature=feature.id, title=label, who="member" if maker == self.own else "owner", acts=acts
                )

    # --- what is known of the demo rows ------------------------------------------------------------------------------

    @property
    def plan(self) -> Plan:
        return self.screen.plan

    @property
    def entity(self) -> Entity:
        return self.screen.entity

    @property
    def one(self) -> str:
        return facts.inner(self.entity.label)

    @property
    def many(self) -> str:
        return facts.inner(self.entity.label_plural)

    @property
    def root(self) -> str:
        return self.screen.root

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """All demo rows, newest first, as the list shows them."""
        return tuple(self._record(n) for n in range(len(self.entity.seed), 0, -1))

    @cached_property
    def named(self) -> tuple[Record, ...]:
        """Those on the first page whose name stands nowhere else."""
        first = self.records[:PAGE]
        return tuple(r for r in first if r.title and sum(r.title.lower() in other.text for other in self.records) == 1)

    def _record(self, number: int) -> Record:
        row = dict(self.entity.seed[number - 1])
        name = title(self.plan, self.entity, number)
        texts = [name, *(shown(self.plan, f, row.get(f.name)) for f in self.entity.fields)]
        return Record(number, name, " ".join(texts).lower(), row)

    # --- looking -----------------------------------------------------------------------------------------------------

    def listed(self) -> Acts:
        shown_first = self.named[:LISTED]
        if not shown_first:
            return ()
        record = shown_first[0]
        seen = tuple(f"see link {quoted(r.title)}" for r in shown_first)
        return (
            f"open {self.root}",
            *seen,
            f"click link {quoted(record.title)}",
            f"at {self.root}/{record.number}",
            f"see {quoted(record.title)} in css main",
        )

    def search(self) -> Acts:
        """Something that one record says and another does not, which is then not listed any more."""
        listed = [r for r in self.records[:PAGE] if r.title]
        for record in listed:
            for term in filter(None, (self._searched(f, record) for f in self._searchable)):
                found = [r for r in self.records if self._finds(term, r)]
                other = next((r for r in listed if r.title.lower() not in {f.title.lower() for f in found}), None)
                if other and len(term) < ROOM_OF_SEARCH:
                    return (
                        f"open {self.root}",
                        f"see link {quoted(other.title)}",
                        f"fill {quoted(f'Search {self.many}')} = {quoted(term)}",
                        f"miss link {quoted(other.title)}",
                        f"see link {quoted(record.title)}",
                    )
        return ()

    @property
    def _searchable(self) -> list[PlanField]:
        """What a search looks in, the title first: without any text, that is what titles a record."""
        fields = facts.searchable(self.entity) or [f for f in (self.screen.title,) if f.kind is Kind.REF]
        return sorted(fields, key=lambda f: f.name != self.entity.display)

    def _searched(self, field: PlanField, record: Record) -> str:
        return shown(self.plan, field, record.values.get(field.name))

    def _finds(self, term: str, record: Record) -> bool:
        return any(term.lower() in self._searched(f, record).lower() for f in self._searchable)

    def filter(self) -> Acts:
        for field in self.entity.filterable:
            for record in self.named:
                value = record.values.get(field.name)
                option = shown(self.plan, field, value)
                other = next((r for r in self.named if r.values.get(field.name) != value), None)
                if option and other:
                    seen = f"see link {quoted(record.title)}"
                    return (*self._narrowed(field, option, other), seen)
        return self._emptied()

    def _emptied(self) -> Acts:
        """When all records have the same: another choice leaves none of them."""
        for field in self.entity.filterable:
            held = {record.values.get(field.name) for record in self.records}
            option = next((c.label for c in field.choices if c.value not in held), "")
            if option and self.named:
                return self._narrowed(field, option, self.named[0])
        return ()

    def _narrowed(self, field: PlanField, option: str, gone: Record) -> Acts:
        """Choose ``option``, which takes ``gone`` away."""
        act = f"pick {quoted(field.label)} = {quoted(option)}"
        return (f"open {self.root}", f"see link {quoted(gone.title)}", act, f"miss link {quoted(gone.title)}")

    def sort(self) -> Acts:
        """Records that the new order shows the other way round than the order without a choice, and one pair that it does not."""
        options = dict(self.screen.sorts)
        for field in self.screen.columns if len(self.records) <= PAGE else ():
            if field.kind not in SORTED or field.name not in options:
                continue
            turned, kept = (self._pair(field, older_first=way) for way in (True, False))
            if turned:
                (low, high), after = turned, kept or turned
                return (
                    f"open {self.root}",
                    f"see {quoted(high.title)} before {quoted(low.title)}",
                    f"pick Sort by = {quoted(options[field.name])}",
                    f"see {quoted(low.title)} before {quoted(high.title)}",
                    f"see {quoted(after[0].title)} before {quoted(after[1].title)}",
                )
        return ()

    def _pair(self, field: PlanField, *, older_first: bool) -> tuple[Record, Record] | None:
        """(lower, higher) by ``field``, of which the lower is the older record, or the newer one."""
        rows = [r for r in self.named if r.values.get(field.name) not in (None, "") and _sorts_alike(r.values[field.name])]
        pairs = ((low, high) for low in rows for high in rows if _key(low, field) < _key(high, field))
        return next(((low, high) for low, high in pairs if (low.number < high.number) is older_first), None)

    def paginate(self) -> Acts:
        total = len(self.records)
        if not total:
            return ()
        if total <= PAGE:  # one page holds all: a second one has nothing to show
            return (f"open {self.root}", f"see 1–{total} of {total}", f"open {self.root}?page=2", f"see 1–{total} of {total}")
        last = min(2 * PAGE, total)
        older = [r.title for r in self.records[PAGE:last] if r.title]
        seen = (f"see {quoted(older[0])} in css main",) if older else ()
        return (
            f"open {self.root}",
            f"see 1–{PAGE} of {total}",
            "click link Next page",
            f"see {PAGE + 1}–{last} of {total}",
            *seen,
        )

    def detail(self) -> Acts:
        if not self.records or not self.records[-1].title:
            return ()
        record = self.records[-1]
        told = [(f, shown(self.plan, f, record.values.get(f.name))) for f in (*self.screen.texts, *self.screen.details)]
        seen = [
            f"see {quoted(text)} in css main" for f, text in told if text and len(text) < LONGEST and f.kind is not Kind.BOOLEAN
        ]
        path = self.screen.page(PageKind.DETAIL).path.replace(":id", str(record.number))
        return (f"open {path}", *seen[:FACTS], f"see {quoted(record.title)} in css main")

    # --- changing ----------------------------------------------------------------------------------------------------

    def create(self) -> Acts:
        made = self._made(1)
        listed = (f"open {self.root}", f"see {self._mark[1]} in css main") if made and self._mark[0] == self.screen.title else ()
        return (*made, "reload", f"see {self._mark[1]} in css main", *listed) if made else ()

    def own(self) -> Acts:
        """As a newcomer, to whom none of the demo rows belongs."""
        other = self.records[-1] if self.records else None
        if other is None or not other.title:
            return ()
        theirs, hidden = quoted(other.title), self.entity.owned == "private"
        here = f"open {self.root}/{other.number}"
        kept = (here, "see does not exist") if hidden else (here, f"see {theirs} in css main", "miss link Edit in css main")
        may = self.plan.roles[0].can_write and not facts.private_refs(self.entity, self.plan)
        made = self._made(3) if may else ()
        if not made or self._mark[0] != self.screen.title:
            return (*kept, *made)
        return (
            *kept,
            *made,
            f"open {self.root}",
            f"see {self._mark[1]} in css main",
            *((f"miss {theirs} in css main",) if hidden else ()),
        )

    def delete(self) -> Acts:
        made = self._made(2)
        if not made:
            return ()
        own, mark = self._mark
        listed = (f"open {self.root}", *self._loaded, f"miss {mark} in css main") if own == self.screen.title else ()
        return (
            *made,
            "keep record = address",
            "click button Delete",
            "click button Delete",
            f"at {self.root}",
            "open $record",
            "see does not exist",
            *listed,
        )

    @property
    def _loaded(self) -> Acts:
        """What is seen once the list has come."""
        return (f"see link {quoted(self.named[-1].title)}",) if len(self.named) > 1 and len(self.records) < PAGE else ()

    @cached_property
    def _mark(self) -> tuple[PlanField | None, str]:
        """(field that makes a new record known, what it says there)."""
        texts = [f for f in (self.screen.title, *self.entity.fields) if words(f)]
        if texts:
            return texts[0], words(texts[0])
        target = self.screen.title
        return None, entry(self.plan, self.entity, target, 1) or ""

    def _made(self, place: int) -> Acts:
        """Fill the form and send it; () when nothing can be known to be accepted."""
        field, mark = self._mark
        fields = [f for f in self.entity.fields if f in needed(self.entity) or f == field]
        filled = [self._enter(f, entry(self.plan, self.entity, f, place)) for f in fields]
        if not mark or not all(filled):
            return ()
        send = f"button {quoted('Create ' + self.one)}"
        return (
            f"open {self.screen.page(PageKind.FORM).path}",
            *filled,
            f"click {send}",
            f"miss {send}",
            f"see {mark} in css main",
        )

    def _enter(self, field: PlanField, value: str | None) -> str:
        if value is None:
            return ""
        if field.kind is Kind.RATING:
            return f'press 4 on css [name="{field.name}"]'
        return f"{'pick' if field.kind in PICKED else 'fill'} {self._label(field)} = {value}"

    def _label(self, field: PlanField) -> str:
        """What the control is called; by its name in the form where two are called the same."""
        alike = [f for f in self.entity.fields if f.label.strip().lower() == field.label.strip().lower()]
        return quoted(field.label) if len(alike) == 1 else f'css [name="{facts.key(field)}"]'

    def edit(self) -> Acts:
        if not self.records:
            return ()
        record, change = self.records[0], self._change()
        if change is None:
            return ()
        act, seen = change
        path = self.screen.page(PageKind.EDIT).path.replace(":id", str(record.number))
        here = f"{self.root}/{record.number}"
        return (f"open {path}", act, "click button Save changes", f"at {here}", "reload", f"see {seen} in css main")

    def _change(self) -> tuple[str, str] | None:
        """(act, what is seen then) for the field that others rely on least."""
        by_worth = sorted(self.entity.fields, key=lambda f: (f.name == self.entity.display, facts.unique_value(f)))
        for field in by_worth:
            if words(field):
                return f"fill {self._label(field)} = {words(field)}", words(field)
        record = self.records[0]
        for field in by_worth:
            value = record.values.get(field.name)
            if field.kind is Kind.ENUM:
                other = next((c.label for c in field.choices if c.value != value), None)
                if other:
                    return f"pick {self._label(field)} = {quoted(other)}", quoted(other)
            if field.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.MONEY, Kind.PERCENT):
                new = next((v for v in (sample(field, n) for n in (1, 2, 3)) if v != value), None)
                if new is not None and shown(self.plan, field, new):
                    return f"fill {self._label(field)} = {quoted(str(new))}", quoted(shown(self.plan, field, new))
        return None


def _key(record: Record, field: PlanField) -> tuple[float, str]:
    value = record.values[field.name]
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value).lower())


def _sorts_alike(value: object) -> bool:
    """Whether every database sorts it alike: a number, or plain letters without blanks before what differs."""
    return not isinstance(value, str) or (value.replace(" ", "").replace("-", "").isalnum() and value.isascii())
