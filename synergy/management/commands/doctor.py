"""``manage.py doctor``: what is here, what is missing, and how to get it. Exit 1 when something needed is missing."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.table import Table

from synergy.doctor import Examined, examine
from synergy.embedded.client import session


class Command(BaseCommand):
    help = "Look at every part Synergy needs."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
        parser.add_argument("--time", action="store_true", help="start the embedded services and say how long it took")

    def handle(self, *, json: bool, time: bool, **_: object) -> None:
        parts = examine()
        seconds = start_seconds() if time else {}
        if json:
            self.stdout.write(as_json(parts, seconds))
        else:
            show(parts, seconds)
        if not all(part.well for part in parts if part.needed):
            sys.exit(1)


def start_seconds() -> dict[str, float]:
    """Seconds from asking to the proven first answer: all servers, then a worker."""
    began = time.monotonic()
    with session(()):
        servers = time.monotonic() - began
    began = time.monotonic()
    with session(("worker",), wait=("worker",)):
        worker = time.monotonic() - began
    return {"servers": round(servers, 2), "servers and worker": round(worker, 2)}


def as_json(parts: list[Examined], seconds: dict[str, float]) -> str:
    well = all(part.well for part in parts if part.needed)
    return json.dumps({"well": well, "parts": [part.as_dict() for part in parts], "seconds": seconds}, indent=1)


def show(parts: list[Examined], seconds: dict[str, float]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("part", "version", "state"):
        table.add_column(title, no_wrap=True)
    table.add_column("found", overflow="fold")
    for part in parts:
        colour = "green" if part.well else "red" if part.needed else "yellow"
        table.add_row(part.part, part.version, f"[{colour}]{part.state}[/]", part.found)
    console = Console(highlight=False, soft_wrap=False)
    console.print(table)
    for part in parts:
        if part.advice:
            console.print(f"[bold]{part.part}[/]: {part.advice}", markup=True)
    for name, value in seconds.items():
        console.print(f"{name} ready after {value} s")
