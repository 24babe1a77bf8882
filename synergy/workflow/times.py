"""The engine's intervals, in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class Times:
    lease: float  #: silence after which a worker, and an attempt, counts as dead
    backoff: tuple[float, ...]  #: before the second, third … try of a step that failed
    queued_limit: float  #: a run whose ready step nobody takes for so long is ended
    beat: float = 1.0  #: between two signs of life
    tick: float = 0.5  #: between two looks for dead workers and due steps, in every worker
    resend: float = 2.0  #: until a ready step is sent again, doubled with each time
    calm: float = 3.0  #: after a restart of the database nobody is called dead: all must get their locks back first
    grace: float = 5.0  #: beyond its limit an attempt may take to stop by itself
    losses: int = 5  #: so many dead workers does a step survive
    queued: float = 120.0  #: a ready step that nobody takes for so long is an incident
    total: float = 3600.0  #: a run may work, rests not counted


TIMES = Times(lease=settings.ENGINE_LEASE, backoff=settings.ENGINE_BACKOFF, queued_limit=settings.ENGINE_QUEUED_LIMIT)
