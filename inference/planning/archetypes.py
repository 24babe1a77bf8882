"""The domain library: what applications usually keep, one data file each under ``fixtures/domains/``."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Literal

from pydantic import Field, model_validator

from inference.planning.inflection import singular
from inference.planning.names import choice_value, label_of
from synergy.core.stacks import FIXTURES
from synergy.core.types import Choice, Kind, PlanField, Value

Cell = str | int | float | bool | None
TONES = ("neutral", "info", "success", "warning", "danger")


class ArchetypeField(Value):
    """One field of an archetype. ``to`` names the archetypes a REF may point to, best first; "*" is any other entity."""

    name: str
    label: str = ""
    kind: Kind
    choices: tuple[str, ...] = ()  #: "In progress|warning"
    to: tuple[str, ...] = ()
    drop: bool = False  #: a REF without its target is left out; else it becomes a string
    named: Literal["", "target"] = ""  #: "target": the field takes the name of what it points to
    optional: bool = False
    unique: bool = False
    min: float | None = None
    max: float | None = None
    max_length: int | None = None
    unit: str = ""
    help: str = ""

    def plan_field(self, *, assumed: bool) -> PlanField:
        """As a field of an entity; a REF has no target yet."""
        lengths = {Kind.STRING: 120, Kind.TEXT: 4000}
        return PlanField(
            name=self.name,
            label=self.label or label_of(self.name),
            kind=self.kind,
            required=not self.optional,
            unique=self.unique,
            choices=tuple(map(parse_choice, self.choices)),
            minimum=self.min,
            maximum=self.max,
            max_length=self.max_length or lengths.get(self.kind),
            unit=self.unit or ("EUR" if self.kind is Kind.MONEY else ""),
            help=self.help,
            assumed=assumed,
        )


def parse_choice(text: str) -> Choice:
    """ "In progress|warning" → in_progress, "In progress", warning."""
    label, _, tone = text.partition("|")
    return Choice.model_validate({"value": choice_value(label), "label": label, "tone": tone or "neutral"})


class Archetype(Value):
    name: str
    label: str
    plural: str
    icon: str
    family: Literal["people", "things", "content", "records"]
    personal: bool = False  #: rows tell something about a person
    confidential: bool = False  #: nothing for visitors: an application that keeps it is private
    owned: Literal["", "private", "brought", "never"] = ""  #: whose its rows usually are: see ``owning``
    topical: bool = False
    sorts: bool = False  #: its rows are there to sort those of others: the ones that sort nothing are left out
    hue: float  #: of the default colours, degrees in OKLCH
    aliases: tuple[str, ...] = ()  #: other nouns for it, singular
    collective: tuple[str, ...] = ()  #: aliases that mean all of them: a menu, a fleet; the label is the archetype's
    variants: tuple[str, ...] = ()  #: aliases that are a kind of their own beside each other: news and success stories
    instead_of: str = ""  #: the archetype whose own name means this one where one of these words stands in the message:
    beside: tuple[str, ...] = ()  #: a "ticket" beside a concert is none for the helpdesk
    phrases: tuple[str, ...] = ()  #: how messages speak of it, for the search by similarity
    verbs: tuple[str, ...] = ()  #: verbs that bring it in: to book → booking
    limits: str = ""  #: what is only kept and not done, in a sentence
    actions: tuple[str, ...] = ()
    display: str
    subtitle: str | None = None
    status: str | None = None
    fields: tuple[ArchetypeField, ...]
    topic_fields: tuple[str, ...] = ()  #: fields of seed rows that speak of the message's topic, when it has one …
    topics: tuple[tuple[str, ...], ...] = ()  #: … and what they say: "{topic} in practice"
    seed: tuple[tuple[Cell, ...], ...] = Field(min_length=5)

    @model_validator(mode="after")
    def _hangs_together(self) -> Archetype:
        names = [f.name for f in self.fields]
        wrong = [n for n in (self.display, self.subtitle, self.status) if n and n not in names]
        uneven = [row for row in self.seed if len(row) != len(names)]
        uneven += [row for row in self.topics if len(row) != len(self.topic_fields)]
        if wrong or uneven or len(set(names)) != len(names):
            raise ValueError(f"{self.name}: unknown or double fields {wrong}, rows of another length {uneven}")
        return self

    @property
    def terms(self) -> tuple[str, ...]:
        """All nouns that stand for it, lower case, singular."""
        return (self.label.lower(), self.name.replace("_", " "), *self.aliases)

    def rows(self) -> list[dict[str, Cell]]:
        return [dict(zip((f.name for f in self.fields), row, strict=True)) for row in self.seed]


@cache
def archetypes() -> dict[str, Archetype]:
    """All archetypes by name, sorted."""
    files = sorted((FIXTURES / "domains").glob("*.toml"))
    return {f.stem: Archetype(name=f.stem, **tomllib.loads(f.read_text())) for f in files}


@cache
def terms() -> dict[str, str]:
    """Noun (lower case, singular) → archetype. An archetype's own name goes before another's alias."""
    found = {term: a.name for a in archetypes().values() for term in (a.label.lower(), a.name.replace("_", " "))}
    for archetype in archetypes().values():
        for alias in archetype.aliases:
            found.setdefault(" ".join(map(singular, alias.split())), archetype.name)
    return found


@cache
def verbs() -> dict[str, str]:
    """Verb (base form) → the archetype it brings in: book → booking."""
    return {verb: a.name for a in archetypes().values() for verb in a.verbs}


def library() -> dict[str, tuple[str, ...]]:
    """What the search by similarity knows: archetype → the texts that stand for it."""
    return {name: tuple(dict.fromkeys((*a.terms, *a.phrases))) for name, a in archetypes().items()}
