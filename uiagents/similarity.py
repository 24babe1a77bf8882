"""How alike two sides of an interface are, in numbers: vectors are stored, cosines computed by the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from pgvector import Vector

from inference.services import embedder
from synergy.core.types import Operation
from uiagents.models import ContractText

CONFLICT = 0.7  #: below it two sides are in conflict
SETTLED = 0.85  #: what mediation has to reach
WORST_OF_A_CONFLICT = 0.69  #: parts that differ never count as more alike than this
LONGEST = 1000  #: characters of a text

COSINES = """
SELECT pair.number, 1 - (a.vector <=> b.vector)
FROM unnest(%(left)s::text[], %(right)s::text[]) WITH ORDINALITY AS pair(a, b, number)
JOIN uiagents_contracttext a ON a.model = %(model)s AND md5(a.text) = md5(pair.a)
JOIN uiagents_contracttext b ON b.model = %(model)s AND md5(b.text) = md5(pair.b)
"""


def text_of(operation: Operation) -> str:
    """An operation as words: "GET api orders, answers with a page of id, title". Types are compared elsewhere."""
    sent, got = (", ".join(sorted(fields or ())) for fields in (operation.request, operation.response))
    form = f"a {operation.pagination} of " if operation.pagination else ""
    parts = [place(operation), f"sends {sent}" if sent else "", f"answers with {form}{got}" if got else ""]
    return ", ".join(part for part in parts if part)[:LONGEST]


def place(operation: Operation) -> str:
    """Method and path as words: "GET api orders id"."""
    words = operation.path.replace("{}", "id").replace("/", " ").replace("-", " ").replace("_", " ")
    return f"{operation.method} {' '.join(words.split())}"


def remember(texts: Iterable[str]) -> None:
    """Embed and store what is not stored yet."""
    model = embedder()
    wanted = {text[:LONGEST] for text in texts}
    known = set(ContractText.objects.filter(model=model.id, text__in=wanted).values_list("text", flat=True))
    new = sorted(wanted - known)
    rows = (ContractText(text=t, model=model.id, vector=v) for t, v in zip(new, model.embed(new), strict=True))
    ContractText.objects.bulk_create(rows, ignore_conflicts=True)


def cosines(pairs: Sequence[tuple[str, str]]) -> list[float]:
    """The cosine of each pair of texts, in [-1, 1]."""
    if not pairs:
        return []
    left, right = [a[:LONGEST] for a, _ in pairs], [b[:LONGEST] for _, b in pairs]
    remember([*left, *right])
    with connection.cursor() as cursor:
        cursor.execute(COSINES, {"left": left, "right": right, "model": embedder().id})
        found = dict(cursor.fetchall())
    return [float(found[number]) for number in range(1, len(pairs) + 1)]


NEAREST = """
SELECT text, 1 - (vector <=> %(vector)s::vector) FROM uiagents_contracttext
WHERE model = %(model)s AND md5(text) = ANY(SELECT md5(t) FROM unnest(%(texts)s::text[]) t)
ORDER BY vector <=> %(vector)s::vector, text LIMIT %(k)s
"""


def nearest(text: str, candidates: Sequence[str], k: int = 1) -> list[tuple[str, float]]:
    """The ``k`` candidates nearest to ``text`` with their cosines, best first."""
    if not candidates:
        return []
    texts = [c[:LONGEST] for c in candidates]
    remember([text, *texts])
    model = embedder()
    vector = Vector(model.embed([text[:LONGEST]])[0]).to_text()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        cursor.execute(NEAREST, {"vector": vector, "model": model.id, "texts": texts, "k": k})
        return [(str(found), float(cosine)) for found, cosine in cursor.fetchall()]
