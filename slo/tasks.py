"""Alerts on the clock of beat."""

from __future__ import annotations

import time

from celery import shared_task

from slo.sending import deliver

SECONDS = 8.0  #: that one look goes on sending when there is much to send: the next one comes after ten


@shared_task(name="slo.deliver", ignore_result=True)
def deliver_alerts() -> int:
    """Send what is due; how many were sent. A storm of alerts goes out at once, not twenty at each look."""
    end, sent = time.monotonic() + SECONDS, 0
    while (now := deliver()) and time.monotonic() < end:
        sent += now
    return sent + now
