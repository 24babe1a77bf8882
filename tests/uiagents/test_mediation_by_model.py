"""A call that nobody can tell the meaning of: a model says it, and what it says is rendered and compared like any other."""

from __future__ import annotations

import json

import pytest

from inference.llm import ask
from synergy.chaos.models import Models
from tests.factories import plan
from tests.uiagents.interface import CLIENT, SPEC, Project
from uiagents import conflicts
from uiagents.services import resolve_conflicts

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]
RIGHT, STRANGE = 'http.GET("/api/orders", {', 'http.GET("/api/everything/bought", {'
CALL = "GET /api/everything/bought"


@pytest.fixture
def resolve(bench, monkeypatch, settings, live_valkey):
    """The resolution of a project with a strange call; the model answers so, if it is there."""
    servers = []
    monkeypatch.setattr(conflicts, "stack", lambda slug: SPEC)
    monkeypatch.setattr(ask, "RETRIES", (0.05,))

    def run(answer=None):
        project = Project.of(plan())
        project.replace(CLIENT, RIGHT, STRANGE)
        if answer is not None:
            server = Models(lambda request: answer if isinstance(answer, str) else json.dumps(answer))
            server.start()
            servers.append(server)
            settings.MODELS = {
                "url": server.url, "key": "sk-or-v1-0123456789abcdef0123456789abcdef", "model": "x-ai/grok-4-fast",
                "fallback": "google/gemini-2.5-flash-lite", "rate": 60_000, "concurrency": 8, "deadline": 5,
            }  # fmt: skip
        return resolve_conflicts(*project.arguments(bench, plan()))

    yield run
    for server in servers:
        server.stop()


def test_without_a_model_it_stays_open(resolve):
    result = resolve()
    assert [c.resolved for c in result.conflicts] == [False]
    assert result.changes is None


def test_a_model_says_what_is_meant(resolve, bench):
    result = resolve({"choices": [{"call": CALL, "operation": "list_orders"}]})
    assert RIGHT in bench.store.get_text(result.changes.files[CLIENT])
    assert all(c.resolved for c in result.conflicts)
    assert "a model chose it" in result.conflicts[0].remedy
    assert result.similarity_after >= 0.85


@pytest.mark.parametrize(
    "answer",
    [
        "",
        {"choices": []},
        {"choices": [{"call": CALL, "operation": ""}]},
        {"choices": [{"call": CALL, "operation": "drop_all_tables"}]},
        {"choices": [{"call": "DELETE /api/orders/{}", "operation": "list_orders"}]},
    ],
)
def test_anything_else_leaves_it_open(resolve, answer):
    result = resolve(answer)
    assert [c.resolved for c in result.conflicts] == [False]
    assert result.changes is None
