"""Tenants, their people and their projects."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Count, Max, Model, QuerySet
from django.http import HttpRequest

from synergy.core.models import Membership, Project, Tenant

Rows = TypeVar("Rows", bound=Model)


class ReadOnly:
    """The engine writes these rows; people look at them."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def own(request: HttpRequest, rows: QuerySet[Rows], tenant: str = "tenant") -> QuerySet[Rows]:
    """The rows of the person's tenant; all of them for who administers the installation."""
    if getattr(request.user, "is_superuser", False):
        return rows
    return rows.filter(**{f"{tenant}__members__user": request.user.pk})


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Tenant)
class TenantAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "slug", "created_at")
    search_fields = ("name", "slug")
    inlines = (MembershipInline,)


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "tenant", "run_count", "last_run", "created_at")
    list_filter = (("tenant", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("tenant",)
    search_fields = ("name", "slug")
    readonly_fields = ("slug", "tenant")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        rows: QuerySet[Project] = own(request, super().get_queryset(request))
        return rows.annotate(_runs=Count("runs"), _last=Max("runs__created_at"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return False

    @admin.display(description="runs", ordering="_runs")
    def run_count(self, project: Any) -> int:
        return int(project._runs)

    @admin.display(description="last run", ordering="_last")
    def last_run(self, project: Any) -> Any:
        return project._last
