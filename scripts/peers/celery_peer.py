"""Raw Celery: its canvas, results in Valkey, nothing else. ``python -m peers.celery_peer`` starts runs."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, chain, chord

from peers.dag import LEVELS, body, orders, submitted

app = Celery("peers", broker=os.environ["PEERS_BROKER"], backend=os.environ["PEERS_RESULTS"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    result_expires=3600,
    broker_connection_retry_on_startup=True,
)


@app.task(name="step")
def step(before: Any, run: str, name: str) -> dict[str, str]:
    return {"step": body(run, name)}


def canvas(run: str) -> Any:
    """A chain; a level of several steps is the header of a chord whose body is the step after it."""
    parts: list[Any] = []
    levels = iter(LEVELS)
    for level in levels:
        if len(level) == 1:
            parts.append(step.s(run, level[0]))
        else:
            (after,) = next(levels)
            parts.append(chord([step.s(run, name) for name in level], step.s(run, after)))
    return chain(*parts)


def main() -> None:
    for runs in orders():
        for run in runs:
            submitted(run)
            canvas(run).apply_async((None,))


if __name__ == "__main__":
    main()
