"""The machine below: sandbox, browser, disk, clock."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from random import Random

from django.conf import settings

from synergy.chaos.faults.base import Faults
from synergy.chaos.scene import Scene
from synergy.core import tools
from synergy.core.errors import SynergyError
from synergy.core.models import Event
from synergy.core.processes import birthmark, descendants
from synergy.workflow.times import TIMES

TROUBLES = ("hang", "memory", "fork", "disk")
SMALL = 4_000_000  #: bytes of a small disk
HOUR = 3600

part = Faults()


@part.add("Sandbox: hang, memory, fork bomb, full disk", "F20", seconds=6)
def sandbox_trouble(scene: Scene, rng: Random, n: int) -> None:
    """The sandbox ends untrusted code that does not end, and the run goes on."""
    [worker] = scene.stage.crew(1)
    scene.strike(len(TROUBLES))
    for trouble in TROUBLES:
        scene.submit(tests={"sandbox": trouble})
    scene.finish()
    inner = [child for pid in scene.stage.pids(worker)[1:] for child in descendants(pid)]
    scene.held(not inner, f"{len(inner)} processes of sandboxes live on.")


@part.add("Worker child killed while its sandbox runs", "F20")
def sandbox_orphaned(scene: Scene, rng: Random, n: int) -> None:
    """The sandbox dies with it; one that was just being set up is ended by the child that takes its place."""
    scene.stage.crew(2)
    scene.within(progress=1.0)
    [run] = scene.submit(pay="ok", tests={"sandbox": "sleep", "times": 1})
    pid = scene.begun(run, "tests").pid
    inner = scene.until(lambda: list(descendants(pid))[1:], 10, "The sandbox")
    marks = {child: birthmark(child) for child in inner}
    scene.kill(pid)
    scene.finish()
    scene.until(lambda: not any(mark and birthmark(child) == mark for child, mark in marks.items()), 10, "The end of the sandbox")


def _no_browser() -> str:
    try:
        tools.browser()
    except SynergyError as error:
        return str(error)
    return ""


@part.add("Browser killed while it shows a page", "F21", seconds=20, missing=_no_browser)
def browser_killed(scene: Scene, rng: Random, n: int) -> None:
    """The attempt is made again; a page that nobody saw is no good page."""
    scene.stage.crew(1)
    scene.within(progress=TIMES.backoff[0] * 1.2 + 5.0)
    [run] = scene.submit(pay="ok", visuals={"browse": 4.0, "times": 1})
    pid = scene.begun(run, "visuals").pid
    scene.until(lambda: scene.stage.truth.of(run.id, "browser", "browsing"), 60, "The browser")
    scene.strike()
    for child in reversed(list(descendants(pid))):
        with suppress(OSError):
            os.kill(child, signal.SIGKILL)
    scene.finish()
    fails = run.steps.get(name="visuals").fails
    scene.held(fails == 1, f"The killed browser counted as {fails} errors worth another try.")


def _no_bubblewrap() -> str:
    try:
        tools.bwrap()
    except SynergyError as error:
        return str(error)
    return ""


@part.add("Disk full under the artifacts", "F22", seconds=20, missing=_no_bubblewrap)
def disk_full(scene: Scene, rng: Random, n: int) -> None:
    """The worker sees a small disk where its artifacts are, which somebody has filled, and which has room again later."""
    folder = Path(settings.ARTIFACTS_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    around = (str(tools.bwrap().path), "--dev-bind", "/", "/", "--size", str(SMALL), "--tmpfs", str(folder), "--")
    [worker] = scene.stage.crew(1, around=around)
    scene.within(progress=TIMES.backoff[0] * 1.2 + 5.0)
    inside = Path(f"/proc/{scene.stage.pids(worker)[-1]}/root{folder}")
    ballast = inside / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    [run] = scene.submit(pay="ok", tests={"write": 100_000})
    scene.strike()
    retries = Event.objects.filter(run=run, kind="retry")
    scene.until(retries.exists, 20, "A retry")
    words = str(retries.values_list("data__error", flat=True)[0])
    scene.held("No space left" in words, f"The full disk was called: {words}")
    ballast.unlink()
    scene.healed()
    scene.finish()
    for file in inside.glob("??/*"):  # the checker looks at the disk of the machine
        (folder / file.parent.name).mkdir(exist_ok=True)
        (folder / file.parent.name / file.name).write_bytes(file.read_bytes())
    scene.stage.kill(worker)


def _faketime() -> Path | None:
    spec = find_spec("libfaketime")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found = [file for folder in folders for file in Path(folder).glob("vendor/libfaketime/src/libfaketime.so.1")]
    return found[0] if found else None


def _no_faketime() -> str:
    return "" if _faketime() else "libfaketime is not installed (a development extra)."


def _jump(scene: Scene, rng: Random, seconds: int) -> None:
    """The clock of PostgreSQL, which orders everything, jumps in the middle of runs. A worker's does too, and must not matter."""
    library = str(_faketime())
    clock = scene.stage.home / "clock"
    clock.write_text("+0")
    fake = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    scene.stage.crew(0, beat=False)
    scene.stage.relaunch("postgres", **fake)
    try:
        scene.stage.crew(1, env=fake)
        scene.within(progress=TIMES.lease + 4.0, extra=TIMES.lease + 6.0)
        runs = scene.submit(3, pay="ok", sleep=0.8)
        scene.begun(runs[0], rng.choice(("stack", "code:devops", "ui")))
        scene.strike()
        clock.write_text(f"{seconds:+d}")
        scene.finish()
    finally:
        scene.stage.crew(0, beat=False)
        scene.stage.relaunch("postgres")


@part.add("Clock jumps an hour ahead", "F23", seconds=18, missing=_no_faketime)
def clock_ahead(scene: Scene, rng: Random, n: int) -> None:
    _jump(scene, rng, HOUR)


@part.add("Clock jumps an hour back", "F23", seconds=18, missing=_no_faketime)
def clock_back(scene: Scene, rng: Random, n: int) -> None:
    _jump(scene, rng, -HOUR)
