"""What a person may do with a run, by its name: the same for the HTTP interface and the admin."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from synergy.core.models import LIVE_RUN, WORKING_RUN, Run, RunState
from synergy.workflow import services, wire
from synergy.workflow.engine import Ready

Done = tuple[Run, list[Ready]]


def _cancel(run: Run, step: str) -> Done:
    services.cancel(run)
    return run, []


def _pause(run: Run, step: str) -> Done:
    services.pause(run)
    return run, []


#: Name → what is done; gives the run that goes on (a fork is another one) and what wants messages.
ACTIONS: dict[str, Callable[[Run, str], Done]] = {
    "cancel": _cancel,
    "retry": lambda run, step: (run, services.retry(run)),
    "pause": _pause,
    "resume": lambda run, step: (run, services.resume(run)),
    "fork": services.fork,
}


#: In which states of the run. A fork is possible in any, see ``services.forkable``.
STATES: dict[str, tuple[str, ...]] = {
    "cancel": LIVE_RUN,
    "retry": (RunState.FAILED, RunState.CANCELLED),
    "pause": WORKING_RUN,
    "resume": (RunState.PAUSED,),
}


def act(action: str, run: Run, step: str = "") -> Run:
    """Do it, send what became ready; the run that goes on, as it is now. BadInput when it cannot be done."""
    goes_on, ready = ACTIONS[action](run, step)
    transaction.on_commit(lambda: wire.send_soon(ready))
    goes_on.refresh_from_db()
    return goes_on
