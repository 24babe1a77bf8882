"""A capability is a folder: ``fixtures/capabilities/<name>/`` with ``capability.toml``, ``phrases.txt`` and its templates.

What the folder holds, and how its texts are filled, is said in ``fixtures/capabilities/README.md``.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from synergy.core.errors import PermanentError
from synergy.core.stacks import FIXTURES
from synergy.core.types import Entity, Kind, Plan, Prop, Use
from synergy.core.value import Value

FOLDER = FIXTURES / "capabilities"

#: as_list: visitors when they may see the entity's list. as_site: visitors of a site that is open to them.
Access = Literal["public", "session", "write", "as_list", "as_site"]


class Need(Value):
    """A field that the entity must have."""

    kinds: tuple[Kind, ...]
    names: tuple[str, ...] = ()  #: preferred names, best first; else the first field of these kinds
    only: bool = False  #: only a field with one of ``names`` will do
    optional: bool = False
    add: dict[str, Any] = Field(default_factory=dict)  #: the field (as in a domain file) an entity gets that has none


class Part(Value):
    """Another entity that the capability works with."""

    archetypes: tuple[str, ...]  #: best first; the first is added to the plan when none is there
    optional: bool = False  #: it does without
    refers: bool = False  #: must have a reference to the entity (it gets one)


class On(Value):
    """What the capability can be put to work on. Nothing said: the application as a whole."""

    archetypes: tuple[str, ...] = ()  #: preferred, best first
    families: tuple[str, ...] = ()  #: of archetypes that it fits
    any: bool = False  #: every entity will do
    shared: bool = False  #: not on rows that only the account sees that made them
    apart: bool = False  #: makes its rows such: seen by the account they belong to, and by administrators
    add: str = ""  #: archetype that is added to the plan when no entity fits
    fields: dict[str, Need] = Field(default_factory=dict)
    parts: dict[str, Part] = Field(default_factory=dict)


class PageDraft(Value):
    slug: str
    path: str
    sample: str = ""  #: ``path`` unless told
    title: str
    component: str
    access: Access = "session"
    nav: str = ""  #: its name in the navigation; "" = it is reached from other pages
    icon: str = "box"
    heading: Literal["", "Activity", "Directory"] = ""


class SlotDraft(Value):
    """A component placed on a page that is not the capability's own."""

    at: Literal["record", "record-actions", "list", "list-actions", "home", "dashboard", "account", "bar", "footer", "floating"]
    component: str
    part: str = ""  #: on the pages of this part's entity instead


class FeatureDraft(Value):
    id: str
    label: str
    pages: tuple[str, ...] = ()
    api: bool = True  #: False: it lives in the browser alone
    referred: bool = False  #: it is there only where other records refer to the entity


class EndpointDraft(Value):
    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    operation: str
    access: Access = "session"
    query: str = ""  #: name of a shape that ends in "Query"
    request: str = ""  #: name of a shape
    answer: str = ""  #: name of a shape, "[Name]" for a list of it
    status: int = 200


class ComponentDraft(Value):
    name: str
    purpose: str
    props: tuple[Prop, ...] = ()
    states: tuple[str, ...] = ("ready",)
    data: tuple[str, ...] = ()  #: operations
    constraints: tuple[str, ...] = ()


class CheckDraft(Value):
    feature: str
    title: str
    who: Literal["visitor", "member", "owner"] = "owner"
    acts: tuple[str, ...]


class Capability(Value):
    name: str
    title: str
    does: str  #: one sentence
    does_not: str  #: what people might expect of it and do not get, in plain words
    on: On | None = None
    exclusive: bool = False  #: at most one use in a plan
    verbs: tuple[str, ...] = ()  #: that ask for it, in their base form
    nouns: tuple[str, ...] = ()  #: that ask for it: "leaderboard", "shopping cart"
    options: dict[str, dict[str, str]] = Field(default_factory=dict)  #: option → value → words that choose it (a pattern)
    with_: tuple[str, ...] = Field(default=(), alias="with")  #: capabilities that come along: cart → checkout
    page: tuple[PageDraft, ...] = ()
    slot: tuple[SlotDraft, ...] = ()
    feature: tuple[FeatureDraft, ...]
    endpoint: tuple[EndpointDraft, ...] = ()
    shape: dict[str, dict[str, str]] = Field(default_factory=dict)  #: name → field → type; names that end in "In" are requests
    component: tuple[ComponentDraft, ...] = ()
    check: tuple[CheckDraft, ...] = ()

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    def phrases(self) -> tuple[list[str], list[str]]:
        """(what asks for it, what sounds like it and does not). ``{thing}`` stands for the entity."""
        lines = [line.strip() for line in (self.folder / "phrases.txt").read_text().splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        return [line for line in lines if line[0] != "-"], [line[1:].strip() for line in lines if line[0] == "-"]


@cache
def capabilities() -> dict[str, Capability]:
    """All capabilities by name."""
    files = sorted(FOLDER.glob("*/capability.toml"))
    return {f.parent.name: Capability(name=f.parent.name, **tomllib.loads(f.read_text())) for f in files}


def capability(name: str) -> Capability:
    try:
        return capabilities()[name]
    except KeyError:
        raise PermanentError(f"There is no capability {name!r}.", hint=f"Known: {', '.join(capabilities())}.") from None


class Words:
    """Fills the texts of a capability for one use: ``{use.slug}``, ``{entity.label}``, ``{one}``, ``{price}``, ``{option.slug}``.

    ``{one}`` and ``{many}`` are the entity's labels within a sentence; ``{Use}`` is the use's name in Pascal case.
    """

    def __init__(self, plan_entities: tuple[Entity, ...], use: Use) -> None:
        known = {e.name: e for e in plan_entities}
        entity = known.get(use.entity or "")
        self.values: dict[str, Any] = {"use": use, "Use": _pascal(use.name), **use.options}
        self.values |= {role: known[name] for role, name in use.parts.items()}
        if entity is not None:
            self.values |= {"entity": entity, "one": inner(entity.label), "many": inner(entity.label_plural)}
            self.values |= {role: entity.field(name) for role, name in use.fields.items()}

    def fill(self, text: str) -> str:
        """``text`` with its fields filled. PermanentError when it names something that the use does not have."""
        try:
            return text.format_map(self.values)
        except (KeyError, AttributeError, IndexError, ValueError) as error:
            raise PermanentError(f"{text!r} of {self.values['use'].capability} cannot be filled: {error!r}.") from error


def words(plan: Plan, use: Use) -> Words:
    return Words(plan.entities, use)


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def inner(label: str) -> str:
    """A label within a sentence: "Raw material" → "raw material", "SMS alert" stays."""
    return label if len(label) > 1 and label[:2].isupper() else label[:1].lower() + label[1:]
