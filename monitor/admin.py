"""Incidents: what went wrong and was mended, and how deep the queues are now."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from monitor.models import Incident
from monitor.services import queues, remedies
from synergy.core.admin import Known, Newest, ReadOnly, own
from synergy.workflow.admin import RunAdmin


class RemedyFilter(Known):
    title = parameter_name = "remedy"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in ("clock", *(name for name, _ in remedies()))]


class QueueFilter(Known):
    title = parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in settings.QUEUES]


@admin.register(Incident)
class IncidentAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("at", "alert", "remedy", "step", "queue", "seen", "done", "since_seconds", "took_seconds", "run")
    list_filter = ("alert", RemedyFilter, QueueFilter, "at")
    list_select_related = ("run",)
    search_fields = ("seen", "done", "run__message")
    raw_id_fields = ("run",)
    paginator = Newest
    show_full_result_count = False
    change_list_template = "monitor/incidents.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        """Of the person's own runs; the machinery is for who administers the installation."""
        return own(request, super().get_queryset(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        depths = queues() if getattr(request.user, "is_superuser", False) else []
        return super().changelist_view(request, {**(extra_context or {}), "queues": depths})


class IncidentInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Incident
    fields = readonly_fields = ("at", "alert", "remedy", "step", "seen", "done", "since_seconds", "took_seconds")
    ordering = ("id",)


RunAdmin.inlines = (*RunAdmin.inlines, IncidentInline)  # the workflow does not know who watches it
