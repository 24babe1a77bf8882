"""The stack templates and their exemplars: from ``fixtures/stacks`` into the database, embedded once."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from inference import lexicon
from inference.confidence import GENERIC, OUTSIDE, Parameters
from inference.kept import kept_vectors
from inference.models import Calibration, Exemplar, StackTemplate
from inference.passages import LOCK, embedder
from synergy.core.stacks import FIXTURES, StackSpec, stacks

FOLDER = FIXTURES / "stacks"
CALIBRATION = FOLDER / "calibration.json"

FINGERPRINT = """
SELECT encode(sha256(convert_to(coalesce(string_agg(class || E'\\t' || text, E'\\n'
    ORDER BY class COLLATE "C", text COLLATE "C"), ''), 'UTF8')), 'hex')
FROM (SELECT coalesce(template_id, label) AS class, text FROM inference_exemplar WHERE model = %s) rows
"""


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")]


@cache
def shipped() -> dict[str, str]:
    """The exemplars that ship with Synergy: text → class (a stack's slug, "generic" or "outside")."""
    texts = {text: name for name in (GENERIC, OUTSIDE) for text in _lines(FOLDER / f"{name}.txt")}
    for slug, spec in stacks().items():
        texts |= dict.fromkeys((spec.sentence, spec.paragraph, *spec.exemplars()), slug)
    return texts


def fingerprint_of(texts: dict[str, str]) -> str:
    """SHA-256 of a set of exemplars (text → class); the same as ``fingerprint`` computes in the database."""
    lines = sorted((label.encode(), text.encode()) for text, label in texts.items())
    return hashlib.sha256(b"\n".join(label + b"\t" + text for label, text in lines)).hexdigest()


def fingerprint() -> str:
    """SHA-256 of the exemplars in the database, for the current embedding model."""
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINT, [embedder().id])
        return str(cursor.fetchone()[0])


def seed_templates() -> int:
    """Make templates, exemplars and calibration what the fixtures say; the number of rows that changed.

    Called after ``migrate``. Two queries when nothing changed; only new texts are embedded. Exemplars added by hand
    (in the admin) are removed: what ships is what was calibrated.
    """
    if fingerprint() == fingerprint_of(shipped()) and _templates_are_current():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        for spec in stacks().values():
            StackTemplate.objects.update_or_create(slug=spec.slug, defaults=_columns(spec))
        StackTemplate.objects.exclude(slug__in=stacks()).delete()
        changed = _sync_exemplars()
        calibration = _shipped_calibration()
        if calibration is not None and not _adopted(_calibration()):
            store(Parameters.model_validate(calibration))
    return changed


def _columns(spec: StackSpec) -> dict[str, str | bool]:
    return {"title": spec.title, "sentence": spec.sentence, "paragraph": spec.paragraph, "blueprint": spec.blueprint}


def _templates_are_current() -> bool:
    rows = StackTemplate.objects.values_list("slug", "title", "sentence", "paragraph", "blueprint")
    wanted = {(s.slug, s.title, s.sentence, s.paragraph, s.blueprint) for s in stacks().values()}
    if set(rows) != wanted:
        return False
    row = _calibration()
    return row is not None and (_adopted(row) or row.parameters == _shipped_calibration())


def _calibration() -> Calibration | None:
    return Calibration.objects.filter(model=embedder().id, exemplars=fingerprint_of(shipped())).first()


def _adopted(row: Calibration | None) -> bool:
    """Whether it is another fit that a person adopted, which still holds for these words."""
    return row is not None and bool(row.adopted_by) and row.parameters.get("lexicon") == lexicon.digest()


def _shipped_calibration() -> dict[str, Any] | None:
    return dict(json.loads(CALIBRATION.read_text())) if CALIBRATION.exists() else None


def _sync_exemplars() -> int:
    model = embedder()
    rows = Exemplar.objects.filter(model=model.id)
    stored = {(text, template or label): pk for pk, text, template, label in rows.values_list("pk", "text", "template", "label")}
    gone = [pk for pair, pk in stored.items() if pair not in shipped().items()]
    new = sorted(shipped().items() - stored.keys())
    Exemplar.objects.filter(pk__in=gone).delete()
    vectors = kept_vectors(model, [text for text, _ in new])
    Exemplar.objects.bulk_create(
        Exemplar(
            label=label if label in (GENERIC, OUTSIDE) else Exemplar.Label.STACK,
            template_id=None if label in (GENERIC, OUTSIDE) else label,
            text=text,
            model=model.id,
            vector=vector,
        )
        for (text, label), vector in zip(new, vectors, strict=True)
    )
    return len(gone) + len(new)


def store(parameters: Parameters, adopted_by: str = "") -> None:
    """Keep ``parameters`` in the database, under the model and the exemplars they were fitted for."""
    Calibration.objects.update_or_create(
        model=parameters.model,
        exemplars=parameters.exemplars,
        defaults={"parameters": parameters.model_dump(mode="json"), "adopted_by": adopted_by[:150]},
    )
