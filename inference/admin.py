"""Templates with their exemplars, to look at. They are data from ``fixtures/stacks``: change them there and calibrate again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from inference.models import Calibration, Exemplar, Passage, StackProposal, StackTemplate
from inference.novel import decide


class LookOnly:
    """What ships is what was calibrated: the admin shows it and changes nothing."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ExemplarInline(LookOnly, admin.TabularInline):  # type: ignore[type-arg]  # generic only in the stubs
    model = Exemplar
    fields = ["text", "model"]
    extra = 0


@admin.register(StackTemplate)
class StackTemplateAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["title", "slug", "blueprint", "exemplar_count", "updated_at"]
    list_filter = ["blueprint"]
    inlines = [ExemplarInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StackTemplate]:
        return StackTemplate.objects.annotate(texts=Count("exemplars"))

    @admin.display(description="Exemplars", ordering="texts")
    def exemplar_count(self, template: Any) -> int:
        return int(template.texts)


@admin.register(StackProposal)
class StackProposalAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["title", "state", "model", "created_at", "decided_by"]
    list_filter = ["state"]
    search_fields = ["title", "message"]
    actions = ["approve", "reject"]

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("inference.change_stackproposal")

    @admin.action(description="Approve: messages may find them", permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[StackProposal]) -> None:
        self._decide(request, queryset, approved=True)

    @admin.action(description="Reject: nothing finds them", permissions=["approve"])
    def reject(self, request: HttpRequest, queryset: QuerySet[StackProposal]) -> None:
        self._decide(request, queryset, approved=False)

    def _decide(self, request: HttpRequest, queryset: QuerySet[StackProposal], *, approved: bool) -> None:
        count = decide(queryset.values_list("slug", flat=True), request.user.get_username(), approved=approved)
        self.message_user(request, f"{count} {'approved' if approved else 'rejected'}.")


@admin.register(Exemplar)
class ExemplarAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["text", "label", "template", "model"]
    list_filter = ["label", "template"]
    search_fields = ["text"]
    exclude = ["vector"]


@admin.register(Passage)
class PassageAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["key", "kind", "text"]
    list_filter = ["kind"]
    search_fields = ["key", "text"]
    exclude = ["vector"]


@admin.register(Calibration)
class CalibrationAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["model", "exemplars", "adopted_by", "created_at"]
