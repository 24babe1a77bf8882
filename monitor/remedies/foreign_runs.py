"""Runs of an engine that no worker speaks any more: refused clearly instead of waiting for ever."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from monitor.remedies.base import Remedy, Repair, Tell
from synergy.core.models import LIVE_RUN, Run, RunState, Step, StepState, WorkerBeat
from synergy.workflow import engine
from synergy.workflow.shape import shape

PATIENCE = timedelta(minutes=2)  #: workers of the old engine may still be on their way up


def apply(tell: Tell) -> None:
    spoken = WorkerBeat.objects.filter(engine=OuterRef("engine"))
    ready = Step.objects.filter(run=OuterRef("pk"), state=StepState.READY, ready_at__lt=Now() - PATIENCE)
    foreign = Run.objects.filter(~Exists(spoken), Exists(ready), state__in=LIVE_RUN).exclude(engine=shape().engine)
    for run in foreign[:100]:
        reason = f"It was started by engine {run.engine}, and only {shape().engine} runs here now. Start it again."
        with transaction.atomic():
            list(Step.objects.select_for_update().filter(run=run).order_by("id"))
            if engine.close_run(run.id, RunState.FAILED, reason):
                tell(Repair("No worker speaks its engine.", reason, run.id))


part = Remedy(apply, rank=40)
