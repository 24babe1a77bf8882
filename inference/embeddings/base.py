"""What an embedder must do: turn texts into unit vectors, the same text always into the same vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synergy.core.registry import Registry

DIMENSIONS = 384  #: of the vector columns; an embedder with another width needs its own migration

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """One embedding model. ``id`` names the weights: vectors and confidence parameters of another id are never mixed in."""

    id: str

    def embed(self, texts: Sequence[str]) -> Vectors:
        """float32 of shape [len(texts), DIMENSIONS], each row of length 1 (the cosine of two texts is their dot product).

        A text's vector does not depend on the other texts. Raises PermanentError when the weights are missing or changed.
        """


registry: Registry[Embedder] = Registry("inference.embeddings")
