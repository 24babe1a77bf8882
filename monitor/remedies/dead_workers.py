"""Workers that died: their beat is old, or the lock they hold while they live is free."""

from __future__ import annotations

from monitor.remedies.base import Remedy, Repair
from synergy.workflow import engine


def apply() -> list[Repair]:
    return [
        Repair(f"Worker {name} is gone; its last beat was {silent:.1f} s ago.", "Its steps are free.", since=silent)
        for name, silent in engine.bury()
    ]


part = Remedy(apply, rank=10, quick=True, calm=True)
