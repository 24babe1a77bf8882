"""Error budget spent → a person approves: the delivery of a run waits where its tenant wants that (``Tenant.approves``).

The run rests before its last step, and whoever lets it go on approves. All of it is history: ``blocked``, ``paused``, ``resumed``
with who did it.
"""

from __future__ import annotations

import uuid
from typing import Literal

from django.utils import timezone

from slo.alerts.base import Alert
from slo.budgets import Budget, budgets
from slo.sending import notify
from synergy.core.errors import ApprovalNeeded
from synergy.core.models import Event, Run


def require(run_id: uuid.UUID, step: str) -> None:
    """Let ``step``, the delivery of a run, pass. ApprovalNeeded while a budget is spent and nobody has approved it."""
    run = Run.objects.select_related("tenant", "project").filter(id=run_id, tenant__approves=True).first()
    if run is None:
        return
    asked = Event.objects.filter(run_id=run_id, step=step, kind="blocked").order_by("-id").first()
    if asked is not None and Event.objects.filter(run_id=run_id, kind="resumed", id__gt=asked.id).exists():
        _tell(run, "resolved", "A person approved it.")
        return
    spent = [budget for budget in budgets(run.tenant_id) if budget.approve and budget.spent]
    if spent:
        words = "; ".join(_words(budget) for budget in spent)
        _tell(run, "firing", f"{words}. Look at its evidence, then let it go on, or cancel it.")
        raise ApprovalNeeded(f"An error budget is spent: {words}.", hint="Look at its evidence: going on with it approves it.")


def _words(budget: Budget) -> str:
    return f"“{budget.title}”, {budget.bad:,} of {budget.total:,} were bad in 30 days, {1 - budget.asked / 100:.0%} may be"


def _tell(run: Run, state: Literal["firing", "resolved"], text: str) -> None:
    title = f"A run of {run.project.name} waits for approval"
    alert = Alert(
        key=f"approval {run.id}",
        title=title[:200],
        text=f"Run {run.id}. {text}",
        state=state,
        tenant=run.tenant.slug,
        at=timezone.now(),
    )
    notify(alert)
