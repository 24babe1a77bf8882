"""Times that lie further ahead than the engine ever sets them: the database's clock was set back. They become due now."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from monitor.remedies.base import Remedy, Repair
from synergy.core.models import Step, StepState

FURTHEST = timedelta(minutes=20)  #: a provider may ask for 15 minutes of patience, see ``engine.give_back``


def apply() -> list[Repair]:
    ahead = Q(due__gt=Now() + FURTHEST) | Q(next_attempt_at__gt=Now() + FURTHEST)
    jumped = Step.objects.filter(ahead, state=StepState.READY)
    found = list(jumped.values_list("run_id", "name")[:1000])
    jumped.update(due=Now(), next_attempt_at=Now())
    return [Repair("It was due far in the future: the clock was set back.", "It is due now.", run, name) for run, name in found]


part = Remedy(apply, rank=5)
