"""Incidents: what went wrong and was mended."""

from __future__ import annotations

from django.contrib import admin

from monitor.models import Incident
from synergy.core.admin import ReadOnly


@admin.register(Incident)
class IncidentAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("at", "remedy", "step", "seen", "done", "since_seconds", "run")
    list_filter = ("remedy", "at")
    list_select_related = ("run",)
    search_fields = ("seen", "done", "run__message")
    raw_id_fields = ("run",)
    show_full_result_count = False
