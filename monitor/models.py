"""What went wrong and was mended, and when somebody last looked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from synergy.core.models import Run, Tenant


class Incident(models.Model):
    """One repair: what was seen, what was done about it, how long it took. Without a run it is about the machinery."""

    run = models.ForeignKey(Run, null=True, on_delete=models.PROTECT, related_name="incidents")
    #: The run's: who looks at the newest of a tenant must not look at those of all.
    tenant = models.ForeignKey(Tenant, null=True, on_delete=models.PROTECT, related_name="incidents", db_index=False)
    step = models.CharField(max_length=40, default="", blank=True)
    queue = models.CharField(max_length=20, default="", blank=True)
    remedy = models.CharField(max_length=40)
    seen = models.TextField()
    done = models.TextField()
    since_seconds = models.FloatField(help_text="From the fault, as far as it is known, to the repair.")
    took_seconds = models.FloatField(default=0.0, help_text="The repair itself.")
    alert = models.BooleanField(default=False, help_text="Somebody must know.")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["at"], name="incident_at"),
            models.Index(fields=["remedy", "at"], name="incident_remedy"),
            models.Index(fields=["id"], condition=Q(alert=True), name="incident_alert"),
            models.Index(fields=["queue", "id"], name="incident_queue"),
            models.Index(fields=["tenant", "id"], name="incident_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.remedy}: {self.seen}"


class Clock(models.Model):
    """The one row that says when somebody last looked. Times are the database's."""

    ID = 1

    seen = models.DateTimeField(db_default=Now())  # by anybody, a second ago at most
    whole = models.DateTimeField(db_default=Now())  # the last look with all remedies
    beat = models.DateTimeField(db_default=Now())  # the last sign of Celery's beat
    silent = models.BooleanField(db_default=False)  # beat counts as silent

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_clock")]
