import numpy as np
import pytest

from inference.embeddings import minilm
from inference.embeddings.base import DIMENSIONS, registry
from synergy.core.errors import PermanentError

TEXTS = ["a shop for candles", "an online store that sells candles", "a driver for a graphics card"]


@pytest.fixture(scope="module")
def embedder():
    return registry.get("minilm")


def test_vectors_have_length_one_and_the_promised_width(embedder):
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (3, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert embedder.embed([]).shape == (0, DIMENSIONS)


def test_what_means_the_same_is_nearer_than_what_does_not(embedder):
    shop, store, driver = embedder.embed(TEXTS)
    assert shop @ store > 0.7 > 0.3 > shop @ driver


def test_a_vector_does_not_depend_on_its_neighbours():
    alone, together = minilm.MiniLM(), minilm.MiniLM()
    assert np.array_equal(alone.embed(TEXTS[:1])[0], together.embed(["word " * 300, *TEXTS])[1])


def test_any_text_can_be_embedded(embedder):
    assert np.isfinite(embedder.embed(["", "🍕", "数据", "x" * 100_000])).all()


@pytest.mark.parametrize("constant", ["WEIGHTS_SHA256", "TOKENIZER_SHA256"])
def test_weights_and_tokenizer_that_were_changed_are_refused(monkeypatch, constant):
    monkeypatch.setattr(minilm, constant, "0" * 64)
    with pytest.raises(PermanentError, match="not the file it should be"):
        minilm.MiniLM().embed(["text"])


def test_missing_weights_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(minilm, "TOKENIZER", tmp_path / "tokenizer.json")
    with pytest.raises(PermanentError, match=r"tokenizer\.json is missing"):
        minilm.MiniLM().embed(["text"])
