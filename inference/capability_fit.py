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
from inference.planning.uses import scoring, texts
from inference.planning.uses.claims import NEIGHBOURS, nearer
from inference.planning.uses.scoring import FEATURES, Parameters, Wish, evidence, wish_of_text, words_for
from inference.planning.uses.texts import CORE, core_phrases, described, library, neutral
from synergy.core.capabilities import Capability, capabilities
from synergy.core.types import Value

RIDGE = 1.0  #: precision of the Gaussian prior on the scaled weights
CAUTION = 0.5  #: the threshold is the best by F-beta: precision counts twice as much as recall
SOMETHING = "product"  #: archetype that {thing} stands for where a capability names none

SMALL_WORLDS, FEW = 3, 4  #: libraries that hold every fourth folder: how sure one is must not hang on how many there are

Mask = NDArray[np.bool_]
Pair = tuple[dict[str, float], dict[str, float]]  #: similarity by key of a phrase as it is, and of it with entities as "thing"


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
class World:
    """All phrases, as they look when only some of the folders are there: what is the best of few need not be meant."""

    folders: NDArray[np.int64]  #: [folders] numbers of those that are there
    table: Floats  #: [phrases, folders, FEATURES]


@dataclass(frozen=True)
class Sample:
    """All labelled phrases against capabilities. The similarity of a phrase to itself is left out."""

    names: tuple[str, ...]  #: capabilities
    worlds: tuple[World, ...]  #: the first has all folders
    label: NDArray[np.int64]  #: [phrases] number of the right capability, -1 for none
    source: NDArray[np.int64]  #: [phrases] folder the phrase is from, -1 for the core phrases

    def counts(self, folders: NDArray[np.int64]) -> Mask:
        """[phrases, folders] whether the label says anything: what is not meant for one folder may be for another."""
        own = self.source[:, None] == folders[None, :]
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
    wishes = [wish_of_text(texts.PLACE.sub(_filler(known.get(key.lstrip("-")), i), p)) for i, (key, p, _, _) in enumerate(rows)]
    near = _similar(rows, wishes)
    draw = np.random.default_rng(len(rows))
    few = max(2, len(names) // FEW)
    chosen = [np.sort(draw.permutation(len(names))[:few]) for _ in range(SMALL_WORLDS)]
    return Sample(
        names=names,
        worlds=tuple(_world(wishes, near, names, folders) for folders in (np.arange(len(names)), *chosen)),
        label=np.array([r[2] for r in rows]),
        source=np.array([r[3] for r in rows]),
    )


def _world(wishes: Sequence[Wish], near: Sequence[Pair], names: Sequence[str], folders: NDArray[np.int64]) -> World:
    known = {names[i]: capabilities()[names[i]] for i in folders}
    keys = {CORE, *known, *(f"-{name}" for name in known)}
    rows = [nearer(_top(a, keys), _top(b, keys)) for a, b in near]
    return World(folders, np.array([_evidences(wish, row, known) for wish, row in zip(wishes, rows, strict=True)]))


def _filler(capability: Capability | None, turn: int) -> str:
    """An entity's label in the place of {thing}: one that the capability is for."""
    on = capability.on if capability else None
    fitting = [n for n in (on.archetypes if on else ()) if n in archetypes()]
    fitting += [n for n, a in archetypes().items() if on and (a.family in on.families)][:6]
    fitting = fitting or [SOMETHING, "book", "customer", "task", "course"]
    return archetypes()[fitting[turn % len(fitting)]].label.lower()


def _similar(rows: Sequence[tuple[str, str, int, int]], wishes: Sequence[Wish]) -> list[Pair]:
    """For each phrase, as it is and with entities as "thing", its similarity to every key by the nearest text but itself."""
    model = embedder()
    more = [(name, text) for name, c in capabilities().items() for text in described(c)]
    keys = np.array([key for key, _, _, _ in rows] + [name for name, _ in more])
    bank = model.embed([*(neutral(p) for _, p, _, _ in rows), *(text for _, text in more)])
    found = [model.embed(texts) @ bank.T for texts in ([w.text for w in wishes], [w.neutral for w in wishes])]
    for scores in found:
        np.fill_diagonal(scores, -1.0)
    by_key = {str(key): np.flatnonzero(keys == key) for key in np.unique(keys)}
    best = [{key: scores[:, places].max(axis=1) for key, places in by_key.items()} for scores in found]
    return [(_row(best[0], i), _row(best[1], i)) for i in range(len(rows))]


def _row(best: dict[str, NDArray[np.float32]], number: int) -> dict[str, float]:
    return {key: float(scores[number]) for key, scores in best.items()}


def _top(near: dict[str, float], keys: set[str]) -> dict[str, float]:
    """What the search in planning gives when only ``keys`` are there."""
    present = sorted(((key, s) for key, s in near.items() if key in keys), key=lambda pair: (-pair[1], pair[0]))
    return dict(present[:NEIGHBOURS])


def _evidences(wish: Wish, near: dict[str, float], known: dict[str, Capability]) -> list[tuple[float, ...]]:
    words = {name: words_for(wish, c) for name, c in known.items()}
    named = {name for name, w in words.items() if w.all}
    return [evidence(wish, c, near, words[name], bool(named - {name})) for name, c in known.items()]


def weights(sample: Sample, phrases: Mask, without: int = -1) -> Floats:
    """Fitted on these phrases against all capabilities ``without`` one."""
    tables, asked = [], []
    for world in sample.worlds:
        there = world.folders != without
        counted = sample.counts(world.folders)[phrases][:, there]
        right = sample.label[phrases][:, None] == world.folders[there][None, :]
        tables.append(world.table[phrases][:, there][counted])
        asked.append(right[counted])
    flat, yes = np.concatenate(tables), np.concatenate(asked)
    return fit(np.stack([np.zeros_like(flat), flat], axis=1), np.stack([~yes, yes], axis=1), RIDGE)


def unseen(sample: Sample) -> list[Floats]:
    """For each world P(phrase asks for capability) [phrases, folders], each by weights that knew neither the folder of the phrase
    nor it as an answer; the core phrases by weights that did not know a tenth of them."""
    chances = [np.zeros(world.table.shape[:2]) for world in sample.worlds]
    part = np.random.default_rng(len(sample.label)).permutation(len(sample.label)) % 10
    parts = [(sample.source == folder, folder) for folder in range(len(sample.names))]
    parts += [((sample.source < 0) & (part == tenth), -1) for tenth in range(10)]
    for of_it, folder in parts:
        fitted = weights(sample, ~of_it, folder)
        for world, found in zip(sample.worlds, chances, strict=True):
            found[of_it] = _chance(world.table[of_it], fitted)
    return chances


def _chance(table: Floats, fitted: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(table @ fitted, -60, 60))), np.float64)


