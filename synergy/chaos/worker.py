"""A worker that can be killed at an exact point between two steps: ``python -m synergy.chaos.worker QUEUES``.

It is the shipped worker with two of its functions wrapped. A message's order ``{"ui": {"kill": POINT}}`` kills the process
(``"whole": true``: and all others of its worker) in the first attempt at that step:

    claimed      the ledger says that it runs here, its body has not begun
    inside       in the middle of its body (``pipeline`` does that)
    unrecorded   its body has ended, the ledger does not know
    recorded     the ledger knows, the next step has not begun and no message went out

SYNERGY_CHAOS_COPIES: every message is published that many times.
"""

from __future__ import annotations

import os
import sys
import uuid
from typing import Any

import django

django.setup()

from synergy.celery import app  # noqa: E402  # settings come first
from synergy.chaos import tools  # noqa: E402
from synergy.chaos.pipeline import orders_for  # noqa: E402
from synergy.embedded import clockwork  # noqa: E402
from synergy.workflow import engine  # noqa: E402
from synergy.workflow.engine import Attempt, Recorded  # noqa: E402

_messages: dict[uuid.UUID, str] = {}  #: of the runs that this process has taken a step of


def die_at(point: str, attempt: Attempt) -> None:
    """Die here when the message says so and this is the first attempt."""
    if attempt.inputs:
        _messages[attempt.run] = attempt.inputs[0]
    orders = orders_for(_messages[attempt.run], attempt.name) if attempt.run in _messages else {}
    if orders.get("kill") == point and attempt.number <= orders.get("times", 1):
        tools.die(str(attempt.run), attempt.name, whole=bool(orders.get("whole")))


def breakable() -> None:
    """Wrap what happens at the boundaries of a step."""
    claim, record = engine.claim, engine.record

    def claimed(*given: Any) -> Attempt | None:
        attempt = claim(*given)
        if attempt is not None:
            die_at("claimed", attempt)
        return attempt

    def recorded(shape: Any, attempt: Attempt, *given: Any, **more: Any) -> Recorded:
        die_at("unrecorded", attempt)
        done = record(shape, attempt, *given, **more)
        die_at("recorded", attempt)
        if done.next is not None:
            die_at("claimed", done.next)
        return done

    vars(engine).update(claim=claimed, record=recorded)


def publish_copies(count: int) -> None:
    """Publish every message ``count`` times, as a broker may do that lost an acknowledgement."""
    send = app.amqp.send_task_message

    def send_all(*given: Any, **more: Any) -> Any:
        for _ in range(count - 1):
            send(*given, **more)
        return send(*given, **more)

    vars(app.amqp)["send_task_message"] = send_all


if __name__ == "__main__":
    breakable()
    publish_copies(int(os.environ.get("SYNERGY_CHAOS_COPIES", "1")))
    sys.argv = [sys.argv[0], "worker", sys.argv[1]]
    sys.exit(clockwork.main())
