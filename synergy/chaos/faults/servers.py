"""PostgreSQL, Valkey, beat, web: killed, restarted, emptied, used up; and everything at once."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from random import Random

import psycopg
from django.db import connections

from monitor.models import Clock, Incident
from synergy.chaos.client import Client
from synergy.chaos.faults.base import Faults
from synergy.chaos.scene import Scene
from synergy.core.models import Run
from synergy.workflow.db import Row, connect
from synergy.workflow.times import TIMES

AGAIN = 10.0  #: bar, seconds: after a server is back
SOMEWHERE = ("stack", "code:devops", "conflicts")  #: steps in which to strike
HELD = (2.0, 5.0)  #: seconds without a free connection, in turn
MODES = ("cut", "blackhole")
BLOCKED = 1.0  #: seconds that a request may take

part = Faults()


def _under_way(scene: Scene, rng: Random, *, workers: int, count: int, sleep: float) -> None:
    """Some runs are somewhere, and now it happens."""
    scene.stage.crew(workers)
    scene.within(progress=AGAIN, extra=AGAIN)
    runs = scene.submit(count, pay="ok", sleep=sleep)
    scene.begun(runs[0], rng.choice(SOMEWHERE))
    scene.strike()


@part.add("Valkey killed and restarted with its data", "F4", seconds=10)
def valkey_restarted(scene: Scene, rng: Random, n: int) -> None:
    _under_way(scene, rng, workers=1, count=5, sleep=0.2)
    scene.stage.restart("valkey", signal.SIGKILL, pause=rng.uniform(0.0, 2.0))
    scene.healed()
    scene.finish()


@part.add("Valkey restarted empty", "F4", seconds=10, quick=1)
def valkey_emptied(scene: Scene, rng: Random, n: int) -> None:
    """Every message and every counter of a chord is gone."""
    _under_way(scene, rng, workers=1, count=5, sleep=0.2)
    scene.stage.restart("valkey", signal.SIGKILL, between=scene.stage.wipe_broker)
    scene.healed()
    scene.finish()


@part.add("Valkey emptied in mid-run (FLUSHALL)", "F4", seconds=8, quick=1)
def valkey_flushed(scene: Scene, rng: Random, n: int) -> None:
    """The same, and no connection drops."""
    _under_way(scene, rng, workers=1, count=6, sleep=0.2)
    with scene.stage.broker() as broker:
        broker.flushall()
    scene.finish()


def _postgres(scene: Scene, rng: Random, how: signal.Signals) -> None:
    _under_way(scene, rng, workers=2, count=5, sleep=0.3)
    scene.stage.restart("postgres", how, pause=rng.uniform(0.0, 1.0))
    scene.healed()
    scene.finish()


@part.add("PostgreSQL restarted in mid-step", "F9", times=6, seconds=10)
def postgres_restarted(scene: Scene, rng: Random, n: int) -> None:
    """Every session and every lock is gone."""
    _postgres(scene, rng, signal.SIGINT)


@part.add("PostgreSQL killed with -9 in mid-step", "F9", times=6, seconds=10, quick=1)
def postgres_killed(scene: Scene, rng: Random, n: int) -> None:
    """It recovers from its log."""
    _postgres(scene, rng, signal.SIGKILL)


@part.add("max_connections reached", "F11", seconds=14)
def connections_used_up(scene: Scene, rng: Random, n: int) -> None:
    """Nobody gets a connection for a while, a worker that starts just then neither."""
    scene.stage.crew(1)
    scene.within(progress=AGAIN, extra=AGAIN + 2.0)
    runs = scene.submit(3, pay="ok", sleep=0.3)
    scene.begun(runs[0], rng.choice(("stack", "ui")))
    scene.strike()
    hogs: list[psycopg.Connection[Row]] = []
    try:
        scene.stage.kill("worker1")
        scene.stage.launch("worker1")
        end = time.monotonic() + HELD[n % len(HELD)]
        while time.monotonic() < end:
            with suppress(psycopg.OperationalError):
                while True:
                    hogs.append(connect())
            time.sleep(0.05)
    finally:
        for hog in hogs:
            hog.close()
    scene.healed()
    scene.finish()


@part.add("Beat is dead", "F8", seconds=45)
def beat_dead(scene: Scene, rng: Random, n: int) -> None:
    """Workers look after failed and due steps by themselves, and somebody is told."""
    scene.stage.crew(1)
    scene.within(progress=TIMES.backoff[0] * 1.2 + 2.0)
    scene.until(Clock.objects.filter(silent=False).exists, 60, "That beat had spoken")
    known = set(Incident.objects.values_list("id", flat=True))
    scene.strike()
    scene.stage.kill("beat")
    runs = scene.submit(2, sleep=0.1, plan={"raise": "transient", "times": 1})
    scene.progress_s = [scene.begun(run, "ui").at - scene.begun(run, "plan").at for run in runs]
    scene.finish()
    told = Incident.objects.filter(remedy__contains="beat").exclude(id__in=known)
    scene.until(told.exists, 60, "An incident about the silent beat")


@part.add("Web process killed while it accepts runs", seconds=8)
def web_killed(scene: Scene, rng: Random, n: int) -> None:
    """The client asks again with the same key: one run, never two, never none."""
    scene.stage.crew(1, web=True)
    client = Client(scene.stage)
    keys = [f"web {n} {k} {rng.random()}" for k in range(8)]
    with client.posting(keys, {"sleep": 0.05, "pay": "ok"}):
        time.sleep(rng.uniform(0.02, 0.3))
        scene.strike()
        scene.stage.kill("web")
    scene.stage.launch("web")
    scene.healed()
    answers = [Client(scene.stage).post(key, {"sleep": 0.05, "pay": "ok"}) for key in keys]
    scene.held(all(answer.status == 202 for answer in answers), f"Answers: {[answer.status for answer in answers]}.")
    runs = list(Run.objects.filter(idempotency_key__in=keys))
    scene.held(len(runs) == len(keys), f"{len(keys)} requests gave {len(runs)} runs.")
    scene.runs += runs
    scene.finish()


@part.add("Broker unreachable when a run is asked for", "F5", times=6, seconds=6, quick=1)
def broker_down_at_post(scene: Scene, rng: Random, n: int) -> None:
    """Accepted at once, and started soon by somebody else."""
    scene.stage.crew(1, web=True)
    scene.within(progress=5.0)
    client = Client(scene.stage)
    scene.held(client.warm() == 200, "The web process is not up.")
    scene.stage.link("web", "valkey", MODES[n % len(MODES)])
    scene.strike()
    answers = [client.post(f"down {n} {k} {rng.random()}", {"sleep": 0.05}) for k in range(2)]
    scene.held(all(answer.status == 202 for answer in answers), f"Answers: {[answer.status for answer in answers]}.")
    slowest = max(answer.seconds for answer in answers)
    scene.held(slowest < BLOCKED, f"A request took {slowest:.1f} s.")
    scene.runs += Run.objects.filter(id__in=[answer.run for answer in answers if answer.run])
    scene.finish()
    scene.stage.link("web", "valkey", "up")


@part.add("Everything killed at once", seconds=15)
def machine_killed(scene: Scene, rng: Random, n: int) -> None:
    """Servers, workers, beat, web: all are killed with -9, then everything starts again."""
    scene.stage.crew(1, web=True)
    runs = scene.submit(3, pay="ok", sleep=0.3)
    scene.begun(runs[0], rng.choice(("stack", "code:backend", "visuals", "slo")))
    names = list(scene.stage.children)
    scene.strike(len(names))
    for name in reversed(names):
        scene.stage.kill(name)
    connections.close_all()
    for name in ("postgres", "valkey"):
        scene.stage.launch(name)
    scene.healed()
    workers = scene.stage.crew(1, web=True)
    boot = sum(scene.stage.boots[name] for name in (*workers, "beat", "web"))
    scene.within(progress=boot + 1.0 + TIMES.calm, extra=boot + 2.0 + TIMES.calm)
    scene.finish()
