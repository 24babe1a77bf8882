"""What a person may do with a run, by its name: the same for the HTTP interface and the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from django.db import transaction

from synergy.core.models import LIVE_RUN, WORKING_RUN, Run, RunState
from synergy.workflow import services, wire
from synergy.workflow.engine import Ready

Done = tuple[Run, list[Ready]]


class Given(TypedDict, total=False):
    """What a person says beside the action."""

    step: str  #: to fork from
    budget_usd: float  #: to resume with
    by: str  #: who wants it


def _cancel(run: Run, given: Given) -> Done:
    services.cancel(run)
    return run, []


def _pause(run: Run, given: Given) -> Done:
    services.pause(run)
    return run, []


#: Name → what is done; gives the run that goes on (a fork is another one) and what wants messages.
ACTIONS: dict[str, Callable[[Run, Given], Done]] = {
    "cancel": _cancel,
    "retry": lambda run, given: (run, services.retry(run)),
    "pause": _pause,
    "resume": lambda run, given: (run, services.resume(run, budget_usd=given.get("budget_usd"), by=given.get("by", ""))),
    "fork": lambda run, given: services.fork(run, given["step"]),
}


#: In which states of the run. A fork is possible in any, see ``services.forkable``.
STATES: dict[str, tuple[str, ...]] = {
    "cancel": LIVE_RUN,
    "retry": (RunState.FAILED, RunState.CANCELLED),
    "pause": WORKING_RUN,
    "resume": (RunState.PAUSED,),
}


def act(action: str, run: Run, given: Given | None = None) -> Run:
    """Do it, send what became ready; the run that goes on, as it is now. BadInput when it cannot be done."""
    goes_on, ready = ACTIONS[action](run, given or {})
    transaction.on_commit(lambda: wire.send_soon(ready))
    goes_on.refresh_from_db()
    return goes_on
