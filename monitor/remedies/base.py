"""A remedy looks for one kind of trouble and mends it. To add one, add a file."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from synergy.core.registry import Registry


@dataclass(frozen=True)
class Repair:
    """What was seen and what was done. ``since``: seconds from the fault to the repair."""

    seen: str
    done: str
    run: uuid.UUID | None = None
    step: str = ""
    since: float = 0.0


@dataclass(frozen=True)
class Remedy:
    """``apply`` may run in several processes at once and as often as it likes: it mends what it finds, once."""

    apply: Callable[[], list[Repair]]
    rank: int  #: lower ones first
    quick: bool = False  #: cheap enough to look every second in every worker
    calm: bool = False  #: not just after the database was away: everybody looks dead then


registry: Registry[Remedy] = Registry("monitor.remedies")
