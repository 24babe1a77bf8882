"""The monitor on the clock of beat, and in every worker process."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import worker_process_init, worker_process_shutdown

from monitor import services
from monitor.watch import rest, watch


@shared_task(name="monitor.heal", ignore_result=True)
def heal() -> int:
    """Apply every remedy; the number of repairs."""
    return len(services.heal())


@worker_process_init.connect
def begin(**_: Any) -> None:
    watch()


@worker_process_shutdown.connect
def end(**_: Any) -> None:
    rest()
