"""Workers that died: their beat is old, or the lock they hold while they live is free."""

from __future__ import annotations

from django.db import transaction

from monitor.remedies.base import Remedy, Repair, Tell
from synergy.workflow import engine, sql


@transaction.atomic
def apply(tell: Tell) -> None:
    for name, silent in engine.bury():
        tell(Repair(f"Worker {name} is gone; its last beat was {silent:.1f} s ago.", "Its steps are free.", since=silent))


part = Remedy(apply, rank=10, asks=sql.SOME_GONE, calm=True)
