"""Runs that failed: a step that was given up, an error for good, a run that took too long. Somebody must know, once."""

from __future__ import annotations

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Extract, Now

from monitor.remedies.base import Remedy, Repair, Tell
from synergy.core.models import Run, RunState, StepState

DONE = "Nothing is tried any more. Once the cause is gone it can be tried again, or forked from a step."


@transaction.atomic
def apply(tell: Tell) -> None:
    since = Extract(ExpressionWrapper(Now() - F("finished_at"), output_field=DurationField()), "epoch")
    failed = Run.objects.select_for_update(skip_locked=True).filter(state=RunState.FAILED, reported=False)
    for run in failed.annotate(_since=since).order_by("finished_at")[:100]:
        Run.objects.filter(pk=run.pk).update(reported=True)
        step = run.steps.filter(state=StepState.FAILED).order_by("finished_at").first()
        tell(Repair(f"The run failed: {run.reason}", DONE, run.id, step.name if step else "", max(0.0, run._since), alert=True))


part = Remedy(apply, rank=80, asks="EXISTS (SELECT FROM core_run WHERE state = 'failed' AND NOT reported)")
