"""The uses of a plan as templates, contract, proofs and browser checks see them. The capability itself is a folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from synergy.core.capabilities import Capability, EndpointDraft, FeatureDraft, PageDraft, SlotDraft, capability, words
from synergy.core.types import BrowserCheck, Endpoint, Entity, Kind, Page, Plan, PlanField, Proof, UiComponent, Use
from uiagents import facts
from uiagents.blueprints import render_file, render_tree
from uiagents.screens import Screen
from uiagents.shapes import Schema, Shape, component, read_shape, shape_of

FIRST = 2  #: number of the first migration after that of the entities
FEATURES = "frontend/src/features/"
ARRIVED = re.compile(
    r"^(?:received|submitted|opened|reported|requested|filed|registered|added|applied|sent|enrolled|answered)_(?:on|at)$"
)
SENT, ASKED = "In", "Query"  #: what the names of shapes end in that are sent, and those of queries
DESCRIBE = re.compile(r"""^describe\((["'`])(?P<name>.+?)\1""", re.MULTILINE)
CASE = re.compile(r"""^\s+(?:test|it)\((["'`])(?P<name>.+?)\1""", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Bound:
    """A use with all that its templates ask for."""

    plan: Plan
    use: Use
    number: int  #: of its migration

    @property
    def capability(self) -> Capability:
        return capability(self.use.capability)

    @property
    def name(self) -> str:
        return self.use.name

    @property
    def slug(self) -> str:
        return self.use.slug

    @property
    def pascal(self) -> str:
        return facts.pascal(self.name)

    @property
    def camel(self) -> str:
        return facts.camel(self.name)

    @property
    def revision(self) -> str:
        return f"{self.number:04}"

    @property
    def before(self) -> str:
        """The migration that comes before its own."""
        return f"{self.number - 1:04}"

    @property
    def migration(self) -> str:
        return f"{self.revision}_{self.name}"

    @property
    def options(self) -> dict[str, str | int | float | bool]:
        return self.use.options

    @property
    def entity(self) -> Entity | None:
        return self.plan.entity(self.use.entity) if self.use.entity else None

    @property
    def screen(self) -> Screen | None:
        return Screen(self.plan, self.entity) if self.entity else None

    @cached_property
    def parts(self) -> dict[str, Screen]:
        """role → the screen of that part's entity."""
        return {role: Screen(self.plan, self.plan.entity(name)) for role, name in self.use.parts.items()}

    @cached_property
    def fields(self) -> dict[str, PlanField]:
        """role → field of the entity."""
        return {role: self.entity.field(name) for role, name in self.use.fields.items()} if self.entity else {}

    def fill(self, text: str) -> str:
        return words(self.plan, self.use).fill(text)

    def closed(self, operation: str) -> bool:
        """Must one be signed in for this operation?"""
        name = self.fill(operation)
        return any(e.auth for e in self.plan.endpoints if e.operation == name)

    def page(self, slug: str) -> Page:
        """Its page whose draft has this (filled) slug."""
        return next(p for p in self.plan.pages if p.slug == slug and p.use == self.name)

    @property
    def pages(self) -> list[tuple[Page, PageDraft, str]]:
        """(page, draft, its name in the navigation or "")."""
        drafts = {self.fill(draft.slug): draft for draft in self.capability.page}
        own = [page for page in self.plan.pages if page.use == self.name]
        return [(page, drafts[page.slug], self.fill(drafts[page.slug].nav)) for page in own]

    @property
    def slots(self) -> list[SlotDraft]:
        return [slot for slot in self.capability.slot if not slot.part or slot.part in self.use.parts]

    def holder(self, slot: SlotDraft) -> str:
        """Name of the entity on whose pages a component stands."""
        return (self.use.parts[slot.part] if slot.part else self.use.entity) or ""

    # --- contract ----------------------------------------------------------------------------------------------------

    @cached_property
    def shapes(self) -> dict[str, dict[str, Shape]]:
        """Model → its fields, in the order of the folder."""
        return {
            f"{self.pascal}{name}": {
                field: read_shape(self.fill(text), sent=name.endswith(SENT), query=name.endswith(ASKED), known=self._model)
                for field, text in self._fields(fields)
            }
            for name, fields in self.capability.shape.items()
        }

    def _fields(self, fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """(name, type) of a shape; ``"*" = "asked"`` stands for what a stranger can fill in of the entity."""
        for name, text in fields.items():
            if name == "*" and text == "asked":
                yield from ((facts.key(f), shape_of(f)) for f in self.asked)
            else:
                yield name, text

    @cached_property
    def asked(self) -> tuple[PlanField, ...]:
        """The fields that a stranger can fill in: not the state, not what has to be unique or is dated by the server, nothing
        that leads to what strangers do not see."""
        if self.entity is None or self.screen is None:
            return ()
        hidden = {name for name, target in self.screen.targets.items() if not target.open}
        return tuple(
            f
            for f in self.entity.fields
            if not (f.name == self.entity.status or f.target in hidden or f in self.dated or (f.unique and f.kind is Kind.STRING))
        )

    @cached_property
    def dated(self) -> tuple[PlanField, ...]:
        """The days on which something came in."""
        days = (Kind.DATE, Kind.DATETIME)
        return tuple(f for f in (self.entity.fields if self.entity else ()) if f.kind in days and ARRIVED.search(f.name))

    def _model(self, name: str) -> str | None:
        if name in self.capability.shape:
            return f"{self.pascal}{name}"
        entity = self.entity if name == "entity" else self.parts[name].entity if name in self.parts else None
        return f"schemas.{entity.name}Out" if entity else None

    def base(self, model: str) -> str:
        """The class that a model inherits from."""
        sent = model.endswith((SENT, ASKED))
        return "kinds.Input" if sent else "kinds.Output"

    @property
    def needs(self) -> dict[str, bool]:
        """What the module of its models imports."""
        text = " ".join(shape.annotation for fields in self.shapes.values() for shape in fields.values())
        names = ("Annotated", "Literal", "Field", "dt.", "schemas.", "kinds.")
        bases = {"kinds.": True} if self.shapes else {}
        return {name.rstrip("."): name in text for name in names} | {n.rstrip("."): v for n, v in bases.items()}

    def components(self) -> dict[str, Schema]:
        """The components of the contract."""
        return {
            name: component(fields, sent=name.endswith(SENT)) for name, fields in self.shapes.items() if not name.endswith(ASKED)
        }

    def operation(self, endpoint: Endpoint) -> Schema:
        """The operation of the contract for one of its endpoints."""
        draft = next(d for d in self.capability.endpoint if self.fill(d.operation) == endpoint.operation)
        made: Schema = {"operationId": endpoint.operation, "tags": [self.slug]}
        parameters = [*_path_parameters(endpoint.path), *self._query(draft)]
        if parameters:
            made["parameters"] = parameters
        if draft.request:
            made["requestBody"] = {"required": True, "content": self._content(draft.request)}
        done: Schema = {"description": "Done"}
        if draft.answer:
            done["content"] = self._content(draft.answer)
        made["responses"] = {
            str(draft.status): done,
            "default": {"description": "Refused", "content": _json({"$ref": "#/components/schemas/Error"})},
        }
        if endpoint.auth:
            made["security"] = [{"session": []}]
        return made

    def _content(self, text: str) -> Schema:
        return _json(read_shape(self.fill(text), sent=False, known=self._model).schema)

    def _query(self, draft: EndpointDraft) -> list[Schema]:
        if not draft.query:
            return []
        fields = self.shapes[f"{self.pascal}{draft.query}"]
        return [{"name": n, "in": "query", "required": s.required, "schema": s.schema} for n, s in fields.items()]

    # --- files -------------------------------------------------------------------------------------------------------

    def has(self, tree: str, name: str) -> bool:
        """Is there a template ``name`` in one of its trees?"""
        return (self.capability.folder / tree / name).is_file()

    @property
    def tables(self) -> bool:
        """Does it bring tables of its own?"""
        return self.has(self.plan.stack, "app/models/__use.name__.py")

    @property
    def serving(self) -> bool:
        """Does it answer in the component tests' server?"""
        return self.has("react", "test/features/__use.slug__.ts")

    @cached_property
    def seeding(self) -> bool:
        """Does it bring demo rows? What its module renders to says so: some have them for some entities only."""
        folder, module = self.capability.folder / self.plan.stack, "app/features/__use.name__.py"
        if not (folder / module).is_file():
            return False
        rendered = render_file(folder, module, {"plan": self.plan, "use": self})
        return b"\ndef seed(" in (rendered or b"")

    def files(self, tree: str, context: Mapping[str, Any], prefix: str, shared: Path | None = None) -> dict[str, bytes]:
        """All files of one of its trees (the slug of a stack, the name of a page set); {} when it has none.

        Its templates may import the macros of ``shared``.
        """
        folder = self.capability.folder / tree
        if not folder.is_dir():
            return {}
        return render_tree(folder, {**context, "plan": self.plan, "use": self}, each={}, prefix=prefix, shared=shared)

    # --- what it is made of, and what proves it ----------------------------------------------------------------------

    @property
    def test_file(self) -> str:
        return f"{FEATURES}{self.slug}/{self.slug}.test.tsx"

    def ui_components(self) -> Iterator[UiComponent]:
        for draft in self.capability.component:
            yield UiComponent(
                name=draft.name,
                scope=self.slug,
                path=f"{FEATURES}{self.slug}/{draft.name}.tsx",
                test=self.test_file,
                purpose=self.fill(draft.purpose),
                props=tuple(p.model_copy(update={"type": self.fill(p.type)}) for p in draft.props),
                states=draft.states,
                data=tuple(self.fill(operation) for operation in draft.data),
                constraints=draft.constraints,
            )

    def feature(self, id_: str) -> str:
        return f"{self.slug}.{id_}"

    def _features(self) -> list[FeatureDraft]:
        """Those that the plan has: some need more than the use has."""
        planned = {feature.id for feature in self.plan.features}
        return [draft for draft in self.capability.feature if self.feature(draft.id) in planned]

    def page_proofs(self, files: Mapping[str, bytes]) -> Iterator[Proof]:
        """For every feature its files in the frontend, and the tests in the groups that begin with its id."""
        own = tuple(f for f in files if f.startswith(f"{FEATURES}{self.slug}/") and f != self.test_file)
        cases = list(_cases(files.get(self.test_file, b"").decode()))
        for draft in self._features():
            tests = tuple(f"{self.test_file}::{group} > {case}" for group, case in cases if group.split()[0] == draft.id)
            if tests:
                yield Proof(feature=self.feature(draft.id), files=own, tests=tests)

    def api_proofs(self, files: Mapping[str, bytes]) -> Iterator[Proof]:
        """For every feature its modules in the backend, and the tests named after it."""
        tests = f"backend/tests/test_{self.name}.py"
        own = tuple(f for f in files if f.endswith((f"/{self.name}.py", f"{self.migration}.py")) and f != tests)
        names = [node.name for node in ast.parse(files.get(tests, b"")).body if isinstance(node, ast.FunctionDef)]
        for draft in self._features():
            found = tuple(f"{tests}::{name}" for name in names if name.startswith(f"test_{facts.snake(draft.id)}_"))
            if found:
                yield Proof(feature=self.feature(draft.id), files=own, tests=found)

    def walks(self) -> Iterator[BrowserCheck]:
        planned = {draft.id for draft in self._features()}
        for number, draft in enumerate(self.capability.check, 1):
            if draft.feature not in planned:
                continue
            yield BrowserCheck(
                id=f"{self.slug}.{draft.feature}.{number}",
                feature=self.feature(draft.feature),
                title=self.fill(draft.title),
                who=draft.who,
                acts=tuple(self.fill(act) for act in draft.acts),
            )


def uses(plan: Plan) -> tuple[Bound, ...]:
    """All uses of a plan, in its order; those with tables have their migrations in this order too."""
    found, number = [], FIRST
    for use in plan.uses:
        bound = Bound(plan, use, number)
        number += bound.tables
        found.append(bound)
    return tuple(found)


def _cases(source: str) -> Iterator[tuple[str, str]]:
    """(group, test) of a test file whose groups stand at its outermost level."""
    groups = list(DESCRIBE.finditer(source))
    for group, after in zip(groups, [*groups[1:], None], strict=True):
        body = source[group.end() : after.start() if after else None]
        yield from ((group["name"], case["name"]) for case in CASE.finditer(body))


def _path_parameters(path: str) -> list[Schema]:
    schema = {"type": "integer", "minimum": 1, "maximum": facts.MAX_INT}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in re.findall(r"\{(\w+)\}", path)]


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}
