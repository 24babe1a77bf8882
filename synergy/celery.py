"""The Celery application: ``celery -A synergy.celery worker``."""

from __future__ import annotations

import os
from pathlib import Path

from celery import Celery
from celery.signals import worker_process_init, worker_ready
from django.conf import settings
from kombu import Exchange, Queue

from monitor.schedule import SCHEDULE
from synergy import telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")

COUNTING = "synergy.workflow.counting:CountingBackend"

app = Celery("synergy")
app.loader.override_backends = {"redis": COUNTING, "socket": COUNTING}
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name, Exchange(name), routing_key=name) for name in settings.QUEUES]
app.conf.task_create_missing_queues = False  # a misspelt queue would swallow its messages
app.conf.beat_schedule = SCHEDULE
app.autodiscover_tasks()


@worker_process_init.connect
def trace(**_: object) -> None:
    """A child was forked, and traces what it does."""
    telemetry.configure("worker")


@worker_ready.connect
def tell_who_started_us(**_: object) -> None:
    """Write the file that ``synergy.embedded`` waits for."""
    if name := os.environ.get("SYNERGY_READY_FILE"):
        Path(name).touch()
