"""Vectors that were worked out before are not worked out again, and are the same to the last bit."""

from __future__ import annotations

import os

import numpy as np
import pytest

from inference import kept
from inference.kept import kept_vectors


class Counting:
    """An embedder that tells what it was asked for."""

    id = "counting@1/2"

    def __init__(self):
        self.asked = []

    def embed(self, texts):
        self.asked.append(list(texts))
        rows = [np.random.default_rng(len(text)).random(kept.DIMENSIONS, np.float32) for text in texts]
        return np.stack(rows)


@pytest.fixture
def model(settings, tmp_path):
    settings.CACHE_DIR = tmp_path
    return Counting()


def file(tmp_path):
    return tmp_path / "vectors" / "counting-1-2.npz"


def test_only_what_is_new_is_worked_out(model):
    first = kept_vectors(model, ["a", "bb"])
    again = kept_vectors(model, ["bb", "ccc", "a", "bb"])
    assert model.asked == [["a", "bb"], ["ccc"]]
    assert np.array_equal(again[[2, 0, 3]], first[[0, 1, 1]])
    assert again.dtype == np.float32


def test_nothing_is_asked_for_nothing(model):
    assert kept_vectors(model, []).shape == (0, kept.DIMENSIONS)
    assert model.asked == []


@pytest.mark.parametrize("damage", [b"", b"PK no zip", b"x" * 5000])
def test_a_damaged_file_is_written_anew(model, tmp_path, damage):
    first = kept_vectors(model, ["a"])
    file(tmp_path).write_bytes(damage)
    assert np.array_equal(kept_vectors(model, ["a"]), first)
    kept_vectors(model, ["a"])
    assert len(model.asked) == 2


def test_rows_of_another_shape_are_not_taken(model, tmp_path):
    kept_vectors(model, ["a"])
    with file(tmp_path).open("wb") as out:
        np.savez(out, keys=np.zeros((1, 32), np.uint8), rows=np.zeros((1, 3), np.float32))
    kept_vectors(model, ["a"])
    assert len(model.asked) == 2


def test_a_disk_that_takes_nothing_costs_time_only(model, tmp_path):
    (tmp_path / "vectors").write_text("a file where the folder should be")
    assert kept_vectors(model, ["a"]).shape == (1, kept.DIMENSIONS)
    assert os.listdir(tmp_path) == ["vectors"]


def test_the_file_does_not_grow_for_ever(model, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 3)
    kept_vectors(model, ["a", "bb"])
    kept_vectors(model, ["ccc", "dddd"])
    kept_vectors(model, ["ccc", "dddd", "bb"])
    assert model.asked[2:] == [["bb"]]
