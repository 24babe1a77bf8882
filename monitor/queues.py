"""How deep the queues are: by the ledger, and by the broker."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.conf import settings

from synergy.core.models import WorkerBeat
from synergy.workflow import wire
from synergy.workflow.db import ask

READY = """
SELECT s.queue, count(*), extract(epoch FROM now() - min(greatest(s.ready_at, s.next_attempt_at)))::float8
FROM core_step s JOIN core_run r ON r.id = s.run_id
WHERE s.state = 'ready' AND r.state IN ('queued', 'running') AND coalesce(s.next_attempt_at <= now(), true) GROUP BY s.queue
"""


@dataclass(frozen=True)
class Depth:
    """One queue. Steps of paused runs, and those that rest between two tries, wait for nobody."""

    queue: str
    ready: int  #: steps that any worker of the queue may take
    oldest_seconds: float  #: since the oldest of these became ready
    messages: int | None  #: that the broker holds; None = it did not answer
    workers: int  #: live processes that serve the queue


def queues() -> list[Depth]:
    """All queues, whether something waits in them or not. Two statements, and one question to the broker."""
    ready = {queue: (count, oldest) for queue, count, oldest in ask(READY, {})}
    held = wire.backlog(settings.QUEUES)
    serving: Counter[str] = Counter()
    for names in WorkerBeat.objects.values_list("queues", flat=True):
        serving.update(names.split(",") if names else settings.QUEUES)  # who does not say may serve any
    found = []
    for name in settings.QUEUES:
        count, oldest = ready.get(name, (0, 0.0))
        found.append(Depth(name, count, max(0.0, oldest), held.get(name), serving[name]))
    return found
