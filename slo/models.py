"""Counters that outlive every process: what ended is added to them once, in the database."""

from __future__ import annotations

from django.db import models


class Sample(models.Model):
    """One series: the value of a counter, or of one bucket, the sum or the count of a histogram, for one set of labels."""

    name = models.CharField(max_length=80)
    labels = models.CharField(max_length=400, help_text="JSON object, keys sorted.")
    value = models.FloatField(db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "labels"], name="sample_once")]

    def __str__(self) -> str:
        return f"{self.name}{self.labels}"
