"""A remedy looks for one kind of trouble and mends it. To add one, add a file."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from synergy.core.registry import Registry


@dataclass(frozen=True)
class Repair:
    """What was seen and what was done. ``since``: seconds from the fault to the repair. ``alert``: somebody must know."""

    seen: str
    done: str
    run: uuid.UUID | None = None
    step: str = ""
    since: float = 0.0
    queue: str = ""
    alert: bool = False


Tell = Callable[[Repair], None]  #: writes the incident, in the transaction of who calls it: the repair and its row, or neither


@dataclass(frozen=True)
class Remedy:
    """``apply`` may run in several processes at once and as often as it likes: it mends what it finds, once."""

    apply: Callable[[Tell], None]
    rank: int  #: lower ones first: what they do may make work for those that follow
    asks: str = ""  #: SQL condition: is there anything to do? Every worker asks it twice a second; empty = it is not so urgent
    calm: bool = False  #: not just after the database was away: everybody looks dead then


registry: Registry[Remedy] = Registry("monitor.remedies")
