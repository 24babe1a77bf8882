"""Finding texts by similarity: the search is one SQL statement over pgvector's HNSW index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from pgvector import Vector

from inference.embeddings.base import Embedder, registry
from inference.kept import kept_vectors
from inference.models import Passage
from synergy.core.types import Value

LOCK = 7_360_231  #: advisory lock: two processes that seed at the same time take turns
TEXTS_A_KEY = 12  #: the nearest k * this many texts are looked at for the nearest k keys

NEAREST = """
SELECT query.number, best.key, best.text, best.similarity
FROM unnest(%(vectors)s::vector[]) WITH ORDINALITY AS query(vector, number)
CROSS JOIN LATERAL (
    SELECT * FROM (
        SELECT DISTINCT ON (near.key) near.key, near.text, near.similarity FROM (
            SELECT key, text, 1 - (vector <=> query.vector) AS similarity
            FROM inference_passage WHERE kind = %(kind)s AND model = %(model)s
            ORDER BY vector <=> query.vector LIMIT %(rows)s
        ) near ORDER BY near.key, near.similarity DESC, near.text
    ) keys ORDER BY similarity DESC, key LIMIT %(k)s
) best
ORDER BY query.number, best.similarity DESC, best.key
"""


class Neighbour(Value):
    """A key of a library, and the text of it that was nearest."""

    key: str
    text: str
    similarity: float  #: cosine, in [-1, 1]


@cache
def embedder() -> Embedder:
    """The embedding model of this installation (``SYNERGY_EMBEDDER``, MiniLM unless told)."""
    return registry.get(getattr(settings, "SYNERGY_EMBEDDER", "minilm"))


def nearest(kind: str, texts: Sequence[str], k: int = 5) -> list[list[Neighbour]]:
    """For each text the ``k`` nearest keys of the library ``kind``, best first, each key once with its nearest text.

    An unknown or empty library gives empty lists.
    """
    found: list[list[Neighbour]] = [[] for _ in texts]
    if not texts:
        return found
    model = embedder()
    vectors = [Vector(row).to_text() for row in model.embed(texts)]
    values: dict[str, Any] = {"vectors": vectors, "kind": kind, "model": model.id, "k": k, "rows": k * TEXTS_A_KEY}
    with transaction.atomic(), connection.cursor() as cursor:
        # The index is filtered by kind after the search: without this it may return fewer rows than there are.
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        cursor.execute(NEAREST, values)
        for number, key, text, similarity in cursor.fetchall():
            found[number - 1].append(Neighbour(key=key, text=text, similarity=similarity))
    return found


def sync_passages(kind: str, library: Mapping[str, Sequence[str]]) -> int:
    """Make the stored library ``kind`` equal to ``library`` (key → texts) and return how many rows changed.

    Only new texts are embedded; an unchanged library costs one query. Safe to call from several processes at once.
    """
    model = embedder()
    wanted = {(key, text) for key, texts in library.items() for text in texts}
    rows = Passage.objects.filter(kind=kind, model=model.id)
    if set(rows.values_list("key", "text")) == wanted:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        stored = {(key, text): pk for pk, key, text in rows.values_list("pk", "key", "text")}
        gone = [pk for pair, pk in stored.items() if pair not in wanted]
        new = sorted(wanted - stored.keys())
        Passage.objects.filter(pk__in=gone).delete()
        vectors = kept_vectors(model, [text for _, text in new])
        Passage.objects.bulk_create(
            Passage(kind=kind, key=key, text=text, model=model.id, vector=vector)
            for (key, text), vector in zip(new, vectors, strict=True)
        )
    return len(gone) + len(new)
