"""Look for trouble, mend it, write it down."""

from __future__ import annotations

import logging
import time
from functools import cache

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from monitor import clock
from monitor.models import Incident
from monitor.queues import Depth, queues
from monitor.remedies.base import Remedy, Repair, Tell, registry
from slo.alerts.base import Alert
from slo.sending import notify
from synergy.core.models import Run

__all__ = ["Depth", "heal", "queues", "remedies"]

log = logging.getLogger(__name__)


@cache
def remedies() -> tuple[tuple[str, Remedy], ...]:
    """All of them, those of lower rank first."""
    return tuple(sorted(registry.all().items(), key=lambda item: item[1].rank))


def heal(*, quick: bool = False, calm: bool = True) -> list[Incident]:
    """Look once and mend what is found; one incident for each repair.

    ``quick``: one statement asks whether there is anything to do; from the first remedy that has something, all quick ones are
    applied. While beat is silent, a full look in every ten seconds. Not ``calm``: no remedy that judges who is alive.
    """
    incidents: list[Incident] = []
    parts = [(name, part) for name, part in remedies() if calm or not part.calm]
    seen = _look({name: part.asks for name, part in parts if part.asks}, incidents)
    if quick and not (seen.alone and clock.alone()):
        rank = min((part.rank for name, part in parts if name in seen.found), default=None)
        parts = [(name, part) for name, part in parts if part.asks and rank is not None and part.rank >= rank]
    for name, part in parts:
        if not quick:
            _look({}, incidents)  # a remedy may take its time, and a clock be set meanwhile
        _apply(name, part, incidents)
    return incidents


def _look(questions: dict[str, str], incidents: list[Incident]) -> clock.Look:
    seen = clock.look(questions)
    if seen.off:
        clock.settle(seen, _teller("clock", incidents))
        seen = clock.look(questions)
    return seen


def _apply(name: str, part: Remedy, incidents: list[Incident]) -> None:
    """A remedy that fails does not keep the others from their work."""
    try:
        part.apply(_teller(name, incidents))
    except (OperationalError, InterfaceError):
        raise  # the database is away: nothing works
    except Exception:
        log.exception("The remedy %s failed.", name)


def _alert(incident: Incident) -> Alert:
    """What is told about an incident: once a day for the same trouble."""
    now = timezone.now()
    about = f"run {incident.run_id}" if incident.run_id else f"queue {incident.queue}" if incident.queue else "all"
    page = f"/admin/core/run/{incident.run_id}/change/" if incident.run_id else ""
    return Alert(
        key=f"{incident.remedy} {about} {incident.step} {now.date()}",
        title=f"{incident.remedy.replace('_', ' ')}: {incident.seen}"[:200],
        text=f"{incident.seen}\n{incident.done}",
        severity="critical" if incident.run_id is None else "warning",
        tenant=incident.tenant.slug if incident.tenant else "",
        link=f"{settings.PUBLIC_URL}{page}" if settings.PUBLIC_URL and page else "",
        at=now,
    )


def _teller(name: str, incidents: list[Incident]) -> Tell:
    began = time.monotonic()

    def tell(repair: Repair) -> None:
        nonlocal began
        log.log(logging.ERROR if repair.alert else logging.WARNING, "%s: %s %s", name, repair.seen, repair.done)
        incident = Incident(
            run_id=repair.run,
            tenant_id=Run.objects.only("tenant").get(pk=repair.run).tenant_id if repair.run else None,
            step=repair.step,
            queue=repair.queue,
            remedy=name,
            seen=repair.seen,
            done=repair.done,
            since_seconds=round(repair.since, 3),
            took_seconds=round(time.monotonic() - began, 3),
            alert=repair.alert,
        )
        incident.save()
        incidents.append(incident)
        if repair.alert:
            notify(_alert(incident))
        began = time.monotonic()

    return tell
