"""The project is looked at: built, served, visited page by page in a real browser, compared with what a person approved."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from concurrent.futures import Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace

from synergy.core.bench import Bench, safe_path, tree_hash
from synergy.core.revisions import Base
from synergy.core.sandboxes.base import Server
from synergy.core.stacks import stack
from synergy.core.types import (
    BrowserCheck,
    ChangeSet,
    CommandRun,
    Finding,
    Kept,
    PageKind,
    Plan,
    Shot,
    UiSpec,
    VisualReport,
    Walked,
)
from synergy.core.written import Improved
from visual import axe
from visual.baselines import Look, Place, approve, approved, offer
from visual.beside import walking
from visual.browser import POLL, BrowserCrashed, Chromium, Session, session
from visual.checks.base import Check, Judged, registry
from visual.diff import compare
from visual.fonts import fonts
from visual.proxy import Proxy
from visual.room import HEIGHTS
from visual.site import DoesNotRun, Project, lay_out
from visual.steady import Drawn, Steady, read_outline
from visual.tour import Drawing, Seen, Site, Tour
from visual.walks import Walk

__all__ = ["approve", "check"]

TRIES = 2
SECONDS = 660.0  #: for all pages; the whole run has 720


def check(bench: Bench, plan: Plan, changes: tuple[ChangeSet, ...], ui: UiSpec, base: Base | None = None) -> VisualReport:
    """Render every page at 375, 768 and 1920 pixels, light and dark, do what ``ui.walks`` says, and report all that is wrong.

    When the run changes a project (``base``), what its change does not touch must look as it did.

    A project that cannot be built or started is a critical finding. Raises BrowserCrashed (a TransientError) when the browser
    failed twice: that is "could not be tested", not "passed". Raises Cancelled and SandboxError too.
    """
    started = time.monotonic()
    project = lay_out(bench, stack(plan.stack), changes, ui)
    checks = tuple(registry.all().values())
    try:
        visit = _visit(bench, plan, project, checks, ui.walks)
    except DoesNotRun as error:
        finding = Finding(check="render", severity="critical", page=plan.pages[0].slug, message=error.message)
        visit = _Visit(seen=Seen(findings=[finding]))
    browser, seen = visit.browser, visit.seen
    album = _Album(bench, browser, checks, base, plan, _written_now(changes, base))
    shots = tuple(album.judge(drawing) for drawing in seen.drawings)
    offer(bench.project_key, album.looks)
    return VisualReport(
        browser=browser,
        fonts=fonts(),
        axe=axe.version(),
        pages=len(plan.pages),
        widths=tuple(HEIGHTS),
        shots=shots,
        findings=(*seen.findings, *album.findings),
        controls=seen.controls,
        calls=seen.calls,
        checks=visit.runs,
        walked=_walked(bench, visit.walks),
        seconds=round(time.monotonic() - started, 3),
        project_hash=tree_hash(dict(project.files)),
        kept=tuple(album.kept),
    )


@dataclass(frozen=True, kw_only=True)
class _Visit:
    """What came of one visit to the running project."""

    seen: Seen
    runs: tuple[CommandRun, ...] = ()
    browser: str = ""
    walks: tuple[Walk, ...] = ()


def _visit(bench: Bench, plan: Plan, project: Project, checks: tuple[Check, ...], acts: tuple[BrowserCheck, ...]) -> _Visit:
    """Build, serve, visit, and carry out ``acts`` beside that; once more when the browser crashes."""
    scripts = tuple(script for check in checks for script in check.scripts)
    login = next((page for page in plan.pages if page.kind is PageKind.LOGIN), None)
    site = Site(plan.pages, login, plan.demo_email, plan.demo_password)
    for attempt in range(TRIES):
        with ExitStack() as opened:
            running = opened.enter_context(session(scripts))  # starts in the background
            runs = project.build()
            server = opened.enter_context(project.serve())
            going, walks = opened.enter_context(walking(project, plan, acts))
            try:
                browser, seen = _tour(bench, running, server, site, checks, going.lines)
                return _Visit(seen=seen, runs=runs, browser=browser, walks=_patiently(bench, walks, going.lines))
            except BrowserCrashed as error:
                if not server.alive():
                    raise DoesNotRun(f"The server ended while its pages were visited:\n{server.log()[-1500:]}") from error
                if attempt == TRIES - 1:
                    raise
                bench.note(f"{error.message} Trying again.")
    raise AssertionError("unreachable")


def _tour(
    bench: Bench, running: Session, server: Server, site: Site, checks: tuple[Check, ...], lines: list[str]
) -> tuple[str, Seen]:
    """(browser, what was seen). ``lines`` of progress are told meanwhile."""

    def tick() -> None:
        bench.check_stop()
        _tell(bench, lines)

    async def work(chromium: Chromium, proxy: Proxy) -> tuple[str, Seen]:
        return chromium.version, await Tour(chromium, proxy, site, checks, lines.append).run()

    seen = running.run(server.socket, work, tick, SECONDS)
    _tell(bench, lines)
    return seen


def _patiently(bench: Bench, walks: Future[tuple[Walk, ...]], lines: list[str]) -> tuple[Walk, ...]:
    """The outcome of what goes on beside; raises Cancelled, and what it raises."""
    while not wait([walks], timeout=POLL).done:
        bench.check_stop()
        _tell(bench, lines)
    _tell(bench, lines)
    return walks.result()


def _tell(bench: Bench, lines: list[str]) -> None:
    while lines:
        bench.note(lines.pop(0))


def _walked(bench: Bench, walks: tuple[Walk, ...]) -> tuple[Walked, ...]:
    """The outcomes; pictures of what failed become artifacts."""
    return tuple(
        walk.result.model_copy(update={"shot": bench.store.put(walk.picture)}) if walk.picture else walk.result for walk in walks
    )


def _written_now(changes: Iterable[ChangeSet], base: Base | None) -> set[str]:
    """Paths that a model wrote in this run; what it had written before looks as it did."""
    before = {attempt.clause for attempt in base.written.attempts} if base and base.written else set()
    tries = (attempt for change in changes if isinstance(change, Improved) for attempt in change.attempts)
    return {path for attempt in tries if attempt.clause not in before for path in attempt.before}


class _Album:
    """Pictures become artifacts, files to look at, and shots that were compared with their baselines."""

    def __init__(
        self, bench: Bench, browser: str, checks: Iterable[Check], base: Base | None, plan: Plan, written: Iterable[str]
    ) -> None:
        self._bench, self._browser = bench, browser
        self._judges = [check.picture for check in checks if check.picture is not None]
        self._approved = approved(bench.project_key)
        self._folder = bench.root / "evidence" / "screenshots"
        shutil.rmtree(self._folder, ignore_errors=True)
        self.findings: list[Finding] = []
        self.looks: dict[Place, Look] = {}
        self.kept: list[Kept] = []
        now = Look("", "", browser, fonts())
        self._steady = Steady(bench.store, base, plan, now, self._approved, written) if base else None

    def judge(self, drawing: Drawing) -> Shot:
        store = self._bench.store
        look = Look(store.put(drawing.picture), store.put_text(drawing.text), self._browser, fonts())
        self.looks[drawing.page, drawing.width, drawing.theme] = look
        suffix = "" if drawing.theme == "light" else f"-{drawing.theme}"
        name = f"{drawing.page}-{drawing.width}{suffix}"
        self._write(f"{name}.png", drawing.picture)
        judged = self._compared(drawing, look, name)
        if drawing.other is not None:
            judged = self._unstable(judged, drawing, name)
        if self._steady is not None:
            judged = self._held(self._steady, judged, drawing)
        for judge in self._judges:
            self.findings += judge(judged)
        return judged.shot

    def _held(self, steady: Steady, judged: Judged, drawing: Drawing) -> Judged:
        """Held against how it was before the change; what was to change is not held against the baseline."""
        kept = steady.kept(Drawn(judged.shot, drawing.picture))
        if kept is not None:
            self.kept.append(kept)
            self.findings += [] if kept.same else [steady.finding(kept)]
        return replace(judged, shot=judged.shot.model_copy(update={"expected": steady.expected(judged.shot)}))

    def _compared(self, drawing: Drawing, look: Look, name: str) -> Judged:
        """The shot, held against the baseline in force if there is one."""
        place = drawing.page, drawing.width, drawing.theme
        base = self._approved.get(place)
        main, outline = read_outline(self._bench.store, drawing.outline)
        shot = Shot(
            page=place[0],
            width=place[1],
            theme=drawing.theme,
            height=drawing.height,
            image=look.image,
            text=look.text,
            main=main,
            outline=outline,
        )
        if base is None:
            return Judged(shot=shot)
        same_text = base.text == look.text
        if not base.drawn_as(look):  # another browser or other fonts: the pixels start anew, the words do not
            return Judged(shot=shot.model_copy(update={"text_changed": not same_text, "approved": True}))
        found = compare(self._bench.store.get(base.image), drawing.picture)
        if found.picture:
            self._write(f"{name}-diff.png", found.picture)
        values = {
            "baseline": base.image,
            "diff": self._bench.store.put(found.picture) if found.picture else None,
            "diff_pixels": found.pixels,
            "diff_ratio": found.ratio,
            "text_changed": not same_text,
            "approved": True,
        }
        return Judged(shot=shot.model_copy(update=values), changed=_where(found.box), resized=found.resized)

    def _unstable(self, judged: Judged, drawing: Drawing, name: str) -> Judged:
        assert drawing.other is not None
        found = compare(drawing.picture, drawing.other)
        self._write(f"{name}-second.png", drawing.other)
        shot = judged.shot.model_copy(update={"deterministic": False})
        how = f"sizes {found.resized}" if found.resized else f"{found.pixels} pixels, {_where(found.box)}"
        return Judged(shot=shot, unstable=how, changed=judged.changed, resized=judged.resized)

    def _write(self, name: str, data: bytes) -> None:
        file = self._folder / safe_path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _where(box: tuple[int, int, int, int] | None) -> str:
    return f"from ({box[0]}, {box[1]}) to ({box[2]}, {box[3]})" if box else "nowhere"
