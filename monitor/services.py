"""Look for trouble, mend it, write it down."""

from __future__ import annotations

import logging

from monitor.models import Incident
from monitor.remedies.base import registry

log = logging.getLogger(__name__)


def heal(*, quick: bool = False, calm: bool = True) -> list[Incident]:
    """Apply the remedies (``quick``: only the cheap ones; not ``calm``: none that judge who is alive)."""
    remedies = {name: part for name, part in registry.all().items() if (part.quick or not quick) and (calm or not part.calm)}
    incidents = []
    for name in sorted(remedies, key=lambda name: remedies[name].rank):
        for repair in remedies[name].apply():
            log.warning("%s: %s %s", name, repair.seen, repair.done)
            incidents.append(
                Incident(
                    run_id=repair.run,
                    step=repair.step,
                    remedy=name,
                    seen=repair.seen,
                    done=repair.done,
                    since_seconds=round(repair.since, 3),
                )
            )
    return Incident.objects.bulk_create(incidents)
