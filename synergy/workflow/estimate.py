"""What a run will probably take, before it starts: from the tenant's own history, not from a guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from synergy.core.models import Run, RunState, Tenant
from synergy.workflow.report import run_seconds

LATEST = 100  #: runs that are looked at
FEWEST = 3  #: below that nothing is said


@dataclass(frozen=True)
class Estimate:
    """P50 and P95 of the latest delivered runs: seconds, and US dollars."""

    runs: int
    seconds_p50: float
    seconds_p95: float
    cost_usd_p50: float
    cost_usd_p95: float

    def __str__(self) -> str:
        return (
            f"Usually {self.seconds_p50:.0f} s and ${self.cost_usd_p50:.4f}; 95 of 100 take at most {self.seconds_p95:.0f} s and "
            f"${self.cost_usd_p95:.4f} (from {self.runs} runs)."
        )


def estimate(tenant: Tenant) -> Estimate | None:
    """What the latest runs of ``tenant`` that delivered say; None when there are fewer than three. One query."""
    delivered = Run.objects.filter(tenant=tenant, state__in=(RunState.COMPLETED, RunState.REJECTED))
    runs = list(delivered.order_by("-created_at").defer("message", "options", "verdict")[:LATEST])
    if len(runs) < FEWEST:
        return None
    seconds = [run_seconds(run) or 0.0 for run in runs]
    costs = [float(run.cost_usd) for run in runs]
    return Estimate(len(runs), *(round(percentile(seconds, q), 1) for q in (50, 95)), *(percentile(costs, q) for q in (50, 95)))


def percentile(values: Sequence[float], q: float) -> float:
    """The nearest-rank percentile: a value that was really measured."""
    return sorted(values)[max(0, ceil(q / 100 * len(values)) - 1)]
