"""The monitor on the clock of beat, and in every worker process."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import worker_process_init, worker_process_shutdown

from monitor import clock, services
from monitor.watch import rest, watch
from synergy.workflow import services as workflow


@shared_task(name="monitor.heal", ignore_result=True)
def heal() -> int:
    """Beat speaks: apply every remedy; the number of repairs."""
    clock.beat_spoke()
    return len(services.heal())


@shared_task(name="monitor.tidy", ignore_result=True)
def tidy() -> int:
    """Remove the work folders of old runs; how many there were."""
    return workflow.tidy()


@worker_process_init.connect
def begin(**_: Any) -> None:
    watch()


@worker_process_shutdown.connect
def end(**_: Any) -> None:
    rest()
