"""Workers and their children: killed, frozen, asked to leave, hung, poisoned."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from random import Random

from django.conf import settings

from monitor.models import Incident
from synergy.chaos.faults.base import Faults
from synergy.chaos.scene import Scene
from synergy.core.artifacts import digest
from synergy.core.models import Event
from synergy.core.processes import descendants
from synergy.workflow.shape import shape
from synergy.workflow.times import TIMES

POINTS = ("claimed", "inside", "unrecorded", "recorded")  #: see ``synergy.chaos.worker``
SIZE = 60_000_000  #: bytes of a large artifact
LIMIT = 1.0  #: seconds that an attempt may take which hangs

part = Faults()


@part.add("Worker child killed at every step boundary and inside every step", "F6", times=20, seconds=6, quick=4)
def child_killed(scene: Scene, rng: Random, n: int) -> None:
    """One run for each step. Each repetition takes the next point, so that four of them try all."""
    scene.stage.crew(2)
    scene.within(progress=1.0, extra=2.0)
    names = [spec.name for spec in shape()]
    rng.shuffle(names)
    point = POINTS[n % len(POINTS)]
    runs = [scene.submit(pay="ok", sleep=0.1, steps={name: {"kill": point, "sleep": 0.2}})[0] for name in names]
    scene.finish()
    kills = [scene.stage.truth.of(run.id, what="K") for run in runs]
    scene.strike(sum(len(lines) for lines in kills))
    scene.mark = max(lines[-1].at for lines in kills if lines)
    scene.held(all(kills), f"{kills.count([])} kills never happened.")


@part.add("Worker child killed in a call that is paid for", "F6", quick=1)
def child_killed_paying(scene: Scene, rng: Random, n: int) -> None:
    """The provider has charged and works on its answer."""
    scene.stage.crew(2)
    scene.within(progress=1.0)
    step = rng.choice(("plan", "code:backend", "ui", "tests"))
    [run] = scene.submit(pay="ok", sleep=0.1, steps={step: {"pay": "slow", "times": 1}})
    line = scene.begun(run, step, "calling")
    scene.until(lambda: any(of == str(run.id) and at > line.at for at, of in list(scene.stage.provider.calls)))
    scene.kill(line.pid)
    scene.finish()


@part.add("Worker child killed while it writes a file", "F6")
def child_killed_writing(scene: Scene, rng: Random, n: int) -> None:
    """No half file may ever be read."""
    scene.stage.crew(2)
    scene.within(progress=1.0)
    [run] = scene.submit(sleep=0.1, ui={"write": SIZE, "times": 1})
    line = scene.begun(run, "ui", "writing")
    time.sleep(rng.uniform(0.03, 0.15))
    scene.kill(line.pid)
    scene.finish()
    for file in Path(settings.ARTIFACTS_DIR).glob("??/*"):
        if not file.name.startswith(".") and file.stat().st_size >= SIZE:
            scene.held(digest(file.read_bytes()) == file.parent.name + file.name, f"{file.name} is half an artifact.")
            file.unlink()


@part.add("Whole worker killed, another one lives", "F7", times=12, seconds=6, quick=2)
def worker_killed(scene: Scene, rng: Random, n: int) -> None:
    """All processes of the worker die at a boundary of a step, or inside it."""
    scene.stage.crew(2)
    scene.within(progress=1.0, extra=2.0)
    name = rng.choice([spec.name for spec in shape()])
    [run] = scene.submit(pay="ok", sleep=0.15, steps={name: {"kill": rng.choice(POINTS), "whole": True, "sleep": 0.3}})
    scene.finish()
    lines = scene.stage.truth.of(run.id, what="K")
    scene.strike(len(lines))
    scene.mark = lines[-1].at


@part.add("The only worker killed and started again", "F7", times=8, seconds=6, quick=1)
def only_worker_killed(scene: Scene, rng: Random, n: int) -> None:
    [worker] = scene.stage.crew(1)
    name = rng.choice([spec.name for spec in shape()])
    [run] = scene.submit(pay="ok", sleep=0.15, steps={name: {"sleep": 1.0}})
    scene.begun(run, name)
    scene.strike()
    scene.stage.kill(worker)
    scene.stage.launch(worker)
    boot = scene.stage.boots[worker]
    scene.within(progress=boot + 1.0, extra=boot + 2.0)
    scene.finish()


@part.add("All workers killed and started again", "F7", seconds=8)
def all_workers_killed(scene: Scene, rng: Random, n: int) -> None:
    workers = scene.stage.crew(2)
    runs = scene.submit(4, pay="ok", sleep=0.3)
    scene.begun(runs[0], rng.choice(("plan", "ui", "visuals")))
    scene.strike(len(workers))
    for worker in workers:
        scene.stage.kill(worker)
    for worker in workers:
        scene.stage.launch(worker)
    boot = sum(scene.stage.boots[worker] for worker in workers)
    scene.within(progress=boot + 1.0, extra=boot + 2.0)
    scene.finish()


@part.add("Worker frozen beyond its lease, then awake again", "F7", seconds=14)
def worker_frozen(scene: Scene, rng: Random, n: int) -> None:
    """Another one takes over, and what the frozen one brings late is refused."""
    workers = scene.stage.crew(2)
    scene.within(progress=TIMES.lease + 1.0, extra=TIMES.lease + 2.0)
    step = rng.choice(("plan", "ui", "conflicts"))
    [run] = scene.submit(pay="ok", sleep=0.1, steps={step: {"sleep": 6.0, "deaf": True, "times": 1}})
    pid = scene.begun(run, step).pid
    frozen = next(name for name in workers if pid in descendants(scene.stage.children[name].pid))
    scene.strike()
    scene.stage.kill(frozen, signal.SIGSTOP)
    scene.finish()
    scene.stage.kill(frozen, signal.SIGCONT)
    scene.until(lambda: Event.objects.filter(run=run, kind="fenced").exists(), 20, "That the late result was refused")


@part.add("Worker asked to leave (SIGTERM)", "F7", seconds=6, quick=1)
def worker_drained(scene: Scene, rng: Random, n: int) -> None:
    """It finishes its step and leaves, another one goes on; no attempt is lost."""
    workers = scene.stage.crew(2)
    scene.within(extra=2.0)
    step = rng.choice(("plan", "ui", "visuals"))
    [run] = scene.submit(pay="ok", sleep=0.1, steps={step: {"sleep": 1.0}})
    pid = scene.begun(run, step).pid
    leaving = next(name for name in workers if pid in descendants(scene.stage.children[name].pid))
    child = scene.stage.children[leaving]
    scene.strike()
    child.process.send_signal(signal.SIGTERM)
    scene.finish()
    scene.until(child.ended, 20, "That the worker left")
    scene.held(child.process.returncode == 0, f"The worker left with {child.process.returncode}.")
    spent = {(step.attempt, step.losses, step.fails) for step in run.steps.all()}
    scene.held(spent == {(1, 0, 0)}, f"Attempts, losses and errors of the steps: {spent}.")


@part.add("Step hangs and does not listen", times=1, seconds=30)
def step_hangs(scene: Scene, rng: Random, n: int) -> None:
    """It is taken away when its time is over, and its process ends. Five at once."""
    scene.stage.crew(2)
    scene.within(progress=LIMIT + TIMES.grace + TIMES.backoff[0] * 1.2 + 3.0)
    runs = scene.submit(5, sleep=0.1, limit={"tests": LIMIT}, tests={"sleep": 600, "deaf": True, "times": 1})
    pids = [scene.begun(run, "tests").pid for run in runs]
    scene.strike(len(runs))
    scene.finish()
    scene.until(lambda: not any(Path(f"/proc/{pid}/stat").exists() for pid in pids), 15, "The end of the hung processes")


@part.add("Poison step: kills its worker every time", times=1, seconds=150)
def poison(scene: Scene, rng: Random, n: int) -> None:
    """After its attempts it is a dead letter with the reason, and there is an alert. Two of five take their worker along."""
    workers = scene.stage.crew(2)
    kill = {"kill": "inside", "times": 99, "sleep": 0.1}
    runs = [*scene.submit(3, tests=kill), *scene.submit(2, tests={**kill, "whole": True})]
    scene.expected = {str(run.id): ("failed",) for run in runs}
    waiting = {str(run.id) for run in runs}

    def over() -> bool:
        for name in workers:  # as their supervisor does
            if scene.stage.children[name].ended():
                scene.stage.launch(name)
        scene.finish(0.5)
        return waiting <= scene.ended.keys()

    scene.until(over, 240, "The end of all poisoned runs")
    scene.strike(sum(len(scene.stage.truth.of(run.id, what="K")) for run in runs))
    for run in runs:
        run.refresh_from_db()
        words = f"tests was given up: its worker died {TIMES.losses + 1} times while it ran."
        scene.held(run.reason == words, f"The reason of a poisoned run: {run.reason}")
        scene.held(Event.objects.filter(run=run, kind="dead_letter").count() == 1, "There is no dead letter.")
        alert = Incident.objects.filter(run=run, alert=True)
        scene.until(alert.exists, 5, "The alert")
