"""Messages: too many, too few, the wrong ones. And none of it: a healthy backlog."""

from __future__ import annotations

import base64
import json
from random import Random

import redis

from monitor.models import Incident
from synergy.chaos.faults.base import Faults
from synergy.chaos.pipeline import AGENTS
from synergy.chaos.scene import Scene
from synergy.chaos.stage import CHILDREN
from synergy.workflow.shape import shape

BACKLOG = 200  #: runs at once

part = Faults()


@part.add("No fault: a backlog of 200 runs", times=1, seconds=30)
def calm(scene: Scene, rng: Random, n: int) -> None:
    """Nothing is sent again, nothing runs twice."""
    scene.stage.crew(2)
    scene.strike(0)
    scene.submit(BACKLOG, pay="ok")
    scene.finish(300)
    again = Incident.objects.filter(run__in=scene.runs, remedy="due_steps").count()
    scene.held(again == 0, f"{again} messages of a healthy backlog were sent again.")


@part.add("Every message three times", seconds=8, quick=1)
def messages_doubled(scene: Scene, rng: Random, n: int) -> None:
    """The parts of the chords too, and random messages between them. Nothing may run twice."""
    scene.stage.crew(2, env={"SYNERGY_CHAOS_COPIES": "3"})
    runs = scene.submit(4, send=False, pay="ok", sleep=0.05)
    names = [spec.name for spec in shape()]
    scene.strike(len(runs))
    for run in runs * 3:
        scene.send(run, "stack")
    for _ in range(100):
        scene.finish(0.2)
        if len(scene.ended) == len(runs):
            break
        scene.send(rng.choice(runs), rng.choice(names))
    extra = sum(len(scene.stage.truth.of(run.id, what="S")) for run in runs) - len(runs) * len(names)
    scene.held(extra == 0, f"{extra} extra executions.")


@part.add("Two workers take one step", "F26", seconds=3, quick=1)
def step_raced(scene: Scene, rng: Random, n: int) -> None:
    """Twelve messages for one step at the same moment, two workers with three children each: one takes it."""
    scene.stage.crew(2)
    [run] = scene.submit(send=False, pay="ok", stack={"sleep": 0.3})
    scene.strike()
    for _ in range(12):
        scene.send(run, "stack")
    scene.finish()
    begun = len(scene.stage.truth.of(run.id, "stack", "S"))
    scene.held(begun == 1, f"The step began {begun} times.")


@part.add("Lost chord body", seconds=5, quick=1)
def chord_body_lost(scene: Scene, rng: Random, n: int) -> None:
    """The counters of a chord are lost while its parts run: Celery will never send its body.

    The worker is leaving, so it does not go on with the body in line.
    """
    [worker] = scene.stage.crew(1)
    [run] = scene.submit(pay="ok", sleep=0.05, steps={"code:devops": {"sleep": 1.5}})
    scene.begun(run, "code:devops")
    scene.strike()
    of, parts = scene.stage.truth.of, [f"code:{agent}" for agent in AGENTS]
    with scene.stage.broker(1) as counters:  # again and again: a part may begin before the size of the chord is written

        def all_have(what: str) -> bool:
            return bool(counters.flushdb()) and all(of(run.id, part, what) for part in parts)

        scene.until(lambda: all_have("S"), what="The beginning of the parts")  # who leaves takes no more messages
        scene.stage.children[worker].ask()
        scene.until(lambda: all_have("E"), what="The end of the parts")
    scene.stage.launch("worker2")
    scene.within(extra=scene.stage.boots["worker2"] + 8.0)
    scene.finish()
    scene.held(run.steps.get(name="ui").sends > 1, "The body was sent without its counters.")


@part.add("Lost part of a chord", seconds=8, quick=1)
def chord_part_lost(scene: Scene, rng: Random, n: int) -> None:
    """A part of the header is taken out of the broker before anybody has seen it."""
    scene.stage.crew(1)
    step = f"code:{rng.choice(AGENTS)}"
    [run] = scene.submit(send=False, pay="ok", sleep=0.05, plan={"sleep": 0.4})
    busy = scene.submit(CHILDREN - 1, stack={"sleep": 2.0})  # so that the parts have to wait in the queue
    for other in busy:
        scene.begun(other, "stack")
    scene.send(run, "stack")
    scene.begun(run, "plan")
    with scene.stage.broker() as broker:
        scene.until(lambda: _take(broker, str(run.id), step), 10, "The message of a part in the queue")
    scene.strike()
    scene.finish()


def _take(broker: redis.Redis, run: str, step: str) -> bool:
    """Take the message for ``step`` of ``run`` out of the queue."""
    for text in broker.lrange("synergy:agents", 0, -1):
        text = bytes(text).decode()  # type: ignore[arg-type]
        body = base64.b64decode(json.loads(text)["body"]).decode()
        if run in body.partition("]")[0] and f'"{step}"' in body.partition("]")[0]:
            return bool(broker.lrem("synergy:agents", 1, text))
    return False
