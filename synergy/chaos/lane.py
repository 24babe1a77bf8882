"""One lane of the chaos suite: a process with a stage of its own that plays scenes. ``python -m synergy.chaos.lane``.

Reads ``{"fault", "n", "seed"}`` a line, answers one JSON line each: an outcome, or ``{"problem"}`` when it could not be measured.
At the end of its input it takes the stage down and answers what was left behind.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402  # settings come first

from synergy.chaos.checker import leftovers  # noqa: E402
from synergy.chaos.faults.base import Fault, every  # noqa: E402
from synergy.chaos.scene import Scene  # noqa: E402
from synergy.chaos.stage import ROLES, Stage, processes_of  # noqa: E402
from synergy.core.artifacts import ArtifactStore  # noqa: E402

OF_THE_POOL = "pymp-"  #: an empty folder that Celery's pool makes for a worker and removes when it may; kill -9 leaves it
SETTLED = 10.0  #: seconds in which beats and locks of workers that have left must be gone

log = logging.getLogger(__name__)


def play(stage: Stage, fault: Fault, n: int, seed: str) -> dict[str, Any]:
    """One repetition of a fault."""
    for role, server in stage.links:
        stage.link(role, server, "up")
    scene = Scene(stage)
    try:
        fault.inject(scene, Random(f"{seed}/{fault.name}/{n}"), n)  # noqa: S311  # repeatable, not secret
        return asdict(scene.outcome())
    except Exception as error:  # whatever it is, it is told, and the next scene starts on a stage without its actors
        log.exception("%s %d", fault.name, n)
        stories = "; ".join(scene.story(run) for run in scene.runs[:5])
        for name in [name for name in stage.children if name.startswith(ROLES)]:
            stage.kill(name)
        return {"problem": f"{type(error).__name__}: {error} [{stories}]"}


def clear(stage: Stage) -> list[str]:
    """Let the queues run empty, let everybody leave in good order, and look for what is left.

    With a new worker, which removes what killed ones have left.
    """
    for name in [name for name in stage.children if name.startswith(ROLES)]:
        stage.kill(name)
    stage.crew(1)
    end = time.monotonic() + SETTLED
    while waiting(stage) and time.monotonic() < end:
        time.sleep(0.1)
    found = [f"{count} messages wait in {name}." for name, count in waiting(stage).items()]
    for name in [name for name in stage.children if name.startswith(ROLES)]:
        child = stage.children.pop(name)
        child.ask()
        child.end()
    end = time.monotonic() + SETTLED
    while (held := leftovers()) and time.monotonic() < end:
        time.sleep(0.2)
    found += held
    ArtifactStore(Path(settings.ARTIFACTS_DIR)).sweep(older_than=0.0)
    halves = list(Path(settings.ARTIFACTS_DIR).rglob(".new-*"))
    found += [f"{len(halves)} half artifacts are left."] if halves else []
    return found


def waiting(stage: Stage) -> dict[str, int]:
    """Queue → messages in it, where there are any."""
    with stage.broker() as broker:
        lists = [key for key in broker.keys("synergy:*") if broker.type(key) == b"list"]
        return {key.decode(): count for key in lists if (count := broker.llen(key))}


def main() -> int:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    stage = Stage(Path(settings.SYNERGY_HOME))
    faults = every()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # nothing else may write where the answers go
    stage.start()
    try:
        for line in sys.stdin:
            asked = json.loads(line)
            answer = play(stage, faults[asked["fault"]], asked["n"], asked["seed"])
            print(json.dumps(answer), file=answers, flush=True)
        found = clear(stage)
    finally:
        stage.stop()
    alive = processes_of(stage.home, but=os.getpid())
    found += [f"Process {pid} is left: {command}" for pid, command in alive.items()]
    temporary = [file.name for file in stage.temporary.iterdir() if not file.name.startswith(OF_THE_POOL)]
    found += [f"{len(temporary)} temporary files are left: {', '.join(temporary[:5])}"] if temporary else []
    shutil.rmtree(stage.temporary, ignore_errors=True)
    print(json.dumps({"left": found}), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