def judged(sample: Sample, chances: Sequence[Floats], threshold: float) -> list[Found]:
    """How the phrases fare in each world."""
    found = []
    for world, chance in zip(sample.worlds, chances, strict=True):
        best, top = world.folders[chance.argmax(axis=1)], chance.max(axis=1)
        asking = np.isin(sample.label, world.folders)
        counted = (sample.label >= 0) | (sample.source < 0) | (best == sample.source)
        taken = (top >= threshold) & counted
        right = int((taken & (best == sample.label)).sum())
        found.append(Found(phrases=int(asking.sum()), others=int((~asking).sum()), found=int(taken.sum()), right=right))
    return found


def best_threshold(sample: Sample, chances: Sequence[Floats]) -> float:
    """The least probability that counts, best by F-beta over all worlds."""

    def worth(threshold: float) -> float:
        return sum(_f_beta(found) for found in judged(sample, chances, threshold))

    return max((round(float(t), 2) for t in np.arange(0.05, 0.96, 0.01)), key=lambda t: (round(worth(t), 6), -abs(t - 0.5)))


def _f_beta(found: Found) -> float:
    p, r, b = found.precision, found.recall, CAUTION**2
    return (1 + b) * p * r / (b * p + r) if p + r else 0.0


def fit_capabilities() -> tuple[Parameters, list[Found]]:
    """(parameters from all phrases, how they do on folders the weights had not seen, in each world)."""
    sample = gather()
    chances = unseen(sample)
    threshold = best_threshold(sample, chances)
    fitted = Parameters(
        model=embedder().id,
        digest=digest(),
        features=FEATURES,
        weights=tuple(round(float(w), 4) for w in weights(sample, np.ones(len(sample.label), bool))),
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
        found[0].line("On folders the weights had not seen"),
        *(f.line(f"  with a {FEW}th of the folders alone") for f in found[1:]),
    ]
