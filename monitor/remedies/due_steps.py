"""Ready steps whose time has come: back from a pause between tries, never sent, or sent and lost.

What the broker still holds is not lost, so steps that were sent before are only sent again when a queue holds fewer messages
than it should. The steps of a stuck chord are ready or running steps like all others: they are sent one by one.
"""

from __future__ import annotations

from monitor.remedies.base import Remedy, Repair
from synergy.workflow import engine, wire


def apply() -> list[Repair]:
    expected = engine.due_queues()
    if not expected:
        return []
    due = engine.take_due({} if engine.newcomers() else missing(expected))
    wire.send(due)
    return [
        Repair(
            "It was ready, but its message came to nothing.", "It was sent again.", run=step.run, step=step.name, since=step.late
        )
        for step in due
        if step.resent
    ]


def missing(expected: dict[str, int]) -> dict[str, int]:
    """Queue → how many messages should be there and are not."""
    held = wire.backlog(list(expected))
    return {queue: max(0, count - held.get(queue, 0)) for queue, count in expected.items()}


part = Remedy(apply, rank=30, quick=True)
