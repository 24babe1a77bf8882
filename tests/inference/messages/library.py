"""The libraries that ship, searched in memory with the real embedding model: what pgvector finds, without a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from inference.embeddings.base import registry
from inference.planning.archetypes import library
from inference.planning.clean import clean_message
from inference.planning.matching import Nearest
from inference.planning.planner import make_plan
from inference.planning.uses import texts
from synergy.core.types import Message, Plan, StackChoice

STACK = StackChoice(inferred="fastapi-react", confidence=0.9, abstained=False, built_with="fastapi-react", reason="by similarity")
LIBRARIES = {"domain": library, texts.KIND: texts.library, texts.FEATURES: texts.feature_library}


class Near(NamedTuple):
    key: str
    similarity: float


def search() -> Nearest:
    """``nearest`` over the libraries as they are whenever it is asked."""
    model = registry.get("minilm")
    banks = {}

    def nearest(kind: str, wanted: Sequence[str], k: int) -> list[list[Near]]:
        rows = tuple((key, text) for key, texts in LIBRARIES[kind]().items() for text in texts)
        if not rows:
            return [[] for _ in wanted]
        if (kind, rows) not in banks:
            banks[kind, rows] = model.embed([text for _, text in rows])
        found = []
        for scores in model.embed(wanted) @ banks[kind, rows].T:
            best: dict[str, float] = {}
            for (key, _), score in zip(rows, scores, strict=True):
                best[key] = max(best.get(key, -1.0), float(score))
            found.append([Near(key, score) for key, score in sorted(best.items(), key=lambda p: (-p[1], p[0]))[:k]])
        return found

    return nearest


def planner() -> Callable[[str], Plan]:
    nearest = search()

    def plan(text: str) -> Plan:
        return make_plan(Message(text=clean_message(text)), STACK, nearest)

    return plan
