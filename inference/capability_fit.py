"""Fit how sure a capability is found, on the phrases of all folders; measured on folders that the fit has not seen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.confidence import Floats, fit
from inference.passages import embedder
from inference.planning.archetypes import archetypes
from inference.planning.uses import scoring
from inference.planning.uses.claims import NEIGHBOURS, nearer
from inference.planning.uses.scoring import FEATURES, Parameters, Wish, evidence, wish_of_text, words_for
from inference.planning.uses.texts import CORE, core_phrases, described, library, neutral
from synergy.core.capabilities import Capability, capabilities
from synergy.core.types import Value

RIDGE = 1.0  #: precision of the Gaussian prior on the scaled weights
CAUTION = 0.5  #: the threshold is the best by F-beta: precision counts twice as much as recall
SOMETHING = "product"  #: archetype that {thing} stands for where a capability names none

Mask = NDArray[np.bool_]


class Found(Value):
    """How often a phrase was taken for the right capability."""

    phrases: int  #: that ask for a capability
    others: int  #: that ask for none
    found: int  #: taken for some capability
    right: int  #: taken for the right one

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.phrases if self.phrases else 1.0

    def line(self, title: str) -> str:
        return (
            f"{title}: precision {self.precision:.3f}, recall {self.recall:.3f} "
            f"({self.right} of {self.phrases} phrases right, {self.found - self.right} wrong, {self.others} that ask for nothing)"
        )


@dataclass(frozen=True)
class Sample:
    """All labelled phrases against all capabilities. The similarity of a phrase to itself is left out."""

    names: tuple[str, ...]  #: capabilities
    table: Floats  #: [phrases, capabilities, FEATURES]
    label: NDArray[np.int64]  #: [phrases] number of the right capability, -1 for none
    source: NDArray[np.int64]  #: [phrases] folder the phrase is from, -1 for the core phrases

    def counts(self) -> Mask:
        """[phrases, capabilities] whether the label says anything: what is not meant for one folder may be for another."""
        own = self.source[:, None] == np.arange(len(self.names))[None, :]
        return np.asarray((self.label >= 0)[:, None] | (self.source < 0)[:, None] | own, bool)


def digest() -> str:
    """SHA-256 of the phrases the fit learns from."""
    rows = sorted(f"{key}\t{text}" for key, texts in library().items() for text in texts)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def gather() -> Sample:
    """The phrases of all folders as evidence."""
    known = capabilities()
    names = tuple(known)
    rows: list[tuple[str, str, int, int]] = [(CORE, p, -1, -1) for p in core_phrases()]
    for number, (name, capability) in enumerate(known.items()):
        wanted, others = capability.phrases()
        rows += [(name, p, number, number) for p in wanted]
        rows += [(f"-{name}", p, -1, number) for p in others]
    wishes = [wish_of_text(p.replace("{thing}", _filler(known.get(key.lstrip("-")), i))) for i, (key, p, _, _) in enumerate(rows)]
    near = _similar(rows, wishes)
    table = np.array([_evidences(wish, row, known) for wish, row in zip(wishes, near, strict=True)])
    return Sample(names, table, np.array([r[2] for r in rows]), np.array([r[3] for r in rows]))


def _filler(capability: Capability | None, turn: int) -> str:
    """An entity's label in the place of {thing}: one that the capability is for."""
    on = capability.on if capability else None
    fitting = [n for n in (on.archetypes if on else ()) if n in archetypes()]
    fitting += [n for n, a in archetypes().items() if on and (a.family in on.families)][:6]
    fitting = fitting or [SOMETHING, "book", "customer", "task", "course"]
    return archetypes()[fitting[turn % len(fitting)]].label.lower()


def _similar(rows: Sequence[tuple[str, str, int, int]], wishes: Sequence[Wish]) -> list[dict[str, float]]:
    """For each phrase its similarity to the nearest keys, as the search in planning gives them, without itself."""
    model = embedder()
    more = [(name, text) for name, c in capabilities().items() for text in described(c)]
    keys = [key for key, _, _, _ in rows] + [name for name, _ in more]
    bank = model.embed([*(neutral(p) for _, p, _, _ in rows), *(text for _, text in more)])
    found = [model.embed(texts) @ bank.T for texts in ([w.text for w in wishes], [w.neutral for w in wishes])]
    return [nearer(*(_top(keys, scores[i], i) for scores in found)) for i in range(len(rows))]


