"""Ready steps whose time has come: back from a pause between tries, never sent, or sent and lost.

What was never sent goes out at once. What the broker still holds is not lost, so steps that were sent before are only sent again
when a queue holds fewer messages than it should; for that, one process in each second asks the broker. The steps of a stuck
chord are ready or running steps like all others: they are sent one by one.
"""

from __future__ import annotations

import time

from django.db import transaction

from monitor.remedies.base import Remedy, Repair, Tell
from synergy.workflow import engine, sql, wire

SECOND_LOOK = 0.5  #: seconds in which a message that is on its way to a child of a worker arrives there


def apply(tell: Tell) -> None:
    wire.send(engine.take_due({}))
    expected = engine.due_queues()
    if not expected or engine.newcomers():
        return
    due = engine.take_due(missing(expected))
    wire.send(due)
    with transaction.atomic():
        for step in due:
            if step.resent:
                seen = "It was ready, but its message came to nothing."
                tell(Repair(seen, "It was sent again.", step.run, step.name, step.late, step.queue))


def missing(expected: dict[str, int]) -> dict[str, int]:
    """Queue → how many messages should be there and are not, at two looks."""
    first = short(expected)
    if not any(first.values()):
        return {}
    time.sleep(SECOND_LOOK)
    again = short(engine.due_queues())
    return {queue: min(count, again.get(queue, 0)) for queue, count in first.items()}


def short(expected: dict[str, int]) -> dict[str, int]:
    """Each worker may have one message in hand that it has not looked at, for as long as the queue still holds some."""
    held = wire.backlog(list(expected))
    in_hand = engine.workers()
    return {queue: max(0, count - held.get(queue, 0) - (in_hand if held.get(queue) else 0)) for queue, count in expected.items()}


part = Remedy(apply, rank=30, asks=f"{sql.SOME_UNSENT} OR (EXISTS (SELECT FROM moved) AND {sql.SOME_DUE})")
