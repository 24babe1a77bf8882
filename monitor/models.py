"""What went wrong and was mended."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from synergy.core.models import Run


class Incident(models.Model):
    """One repair: what was seen, what was done about it, how long it took. Without a run it is about the machinery."""

    run = models.ForeignKey(Run, null=True, on_delete=models.PROTECT, related_name="incidents")
    step = models.CharField(max_length=40, default="", blank=True)
    remedy = models.CharField(max_length=40)
    seen = models.TextField()
    done = models.TextField()
    since_seconds = models.FloatField(help_text="From the fault, as far as it is known, to the repair.")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["at"], name="incident_at"), models.Index(fields=["remedy", "at"], name="incident_remedy")]

    def __str__(self) -> str:
        return f"{self.remedy}: {self.seen}"
