"""``manage.py up``: the whole system on this machine, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import time
from types import FrameType

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from rich.console import Console

from synergy.core.errors import SynergyError
from synergy.embedded.client import Running, session
from synergy.embedded.programs import PROGRAMS
from synergy.env import stored_secret

EVERY = 2.0  #: seconds between two looks at the processes


class Command(BaseCommand):
    help = "Start everything (services, web, worker, beat, Flower) and stay."

    def handle(self, **_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, leave)
        console = Console(highlight=False)
        try:
            with session(tuple(PROGRAMS), wait=tuple(PROGRAMS), always=True, note=console.print) as running:
                welcome(console, running)
                watch(console, running)
        except KeyboardInterrupt:
            console.print("Stopped.")
        except SynergyError as error:
            console.print(f"[red]{error.message}[/]\n{error.hint}")
            sys.exit(3)


def leave(number: int, frame: FrameType | None) -> None:
    """SIGTERM and a closed terminal end like Ctrl-C."""
    raise KeyboardInterrupt


def welcome(console: Console, running: Running) -> None:
    parts = running.parts
    console.print(f"[bold green]Synergy is up[/] at {parts['web'].address}/admin/")
    console.print(f"Flower at {parts['flower'].address}, user synergy, password {stored_secret(settings.SYNERGY_HOME, 'flower')}")
    console.print(f"Logs in {settings.LOGS_DIR}. Ctrl-C stops everything; nothing is lost.")
    if not get_user_model().objects.filter(is_superuser=True).exists():
        console.print("Nobody may sign in yet: `.venv/bin/python manage.py createsuperuser`")


def watch(console: Console, running: Running) -> None:
    """Say what dies; the keeper starts it again."""
    seen = {name: part.restarts for name, part in running.parts.items()}
    while True:
        time.sleep(EVERY)
        for name, part in running.refresh().items():
            if part.restarts > seen.get(name, 0):
                console.print(f"[yellow]{part.problem}[/]\n{name} is started again.", markup=True)
            seen[name] = part.restarts
