"""Vectors of texts that were worked out on this machine before: a new database is filled in a moment, not in half a minute."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from django.conf import settings

from inference.embeddings.base import DIMENSIONS, Embedder, Vectors

MOST = 20_000  #: vectors in the file (30 MB); beyond it only those that were asked for last are kept


def kept_vectors(model: Embedder, texts: Sequence[str]) -> Vectors:
    """``model.embed(texts)``, with a file below ``CACHE_DIR`` as its memory. A file that cannot be read is written anew."""
    file = Path(settings.CACHE_DIR) / "vectors" / (re.sub(r"[^\w.-]", "-", model.id) + ".npz")
    keys = [hashlib.sha256(text.encode()).digest() for text in texts]
    known = _read(file)
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if new:
        known |= dict(zip(new, model.embed(list(new.values())), strict=True))
        with suppress(OSError):  # a full or read-only disk costs time, nothing else
            _write(file, known if len(known) <= MOST else {key: known[key] for key in keys})
    return np.stack([known[key] for key in keys]) if keys else np.zeros((0, DIMENSIONS), np.float32)


def _read(file: Path) -> dict[bytes, Vectors]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            keys, rows = stored["keys"], stored["rows"]
    except (OSError, KeyError, ValueError, EOFError, BadZipFile):
        return {}
    if keys.shape != (len(rows), 32) or keys.dtype != np.uint8 or rows.shape[1:] != (DIMENSIONS,) or rows.dtype != np.float32:
        return {}
    return {key.tobytes(): row for key, row in zip(keys, rows, strict=True)}


def _write(file: Path, known: dict[bytes, Vectors]) -> None:
    """All or nothing; of two processes that write at the same time the last one wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".new-", delete=False) as new:
        try:
            np.savez(new, keys=np.frombuffer(b"".join(known), np.uint8).reshape(-1, 32), rows=np.stack(list(known.values())))
            new.close()
            os.replace(new.name, file)
        except BaseException:
            Path(new.name).unlink(missing_ok=True)
            raise
