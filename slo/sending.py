"""Alerts on their way: written down for every target, sent, tried again when the other side asks for it, or given up."""

from __future__ import annotations

import logging
import random
from datetime import timedelta

import httpx
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from slo.alerts.base import Alert, NotDelivered, registry
from slo.models import AlertTarget, Delivery
from synergy.core.artifacts import digest
from synergy.core.errors import SynergyError
from synergy.core.secrets import redact

TRIES = 8  #: with the pauses between them, a day
FIRST, FACTOR, LONGEST = 10.0, 4.0, 6 * 3600.0  #: seconds: 10, 40, 160 … six hours
CLAIM = 60.0  #: seconds that one try may take before another process takes it over

log = logging.getLogger(__name__)


def notify(alert: Alert) -> int:
    """Write ``alert`` down for every active target of its tenant, and of the operators; how many it was new to."""
    targets = AlertTarget.objects.filter(Q(tenant__slug=alert.tenant) | Q(tenant=None), active=True)
    said = alert.model_copy(update={"title": redact(alert.title), "text": redact(alert.text)})
    key = digest(f"{alert.tenant} {alert.key} {alert.state}".encode())
    rows = [Delivery(target=target, key=key, alert=said.model_dump(mode="json")) for target in targets]
    known = set(Delivery.objects.filter(key=key, target__in=targets).values_list("target_id", flat=True))
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return sum(row.target_id not in known for row in rows)


def deliver(most: int = 20) -> int:
    """Send up to ``most`` deliveries that are due; how many were sent. Several processes may do it at once."""
    return sum(_deliver(delivery) for delivery in _claimed(most))


def _claimed(most: int) -> list[Delivery]:
    """Due deliveries, put off for a minute: nobody else sends them meanwhile, and they come back when this process dies."""
    with transaction.atomic():
        due = Delivery.objects.select_for_update(skip_locked=True).filter(state=Delivery.State.WAITING, due__lte=Now())
        ids = list(due.order_by("due", "pk").values_list("pk", flat=True)[:most])
        Delivery.objects.filter(pk__in=ids).update(due=Now() + timedelta(seconds=CLAIM), attempts=F("attempts") + 1)
    return list(Delivery.objects.filter(pk__in=ids).select_related("target").order_by("pk"))


def _deliver(delivery: Delivery) -> bool:
    target = delivery.target
    try:
        registry.get(target.kind).send(Alert.model_validate(delivery.alert), target.address, target.secret)
    except (SynergyError, httpx.HTTPError, OSError, ValueError) as error:
        _put_off(delivery, error)
        return False
    Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.SENT, sent_at=Now(), error="")
    return True


def _put_off(delivery: Delivery, error: Exception) -> None:
    """Try it later, or never again: a refusal for good, or the last try."""
    declined = error if isinstance(error, NotDelivered) else None
    permanent = declined.permanent if declined else isinstance(error, SynergyError)
    words = (error.message if isinstance(error, SynergyError) else f"{type(error).__name__}: {error}")[:500]
    words = words.replace(delivery.target.address, "…")
    pause = declined.retry_after if declined else None
    if pause is None:
        pause = min(FIRST * FACTOR ** (delivery.attempts - 1), LONGEST) * random.uniform(1.0, 1.2)  # noqa: S311
    dead = permanent or delivery.attempts >= TRIES
    state = Delivery.State.DEAD if dead else Delivery.State.WAITING
    due = timezone.now() + timedelta(seconds=pause)
    Delivery.objects.filter(pk=delivery.pk).update(state=state, error=words, due=due)
    if dead:
        log.error("An alert for %s was given up: %s", delivery.target.name, words)


def send_again(deliveries: list[int]) -> int:
    """Let deliveries that were given up be tried anew; how many."""
    dead = Delivery.objects.filter(pk__in=deliveries, state=Delivery.State.DEAD)
    return dead.update(state=Delivery.State.WAITING, attempts=0, due=Now())


def send_test(target: AlertTarget, by: str) -> Delivery:
    """Send a test to ``target`` right now; the delivery says what came of it."""
    now = timezone.now()
    alert = Alert(
        key=f"test {now.isoformat()}",
        title="Test from Synergy",
        text=f"{by} sent this test. Alerts of your runs will come here.",
        severity="info",
        tenant=target.tenant.slug if target.tenant else "",
        at=now,
    )
    key = digest(f"{target.pk} {alert.key}".encode())
    delivery = Delivery.objects.create(target=target, key=key, alert=alert.model_dump(mode="json"), attempts=1)
    _deliver(delivery)
    delivery.refresh_from_db()
    return delivery
