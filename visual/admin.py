"""Baselines for review: see the pictures, approve them."""

from __future__ import annotations

import base64
import io
from itertools import groupby
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from PIL import Image

from synergy.core.artifacts import ArtifactStore
from synergy.core.errors import SynergyError
from visual.baselines import approve
from visual.models import Baseline

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Baseline]
else:
    Base = admin.ModelAdmin
WHEN = ("created_at", "decided_at", "decided_by")
SMALL, LARGE = 180, 1200  #: pixels of width


@admin.register(Baseline)
class BaselineAdmin(Base):
    list_display = ("preview", "project", "page", "width", "theme", "state", "browser", "created_at", "decided_by")
    list_filter = ("state", "theme", "width")
    search_fields = ("project", "page", "image")
    list_per_page = 25
    list_select_related = ("decided_by",)
    ordering = ("-created_at", "page", "width")
    actions = ("approve_pictures",)
    fields = ("picture", "project", "page", "width", "theme", "state", "image", "text", "browser", "fonts", *WHEN)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Baseline | None = None) -> tuple[str, ...]:
        return self.fields  # a decision is taken by the action, nothing is edited

    @admin.display(description="picture")
    def preview(self, row: Baseline) -> str:
        return _image(row, SMALL)

    @admin.display(description="picture")
    def picture(self, row: Baseline) -> str:
        return _image(row, LARGE)

    @admin.action(description="Approve the selected pictures as baselines", permissions=["change"])
    def approve_pictures(self, request: HttpRequest, rows: QuerySet[Baseline]) -> None:
        ordered = sorted(rows, key=lambda row: row.project)
        for project, group in groupby(ordered, key=lambda row: row.project):
            try:
                count = approve(project, [row.image for row in group], by=request.user.pk)
            except SynergyError as error:
                self.message_user(request, f"{project}: {error}", messages.ERROR)
            else:
                self.message_user(request, f"{project}: {count} pictures are baselines now.", messages.SUCCESS)


def _image(row: Baseline, width: int) -> str:
    """The picture, scaled down, inside the page: artifacts have no public address."""
    try:
        data = ArtifactStore(settings.ARTIFACTS_DIR).get(row.image)
    except SynergyError as error:
        return error.message
    with Image.open(io.BytesIO(data)) as image:
        image.thumbnail((width, width * 4))
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=80)
    source = f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"
    return format_html('<img src="{}" alt="{} at {} pixels, {}">', source, row.page, row.width, row.theme)
