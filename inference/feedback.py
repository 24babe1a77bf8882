"""What people's decisions teach: messages whose stack a person confirmed or corrected, and the confidence fitted again with them.

The new fit is only shown; a person adopts it. Both fits are judged on messages that they have not seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.calibration import LABELLED, Labelled, Sample, cross_validated, fit_parameters, load
from inference.confidence import Parameters
from inference.evaluation import Figures, cross_validation, figures
from inference.stack import Judged, judge, parameters
from inference.templates import store
from synergy.core.errors import BadInput
from synergy.core.types import Value

FEWEST = 5  #: messages from which on a new fit is worth looking at


class Refit(Value):
    """A new fit beside the one in use: on the messages that ship, and on those that people taught."""

    learned: int
    before: Figures
    after: Figures
    learned_before: Figures
    learned_after: Figures
    parameters: Parameters

    def lines(self) -> list[str]:
        return [
            f"{self.learned} messages were confirmed or corrected by people.",
            *self.before.lines("In use, on the labelled messages (cross-validated)"),
            *self.after.lines("New fit, on the labelled messages (cross-validated)"),
            *self.learned_before.lines("In use, on what people decided (never seen)"),
            *self.learned_after.lines("New fit, on what people decided (cross-validated)"),
        ]


def refit(learned: Sequence[Labelled]) -> Refit:
    """Fit on the labelled messages and ``learned``. BadInput when people have decided about fewer than five messages."""
    if len(learned) < FEWEST:
        raise BadInput(
            f"People have confirmed or corrected the stack of {len(learned)} messages; {FEWEST} are needed.",
            hint="Approve the pictures of projects, or choose stacks with --stack.",
        )
    shipped = load(LABELLED)
    sample = Sample([*shipped, *learned])
    crossed = cross_validated(sample)
    own = np.arange(len(shipped), len(sample.table))
    in_use = judge([sample.readings[i] for i in own], parameters())
    return Refit(
        learned=len(learned),
        before=cross_validation(),
        after=_figures(sample, crossed, np.arange(len(shipped)), np.arange(len(shipped))),
        learned_before=_figures(sample, in_use, own, np.arange(len(own))),
        learned_after=_figures(sample, crossed, own, own),
        parameters=fit_parameters(sample),
    )


def adopt(fitted: Parameters, by: str) -> None:
    """Judge by ``fitted`` from now on, until the exemplars or the words change."""
    store(fitted, adopted_by=by)


def _figures(sample: Sample, judged: Judged, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Figures:
    """Figures of ``rows`` of the sample, whose judgements stand at ``at``."""
    chosen = judged.chosen[at]
    in_scope: NDArray[np.bool_] = np.asarray(np.any(sample.right[rows], axis=1), bool)
    return figures(judged.acceptable[at, chosen], sample.right[rows, chosen], in_scope)
