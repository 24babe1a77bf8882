"""Things become entities: names that are safe, fields of message and archetype together, relations, seed rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from inference.planning.archetypes import ArchetypeField, parse_choice
from inference.planning.fields import means, named_field
from inference.planning.inflection import singular
from inference.planning.names import NamePool, columns, field_name, snake_of
from inference.planning.rows import COUNT, Row, archetype_rows, made_up, retitled, stored
from inference.planning.things import Thing
from synergy.core.types import Choice, Entity, Kind, PlanField

FEWEST = 4  #: rows of what sorts others
ENOUGH = 3  #: fields that a message names, from which on the archetype's others are left out
TONES = ("info", "success", "warning", "neutral", "danger")


@dataclass
class Draft:
    """An entity being put together."""

    thing: Thing
    name: str
    slug: str
    table: str
    fields: list[PlanField] = field(default_factory=list)
    source: dict[str, str] = field(default_factory=dict)  #: field → the archetype's field its rows come from
    rows: list[Row] = field(default_factory=list)
    targets: dict[str, Draft] = field(default_factory=dict)  #: REF field → what it points to

    def reaches(self, other: Draft) -> bool:
        """Whether ``other`` comes after this one along the relations."""
        return self is other or any(target.reaches(other) for target in self.targets.values())

    def taken(self) -> set[str]:
        return {column for f in self.fields for column in (columns(f.name) if f.kind is Kind.REF else {f.name})}


def make_entities(
    things: Sequence[Thing],
    topic: str,
    currency: str,
    reserved: Iterable[str] = (),
    fit: Callable[[Sequence[Draft]], None] = lambda drafts: None,
) -> list[tuple[Thing, Entity]]:
    """Each thing with its entity; a REF points to an entity that comes before it.

    ``reserved``: slugs that no entity gets. ``fit`` may add fields to drafts, before rows are made.
    """
    pool = NamePool(reserved)
    drafts = [Draft(thing, *pool.entity(thing.label, thing.plural)) for thing in things]
    for draft in drafts:
        _fields(draft, drafts)
    fit(drafts)
    _rows(drafts, topic)
    return [(draft.thing, _entity(draft, currency)) for draft in _ordered(drafts)]


# --- fields ------------------------------------------------------------------------------------------------------------


def _fields(draft: Draft, drafts: Sequence[Draft]) -> None:
    archetype = draft.thing.archetype
    details = list(draft.thing.details)
    if archetype is None:
        _from_words(draft, details, drafts)
    else:
        named = {f.name: d for f in archetype.fields for d in details if means(d, f.plan_field(assumed=False), draft.thing.label)}
        needed = {archetype.display, archetype.status, *named}
        for spec in archetype.fields:
            if len(details) < ENOUGH or spec.name in needed or spec.kind is Kind.REF:
                _add(draft, spec, drafts, assumed=spec.name not in named)
        for detail in details:
            if detail not in named.values():
                _add_named(draft, detail, drafts)
    for phrase, values in draft.thing.choices.items():
        _add_choices(draft, phrase, values)


def _add(draft: Draft, spec: ArchetypeField, drafts: Sequence[Draft], *, assumed: bool) -> None:
    """A field of the archetype. A REF whose target is not kept becomes a string, or nothing."""
    plain = spec.plan_field(assumed=assumed)
    if spec.kind is not Kind.REF:
        append_field(draft, plain, spec.name)
        return
    target = _target(draft, spec, drafts)
    if target is not None:
        relate(draft, plain, target, spec, by_target=spec.named == "target")
    elif not spec.drop:
        append_field(draft, plain.model_copy(update={"kind": Kind.STRING, "max_length": 120}), spec.name)


def append_field(draft: Draft, new: PlanField, source: str = "") -> str:
    """Add a field under a name that is free; that name."""
    name = field_name(new.name, draft.name, draft.taken())
    draft.fields.append(new.model_copy(update={"name": name}))
    if source:
        draft.source[name] = source
    return name


def _target(draft: Draft, spec: ArchetypeField, drafts: Sequence[Draft]) -> Draft | None:
    free = [d for d in drafts if not d.reaches(draft) and d not in draft.targets.values()]
    if spec.named:  # what it is about: what the message said, else the first thing that it may be about
        about = next((d for d in free if d.thing is draft.thing.about), None)
        fitting = next((d for d in free if _may_be(d, set(spec.to) - {"*"})), None)
        return about or fitting or next((d for d in free if _may_be(d, spec.to)), None)
    for wanted in spec.to:
        for other in free:
            known = other.thing.archetype
            if (known is not None and known.name == wanted) or (
                wanted == "*" and (known is None or known.family in ("things", "content"))
            ):
                return other
    return None


def _may_be(draft: Draft, wanted: Collection[str]) -> bool:
    known = draft.thing.archetype
    anything = "*" in wanted and (known is None or known.family in ("things", "content"))
    return anything or (known is not None and known.name in wanted)


def relate(draft: Draft, plain: PlanField, target: Draft, spec: ArchetypeField | None, *, by_target: bool) -> None:
    wanted = snake_of(target.name).removesuffix("_record") if by_target else plain.name
    name = field_name(wanted, draft.name, draft.taken())
    label = target.thing.label if by_target else plain.label
    draft.fields.append(
        plain.model_copy(update={"name": name, "label": label, "kind": Kind.REF, "target": target.name, "max_length": None})
    )
    draft.targets[name] = target
    if spec is not None:
        draft.source[name] = spec.name


def _add_named(draft: Draft, phrase: tuple[str, ...], drafts: Sequence[Draft]) -> None:
    """A field that only the message names: the REF to another entity when it is one."""
    for other in drafts:
        labels = {other.thing.label.lower(), " ".join(singular(w) for w in other.thing.plural.lower().split())}
        if " ".join(phrase) in labels and not other.reaches(draft):
            if not any(target is other for target in draft.targets.values()):
                plain = PlanField(name="_".join(phrase), label=other.thing.label, kind=Kind.REF)
                relate(draft, plain, other, None, by_target=True)
            return
    draft.fields.append(named_field(phrase, draft.name, draft.taken()))


def _from_words(draft: Draft, details: list[tuple[str, ...]], drafts: Sequence[Draft]) -> None:
    """An entity that no archetype fits: the named fields, or a name, a state, a date and a description."""
    if not any(d[-1] in ("name", "title") for d in details):
        draft.fields.append(PlanField(name="name", label="Name", kind=Kind.STRING, max_length=120, assumed=True))
    for detail in details:
        _add_named(draft, detail, drafts)
    if not details:
        states = tuple(map(parse_choice, ("New|info", "Active|success", "On hold|warning", "Closed")))
        draft.fields += [
            PlanField(name="status", label="Status", kind=Kind.ENUM, choices=states, assumed=True),
            PlanField(name="added_on", label="Added on", kind=Kind.DATE, assumed=True),
            PlanField(name="description", label="Description", kind=Kind.TEXT, required=False, max_length=4000, assumed=True),
        ]


def _add_choices(draft: Draft, phrase: tuple[str, ...], values: tuple[str, ...]) -> None:
    """The values a message lists for a kind: they take the place of the archetype's."""
    choices = tuple(dict.fromkeys(parse_choice(f"{v}|{TONES[i % len(TONES)]}") for i, v in enumerate(values)))
    found = next(
        (f for f in draft.fields if f.kind is Kind.ENUM and phrase[-1] in {*f.name.split("_"), *f.label.lower().split()}), None
    )
    if found is None:
        name = field_name(" ".join(phrase), draft.name, draft.taken())
        draft.fields.append(PlanField(name=name, label=" ".join(phrase).capitalize(), kind=Kind.ENUM, choices=_unique(choices)))
    else:
        draft.fields[draft.fields.index(found)] = found.model_copy(update={"choices": _unique(choices), "assumed": False})


