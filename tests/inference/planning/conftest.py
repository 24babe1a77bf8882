"""The libraries in memory, with the real embedding model: what ``inference.services.nearest`` finds in pgvector.

Tests see no capabilities unless they ask for ``samples``: what ships may grow without touching them.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from inference.embeddings.base import registry
from inference.planning.archetypes import library
from inference.planning.clean import clean_message
from inference.planning.planner import make_plan
from inference.planning.uses import scoring, texts
from synergy.core import capabilities as folders
from synergy.core.stacks import FIXTURES
from synergy.core.types import Message, StackChoice

STACK = StackChoice(inferred="fastapi-react", confidence=0.9, abstained=False, built_with="fastapi-react", reason="by similarity")
SAMPLES = Path(__file__).resolve().parents[1] / "capabilities"
LIBRARIES = {"domain": library, texts.KIND: texts.library, texts.FEATURES: texts.feature_library}


class Near(NamedTuple):
    key: str
    similarity: float


def use_folder(patch, folder, calibration=None):
    """Let ``folder`` be the library of capabilities."""
    patch.setattr(folders, "FOLDER", folder)
    folders.capabilities.cache_clear()
    if calibration is not None:
        patch.setattr(scoring, "CALIBRATION", calibration)
    scoring.parameters.cache_clear()


@pytest.fixture(autouse=True)
def no_capabilities(tmp_path, monkeypatch):
    use_folder(monkeypatch, tmp_path / "nothing")
    yield
    monkeypatch.undo()
    folders.capabilities.cache_clear()
    scoring.parameters.cache_clear()


@pytest.fixture
def samples(no_capabilities, monkeypatch):
    """The capabilities of ``tests/inference/capabilities``, with the numbers fitted on them."""
    use_folder(monkeypatch, SAMPLES, SAMPLES / "calibration.json")
    return SAMPLES


def in_memory():
    """The search over all libraries as they are when it is used."""
    model = registry.get("minilm")
    banks = {}

    def search(kind, wanted, k):
        rows = tuple((key, text) for key, texts in LIBRARIES[kind]().items() for text in texts)
        if not rows:
            return [[] for _ in wanted]
        if (kind, rows) not in banks:
            banks[kind, rows] = model.embed([text for _, text in rows])
        found = []
        for scores in model.embed(wanted) @ banks[kind, rows].T:
            best = {}
            for (key, _), score in zip(rows, scores, strict=True):
                best[key] = max(best.get(key, -1.0), float(score))
            found.append([Near(key, score) for key, score in sorted(best.items(), key=lambda p: (-p[1], p[0]))[:k]])
        return found

    return search


@pytest.fixture
def shipped(no_capabilities, monkeypatch):
    """The capabilities that ship, with the numbers fitted on them."""
    folder = FIXTURES / "capabilities"
    use_folder(monkeypatch, folder, folder / "calibration.json")
    return folder


@pytest.fixture(scope="session")
def nearest():
    return in_memory()


@pytest.fixture(scope="session")
def plan_for(nearest):
    def plan(text):
        return make_plan(Message(text=clean_message(text)), STACK, nearest)

    return plan
