"""Measure the stack inference: accuracy, calibration and what it does out of scope."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference import lexicon
from inference.calibration import LABELLED, Labelled, Sample, cross_validated, load
from inference.confidence import THRESHOLD, Floats
from inference.stack import infer_stacks
from inference.templates import fingerprint, seed_templates
from synergy.core.evaluation import Evaluation
from synergy.core.types import StackChoice, Value

BINS = 10


class Figures(Value):
    """Accuracy counts messages that some stack is acceptable for; all other figures count all messages."""

    messages: int
    in_scope: int
    accuracy: float  #: share of in-scope messages whose stack is acceptable, abstained or not
    calibration_error: float  #: expected calibration error over ten bins
    brier: float
    coverage: float  #: share of in-scope messages with confidence at or above the threshold
    precision: float  #: share of acceptable stacks among the choices at or above the threshold
    outside_accepted: int  #: out-of-scope messages at or above the threshold

    def lines(self, title: str) -> list[str]:
        return [
            f"{title}: {self.messages} messages, {self.in_scope} of them in scope",
            f"  accuracy                {self.accuracy:.3f}",
            f"  calibration error       {self.calibration_error:.3f}   (10 bins; Brier {self.brier:.3f})",
            f"  at confidence >= {THRESHOLD}    covers {self.coverage:.3f} of what is in scope, precision {self.precision:.3f}",
            f"  out of scope at >= {THRESHOLD}  {self.outside_accepted} of {self.messages - self.in_scope}",
        ]


def expected_calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """Mean distance between confidence and accuracy over ten bins of equal width, weighted by their size."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins.tolist())]
    return float(sum(gaps))


def figures(confidence: Floats, right: NDArray[np.bool_], in_scope: NDArray[np.bool_]) -> Figures:
    high = confidence >= THRESHOLD
    return Figures(
        messages=len(right),
        in_scope=int(in_scope.sum()),
        accuracy=_mean(right[in_scope]),
        calibration_error=expected_calibration_error(confidence, right),
        brier=float(((confidence - right) ** 2).mean()),
        coverage=_mean(high[in_scope]),
        precision=_mean(right[high]),
        outside_accepted=int((high & ~in_scope).sum()),
    )


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else 1.0


def cross_validation() -> Figures:
    """Figures for the labelled messages that ship, each judged by parameters fitted without its fold."""
    return _cross_validated(fingerprint(), lexicon.digest())


@lru_cache(maxsize=1)
def _cross_validated(exemplars: str, words: str) -> Figures:
    """The arguments say for what the figures hold."""
    rows = load(LABELLED)
    sample = Sample(rows)
    judged = cross_validated(sample)
    index = np.arange(len(rows))
    confidence = judged.acceptable[index, judged.chosen]
    return figures(confidence, sample.right[index, judged.chosen], np.array([bool(row.acceptable) for row in rows]))


def evaluate_stacks(file: Path) -> Evaluation:
    """The rows of ``file`` judged by the parameters in use, and the cross-validation of these parameters."""
    rows = load(file)
    seed_templates()
    choices = infer_stacks([row.message for row in rows])
    table = [_row(row, choice) for row, choice in zip(rows, choices, strict=True)]
    confidence = np.array([row["confidence"] for row in table], float)
    right = np.array([row["stack"] in row["acceptable"] for row in table], bool)
    here, crossed = figures(confidence, right, np.array([bool(row.acceptable) for row in rows])), cross_validation()
    lines = [*here.lines(file.name), *_kinds(rows, table), *_misses(table), *crossed.lines(f"cross-validated on {LABELLED.name}")]
    return Evaluation(table, {"file": here.model_dump(), "cross_validated": crossed.model_dump()}, lines)


def _row(row: Labelled, choice: StackChoice) -> dict[str, Any]:
    return {
        "message": row.message,
        "acceptable": list(row.acceptable),
        "stack": choice.inferred or choice.candidates[0].slug,
        "confidence": round(choice.confidence, 4),
        "abstained": choice.abstained,
        "built_with": choice.built_with,
        "reason": choice.reason,
    }


def _kinds(rows: Sequence[Labelled], table: Sequence[dict[str, Any]]) -> list[str]:
    """Per kind of message: how many stacks were acceptable, how many were chosen without abstaining."""
    lines = []
    for kind in sorted({row.kind for row in rows}):
        of_kind = [entry for row, entry in zip(rows, table, strict=True) if row.kind == kind]
        right = sum(entry["stack"] in entry["acceptable"] for entry in of_kind)
        taken = sum(not entry["abstained"] for entry in of_kind)
        lines.append(f"    {kind or 'unnamed':<16} {right:>3} right, {taken:>3} taken of {len(of_kind)}")
    return lines


def _misses(table: Sequence[dict[str, Any]]) -> list[str]:
    """The rows that went wrong: a wrong stack, something out of scope taken, something in scope abstained from."""
    lines = []
    for entry in table:
        wrong = bool(entry["acceptable"]) and entry["stack"] not in entry["acceptable"]
        if wrong or bool(entry["acceptable"]) == entry["abstained"]:
            wanted = "/".join(entry["acceptable"]) or "none"
            lines.append(f"    ! {entry['stack']} {entry['confidence']:.2f}, acceptable {wanted}: {entry['message'][:90]}")
    return lines
