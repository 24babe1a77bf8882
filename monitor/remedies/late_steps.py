"""Ready steps that nobody took for longer than any may wait: their run is ended. A run that rests waits for nobody."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Greatest, Now

from monitor.remedies.base import Remedy, Repair, Tell
from synergy.core.models import WORKING_RUN, RunState, Step, StepState
from synergy.workflow import engine
from synergy.workflow.times import TIMES


def apply(tell: Tell) -> None:
    waiting = Step.objects.filter(state=StepState.READY, run__state__in=WORKING_RUN)
    late = waiting.annotate(_since=Greatest("ready_at", "next_attempt_at")).filter(
        _since__lt=Now() - timedelta(seconds=TIMES.queued_limit)
    )
    for step in late.order_by("_since")[:100]:
        seen = f"{step.name} waited for {TIMES.queued_limit / 60:.0f} minutes in the queue {step.queue} and no worker took it."
        reason = f"{seen} Start a worker that serves it, or more of them, then try the run again."
        with transaction.atomic():
            list(Step.objects.select_for_update().filter(run_id=step.run_id).order_by("id"))
            if late.filter(pk=step.pk).exists() and engine.close_run(step.run_id, RunState.FAILED, reason):
                tell(Repair(seen, "The run was ended.", step.run_id, step.name, TIMES.queued_limit, step.queue))


part = Remedy(apply, rank=55)
