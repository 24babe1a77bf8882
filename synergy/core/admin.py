"""Tenants, their people and their projects."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from synergy.core.models import Membership, Project, Run, Tenant

Rows = TypeVar("Rows", bound=Model)


class ReadOnly:
    """The engine writes these rows; people look at them."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def own(request: HttpRequest, rows: QuerySet[Rows]) -> QuerySet[Rows]:
    """The rows of the person's tenant; all of them for who administers the installation."""
    if getattr(request.user, "is_superuser", False):
        return rows
    mine = Membership.objects.filter(user_id=request.user.pk or 0).first()  # its id finds an index that a join would not
    return rows.filter(tenant=mine.tenant_id) if mine else rows.none()


class Newest(Paginator):  # type: ignore[type-arg]
    """The first pages of a long list: counting all rows would read all rows, for a page that nobody turns to."""

    FURTHEST = 5_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return rows.order_by()[: self.FURTHEST].count() if isinstance(rows, QuerySet) else len(rows)


class Known(admin.SimpleListFilter):
    """A filter whose values are known: Django would look for all that there are, in all rows."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.parameter_name or "": self.value()}) if self.value() else queryset


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Tenant)
class TenantAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "slug", "budget_usd", "cost_usd", "month", "approves", "created_at")
    search_fields = ("name", "slug")
    fields = ("name", "slug", "approves", "budget_usd", "month", "cost_usd", "reserved_usd")
    readonly_fields = ("month", "cost_usd", "reserved_usd")
    inlines = (MembershipInline,)


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "tenant", "run_count", "last_run", "created_at")
    list_filter = (("tenant", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("tenant",)
    search_fields = ("name", "slug")
    readonly_fields = ("slug", "tenant", "cost_usd", "reserved_usd")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        runs = Run.objects.filter(project=OuterRef("pk")).order_by()
        counted = runs.values("project").annotate(_count=Count("pk")).values("_count")
        newest = runs.order_by("-created_at").values("created_at")[:1]
        rows: QuerySet[Project] = own(request, super().get_queryset(request))
        return rows.annotate(_runs=Subquery(counted), _last=Subquery(newest))  # looked up for the rows of one page only

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return False

    @admin.display(description="runs", ordering="_runs")
    def run_count(self, project: Any) -> SafeString:
        runs = reverse("admin:core_run_changelist", query={"project__id__exact": project.pk})
        return format_html('<a href="{}">{}</a>', runs, project._runs or 0)

    @admin.display(description="last run", ordering="_last")
    def last_run(self, project: Any) -> Any:
        return project._last
