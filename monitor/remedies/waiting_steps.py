"""Ready steps that nobody takes: no worker serves their queue, or all are busy. Said once; nothing can be mended from here."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Coalesce, Now

from monitor.models import Incident
from monitor.remedies.base import Remedy, Repair
from synergy.core.models import RunState, Step, StepState
from synergy.workflow.times import TIMES

NAME = "waiting_steps"


def apply() -> list[Repair]:
    known = Incident.objects.filter(remedy=NAME, run=OuterRef("run"), step=OuterRef("name"))
    since = Coalesce("next_attempt_at", "ready_at")
    waiting = Step.objects.filter(~Exists(known), state=StepState.READY, run__state__in=(RunState.QUEUED, RunState.RUNNING))
    late = waiting.annotate(_since=since).filter(_since__lt=Now() - timedelta(seconds=TIMES.queued))
    seen = f"Nobody took it for {TIMES.queued:.0f} s."
    return [
        Repair(seen, f"It waits for a worker of the queue {queue}.", run, name, TIMES.queued)
        for run, name, queue in late.values_list(F("run_id"), "name", "queue")[:200]
    ]


part = Remedy(apply, rank=60)
