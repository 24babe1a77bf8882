"""Steps whose worker died or went silent, and steps that run for longer than they may."""

from __future__ import annotations

from django.db import transaction

from monitor.remedies.base import Remedy, Repair, Tell
from synergy.workflow import engine, sql

SEEN = {
    "lost": "The worker was gone while it ran.",
    "overdue": "It ran for longer than it may and did not stop.",
}
DONE = "The attempt was taken away; it starts again, or is given up."


def apply(tell: Tell) -> None:
    for run, name, token, kind, since in engine.abandoned():
        with transaction.atomic():
            if engine.give_back(run, name, token, kind=kind, error=SEEN[kind]):
                tell(Repair(SEEN[kind], DONE, run, name, max(0.0, since)))


part = Remedy(apply, rank=20, asks=sql.SOME_CUT_OFF, calm=True)
