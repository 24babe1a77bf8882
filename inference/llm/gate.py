"""The gate before a provider, one for all workers: so many calls a minute, so many at a time, and none while it is down.

The rules are those of ``enter`` and ``leave``, on a small state. It is kept in Valkey, where a script applies the same rules in
one step, and in the database while Valkey is away. Times are milliseconds of the keeper's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

FAILURES = 5  #: in a row, after which the gate closes
CLOSED_MS, MOST_CLOSED_MS = 30_000, 600_000  #: for so long; twice as long each time that it was for nothing
PROBE_MS = 1_000  #: between two looks at whether the probe came back
BURST = 4  #: calls that may go out at once when it was quiet

Outcome = Literal["ok", "down", "none"]  #: none: it says nothing about the provider


@dataclass(frozen=True)
class Limits:
    rate: int  #: calls a minute
    concurrency: int  #: calls at a time
    lease_ms: int  #: after which a call that did not come back is forgotten

    @property
    def interval_ms(self) -> int:
        return max(1, 60_000 // self.rate)


@dataclass(frozen=True)
class State:
    next_ms: int = 0  #: the theoretical arrival time of the next call (GCRA)
    closed_ms: int = 0  #: until when nobody enters
    failures: int = 0  #: in a row
    inside: dict[str, int] = field(default_factory=dict)  #: token of a call → when it is forgotten


def enter(state: State, now: int, token: str, limits: Limits) -> tuple[State, int]:
    """(what it is now, 0) when the call may go out; else the milliseconds after which to ask again."""
    inside = {name: end for name, end in state.inside.items() if end > now}
    state = replace(state, inside=inside)
    if now < state.closed_ms:
        return state, state.closed_ms - now
    if state.failures >= FAILURES and inside:  # half open: one goes first
        return state, PROBE_MS
    if len(inside) >= limits.concurrency:
        return state, limits.interval_ms
    start = max(state.next_ms, now)
    early = start - now - (BURST - 1) * limits.interval_ms
    if early > 0:
        return state, early
    return replace(state, next_ms=start + limits.interval_ms, inside={**inside, token: now + limits.lease_ms}), 0


def leave(state: State, now: int, token: str, outcome: Outcome, later_ms: int) -> State:
    """What it is after a call. ``later_ms``: the provider wants to be left alone for so long."""
    inside = {name: end for name, end in state.inside.items() if name != token}
    failures = {"ok": 0, "down": state.failures + 1, "none": state.failures}[outcome]
    closed = max(state.closed_ms, now + later_ms) if later_ms else state.closed_ms
    if outcome == "down" and failures >= FAILURES:
        closed = max(closed, now + min(MOST_CLOSED_MS, CLOSED_MS * 2 ** (failures - FAILURES)))
    return replace(state, inside=inside, failures=failures, closed_ms=closed)
