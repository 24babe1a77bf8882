"""The library of capabilities as data: every folder is whole, and a folder that is not is refused."""

from __future__ import annotations

import re

import pytest

from synergy.core.capabilities import FOLDER, capabilities, capability
from synergy.core.errors import PermanentError
from tests.capabilities.workshop import plan_with
from uiagents import openapi, react
from uiagents.agents import backend
from uiagents.capabilities import uses
from uiagents.shapes import read_shape

NAMES = sorted(capabilities())
each = pytest.mark.parametrize("name", NAMES)


@each
def test_a_folder_says_what_it_does_and_what_it_does_not(name):
    found = capability(name)
    asks, others = found.phrases()
    assert re.fullmatch(r"[a-z][a-z0-9-]*", name)
    assert found.does.endswith(".")
    assert found.does_not.endswith(".")
    assert len(set(asks)) >= 10, "ten ways to ask for it"
    assert len(others) >= 4, "four that sound like it"
    assert not set(asks) & set(others)


@each
def test_every_feature_is_proved_at_both_ends_and_in_the_browser(name):
    plan = plan_with(name, public=True)
    own = [u for u in uses(plan) if u.use.capability == name]
    pages, api = react.scope_files(plan), backend.render(plan)
    for use in own:
        shown = {p.feature for p in use.page_proofs(pages)}
        served = {p.feature for p in use.api_proofs(api)}
        walked = {w.feature for w in use.walks()}
        for feature in use.capability.feature:
            id_ = use.feature(feature.id)
            assert id_ in shown, id_
            assert id_ in walked, id_
            assert id_ in served or not feature.api, id_


@each
@pytest.mark.parametrize("public", [True, False], ids=["public", "private"])
def test_what_it_names_is_there(name, public):
    plan = plan_with(name, public=public)
    files = react.scope_files(plan)
    for use in uses(plan):
        index = files[f"frontend/src/features/{use.slug}/index.tsx"].decode() if use.slots or use.pages else ""
        for component in [*(s.component for s in use.slots), *(draft.component for _, draft, _ in use.pages)]:
            assert re.search(rf"\b{component}\b", index), component
        operations = {e.operation for e in plan.endpoints}
        slugs = {p.slug for p in plan.pages}
        for component in use.ui_components():
            assert f"export function {component.name}" in files[component.path].decode(), component.path
            assert set(component.data) <= operations, component.name
        assert {page for f in plan.features if f.use == use.name for page in f.pages} <= slugs
    assert openapi.document(plan)


@each
def test_nothing_of_a_folder_is_left_over(name):
    known = ("capability.toml", "phrases.txt", "fastapi-react/", "react/")
    for file in (FOLDER / name).rglob("*"):
        path = file.relative_to(FOLDER / name).as_posix()
        assert file.is_dir() or path.startswith(known), path


def test_demo_rows_are_asked_for_only_where_a_module_brings_them():
    plan = plan_with("leaderboard", public=True)
    entity = plan.entity(plan.uses[0].entity)
    assert not uses(plan)[0].seeding, "players are named in the records themselves"
    unnamed = {role: name for role, name in plan.uses[0].fields.items() if role in ("value", "day")}
    nobody = plan.uses[0].model_copy(update={"fields": unnamed})
    owned = tuple(e.model_copy(update={"owned": "public"}) if e == entity else e for e in plan.entities)
    assert uses(plan.model_copy(update={"uses": (nobody,), "entities": owned}))[0].seeding


# --- the words of shapes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sent", "annotation", "schema"),
    [
        ("int 1..5", True, "Annotated[int, Field(ge=1, le=5)]", {"type": "integer", "minimum": 1, "maximum": 5}),
        ("?str 1..20", True, "kinds.Nullable[Annotated[str, Field(min_length=1, max_length=20)]]", None),
        ("?num", False, "kinds.Number | None", {"anyOf": [{"type": "number"}, {"type": "null"}]}),
        ("[id] 1..20", True, "Annotated[list[kinds.RowId], Field(min_length=1, max_length=20)]", None),
        ("enum a|b", False, 'Literal["a", "b"]', {"type": "string", "enum": ["a", "b"]}),
        ("str", False, "str", {"type": "string"}),
    ],
)
def test_a_shape_gives_annotation_and_schema(text, sent, annotation, schema):
    shape = read_shape(text, sent=sent)
    assert shape.annotation == annotation
    assert schema is None or shape.schema == schema


@pytest.mark.parametrize("text", ["int 1-5", "str", "[int", "Nothing", "bool 1..2", "??int", ""])
def test_a_shape_that_says_nothing_is_refused(text):
    with pytest.raises(PermanentError):
        read_shape(text, sent=True)


def test_an_unknown_capability_names_those_that_are_known():
    with pytest.raises(PermanentError, match="no capability"):
        capability("flying")
