"""What outlives every process: counters, and alerts until they are delivered."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models.functions import Now

from synergy.core.models import Tenant


class Sample(models.Model):
    """One series: the value of a counter, or of one bucket, the sum or the count of a histogram, for one set of labels."""

    name = models.CharField(max_length=80)
    labels = models.CharField(max_length=400, help_text="JSON object, keys sorted.")
    value = models.FloatField(db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "labels"], name="sample_once")]

    def __str__(self) -> str:
        return f"{self.name}{self.labels}"


class DayOfObjective(models.Model):
    """Events of one tenant on one day (UTC) that an objective of ``objectives.toml`` counts; runs count on the day they end."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    objective = models.CharField(max_length=40)
    day = models.DateField()
    bad = models.BigIntegerField()
    total = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "objective", "day"], name="day_of_objective_once")]

    def __str__(self) -> str:
        return f"{self.objective} {self.day}"


def new_secret() -> str:
    return secrets.token_urlsafe(32)


class AlertTarget(models.Model):
    """Where alerts of a tenant go; without a tenant: those about the machinery, and everybody's."""

    tenant = models.ForeignKey(Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="alert_targets")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, help_text="slack, discord, pagerduty, webhook or email")
    address = models.CharField(max_length=500, help_text="Who knows it can post there: it is never shown again.")
    secret = models.CharField(max_length=80, default=new_secret, editable=False, help_text="Signs what a webhook gets.")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One alert for one target. Sent once; tried again while it makes sense, then dead: somebody has to look."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        DEAD = "dead"

    target = models.ForeignKey(AlertTarget, on_delete=models.CASCADE, related_name="deliveries")
    key = models.CharField(max_length=64, help_text="SHA-256 of the alert's key and state: it is told once.")
    alert = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.SmallIntegerField(default=0)
    due = models.DateTimeField(db_default=Now())
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["target", "key"], name="delivery_once")]
        indexes = [models.Index(fields=["due"], condition=models.Q(state="waiting"), name="delivery_due")]

    def __str__(self) -> str:
        return str(self.alert.get("title", ""))[:80]


class Heard(models.Model):
    """An alert that Alertmanager told of. It tells the same again and again; what it asks for is done once."""

    key = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 of fingerprint, start and state.")
    at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.key