def _top(keys: Sequence[str], scores: NDArray[np.float32], own: int) -> dict[str, float]:
    """The nearest keys, each with its nearest text, without text number ``own``."""
    best: dict[str, float] = {}
    for number, (key, score) in enumerate(zip(keys, scores, strict=True)):
        if number != own:
            best[key] = max(best.get(key, -1.0), float(score))
    return dict(sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:NEIGHBOURS])


def _evidences(wish: Wish, near: dict[str, float], known: dict[str, Capability]) -> list[tuple[float, ...]]:
    words = {name: words_for(wish, c) for name, c in known.items()}
    named = {name for name, w in words.items() if w.all}
    return [evidence(wish, c, near, words[name], bool(named - {name})) for name, c in known.items()]


def weights(sample: Sample, phrases: Mask, folders: Mask) -> Floats:
    """Fitted on these phrases against these capabilities."""
    table = sample.table[phrases][:, folders]
    right = sample.label[phrases][:, None] == np.flatnonzero(folders)[None, :]
    counted = sample.counts()[phrases][:, folders]
    flat, asked = table[counted], right[counted]
    pairs = np.stack([np.zeros_like(flat), flat], axis=1)
    return fit(pairs, np.stack([~asked, asked], axis=1), RIDGE)


def unseen(sample: Sample) -> Floats:
    """P(phrase asks for capability) [phrases, capabilities], each by weights that knew neither the folder of the phrase nor it
    as an answer; the core phrases by weights that did not know a tenth of them."""
    chances = np.zeros(sample.table.shape[:2])
    everything = np.ones(len(sample.names), bool)
    part = np.random.default_rng(len(sample.label)).permutation(len(sample.label)) % 10
    for folder in range(len(sample.names)):
        of_it = sample.source == folder
        fitted = weights(sample, ~of_it, np.arange(len(sample.names)) != folder)
        chances[of_it] = _chance(sample.table[of_it], fitted)
    for tenth in range(10):
        of_it = (sample.source < 0) & (part == tenth)
        chances[of_it] = _chance(sample.table[of_it], weights(sample, ~of_it, everything))
    return chances


def _chance(table: Floats, fitted: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(table @ fitted, -60, 60))), np.float64)


def judged(sample: Sample, chances: Floats, threshold: float) -> Found:
    best, top = chances.argmax(axis=1), chances.max(axis=1)
    asking = sample.label >= 0
    counted = asking | (sample.source < 0) | (best == sample.source)
    taken = (top >= threshold) & counted
    return Found(
        phrases=int(asking.sum()),
        others=int((~asking).sum()),
        found=int(taken.sum()),
        right=int((taken & (best == sample.label)).sum()),
    )


def best_threshold(sample: Sample, chances: Floats) -> float:
    def worth(threshold: float) -> float:
        found = judged(sample, chances, threshold)
        p, r, b = found.precision, found.recall, CAUTION**2
        return (1 + b) * p * r / (b * p + r) if p + r else 0.0

    return max((round(t, 2) for t in np.arange(0.05, 0.96, 0.01)), key=lambda t: (round(worth(t), 6), -abs(t - 0.5)))


def fit_capabilities() -> tuple[Parameters, Found]:
    """(parameters from all phrases, how they do on folders the weights had not seen)."""
    sample = gather()
    chances = unseen(sample)
    threshold = best_threshold(sample, chances)
    everything = np.ones(len(sample.label), bool), np.ones(len(sample.names), bool)
    fitted = Parameters(
        model=embedder().id,
        digest=digest(),
        features=FEATURES,
        weights=tuple(round(float(w), 4) for w in weights(sample, *everything)),
        threshold=threshold,
        phrases=len(sample.label),
        folders=len(sample.names),
    )
    return fitted, judged(sample, chances, threshold)


def calibrate_capabilities() -> list[str]:
    """Fit, write ``fixtures/capabilities/calibration.json`` and say how well it does."""
    fitted, found = fit_capabilities()
    scoring.CALIBRATION.write_text(fitted.model_dump_json(indent=1) + "\n")
    scoring.parameters.cache_clear()
    return [
        f"Fitted on {fitted.phrases} phrases of {fitted.folders} capabilities for {fitted.model}; threshold {fitted.threshold}.",
        found.line("On folders the weights had not seen"),
    ]
