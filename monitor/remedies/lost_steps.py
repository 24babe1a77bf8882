"""Steps whose worker died or went silent, and steps that run for longer than they may."""

from __future__ import annotations

from monitor.remedies.base import Remedy, Repair
from synergy.workflow import engine

SEEN = {
    "lost": "The worker was gone while it ran.",
    "overdue": "It ran for longer than it may and did not stop.",
}


def apply() -> list[Repair]:
    return [
        Repair(
            SEEN[kind], "The attempt was taken away; it starts again, or is given up.", run=run, step=name, since=max(0.0, since)
        )
        for run, name, token, kind, since in engine.abandoned()
        if engine.give_back(run, name, token, kind=kind, error=SEEN[kind])
    ]


part = Remedy(apply, rank=20, quick=True, calm=True)
