"""Runs that have ended, as the pipeline records them: rows of the ledger, from which all counters are made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from synergy.core.models import Call, Project, Run, RunState, Step, StepState, Tenant

QUEUES = {"visuals": "browser", "conflicts": "browser", "tests": "tests", "slo": "control"}
PAGES = ("home", "list", "detail")
WIDTHS = (375, 768, 1920)


def tenant_called(slug: str) -> Tenant:
    return Tenant.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0]


def ended(
    tenant: Tenant,
    results: Mapping[str, Any],
    *,
    seconds: float = 100.0,
    state: RunState = RunState.COMPLETED,
    call: Mapping[str, Any] | None = None,
) -> Run:
    """A run of the project "shop" that took ``seconds``. ``results``: step → what it recorded; ``call``: one that it paid."""
    project, _ = Project.objects.get_or_create(tenant=tenant, slug="shop", defaults={"name": "Shop"})
    now = timezone.now()
    run = Run.objects.create(
        tenant=tenant,
        project=project,
        message="A shop",
        state=state,
        engine="synergy/3",
        stack="fastapi-react",
        started_at=now - timedelta(seconds=seconds),
        finished_at=now,
    )
    done = {"state": StepState.DONE, "attempt": 2, "fails": 1, "started_at": now - timedelta(seconds=7), "finished_at": now}
    for position, (name, result) in enumerate(results.items()):
        place = {"position": position, "queue": QUEUES.get(name, "agents"), "limit_seconds": 60, "need": 0}
        Step.objects.create(run=run, name=name, result=json.dumps(result), **place, **done)
    if call:
        charge(run, **call)
    return run


def charge(run: Run, cost_usd: Decimal, **call: Any) -> None:
    """Book a call of a model that ``run`` has paid for."""
    Call.objects.create(run=run, step="ui", key=f"{run.calls.count():064}", answer="{}", cost_usd=cost_usd, **call)
    run.refresh_from_db()
    Run.objects.filter(id=run.id).update(cost_usd=run.cost_usd + cost_usd)


def results(*, well: bool) -> dict[str, Any]:
    """What the steps of a run recorded in which all went well, or nothing did."""
    rule = {"check": "axe", "severity": "serious", "rule": "label", "message": "A field has no label."}
    return {
        "stack": {"inferred": "fastapi-react", "confidence": 0.95 if well else 0.4},
        "ui": {"components": [{"name": f"Part{number}"} for number in range(7)]},
        "visuals": {
            "findings": [] if well else [{**rule, "page": page, "width": None} for page in PAGES],
            "shots": [{"page": page, "width": width, "diff_ratio": None} for page in PAGES for width in WIDTHS],
        },
        "conflicts": {
            "conflicts": [] if well else [{"kind": "field", "resolved": False}, {"kind": "method", "resolved": False}],
            "similarity_before": 0.95 if well else 0.4,
            "similarity_after": 0.95 if well else 0.4,
        },
        "slo": {"gates": [{"gate": gate, "passed": well} for gate in ("tests", "walks", "duration")]},
    }
