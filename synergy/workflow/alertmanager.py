"""What Alertmanager tells: passed on to the tenant's targets, and where an alert says ``action="block"`` the project rests.

The ledger is the hard stop for money; this one comes minutes later, for what only shows in the figures. The same is told again
and again, so everything is done once for each alert and state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from pydantic import Field, ValidationError

from slo.alerts.base import Alert
from slo.models import Heard
from slo.sending import notify
from synergy.core import bearer
from synergy.core.artifacts import digest
from synergy.core.models import Run, RunState
from synergy.core.types import Value
from synergy.workflow import engine

MOST_ALERTS = 200  #: of one message
SEVERITIES: Mapping[str, Literal["info", "warning", "critical"]] = {"page": "critical", "critical": "critical", "info": "info"}
BLOCK = "block"


class Told(Value):
    """One alert, as version 4 of Alertmanager's webhook has it; the rest is not read."""

    status: Literal["firing", "resolved"]
    fingerprint: str = Field(min_length=1, max_length=64)
    startsAt: datetime  # its name there
    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)


@csrf_exempt
@require_POST
def alerts(request: HttpRequest) -> JsonResponse:
    """Take Alertmanager's POST. 404 without the token ``ALERTS_TOKEN``, 400 for what is no such message."""
    bearer.require(request, settings.ALERTS_TOKEN)
    try:
        told = read(request.body)
    except ValueError as error:
        problem = {"code": "bad_input", "message": str(error), "hint": "Send what Alertmanager's webhook sends (version 4)."}
        return JsonResponse({"error": problem}, status=400)
    done = [hear(one) for one in told]
    return JsonResponse({"new": sum(done), "known": len(done) - sum(done)})


def read(body: bytes) -> list[Told]:
    """The alerts of a message. ValueError says what is wrong with it."""
    data: Any = json.loads(body)
    rows = data.get("alerts") if isinstance(data, dict) else None
    if not isinstance(rows, list) or len(rows) > MOST_ALERTS:
        raise ValueError(f"`alerts` is no list of at most {MOST_ALERTS} alerts.")
    known = set(Told.model_fields)
    try:
        return [Told.model_validate({k: v for k, v in row.items() if k in known}) for row in rows]
    except (ValidationError, AttributeError) as error:
        raise ValueError(f"An alert cannot be read: {str(error).splitlines()[0]}") from None


@transaction.atomic
def hear(told: Told) -> bool:
    """Do what the alert asks for; False when that was done before."""
    key = digest(f"{told.fingerprint} {told.startsAt.isoformat()} {told.status}".encode())
    if not Heard.objects.get_or_create(key=key)[1]:
        return False
    labels, words = told.labels, told.annotations
    stopped = block(labels) if told.status == "firing" and labels.get("action") == BLOCK else 0
    name = labels.get("alertname", "alert")
    text = words.get("description", "") + (
        f"\n{stopped} runs of the project rest until somebody resumes them." if stopped else ""
    )
    notify(
        Alert(
            key=f"{told.fingerprint} {told.startsAt.isoformat()}",
            title=words.get("summary", name)[:200],
            text=text.strip() or name,
            severity=SEVERITIES.get(labels.get("severity", ""), "warning"),
            state=told.status,
            tenant=labels.get("tenant", ""),
            at=timezone.now(),
        )
    )
    return True


def block(labels: Mapping[str, str]) -> int:
    """Let the live runs of the project that an alert names rest; how many. Without tenant and project: none."""
    tenant, project = labels.get("tenant"), labels.get("project")
    if not tenant or not project:
        return 0
    live = Run.objects.filter(tenant__slug=tenant, project__slug=project, state__in=(RunState.QUEUED, RunState.RUNNING))
    reason = f"An alert let it rest: {labels.get('alertname', 'alert')}. Look at it, then resume it."
    return sum(engine.rest(run_id, reason[:500]) for run_id in live.values_list("id", flat=True))
