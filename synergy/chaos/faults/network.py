"""The network between a worker and what it needs: cut, slow, a black hole, or an answer that is lost."""

from __future__ import annotations

import signal
import time
from random import Random

from synergy.chaos.faults.base import Faults
from synergy.chaos.scene import Scene
from synergy.workflow.times import TIMES

CUTS = 6  #: in each repetition
LIMIT = 2.0  #: seconds that an attempt may take which waits for a provider
NOTICED = 0.1  #: seconds in which the end of a connection arrives at the machine of the worker

part = Faults()


def _away(scene: Scene, rng: Random, server: str, mode: str, seconds: float, amount: float = 0.0) -> None:
    """Three runs are under way when it happens, two more are asked for in the meantime."""
    scene.stage.crew(1)
    runs = scene.submit(3, pay="ok", sleep=0.3)
    scene.begun(runs[0], rng.choice(("stack", "plan", "ui")))
    scene.strike()
    scene.stage.link("worker", server, mode, amount)
    scene.submit(2, pay="ok", sleep=0.1)
    time.sleep(seconds)
    scene.stage.link("worker", server, "up")
    scene.healed()
    scene.finish()


@part.add("Worker and Valkey cut apart for 3, 5, 20 s", "F1", seconds=18, quick=1)
def valkey_cut(scene: Scene, rng: Random, n: int) -> None:
    scene.within(progress=10.0)
    _away(scene, rng, "valkey", "cut", (3.0, 5.0, 20.0)[n % 3])


@part.add("Worker cut off from Valkey sees its control channel break first", "F1", seconds=10, quick=1)
def valkey_cut_unseen(scene: Scene, rng: Random, n: int) -> None:
    """It has no time to look while its connections break one after the other. It has work in hand, and waits for more."""
    worker, *_ = scene.stage.crew(1)
    scene.within(progress=10.0)
    [run] = scene.submit(1, pay="ok", sleep=0.5)
    scene.begun(run, rng.choice(("stack", "plan", "ui")))
    scene.kill(scene.stage.children[worker].pid, signal.SIGSTOP)
    with scene.stage.broker() as broker:
        broker.client_kill_filter(_type="pubsub")
    time.sleep(NOTICED)
    scene.stage.link("worker", "valkey", "cut")
    time.sleep(NOTICED)
    scene.stage.kill(worker, signal.SIGCONT)
    scene.submit(2, pay="ok", sleep=0.1)
    time.sleep((1.0, 3.0, 5.0)[n % 3])
    scene.stage.link("worker", "valkey", "up")
    scene.healed()
    scene.finish()


@part.add("Worker and Valkey in a black hole for 5, 30, 90 s", "F2", seconds=55)
def valkey_blackhole(scene: Scene, rng: Random, n: int) -> None:
    scene.within(progress=30.0)
    _away(scene, rng, "valkey", "blackhole", (5.0, 30.0, 90.0)[n % 3])


@part.add("Worker and Valkey 200 ms or 1 s apart", "F3", seconds=16)
def valkey_slow(scene: Scene, rng: Random, n: int) -> None:
    _away(scene, rng, "valkey", "latency", 8.0, (200.0, 1000.0)[n % 2])
    failed = {step.name for run in scene.runs for step in run.steps.all() if step.fails or step.losses}
    scene.held(not failed, f"Steps failed: {failed}.")


@part.add("Worker and PostgreSQL cut apart for 1, 3, 20 s", "F9", seconds=18, quick=1)
def postgres_cut(scene: Scene, rng: Random, n: int) -> None:
    scene.within(progress=10.0)
    _away(scene, rng, "postgres", "cut", (1.0, 3.0, 20.0)[n % 3])


@part.add("Worker and PostgreSQL in a black hole for 3, 15, 40 s", "F9", seconds=35)
def postgres_blackhole(scene: Scene, rng: Random, n: int) -> None:
    scene.within(progress=30.0)
    _away(scene, rng, "postgres", "blackhole", (3.0, 15.0, 40.0)[n % 3])


@part.add("Worker and PostgreSQL 50 ms or 300 ms apart", "F9", seconds=16)
def postgres_slow(scene: Scene, rng: Random, n: int) -> None:
    _away(scene, rng, "postgres", "latency", 6.0, (50.0, 300.0)[n % 2])


@part.add("PostgreSQL cut off after COMMIT was sent", "F10", times=6, seconds=8, quick=1)
def answer_lost(scene: Scene, rng: Random, n: int) -> None:
    """It has committed, but the connection is reset before the answer, or in the middle of it."""
    scene.stage.crew(1)
    scene.within(extra=10.0)
    scene.submit(5, pay="ok", sleep=0.15)
    for _ in range(CUTS):
        scene.stage.link("worker", "postgres", "reset_after", rng.randrange(600))
        time.sleep(rng.uniform(0.1, 0.4))
    scene.stage.link("worker", "postgres", "up")
    scene.strike(CUTS)
    scene.finish()


def _provider(scene: Scene, kind: str) -> None:
    """Five steps wait for it at once; their client has no time-out. The attempts end when their time is over."""
    scene.stage.crew(2)
    scene.within(progress=LIMIT + TIMES.grace + TIMES.backoff[0] * 1.2 + 3.0)
    runs = scene.submit(5, sleep=0.1, pay="ok", limit={"conflicts": LIMIT}, conflicts={"pay": kind, "times": 1})
    for run in runs:
        scene.begun(run, "conflicts", "calling")
    scene.strike(len(runs))
    for run in runs:
        scene.until(lambda run=run: len(scene.stage.truth.of(run.id, "conflicts", "S")) > 1, 60, "Another attempt")  # type: ignore[misc]
    scene.finish()


@part.add("Provider never answers", "F12", times=1, seconds=35)
def provider_silent(scene: Scene, rng: Random, n: int) -> None:
    _provider(scene, "hang")


@part.add("Provider drips bytes for ever", "F13", times=1, seconds=35)
def provider_drips(scene: Scene, rng: Random, n: int) -> None:
    _provider(scene, "drip")
