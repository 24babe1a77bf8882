"""Alerts on the clock of beat."""

from __future__ import annotations

from celery import shared_task

from slo.sending import deliver


@shared_task(name="slo.deliver", ignore_result=True)
def deliver_alerts() -> int:
    """Send what is due; how many were sent."""
    return deliver()
