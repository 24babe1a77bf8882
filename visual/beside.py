"""The browser checks go on beside the tour, with a browser and a server of their own: neither disturbs the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from synergy.core.errors import Cancelled
from synergy.core.spans import carried
from synergy.core.types import BrowserCheck, Page, PageKind, Plan
from visual.browser import BrowserCrashed, Chromium, session
from visual.proxy import Proxy
from visual.site import DoesNotRun, Project
from visual.walks import SCRIPT, Ground, Walk, Walker

Outcome = Future[tuple[Walk, ...]]
SECONDS = 600.0  #: for all checks; the whole run has 720


@dataclass
class Walking:
    """Checks that are being carried out. ``lines`` of progress are for whoever waits."""

    project: Project
    ground: Ground
    checks: tuple[BrowserCheck, ...]
    lines: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> tuple[Walk, ...]:
        """What all checks came to. Runs in a thread of its own, which the server needs for as long as it lives.

        Raises BrowserCrashed, DoesNotRun, SandboxError, Cancelled.
        """
        if not self.checks:
            return ()
        own = replace(self.project, bench=replace(self.project.bench, note=self.lines.append, stopped=self.stop.is_set))
        with session((SCRIPT,)) as running, own.serve() as server:
            try:
                return running.run(server.socket, self._work, self._tick, SECONDS)
            except BrowserCrashed as error:
                if server.alive():
                    raise
                raise DoesNotRun(f"The server ended while it was used:\n{server.log()[-1500:]}") from error

    async def _work(self, chromium: Chromium, proxy: Proxy) -> tuple[Walk, ...]:
        return await Walker(chromium, self.ground, self.checks, self.lines.append).run()

    def _tick(self) -> None:
        if self.stop.is_set():
            raise Cancelled()


@contextmanager
def walking(project: Project, plan: Plan, checks: tuple[BrowserCheck, ...]) -> Iterator[tuple[Walking, Outcome]]:
    """The checks of a built project, begun, and what they will come to. What is not done when the context ends is given up."""
    going = Walking(project, ground(plan), checks)
    with ThreadPoolExecutor(1, "walks") as pool:
        try:
            yield going, pool.submit(carried(going.run))
        finally:
            going.stop.set()


def ground(plan: Plan) -> Ground:
    """Who enters where, and what the checks of each feature work on: an entity, or a part of the application."""
    of_use = {use.name: use.entity for use in plan.uses}
    groups = {f.id: f.entity or of_use.get(f.use or "") or f.id.rpartition(".")[0] for f in plan.features}
    login, register = (_page(plan, kind) for kind in (PageKind.LOGIN, PageKind.REGISTER))
    return Ground(login=login, register=register, email=plan.demo_email, password=plan.demo_password, groups=groups)


def _page(plan: Plan, kind: PageKind) -> Page | None:
    return next((page for page in plan.pages if page.kind is kind), None)
