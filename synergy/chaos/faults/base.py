"""A fault is a way to break a stage while runs are under way. Each file here holds those of one kind, as ``part``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from synergy.chaos.scene import Scene
from synergy.core.registry import Registry

Inject = Callable[[Scene, Random, int], None]


@dataclass(frozen=True)
class Fault:
    """``inject`` prepares the stage, submits runs, breaks something and lets the runs end. It is called ``times`` times."""

    name: str
    title: str
    inject: Inject  #: (scene, seeded random numbers, number of the repetition from 0)
    code: str = ""  #: its row in the fault matrix
    times: int = 5
    seconds: float = 5.0  #: that one repetition takes, to plan the whole
    quick: int = 0  #: repetitions in the short subset
    missing: Callable[[], str] = lambda: ""  #: why it cannot be injected here


class Faults(list[Fault]):
    """The faults of one file, collected by a decorator: ``@part.add("Title", "F6")`` above the function that injects."""

    def add(
        self,
        title: str,
        code: str = "",
        *,
        times: int = 5,
        seconds: float = 5.0,
        quick: int = 0,
        missing: Callable[[], str] = lambda: "",
    ) -> Callable[[Inject], Inject]:
        def keep(inject: Inject) -> Inject:
            self.append(Fault(inject.__name__, title, inject, code, times, seconds, quick, missing))
            return inject

        return keep


registry: Registry[Faults] = Registry("synergy.chaos.faults")


def every() -> dict[str, Fault]:
    """All faults by name, in the order of the files."""
    return {fault.name: fault for faults in registry.all().values() for fault in faults}
