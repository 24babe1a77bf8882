"""What people do to runs while they are under way: cancel, pause, retry, fork, upgrade."""

from __future__ import annotations

import time
from random import Random

from synergy.chaos.faults.base import Faults
from synergy.chaos.scene import Scene
from synergy.core.errors import BadInput
from synergy.core.models import Run
from synergy.core.processes import birthmark, descendants
from synergy.workflow import services, wire
from synergy.workflow.shape import shape

STOPPED = 2.0  #: bar, seconds: sandbox, browser and spending have stopped
RESTING = 1.0  #: seconds in which a paused run must not do anything
FOREIGN = 125.0  #: seconds until a run of a version that nobody speaks is refused

part = Faults()


@part.add("Cancelled while a sandbox runs and money is spent", quick=1)
def run_cancelled(scene: Scene, rng: Random, n: int) -> None:
    """Within two seconds nothing of it works any more: no sandbox, no call."""
    scene.stage.crew(1)
    boxed, paying = scene.submit(tests={"sandbox": "sleep"})[0], scene.submit(pay="ok", sleep=0.3)[0]
    scene.expected = {str(run.id): ("cancelled",) for run in (boxed, paying)}
    pid = scene.begun(boxed, "tests").pid
    inner = scene.until(lambda: list(descendants(pid))[1:], 10, "The sandbox")
    marks = {child: birthmark(child) for child in inner}
    scene.strike(2)
    services.cancel(boxed)
    services.cancel(paying)
    scene.until(lambda: not any(mark and birthmark(child) == mark for child, mark in marks.items()), 10, "The end of the sandbox")
    scene.progress_s = [time.monotonic() - scene.mark]
    scene.within(progress=STOPPED)
    time.sleep(max(0.0, STOPPED - scene.progress_s[0]))
    late = [at for at, of in list(scene.stage.provider.calls) if of == str(paying.id) and at > scene.mark + STOPPED]
    scene.held(not late, f"{len(late)} calls after the cancel.")
    scene.finish()


@part.add("Cancelled while a browser shows a page", seconds=10)
def browser_cancelled(scene: Scene, rng: Random, n: int) -> None:
    scene.stage.crew(1)
    [run] = scene.submit(visuals={"browse": 30.0})
    scene.expected = {str(run.id): ("cancelled",)}
    pid = scene.begun(run, "visuals").pid
    scene.until(lambda: scene.stage.truth.of(run.id, "browser", "browsing"), 60, "The browser")
    marks = {child: birthmark(child) for child in list(descendants(pid))[1:]}
    scene.strike()
    services.cancel(run)
    scene.until(lambda: not any(mark and birthmark(child) == mark for child, mark in marks.items()), 10, "The end of the browser")
    scene.progress_s = [time.monotonic() - scene.mark]
    scene.within(progress=STOPPED)
    scene.finish()


@part.add("Paused for a person, and resumed by two at once", quick=1)
def run_paused(scene: Scene, rng: Random, n: int) -> None:
    """While it rests it holds no worker and nothing of it begins."""
    scene.stage.crew(1)
    step = rng.choice(("plan", "ui", "conflicts"))
    [run] = scene.submit(pay="ok", sleep=0.1, steps={step: {"sleep": 0.4}})
    scene.begun(run, step)
    scene.strike()
    services.pause(run)
    scene.begun(run, step, "E")
    quiet = time.monotonic() + 0.1
    time.sleep(RESTING)
    late = [line for line in scene.stage.truth.of(run.id, what="S") if line.at > quiet]
    scene.held(not late, f"{len(late)} steps began while it rested.")
    scene.held(not run.steps.filter(state="running").exists(), "It holds a worker while it rests.")
    scene.healed()
    wire.send(services.resume(run))
    try:
        services.resume(run)
        scene.held(False, "Both of two who resumed it were told that they did.")
    except BadInput:
        pass
    scene.within(progress=1.0, extra=2.0)
    scene.finish()


@part.add("Failed, then tried again from its last recorded step", quick=1)
def run_retried(scene: Scene, rng: Random, n: int) -> None:
    scene.stage.crew(1)
    step = rng.choice(("plan", "code:backend", "tests"))
    [run] = scene.submit(pay="ok", sleep=0.05, steps={step: {"raise": "permanent", "times": 1}})
    scene.finish()
    run.refresh_from_db()
    scene.held(run.state == "failed", f"A permanent error left it {run.state}.")
    scene.ended.clear()
    before = set(shape().before(step))
    scene.strike()
    wire.send(services.retry(run))
    scene.finish()
    again = {line.step for line in scene.stage.truth.of(run.id, what="S") if line.at > scene.mark} & before
    scene.held(not again, f"Recorded steps ran again: {again}.")


@part.add("Forked from every step", seconds=8)
def run_forked(scene: Scene, rng: Random, n: int) -> None:
    """Each fork takes over what came before, pays only for the rest, and leaves its parent as it was."""
    scene.stage.crew(2)
    [parent] = scene.submit(pay="ok")
    scene.finish()
    before = list(parent.steps.order_by("id").values_list("name", "state", "result", "finished_at"))
    scene.strike(len(list(shape())))
    for spec in shape():
        fork, ready = services.fork(parent, spec.name)
        wire.send(ready)
        scene.runs.append(fork)
    scene.finish()
    for fork, spec in zip(scene.runs[1:], shape(), strict=True):
        ran = {line.step for line in scene.stage.truth.of(fork.id, what="S")}
        scene.held(not ran & set(shape().before(spec.name)), f"The fork from {spec.name} ran steps before it.")
    after = list(parent.steps.order_by("id").values_list("name", "state", "result", "finished_at"))
    scene.held(before == after, "A fork changed its parent.")


@part.add("Upgraded in mid-run: old and new workers side by side", seconds=8)
def upgraded_together(scene: Scene, rng: Random, n: int) -> None:
    """A run that version 1 began is finished by workers of version 1."""
    old = scene.stage.crew(1)[0]
    [run] = scene.submit(pay="ok", sleep=0.2)
    scene.begun(run, rng.choice(("plan", "ui")))
    scene.strike()
    scene.stage.launch("worker2", SYNERGY_CHAOS_VERSION="2")
    scene.finish()
    pids = {line.pid for line in scene.stage.truth.of(run.id)}
    scene.held(pids <= set(scene.stage.pids(old)), "A worker of another version worked on it.")
    scene.stage.kill("worker2")


@part.add("Upgraded in mid-run: only new workers left", times=1, seconds=150)
def upgraded_alone(scene: Scene, rng: Random, n: int) -> None:
    """Nobody speaks version 1 any more: its runs are refused clearly. Five at once."""
    old = scene.stage.crew(1)[0]
    runs = scene.submit(5, sleep=0.5)
    scene.begun(runs[0], "plan")
    scene.strike(len(runs))
    scene.stage.kill(old)
    scene.stage.crew(1, env={"SYNERGY_CHAOS_VERSION": "2"})
    scene.expected = {str(run.id): ("failed",) for run in runs}
    scene.finish(FOREIGN + 60)
    for run in Run.objects.filter(id__in=[run.id for run in runs]):
        scene.held("engine tiny/1" in run.reason, f"The reason of a run of another version: {run.reason}")
