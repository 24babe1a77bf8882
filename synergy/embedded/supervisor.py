"""Keeps a wanted set of services running: starts them in order, starts dead ones again, stops what nobody wants any more."""

from __future__ import annotations

import json
import logging
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from synergy.core.errors import SynergyError
from synergy.core.processes import birthmark
from synergy.embedded.process import Child, Service, signal_group, spawn, tail

BACKOFF = (0.2, 0.5, 1, 2, 5, 10, 30)  #: seconds from a death to the next start
STABLE = 60.0  #: seconds after which earlier deaths are forgotten
HOPELESS = 4  #: deaths in a row before the first answer, after which waiting is pointless

log = logging.getLogger(__name__)


@dataclass
class Slot:
    """What the supervisor knows of one service."""

    service: Service
    child: Child | None = None
    up: bool = False
    deaths: int = 0  #: in a row
    restarts: int = 0  #: in all
    due: float = 0.0  #: not started before this (monotonic seconds)
    seconds: float = 0.0  #: from start to the first proven answer
    problem: str = ""
    hopeless: bool = False


@dataclass
class Supervisor:
    """``build`` makes the service of a name; ``order`` is the order of starting. ``record`` names our children."""

    build: Callable[[str], Service]
    order: tuple[str, ...]
    record: Path
    slots: dict[str, Slot] = field(default_factory=dict)

    def step(self, wanted: Collection[str]) -> None:
        """One look at everything: quick, except that stopping waits for the end."""
        unwanted = [name for name in self.slots if name not in wanted]
        self.stop([name for name in unwanted if self.slots[name].service.after])
        self.stop([name for name in unwanted if name in self.slots])
        for name in self.order:
            if name in wanted:
                self.tend(self.slots.get(name) or self.admit(name), wanted)

    def admit(self, name: str) -> Slot:
        slot = self.slots[name] = Slot(self.build(name))
        return slot

    def tend(self, slot: Slot, wanted: Collection[str]) -> None:
        if slot.child is None:
            waits = [n for n in slot.service.after if n in wanted and not (n in self.slots and self.slots[n].up)]
            if not waits and not slot.hopeless and time.monotonic() >= slot.due:
                self.start(slot)
        elif slot.child.ended():
            self.bury(slot)
        elif not slot.up and slot.service.ready(slot.child):
            slot.up = True
            slot.seconds = time.monotonic() - slot.child.began
            log.info("%s ready after %.2f s, pid %d", slot.service.name, slot.seconds, slot.child.pid)
        elif slot.up and slot.deaths and time.monotonic() - slot.child.began > STABLE:
            slot.deaths = 0

    def start(self, slot: Slot) -> None:
        try:
            slot.child = spawn(slot.service)
        except (SynergyError, OSError) as error:
            slot.hopeless, slot.problem = True, str(error)
            log.warning("%s cannot start: %s", slot.service.name, error)
        self.write_record()

    def bury(self, slot: Slot) -> None:
        """A child died on its own."""
        assert slot.child is not None
        slot.problem = f"{slot.service.name} ended with {slot.child.process.returncode}.\n{tail(slot.service.log)}"
        slot.hopeless = not slot.up and slot.restarts == slot.deaths and slot.deaths + 1 >= HOPELESS
        slot.due = time.monotonic() + BACKOFF[min(slot.deaths, len(BACKOFF) - 1)]
        slot.child, slot.up = None, False
        slot.deaths += 1
        slot.restarts += 1
        log.warning("%s", slot.problem)
        self.write_record()

    def stop(self, names: Collection[str]) -> None:
        """Stop ``names`` side by side."""
        leaving = [slot.child for slot in map(self.slots.pop, names) if slot.child is not None]
        for child in leaving:
            child.ask()
        for child in leaving:
            child.end()
            log.info("%s stopped", child.service.name)
        if leaving:
            self.write_record()

    def stop_all(self) -> None:
        self.step(())

    def unsettled(self) -> bool:
        """Whether something is starting, so that the next look should come soon."""
        return any(not slot.up and not slot.hopeless for slot in self.slots.values())

    def write_record(self) -> None:
        """Name our children for a successor, should we be killed."""
        alive = {
            s.service.name: (s.child.pid, birthmark(s.child.pid), int(s.service.stop)) for s in self.slots.values() if s.child
        }
        fresh = self.record.with_suffix(".new")
        fresh.write_text(json.dumps(alive))
        fresh.replace(self.record)

    def end_orphans(self, patience: float = 30.0) -> None:
        """Stop what a killed predecessor left: the kernel has told them to stop already, some take their time."""
        try:
            left = json.loads(self.record.read_text())
        except (OSError, ValueError):
            return
        orphans = {int(pid): mark for pid, mark, _ in left.values() if mark and birthmark(int(pid)) == mark}
        deadline = time.monotonic() + patience
        while orphans and time.monotonic() < deadline:
            orphans = {pid: mark for pid, mark in orphans.items() if birthmark(pid) == mark}
            time.sleep(0.02)
        for pid in orphans:
            log.warning("orphan %d killed", pid)
            signal_group(pid, signal.SIGKILL)
        self.record.unlink(missing_ok=True)

    def state(self) -> dict[str, dict[str, object]]:
        return {name: describe(slot) for name, slot in self.slots.items()}


def describe(slot: Slot) -> dict[str, object]:
    return {
        "pid": slot.child.pid if slot.child else None,
        "up": slot.up,
        "restarts": slot.restarts,
        "seconds": round(slot.seconds, 3),
        "address": slot.service.address,
        "log": str(slot.service.log),
        "problem": slot.problem,
    }
