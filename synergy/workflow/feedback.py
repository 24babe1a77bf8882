"""What people decided about stacks, out of the ledger: chosen by hand and delivered, or inferred and its pictures approved."""

from __future__ import annotations

from collections.abc import Iterator

from inference.calibration import Labelled
from synergy.core.models import Run, RunState
from synergy.core.stacks import stacks
from visual.models import Baseline

LATEST = 2000  #: runs that are looked at


def learned() -> list[Labelled]:
    """The newest decision about each message. Changes of projects say nothing: they keep the stack that is there."""
    runs = Run.objects.filter(state=RunState.COMPLETED, revises=None).order_by("-created_at")
    found: dict[str, Labelled] = {}
    for row in _decided(list(runs.only("message", "options", "stack", "project_id")[:LATEST])):
        found.setdefault(row.message, row)
    return list(found.values())


def _decided(runs: list[Run]) -> Iterator[Labelled]:
    approved = Baseline.objects.filter(state=Baseline.State.APPROVED, project__in={str(run.project_id) for run in runs})
    confirmed = set(approved.values_list("project", flat=True).distinct())
    for run in runs:
        by_hand = run.options.get("stack")
        if by_hand in stacks():
            yield Labelled(message=run.message, acceptable=(by_hand,), kind="corrected")
        elif str(run.project_id) in confirmed and run.stack in stacks():
            yield Labelled(message=run.message, acceptable=(run.stack,), kind="approved")
