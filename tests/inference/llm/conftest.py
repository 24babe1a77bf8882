import json

import pytest

from inference.llm import base
from inference.llm.ask import Question
from synergy.chaos.models import Models
from synergy.core.types import Value

ANSWER = {"title": "Bakery", "things": ["order", "customer"]}


class Idea(Value):
    title: str
    things: tuple[str, ...]


def question(**given) -> Question[Idea]:
    return Question(**{"activity": "plan", "prompt": "Plan it.", "data": {"message": "A bakery"}, "answer": Idea, **given})


@pytest.fixture
def models(settings, monkeypatch):
    """A provider that answers, until a test says otherwise. What would take a minute takes two seconds."""
    server = Models(lambda request: json.dumps(ANSWER))
    server.start()
    given = {
        "model": "x-ai/grok-4-fast",
        "fallback": "google/gemini-2.5-flash-lite",
        "rate": 60_000,
        "concurrency": 32,
        "deadline": 2,
    }
    settings.MODELS = {"url": server.url, "key": "sk-or-v1-0123456789abcdef0123456789abcdef", **given}
    monkeypatch.setattr("inference.llm.ask.RETRIES", (0.05, 0.1))
    yield server
    server.stop()


@pytest.fixture
def to(models):
    return base.provider()