def _unique(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    return tuple({choice.value: choice for choice in choices}.values())


# --- rows ----------------------------------------------------------------------------------------------------------------


def _rows(drafts: Sequence[Draft], topic: str) -> None:
    """Seed rows of all drafts; a REF holds the number of the row with that title, or takes turns."""
    shared = Counter(d.thing.archetype.name for d in drafts if d.thing.archetype)
    seen: Counter[str] = Counter()
    sources: dict[str, list[Row]] = {}
    for draft in drafts:
        archetype = draft.thing.archetype
        if archetype is None:
            sources[draft.name] = [{} for _ in range(COUNT)]
            continue
        rows = archetype_rows(archetype, seen[archetype.name], shared[archetype.name], topic)
        seen[archetype.name] += 1
        if not draft.thing.own_rows and archetype.family in ("things", "content"):
            retitled(rows, archetype.display, draft.thing.label)
        sources[draft.name] = rows
    for draft in drafts:
        sources[draft.name] = _sorting(draft, drafts, sources)
    for draft in _ordered(drafts):
        draft.rows = [_row(draft, raw, index) for index, raw in enumerate(sources[draft.name])]
        _make_unique(draft)


def _sorting(draft: Draft, drafts: Sequence[Draft], sources: Mapping[str, list[Row]]) -> list[Row]:
    """The rows of ``draft``; if they are there to sort the rows of others, only those that do: no news among the lamps."""
    rows, archetype = sources[draft.name], draft.thing.archetype
    if archetype is None or not archetype.sorts:
        return rows
    used = {
        raw.get(other.source.get(name, "")) for other in drafts for name, target in other.targets.items() if target is draft
        for raw in sources[other.name]
    }  # fmt: skip
    kept = [row for row in rows if row[archetype.display] in used]
    return kept if len(kept) >= FEWEST else rows


def _row(draft: Draft, raw: Row, index: int) -> Row:
    row: Row = {}
    for spec in draft.fields:
        value = raw.get(draft.source.get(spec.name, ""))
        if spec.kind is Kind.REF:
            row[spec.name] = _row_number(draft.targets[spec.name], value, index)
        elif spec.name in draft.source:
            row[spec.name] = stored(spec, value, index, draft.thing.label)
        else:
            row[spec.name] = made_up(spec, index, draft.thing.label)
    return row


def _row_number(target: Draft, title: object, index: int) -> int:
    titles = [row[display(target)] for row in target.rows]
    return titles.index(title) + 1 if title in titles else index % len(titles) + 1


def _make_unique(draft: Draft) -> None:
    for spec in draft.fields:
        seen: set[object] = set()
        for index, row in enumerate(draft.rows):
            if spec.unique and row[spec.name] in seen:
                row[spec.name] = f"{row[spec.name]} {index + 1}"
            seen.add(row[spec.name])


# --- entity ----------------------------------------------------------------------------------------------------------------


def display(draft: Draft) -> str:
    """The field that titles a row: the archetype's, else a name, else the first string, else the first field."""
    archetype = draft.thing.archetype
    own = next((name for name, source in draft.source.items() if archetype and source == archetype.display), None)
    strings = [f for f in draft.fields if f.kind is Kind.STRING]
    named = [f for f in strings if f.name.split("_")[-1] in ("name", "title")]
    return own or (named or strings or draft.fields)[0].name


def _entity(draft: Draft, currency: str) -> Entity:
    archetype, thing = draft.thing.archetype, draft.thing
    by_source = {source: name for name, source in draft.source.items()}
    enums = [f.name for f in draft.fields if f.kind is Kind.ENUM]
    title = display(draft)
    status = by_source.get((archetype and archetype.status) or "") if archetype else None
    subtitle = by_source.get((archetype and archetype.subtitle) or "") if archetype else None
    others = [f.name for f in draft.fields if f.name != title and f.kind not in (Kind.TEXT, Kind.ENUM, Kind.BOOLEAN)]
    return Entity(
        name=draft.name,
        slug=draft.slug,
        table=draft.table,
        label=thing.label,
        label_plural=thing.plural,
        icon=archetype.icon if archetype else "box",
        archetype=archetype.name if archetype else None,
        fields=tuple(f.model_copy(update={"unit": currency}) if f.kind is Kind.MONEY else f for f in draft.fields),
        display=title,
        subtitle=subtitle or (others[0] if others else None),
        status=status
        or next((n for n in enums if n == "status" or n.endswith("_status")), enums[0] if enums and archetype is None else None),
        seed=tuple(draft.rows),
        assumed=thing.assumed,
    )


def _ordered(drafts: Sequence[Draft]) -> list[Draft]:
    """In the order of the message, but what is pointed to before what points to it."""
    done: list[Draft] = []

    def place(draft: Draft) -> None:
        if draft not in done:
            for target in draft.targets.values():
                place(target)
            done.append(draft)

    for draft in drafts:
        place(draft)
    return done
