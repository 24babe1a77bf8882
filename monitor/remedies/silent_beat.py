"""Beat that says nothing: it is dead, its messages get lost, or a wrong clock makes them expire. The workers do its looks."""

from __future__ import annotations

from django.db import transaction

from monitor.remedies.base import Remedy, Repair, Tell
from synergy.workflow.db import ask

#: Three of its signs are missing
CHANGED = "c.silent <> (c.beat < now() - interval '30 seconds')"
TURN = """
UPDATE monitor_clock c SET silent = NOT silent WHERE id = 1 AND __CHANGED__
RETURNING silent, extract(epoch FROM now() - beat)::float8
""".replace("__CHANGED__", CHANGED)


@transaction.atomic
def apply(tell: Tell) -> None:
    for silent, since in ask(TURN, {}):
        if silent:
            seen = f"Beat has said nothing for {since:.0f} s."
            tell(Repair(seen, "The workers look after everything by themselves.", since=since, alert=True))
        else:
            tell(Repair("Beat speaks again.", "The workers leave the full looks to it."))


part = Remedy(apply, rank=70, asks=CHANGED)
