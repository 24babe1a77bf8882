"""Queues in which something waits for long: no worker serves them, or all are busy. Said, and said again every ten minutes;
nothing can be mended from here."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Coalesce, Now

from monitor.models import Clock, Incident
from monitor.queues import Depth, queues
from monitor.remedies.base import Remedy, Repair, Tell
from synergy.core.models import WORKING_RUN, Step, StepState
from synergy.workflow.times import TIMES

NAME = "waiting_queues"
AGAIN = timedelta(minutes=10)


def apply(tell: Tell) -> None:
    late = [depth for depth in queues() if depth.oldest_seconds > TIMES.queued]
    if not late:
        return
    with transaction.atomic():
        Clock.objects.select_for_update().filter(id=1).first()  # two at once must not both say it
        for depth in late:
            if not Incident.objects.filter(remedy=NAME, queue=depth.queue, at__gt=Now() - AGAIN).exists():
                tell(words(depth))


def words(depth: Depth) -> Repair:
    waiting = Step.objects.filter(queue=depth.queue, state=StepState.READY, run__state__in=WORKING_RUN)
    oldest = waiting.order_by(Coalesce("next_attempt_at", "ready_at")).first()
    held = "does not answer" if depth.messages is None else f"holds {depth.messages} messages"
    seen = f"Ready in the queue {depth.queue}: {depth.ready}, the oldest for {depth.oldest_seconds:.0f} s; the broker {held}."
    done = f"All {depth.workers} workers of the queue are busy, or get no messages." if depth.workers else "No worker serves it."
    run, step = (oldest.run_id, oldest.name) if oldest else (None, "")
    return Repair(seen, done, run, step, depth.oldest_seconds, depth.queue, alert=not depth.workers)


part = Remedy(apply, rank=60)
