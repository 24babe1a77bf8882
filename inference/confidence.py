"""How sure: what search and words say about a message becomes the probability that a stack is acceptable for it.

A message belongs to one of seven classes: the five stacks, "generic" (a web application, any fitting stack will do) and
"outside" (not what Synergy builds). A conditional logit with shared weights gives P(class). A stack is acceptable when its own
class is right, or when the message is generic and says nothing against it; this probability is then calibrated (Platt) on
messages the weights have not seen. Weights belong to one embedding model, one set of exemplars, one lexicon: others are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from inference.lexicon import Signals
from synergy.core.errors import PermanentError
from synergy.core.types import Value

GENERIC, OUTSIDE = "generic", "outside"
THRESHOLD = 0.8  #: below it Synergy abstains
RIDGE = 0.3  #: precision of the Gaussian prior on the scaled weights
TIE = 0.2  #: difference in probability that does not speak against the default stack
PRECISE = 1e-9

Floats = NDArray[np.float64]


class Similar(Value):
    """What the search says about one class."""

    best: float  #: cosine of the nearest exemplar
    top: float  #: mean cosine of the nearest three
    text: str = ""  #: the nearest exemplar


class Parameters(Value):
    """Fitted numbers, and what they were fitted for."""

    model: str  #: Embedder.id
    exemplars: str  #: fingerprint of the set of exemplars
    lexicon: str  #: SHA-256 of the lexicon
    features: tuple[str, ...]
    weights: tuple[float, ...]
    slope: float  #: of the Platt scaling, on the log-odds
    shift: float
    messages: int  #: it was fitted on

    def check(self, model: str, exemplars: str, lexicon: str) -> None:
        """PermanentError when these numbers were fitted for something else."""
        mine = (self.model, self.exemplars, self.lexicon, self.features)
        if mine != (model, exemplars, lexicon, FEATURES) or len(self.weights) != len(FEATURES):
            raise PermanentError(
                "The confidence was calibrated for another embedding model, set of exemplars or lexicon.",
                hint="Run `manage.py calibrate`.",
            )


STACK = ("named", "names", "hints", "fits", "against", "refused", "best", "top")
ANY = ("bias", "web", "things", "make", "named", "hints", "fits", "foreign", "alien", "elsewhere", "best", "top")
NONE = (
    "bias",
    "web",
    "make",
    "named",
    "hints",
    "fits",
    "foreign",
    "alien",
    "elsewhere",
    "other",
    "opens",
    "about",
    "best",
    "top",
)
FEATURES = (*(f"stack.{n}" for n in STACK), *(f"generic.{n}" for n in ANY), *(f"outside.{n}" for n in NONE))
_AT = {name: i for i, name in enumerate(FEATURES)}


def features(signals: Signals, similar: Mapping[str, Similar], stacks: Sequence[str]) -> Floats:
    """float64 [len(stacks) + 2, len(FEATURES)]: one row per class, the two classes without a stack last."""
    rows = [("stack", _of_stack(signals, slug), similar[slug]) for slug in stacks]
    message = _of_message(signals)
    rows += [(name, message, similar[name]) for name in (GENERIC, OUTSIDE)]
    table = np.zeros((len(rows), len(FEATURES)))
    for row, (prefix, values, near) in zip(table, rows, strict=True):
        for name, value in {**values, "best": near.best, "top": near.top}.items():
            at = _AT.get(f"{prefix}.{name}")
            if at is not None:
                row[at] = value
    return table


def _of_stack(signals: Signals, slug: str) -> dict[str, float]:
    return {
        "named": signals.names[slug] > 0,
        "names": min(signals.names[slug], 3),
        "hints": min(signals.hints[slug], 3),
        "fits": min(signals.fits[slug], 2),
        "against": min(signals.against[slug], 4),
        "refused": min(signals.refused[slug], 2),
    }


def _of_message(signals: Signals) -> dict[str, float]:
    asks = signals.asks
    return {
        "bias": 1,
        "web": min(asks["web"], 3),
        "things": min(asks["things"], 3),
        "make": asks["make"] > 0,
        "named": min(max(signals.names.values(), default=0), 2),
        "hints": min(max(signals.hints.values(), default=0), 3),
        "fits": min(max(signals.fits.values(), default=0), 2),
        "foreign": min(asks["foreign"], 2),
        "alien": asks["foreign"] > 0 and not any(signals.names.values()),  # only technology that no stack has
        "elsewhere": min(asks["elsewhere"], 2),
        "other": min(asks["other"], 2),
        "opens": asks["opens"] > 0,
        "about": asks["other"] > 0 and asks["web"] > 0,  # a web site about poems is a web site
    }


def softmax(scores: Floats) -> Floats:
    """Probabilities over the last axis."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float64)


def fit(table: Floats, allowed: NDArray[np.bool_], ridge: float = RIDGE) -> Floats:
    """Weights [k] that make the ``allowed`` classes [n, c] likely, for features [n, c, k]; penalised maximum likelihood.

    Newton steps with the curvature of the logit alone, which bounds the true one, so that every step goes uphill.
    """
    scale = np.sqrt((table**2).sum(axis=1).mean(axis=0)) + PRECISE
    scaled = table / scale
    count, classes, size = scaled.shape
    weights = np.zeros(size)
    for _ in range(100):
        p = softmax(scaled @ weights)
        q = p * allowed
        q /= q.sum(axis=1, keepdims=True) + PRECISE
        gradient = np.einsum("nc,nck->k", p - q, scaled) + ridge * weights
        rooted = (np.sqrt(p)[..., None] * scaled).reshape(count * classes, size)
        mean = np.einsum("nc,nck->nk", p, scaled)
        step = np.linalg.solve(rooted.T @ rooted - mean.T @ mean + ridge * np.eye(size), gradient)
        weights -= step
        if np.abs(step).max() < 1e-7:
            break
    return np.asarray(weights / scale, np.float64)


def log_odds(p: Floats) -> Floats:
    clipped = np.clip(p, 1e-3, 1 - 1e-3)  # a thousand messages cannot tell 0.999 from 1
    return np.asarray(np.log(clipped / (1 - clipped)), np.float64)


def fit_platt(raw: Floats, right: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and shift on the log-odds of ``raw`` [n] that give the observed rate of ``right`` [n]."""
    table = np.zeros((len(raw), 2, 2))
    table[:, 1, 0], table[:, 1, 1] = log_odds(raw), 1.0
    slope, shift = fit(table, np.stack([~right, right], axis=1), ridge=1e-3)
    return float(slope), float(shift)


def acceptable(p: Floats, open_to: NDArray[np.bool_]) -> Floats:
    """P(stack is acceptable) [n, s] from P(class) [n, s + 2]: its own class, or generic where nothing speaks against it."""
    return np.asarray(p[:, :-2] + p[:, -2:-1] * open_to, np.float64)


def choose(p: Floats, open_to: NDArray[np.bool_], default: int) -> NDArray[np.int64]:
    """The stack chosen for each message [n]: the likeliest to be acceptable; the default where it is as good as that."""
    chance = acceptable(p, open_to)
    as_good = chance[:, default] >= chance.max(axis=1) - TIE
    return np.where(as_good & (p[:, -2] > p[:, :-2].max(axis=1)), default, chance.argmax(axis=1)).astype(np.int64)


def calibrated(raw: Floats, slope: float, shift: float) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(slope * log_odds(raw) + shift))), np.float64)
