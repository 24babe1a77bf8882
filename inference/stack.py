"""Which stack a message asks for: similarity search in the database, words, and a calibrated confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray
from pgvector import Vector

from inference import lexicon
from inference.confidence import (
    GENERIC,
    OUTSIDE,
    THRESHOLD,
    Floats,
    Parameters,
    Similar,
    acceptable,
    calibrated,
    choose,
    features,
    softmax,
)
from inference.lexicon import Signals
from inference.models import Calibration
from inference.passages import embedder
from inference.planning.missing import without_orders
from inference.templates import fingerprint
from synergy.core.bench import Bench
from synergy.core.errors import PermanentError
from synergy.core.stacks import stack, stacks
from synergy.core.types import Message, StackCandidate, StackChoice

DEFAULT = "fastapi-react"  #: for messages that leave the stack open, and for stacks without a blueprint
READ = 2000  #: characters that are embedded; the model reads 256 tokens

SEARCH = """
SELECT query.number, class.name, max(near.similarity), avg(near.similarity),
       (array_agg(near.text ORDER BY near.similarity DESC, near.text))[1]
FROM unnest(%(vectors)s::vector[]) WITH ORDINALITY AS query(vector, number)
CROSS JOIN unnest(%(classes)s::text[]) AS class(name)
CROSS JOIN LATERAL (
    SELECT text, 1 - (vector <=> query.vector) AS similarity
    FROM inference_exemplar
    WHERE model = %(model)s AND coalesce(template_id, label) = class.name
    ORDER BY vector <=> query.vector LIMIT 3
) near
GROUP BY query.number, class.name
"""


@dataclass(frozen=True)
class Reading:
    """What is known about one message before it is judged."""

    signals: Signals
    similar: dict[str, Similar]  #: per class


@dataclass(frozen=True)
class Judged:
    """Probabilities of several messages; columns of ``acceptable`` are ``slugs()``."""

    p: Floats  #: P(class) [n, s + 2]
    acceptable: Floats  #: calibrated P(stack is acceptable) [n, s]
    chosen: NDArray[np.int64]  #: column of the chosen stack [n]


@cache
def slugs() -> tuple[str, ...]:
    return tuple(sorted(stacks()))


def read(texts: Sequence[str]) -> list[Reading]:
    """Search and words for each text. PermanentError when the templates were not seeded."""
    model = embedder()
    classes = [*slugs(), GENERIC, OUTSIDE]
    vectors = [Vector(row).to_text() for row in model.embed([text[:READ] for text in texts])]
    found: list[dict[str, Similar]] = [{} for _ in texts]
    with transaction.atomic(), connection.cursor() as cursor:
        # Filters are applied after the index: keep searching until each class has its three, and look at enough candidates.
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order; SET LOCAL hnsw.ef_search = 400")
        cursor.execute(SEARCH, {"vectors": vectors, "classes": classes, "model": model.id})
        for number, name, best, top, text in cursor.fetchall():
            found[number - 1][name] = Similar(best=best, top=top, text=text)
    if any(len(similar) < len(classes) for similar in found):
        raise PermanentError("The stack templates are not in the database.", hint="Run `manage.py seed`.")
    return [Reading(lexicon.read(text), similar) for text, similar in zip(texts, found, strict=True)]


def table(readings: Sequence[Reading]) -> Floats:
    """Features [n, classes, k]."""
    return np.stack([features(r.signals, r.similar, slugs()) for r in readings])


def open_to(readings: Sequence[Reading]) -> NDArray[np.bool_]:
    """Whether nothing in the message speaks against a stack [n, s]."""
    return np.array([[_against(r.signals, s) == 0 for s in slugs()] for r in readings])


def _against(signals: Signals, slug: str) -> int:
    """How much speaks against a stack. Hints that point to several stacks, without the name of one, point to none."""
    torn = not any(signals.names.values()) and sum(count > 0 for count in signals.hints.values()) > 1
    return signals.refused[slug] + (0 if torn else signals.against[slug])


def judge(readings: Sequence[Reading], parameters: Parameters) -> Judged:
    p = softmax(table(readings) @ np.array(parameters.weights))
    free = open_to(readings)
    confidence = calibrated(acceptable(p, free), parameters.slope, parameters.shift)
    return Judged(p, confidence, choose(p, free, slugs().index(DEFAULT)))


def parameters() -> Parameters:
    """The numbers fitted for this embedding model and these exemplars; PermanentError when there are none."""
    model, exemplars = embedder().id, fingerprint()
    row = Calibration.objects.filter(model=model, exemplars=exemplars).first()
    if row is None:
        raise PermanentError(
            "The confidence is not calibrated for this embedding model and these exemplars.",
            hint="Run `manage.py seed`, or `manage.py calibrate` after a change to the exemplars.",
        )
    fitted = Parameters.model_validate(row.parameters)
    fitted.check(model, exemplars, lexicon.digest())
    return fitted


def infer_stacks(texts: Sequence[str]) -> list[StackChoice]:
    """A choice for each text. What reads like an order to Synergy itself does not count, where there is more than that."""
    readings = read([without_orders(text) for text in texts])
    judged = judge(readings, parameters())
    return [_choice(reading, judged, i) for i, reading in enumerate(readings)]


def infer_stack(bench: Bench, message: Message) -> StackChoice:
    """Choose the stack for ``message``; ``message.stack`` decides by hand (BadInput when there is no such stack).

    Below the threshold it abstains: ``built_with`` is None and ``reason`` names the runner-up. A stack without a blueprint is
    recorded as inferred and built with the default one.
    """
    bench.check_stop()
    if message.stack is not None:
        return _by_hand(message.stack)
    choice = infer_stacks([message.text])[0]
    bench.note(choice.reason)
    return choice


def built_with(slug: str) -> str:
    """The stack whose blueprint builds what asks for ``slug``."""
    return slug if stack(slug).blueprint else DEFAULT


def _by_hand(slug: str) -> StackChoice:
    spec = stack(slug)
    reason = f"{spec.title} was chosen by hand" + _built_instead(slug) + "."
    return StackChoice(inferred=slug, confidence=1.0, abstained=False, by_hand=True, built_with=built_with(slug), reason=reason)


def _built_instead(slug: str) -> str:
    if stack(slug).blueprint:
        return ""
    return f" but has no blueprint yet; built with {stack(DEFAULT).title}"


def _choice(reading: Reading, judged: Judged, row: int) -> StackChoice:
    chosen = slugs()[judged.chosen[row]]
    confidence = float(judged.acceptable[row, judged.chosen[row]])
    order = sorted(range(len(slugs())), key=lambda s: (slugs()[s] != chosen, -judged.acceptable[row, s], s))
    candidates = tuple(_candidate(reading, slugs()[s], float(judged.acceptable[row, s])) for s in order)
    if confidence < THRESHOLD:
        outside = judged.p[row, -1] > 0.5
        reason = _abstained(candidates, outside=bool(outside))
        inferred = None if outside else chosen
        return StackChoice(
            inferred=inferred, confidence=confidence, abstained=True, built_with=None, reason=reason, candidates=candidates
        )
    left_open = chosen == DEFAULT and judged.p[row, -2] > judged.p[row, judged.chosen[row]]
    return StackChoice(
        inferred=chosen,
        confidence=confidence,
        abstained=False,
        built_with=built_with(chosen),
        reason=_reason(reading, chosen, confidence, left_open=bool(left_open)),
        candidates=candidates,
    )


def _candidate(reading: Reading, slug: str, confidence: float) -> StackCandidate:
    near = reading.similar[slug]
    score = 0.5 * near.best + 0.5 * near.top
    return StackCandidate(slug=slug, score=round(score, 4), confidence=round(confidence, 4), nearest=near.text)


def _reason(reading: Reading, slug: str, confidence: float, *, left_open: bool) -> str:
    title = stack(slug).title
    if left_open:
        return f"A web application that leaves the stack open: {title} ({confidence:.2f})."
    said = ", ".join(sorted(set(reading.signals.said.get(slug, ())))[:4])
    why = f"it says {said}" if said else f"it is close to “{reading.similar[slug].text}”"
    instead = _built_instead(slug)
    return f"{title} was inferred ({confidence:.2f}){instead}: {why}."


def _abstained(candidates: Sequence[StackCandidate], *, outside: bool) -> str:
    first, second = candidates[0], candidates[1]
    pair = f"{stack(first.slug).title} ({first.confidence:.2f}), then {stack(second.slug).title} ({second.confidence:.2f})"
    if outside:
        return f"This does not look like a web application that Synergy builds. Nearest: {pair}. Build it anyway with --stack."
    return f"Not sure which stack is meant: {pair}. Choose with --stack."
