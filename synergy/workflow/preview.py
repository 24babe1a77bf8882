"""The plan of a run before there is one: what would be built, or what a change would make of a project."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.conf import settings

from inference.services import infer_stack, make_plan
from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import Bench
from synergy.core.models import Tenant
from synergy.core.revisions import BY_HAND
from synergy.core.types import Message, Plan
from synergy.workflow.changes import base_of, changes_something, find_project, last_delivery
from synergy.workflow.handwork import Found


def preview(message: str, *, tenant: Tenant, project: str, edits: Found | None, stack: str | None, fresh: bool) -> Plan:
    """The plan that a run would be built from, worked out here and now; nothing is kept."""
    base = None
    if changes_something(message, tenant, project, fresh=fresh):
        last = last_delivery(find_project(project, tenant))
        assert last is not None  # it was there a moment ago
        base = base_of(last, edits)
    asked = Message(text=message or BY_HAND, stack=stack)
    with tempfile.TemporaryDirectory() as folder:
        place = Bench(root=Path(folder), store=ArtifactStore(Path(settings.ARTIFACTS_DIR)))
        return make_plan(place, asked, infer_stack(place, asked, base), base)
