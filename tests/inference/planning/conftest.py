"""The domain library in memory, with the real embedding model: what ``inference.services.nearest`` finds in pgvector."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from inference.embeddings.base import registry
from inference.planning.archetypes import library
from inference.planning.clean import clean_message
from inference.planning.planner import make_plan
from synergy.core.types import Message, StackChoice

STACK = StackChoice(inferred="fastapi-react", confidence=0.9, abstained=False, built_with="fastapi-react", reason="by similarity")


class Near(NamedTuple):
    key: str
    similarity: float


@pytest.fixture(scope="session")
def nearest():
    model = registry.get("minilm")
    rows = [(key, text) for key, texts in library().items() for text in texts]
    bank = model.embed([text for _, text in rows])

    def search(kind, texts, k):
        assert kind == "domain"
        found = []
        for scores in model.embed(texts) @ bank.T:
            best = {}
            for (key, _), score in zip(rows, scores, strict=True):
                best[key] = max(best.get(key, -1.0), float(score))
            found.append([Near(key, score) for key, score in sorted(best.items(), key=lambda p: (-p[1], p[0]))[:k]])
        return found

    return search


@pytest.fixture(scope="session")
def plan_for(nearest):
    def plan(text):
        return make_plan(Message(text=clean_message(text)), STACK, nearest)

    return plan
