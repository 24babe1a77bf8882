"""The same comparison on a rendered FastAPI + React project, with the tools that a run uses."""

import pytest

from synergy.core.bench import merged
from synergy.core.stacks import stack
from synergy.core.toolchains import run_command
from synergy.core.types import ChangeSet
from tests.factories import plan
from tests.uiagents.interface import CLIENT, SCHEMA, Project, seen
from uiagents.agents import backend
from uiagents.agents.base import change_set
from uiagents.blueprints import render_file
from uiagents.openapi import declare
from uiagents.react import PAGE_SET
from uiagents.services import resolve_conflicts

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]


@pytest.fixture
def project(bench):
    """A rendered backend, and a client with types by the real openapi-typescript."""
    spec, bakery = stack("fastapi-react"), plan()
    client = render_file(spec.folder / "adapter" / "src" / "api", "client.ts", {"plan": bakery})
    written = change_set(
        bench,
        "backend",
        backend.render(bakery) | {CLIENT: client, "frontend/biome.json": (PAGE_SET / "shell" / "biome.json").read_bytes()},
    )
    bench.apply((written,))
    types = run_command(bench, spec, "frontend-api", written.files)
    files = merged((written, ChangeSet(agent="frontend", files={SCHEMA: types.outputs["schema"]})))
    return Project({name: bench.store.get(sha).decode() for name, sha in files.items()}, seen(declare(bakery)))


def test_a_rendered_project_has_no_conflict(project, bench):
    result = resolve_conflicts(*project.arguments(bench, plan()))
    assert result.conflicts == ()
    assert result.operations == 32
    assert result.changes is None


def test_a_renamed_field_in_the_types_is_generated_again(project, bench):
    sound = project.files[SCHEMA]
    project.files[SCHEMA] = sound.replace("pieces", "amount")
    result = resolve_conflicts(*project.arguments(bench, plan()))
    assert result.conflicts
    assert all(c.resolved for c in result.conflicts)
    assert bench.store.get_text(result.changes.files[SCHEMA]) == sound


def test_a_call_with_a_wrong_method_is_mended_and_formatted(project, bench):
    project.replace(CLIENT, 'http.DELETE("/api/orders/{id}"', 'http.POST("/api/orders/{id}"')
    result = resolve_conflicts(*project.arguments(bench, plan()))
    assert [(c.kind, c.resolved) for c in result.conflicts] == [("method", True)]
    assert [c.name for c in result.changes.checks] == ["frontend-format"]
    assert 'http.DELETE("/api/orders/{id}"' in bench.store.get_text(result.changes.files[CLIENT])
    assert set(result.changes.files) == {CLIENT}


def test_a_backend_that_renamed_a_field_is_found_and_not_excused(project, bench):
    project.replace("backend/app/schemas/orders.py", "    due_on:", "    deadline:")
    result = resolve_conflicts(*project.arguments(bench, plan()))
    assert {(c.kind, c.sides, c.resolved) for c in result.conflicts} == {("field", ("declared", "served"), False)}
    assert any("due_on" in c.detail for c in result.conflicts)


def test_a_backend_that_does_not_start_is_found(project, bench):
    project.replace("backend/app/schemas/orders.py", "class OrderOut", "class Out")
    result = resolve_conflicts(*project.arguments(bench, plan()))
    assert [(c.kind, c.resolved) for c in result.conflicts] == [("missing_endpoint", False)]
    assert "did not print what it serves" in result.conflicts[0].detail
