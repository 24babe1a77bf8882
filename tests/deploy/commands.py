"""Whether a command of a container is one that the image can run."""

from __future__ import annotations

import re
from pathlib import Path

import celery.bin.beat
import celery.bin.worker
import flower.options  # noqa: F401  # defines Flower's options
from django.core.management import get_commands
from tornado.options import options as tornado

from synergy.settings import QUEUES

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {
    "worker": {o for p in celery.bin.worker.worker.params for o in p.opts},
    "beat": {o for p in celery.bin.beat.beat.params for o in p.opts},
    "flower": {"--" + name for name in tornado},
}


def faults(command: list[str]) -> list[str]:
    """What is wrong with ``celery -A synergy.celery …`` or ``sh -c "python manage.py …"``."""
    if command[:2] == ["sh", "-c"]:
        asked = re.findall(r"manage\.py (\w+)", command[2])
        return [f"manage.py has no {name}" for name in asked if name not in get_commands()] or (
            [] if asked else ["nothing is run"]
        )
    if command[:3] != ["celery", "-A", "synergy.celery"] or command[3] not in OPTIONS:
        return [f"{' '.join(command)} is no command of Synergy"]
    given = [word.partition("=") for word in command[4:] if word.startswith("-")]
    found = [f"{command[3]} has no {name}" for name, _, _ in given if name not in OPTIONS[command[3]]]
    found += [f"{value} does not exist" for name, _, value in given if name == "--conf" and not (ROOT / value).is_file()]
    found += [f"there is no queue {queue}" for queue in queues(command) if queue not in QUEUES]
    if command[3] == "flower" and "--conf" not in {name for name, _, _ in given}:
        found.append("Flower runs without its password")
    return found


def queues(command: list[str]) -> list[str]:
    return command[command.index("--queues") + 1].split(",") if "--queues" in command else []
