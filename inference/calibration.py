"""Fit the confidence on labelled messages, and measure it on messages the fit has not seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference import lexicon
from inference.confidence import FEATURES, Floats, Parameters, acceptable, choose, fit, fit_platt, softmax
from inference.passages import embedder
from inference.stack import DEFAULT, Judged, judge, open_to, read, slugs, table
from inference.templates import CALIBRATION, FOLDER, fingerprint, seed_templates, store
from synergy.core.errors import BadInput
from synergy.core.types import Value

LABELLED = FOLDER / "labelled.jsonl"
FOLDS = 10

Mask = NDArray[np.bool_]


class Labelled(Value):
    """A message and the stacks that are acceptable for it: all of them when it leaves the stack open, none when outside."""

    message: str
    acceptable: tuple[str, ...]
    kind: str = ""


def load(file: Path) -> list[Labelled]:
    """Rows of a JSON Lines file; BadInput names the line that is wrong."""
    rows = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {error}.") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                data = json.loads(line)
                rows.append(Labelled.model_validate({k: v for k, v in data.items() if k in Labelled.model_fields}))
            except (ValueError, AttributeError) as error:
                raise BadInput(f"{file}, line {number}: not a labelled message.", hint=str(error).splitlines()[0]) from error
    return rows


class Sample:
    """Labelled messages as arrays."""

    def __init__(self, rows: Sequence[Labelled]) -> None:
        readings = read([row.message for row in rows])
        self.table: Floats = table(readings)
        self.open: Mask = open_to(readings)
        self.right: Mask = np.array([[slug in row.acceptable for slug in slugs()] for row in rows])  #: [n, s]
        named = [sum(r.signals.names[s] > 0 for s in slugs()) for r in readings]
        self.classes: Mask = np.stack([_classes(row, count) for row, count in zip(rows, named, strict=True)])  #: [n, s + 2]
        self.readings = readings

    def fit(self, rows: NDArray[np.int64]) -> Floats:
        return fit(self.table[rows], self.classes[rows])

    def probabilities(self, rows: NDArray[np.int64], weights: Floats) -> Floats:
        return softmax(self.table[rows] @ weights)


def _classes(row: Labelled, named: int) -> Mask:
    """The classes that explain a label: its stack, "outside" for none, "generic" for several that no name tells apart."""
    allowed = np.array([slug in row.acceptable for slug in slugs()] + [False, not row.acceptable])
    if len(row.acceptable) == len(slugs()) or (len(row.acceptable) > 1 and named < 2):
        allowed[:] = False
        allowed[-2] = True
    return allowed


def folds(count: int, parts: int) -> NDArray[np.int64]:
    """The fold of each row, shuffled, always the same for the same count."""
    return np.random.default_rng(count).permutation(count) % parts


def _unseen(sample: Sample, rows: NDArray[np.int64], parts: int) -> tuple[Floats, Mask]:
    """For ``rows``: uncalibrated P(chosen stack is acceptable), predicted by weights fitted without them; and whether it was."""
    fold = folds(len(rows), parts)
    raw, right = np.zeros(len(rows)), np.zeros(len(rows), bool)
    default = slugs().index(DEFAULT)
    for part in range(parts):
        test = rows[fold == part]
        p = sample.probabilities(test, sample.fit(rows[fold != part]))
        chosen = choose(p, sample.open[test], default)
        index = np.arange(len(test))
        raw[fold == part] = acceptable(p, sample.open[test])[index, chosen]
        right[fold == part] = sample.right[test, chosen]
    return raw, right


def fit_parameters(sample: Sample, rows: NDArray[np.int64] | None = None) -> Parameters:
    """Weights from all ``rows``; the Platt scaling from predictions for rows the weights had not seen."""
    rows = np.arange(len(sample.table)) if rows is None else rows
    slope, shift = fit_platt(*_unseen(sample, rows, FOLDS))
    return Parameters(
        model=embedder().id,
        exemplars=fingerprint(),
        lexicon=lexicon.digest(),
        features=FEATURES,
        weights=tuple(round(float(w), 6) for w in sample.fit(rows)),
        slope=round(slope, 6),
        shift=round(shift, 6),
        messages=len(rows),
    )


def calibrate() -> Parameters:
    """Fit on the labelled messages that ship; kept in the database and in ``fixtures/stacks/calibration.json``."""
    seed_templates()
    fitted = fit_parameters(Sample(load(LABELLED)))
    CALIBRATION.write_text(fitted.model_dump_json(indent=1) + "\n")
    store(fitted)
    return fitted


def cross_validated(sample: Sample) -> Judged:
    """Judgements of all rows, each by parameters (weights and scaling) fitted without its fold."""
    count = len(sample.table)
    fold = folds(count, FOLDS)
    parts: list[tuple[NDArray[np.int64], Judged]] = []
    for part in range(FOLDS):
        test = np.flatnonzero(fold == part)
        fitted = fit_parameters(sample, np.flatnonzero(fold != part))
        parts.append((test, judge([sample.readings[i] for i in test], fitted)))
    order = np.argsort(np.concatenate([test for test, _ in parts]))
    return Judged(
        p=np.concatenate([j.p for _, j in parts])[order],
        acceptable=np.concatenate([j.acceptable for _, j in parts])[order],
        chosen=np.concatenate([j.chosen for _, j in parts])[order],
    )
