"""The admin's page of how runs went: the tables of ``analytics``, and a curve of how right the confidence was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from synergy.core.models import Tenant
from synergy.workflow.analytics import MOST_WEEKS, analytics
from synergy.workflow.services import tenant_of

WEEKS = 12
TITLES = {
    "budgets": "Error budgets of the last 30 days",
    "weeks": "Weeks",
    "steps": "Steps",
    "gates": "Gates",
    "recovery": "Repairs",
    "confidence": "Confidence",
}
SIDE, LEFT, BOTTOM = 200, 15, 205  #: of the curve, in its own units


def page(request: HttpRequest) -> dict[str, Any]:
    """What the template shows. 404 for a tenant that is not there, or not the person's."""
    given = request.GET.get("weeks", "")
    weeks = max(1, min(int(given[:4]), MOST_WEEKS)) if given.isascii() and given.isdigit() else WEEKS
    everybody = list(Tenant.objects.order_by("name")) if getattr(request.user, "is_superuser", False) else []
    tenant = chosen(request, everybody)
    found = analytics(tenant, weeks)
    return {
        "title": f"How runs went: {tenant.name}",
        "tenant": tenant,
        "tenants": everybody,
        "weeks": weeks,
        "tables": [table(title, found[name]) for name, title in TITLES.items()],
        "points": [point(one) for one in found["confidence"]],
    }


def chosen(request: HttpRequest, everybody: Sequence[Tenant]) -> Tenant:
    """The tenant that is looked at: the person's own unless they may see all."""
    slug = request.GET.get("tenant", "")
    own = tenant_of(request.user)
    if own is None:
        raise PermissionDenied
    if not slug or slug == own.slug:
        return own
    found = next((tenant for tenant in everybody if tenant.slug == slug), None)
    if found is None:
        raise Http404
    return found


def table(title: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    columns = [name.replace("_", " ") for name in rows[0]] if rows else []
    return {"title": title, "columns": columns, "rows": [list(row.values()) for row in rows]}


def point(one: dict[str, Any]) -> dict[str, Any]:
    """Where a point of the curve lies; the more runs, the larger it is."""
    place = {"x": round(LEFT + SIDE * one["mean"], 1), "y": round(BOTTOM - SIDE * one["passed"], 1)}
    return {**one, **place, "r": min(3 + one["runs"] ** 0.5, 12)}
