"""Runs that work for longer than any run may, whatever their steps do."""

from __future__ import annotations

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Extract, Now

from monitor.remedies.base import Remedy, Repair, Tell
from synergy.core.models import Run, RunState, Step
from synergy.workflow import engine
from synergy.workflow.times import TIMES

REASON = f"It took longer than {TIMES.total / 60:.0f} minutes in all."


def apply(tell: Tell) -> None:
    clock = Extract(ExpressionWrapper(Now() - F("started_at"), output_field=DurationField()), "epoch")
    running = Run.objects.filter(state=RunState.RUNNING).annotate(_worked=F("carried_seconds") + clock)
    for run in running.filter(_worked__gt=TIMES.total)[:100]:
        with transaction.atomic():
            list(Step.objects.select_for_update().filter(run=run).order_by("id"))
            if engine.close_run(run.id, RunState.FAILED, REASON):
                tell(Repair(REASON, "It was ended.", run.id, since=run._worked - TIMES.total))


part = Remedy(apply, rank=50)
