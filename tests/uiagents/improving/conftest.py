import pytest

from inference.llm import ask
from synergy.chaos.models import Models
from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import Bench
from tests.uiagents.improving import stage
from uiagents.improving import loop


@pytest.fixture
def book():
    return stage.Rejecting()


@pytest.fixture
def bench(tmp_path, book, live_valkey):
    (tmp_path / "project").mkdir()
    return Bench(root=tmp_path, store=ArtifactStore(tmp_path / "artifacts"), book=book)


@pytest.fixture
def model(settings, monkeypatch):
    """A provider on loopback that answers as it is told: ``model(plan=[…], backend=[…], …)`` gives its script."""
    servers = []

    def start(**answers):
        script = stage.Script(answers)
        server = Models(script)
        server.start()
        servers.append(server)
        given = {"model": "x-ai/grok-4-fast", "fallback": "google/gemini-2.5-flash-lite"}
        settings.MODELS = {
            **given, "url": server.url, "key": "sk-or-v1-0123456789abcdef0123456789abcdef", "rate": 60_000, "concurrency": 8, "deadline": 5,
        }  # fmt: skip
        return script

    monkeypatch.setattr(ask, "RETRIES", (0.05, 0.1))
    monkeypatch.setattr(loop, "stack", lambda slug: stage.SPEC)
    yield start
    for server in servers:
        server.stop()
