"""Baselines: the pictures a project's pages are held against, once a person has approved them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

PLACE = ("project", "page", "width", "theme")


class Baseline(models.Model):
    """One picture of one page. A row is never given another picture: whoever approves a row approves what was seen."""

    class State(models.TextChoices):
        WAITING = "waiting"  # for a person; at most one of each page, width and theme
        APPROVED = "approved"  # in force; at most one of each page, width and theme
        RETIRED = "retired"  # was in force

    project = models.CharField(max_length=200)  # Bench.project_key
    page = models.CharField(max_length=240)  # Page.slug
    width = models.PositiveIntegerField()  # pixels
    theme = models.CharField(max_length=5, choices={"light": "light", "dark": "dark"})
    image = models.CharField(max_length=64)  # artifact of the PNG
    text = models.CharField(max_length=64)  # artifact of the visible text
    browser = models.CharField(max_length=80)  # name and version
    fonts = models.CharField(max_length=64)  # hash of the fonts it was drawn with
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=PLACE, condition=Q(state="waiting"), name="baseline_waiting_once"),
            models.UniqueConstraint(fields=PLACE, condition=Q(state="approved"), name="baseline_approved_once"),
            models.CheckConstraint(condition=Q(state="waiting") | Q(decided_at__isnull=False), name="baseline_decided"),
        ]

    def __str__(self) -> str:
        return f"{self.page} at {self.width} ({self.theme})"
