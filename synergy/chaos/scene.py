"""One scene on a stage: runs are started, something is broken, everything that was started has to end."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection

from synergy.chaos.checker import check
from synergy.chaos.pipeline import orders_for
from synergy.chaos.stage import Stage
from synergy.chaos.truth import Line
from synergy.core.errors import SynergyError
from synergy.core.models import LIVE_RUN, Event, Run
from synergy.workflow import services, wire
from synergy.workflow.engine import Ready
from synergy.workflow.shape import shape

PATIENCE = 90.0  #: seconds for all runs to end, before they count as lost
LOOK = 0.02

Found = TypeVar("Found")


class NeverHappened(SynergyError):
    """What the scene waited for did not happen: it could not be measured."""


@dataclass(frozen=True)
class Outcome:
    """What one scene showed. Seconds count from the fault, or from the moment when what was broken worked again."""

    injected: int
    runs: int
    finished: int
    steps_twice: int  #: bodies of steps that ran to their end again, although they had before
    charged_twice: int
    asked_again: int  #: calls that a provider without idempotency keys would have charged again
    fenced: int  #: late results that were refused
    progress_s: tuple[float, ...]  #: for each run that was cut off: until a step of it began again
    recovery_s: float  #: until the last run had ended
    rest_s: float  #: what that would have taken without the fault
    progress_bar_s: float | None  #: what ``progress_s`` may be at most
    recovery_bar_s: float | None  #: what ``recovery_s`` may be at most
    problems: tuple[str, ...]  #: what the checker found


@dataclass
class Scene:
    stage: Stage
    runs: list[Run] = field(default_factory=list)
    injected: int = 0
    mark: float = 0.0  #: from here seconds count
    expected: dict[str, tuple[str, ...]] = field(default_factory=dict)  #: run → states it may end in; else completed
    problems: list[str] = field(default_factory=list)
    ended: dict[str, float] = field(default_factory=dict)
    progress_s: list[float] = field(default_factory=list)
    cut: list[Run] | None = None  #: the runs whose progress counts; None = all
    progress_bar: float | None = None  #: seconds until a run that was cut off goes on
    extra_bar: float | None = None  #: seconds that the fault may cost, beyond the rest of the runs without it

    def submit(
        self,
        count: int = 1,
        *,
        send: bool = True,
        limit: Mapping[str, float] | None = None,
        steps: Mapping[str, Any] | None = None,
        **orders: Any,
    ) -> list[Run]:
        """Start runs that do what ``orders`` say, those in ``steps`` included. ``limit``: seconds that an attempt may take."""
        made = []
        orders |= steps or {}
        for _ in range(count):
            run, ready = services.create_run(f"Chaos: {json.dumps(orders)}", tenant=services.default_tenant())
            for step, seconds in (limit or {}).items():
                run.steps.filter(name=step).update(limit_seconds=seconds)
            made.append(run)
            if send:
                wire.send(ready)
        self.runs += made
        return made

    def send(self, run: Run, step: str) -> None:
        """One message for a step, whether it is ready or not."""
        wire.send([Ready(run.id, step, shape().spec(step).queue)])

    # --- waiting ---

    def until(self, ready: Callable[[], Found], seconds: float = 30.0, what: str = "it") -> Found:
        """The first true value of ``ready()``; NeverHappened after ``seconds``."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(OperationalError, InterfaceError):
                if value := ready():
                    return value
            time.sleep(LOOK)
        raise NeverHappened(f"{what} did not happen within {seconds:.0f} s.")

    def begun(self, run: Run, step: str, what: str = "S", seconds: float = 30.0) -> Line:
        """The newest line that says that ``step`` of ``run`` began (or ``what`` else of it), once there is one."""
        return self.until(lambda: self.stage.truth.of(run.id, step, what), seconds, f"{what} of {step}")[-1]

    # --- breaking ---

    def strike(self, count: int = 1) -> None:
        """Say that ``count`` faults are injected now."""
        self.injected += count
        self.mark = time.monotonic()

    def kill(self, pid: int, how: signal.Signals = signal.SIGKILL) -> None:
        self.strike()
        os.kill(pid, how)

    def within(self, *, progress: float | None = None, extra: float | None = None) -> None:
        """Set the bars: until a step begins again, and what the fault may cost in all."""
        self.progress_bar, self.extra_bar = progress, extra

    def healed(self) -> None:
        """What was broken works again: seconds count from here."""
        self.mark = time.monotonic()

    def held(self, promise: bool, words: str) -> None:
        """Note a problem when a promise was not kept."""
        if not promise:
            self.problems.append(words)

    # --- the end ---

    def finish(self, seconds: float = PATIENCE) -> None:
        """Wait until all runs have ended; those that do not are lost."""
        waiting = {str(run.id) for run in self.runs} - self.ended.keys()
        end = time.monotonic() + seconds
        while waiting and time.monotonic() < end:
            try:
                over = set(Run.objects.filter(id__in=waiting).exclude(state__in=LIVE_RUN).values_list("id", flat=True))
            except (OperationalError, InterfaceError):
                connection.close()
                over = set()
            self.ended |= {str(run): time.monotonic() for run in over}
            waiting -= {str(run) for run in over}
            time.sleep(LOOK)

    def outcome(self) -> Outcome:
        """Judge what happened."""
        ids = [run.id for run in self.runs]
        again = self.stage.provider.asked_again
        self.stage.provider.asked_again = 0
        lost = [run for run in self.runs if str(run.id) not in self.ended]
        problems = [f"Run {run.id} did not end: {self.story(run)}" for run in lost]
        charged, found = check(self.runs, self.expected, self.stage)
        rest = max([self.rest(run) for run in self.runs], default=0.0)
        return Outcome(
            injected=self.injected,
            runs=len(self.runs),
            finished=len(self.runs) - len(lost),
            steps_twice=self.stage.truth.twice(ids),
            charged_twice=charged,
            asked_again=again,
            fenced=Event.objects.filter(run_id__in=ids, kind="fenced").count(),
            progress_s=tuple(self.progress_s or self._progress()),
            recovery_s=max([self.ended[str(run.id)] for run in self.runs if run not in lost], default=self.mark) - self.mark,
            rest_s=rest,
            progress_bar_s=self.progress_bar,
            recovery_bar_s=None if self.extra_bar is None else rest + self.extra_bar,
            problems=(*self.problems, *self.stage.gave_up(), *problems, *found),
        )

    def _progress(self) -> Iterable[float]:
        for run in self.runs if self.cut is None else self.cut:
            since = max([self.mark, *(line.at for line in self.stage.truth.of(run.id, what="K"))])
            waited = self.stage.truth.progress(run.id, since)
            if waited is not None:
                yield waited

    def rest(self, run: Run) -> float:
        """Seconds of work that were left at the mark: the longest sleep of each level, of steps that had not ended."""
        done = {line.step for line in self.stage.truth.of(run.id, what="E") if line.at <= self.mark}
        levels = [[spec.name for spec in level if spec.name not in done] for level in shape().levels]
        return sum(
            max([float(orders_for(run.message, name).get("sleep", 0.0)) for name in level], default=0.0) for level in levels
        )

    def story(self, run: Run) -> str:
        run.refresh_from_db()
        events = run.events.exclude(kind="note").order_by("id")
        told = [f"{event.step} {event.kind} {event.data.get('error') or ''}".strip() for event in events]
        steps = {step.name: step.state for step in run.steps.all() if step.state != "done"}
        return f"{run.state}, {steps}, {', '.join(told[-30:])}"
