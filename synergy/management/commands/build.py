"""``manage.py build "message"``: from a message to a verified project, watched to its end.

Exit code: 0 completed, 1 rejected by a gate, 2 bad input or refused, 3 fault, 4 it rests and waits for you, 130 ended by Ctrl-C.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError
from rich.console import Console

import synergy.celery  # noqa: F401  # messages go by the configured application
from inference.incoming import read_message
from inference.planning.clean import LONGEST
from synergy import telemetry
from synergy.core.artifacts import ArtifactStore
from synergy.core.errors import BadInput, ServiceDown, SynergyError
from synergy.core.models import LIVE_RUN, Run, RunState, WorkerBeat
from synergy.core.spans import COMMAND, carried, span
from synergy.core.stacks import stack as known_stack
from synergy.core.types import Delivery, Plan
from synergy.embedded.client import Running, dial_nobody, servers, session
from synergy.management.display import Display, conclusion, display, plan_only
from synergy.workflow import changes, services, steps, wire
from synergy.workflow.db import persist
from synergy.workflow.delivery import unpacked
from synergy.workflow.engine import Ready
from synergy.workflow.estimate import estimate
from synergy.workflow.handwork import collect
from synergy.workflow.preview import preview
from synergy.workflow.report import follow, summary

EXITS = {"completed": 0, "rejected": 1, "refused": 2, "failed": 3, "cancelled": 3, "paused": 4}
INTERRUPTED = 130
LOOK = 3.0  #: seconds between two looks at whether anybody works
PATIENCE = 60.0  #: seconds without any worker before a run is given up on


class Command(BaseCommand):
    help = "Build a project from one message."

    def add_arguments(self, parser: ArgumentParser) -> None:
        say = parser.add_argument
        say("message", nargs="?", help="what to build or to change; - reads it from stdin; without it SYNERGY_MESSAGE is taken")
        say("--stack", help="decide the stack by hand")
        say("--project", default="", help="build under this name; once it was delivered, the message is a change of it")
        say("--fresh", action="store_true", help="build the message anew, though the project was delivered")
        say("--plan-only", action="store_true", help="show the plan, or what the change makes of it, and build nothing")
        say("--edits", type=Path, metavar="PATH", help="an edited project, folder or zip: what you changed stays")
        say("--budget", type=float, metavar="USD", help=f"US dollars the run may cost ({services.BUDGET_USD:g})")
        say("--resume", metavar="RUN", help="go on with a run that rests, with --budget as its new limit")
        say("--keep", action="store_true", help="keep the run's working folder")
        say("--json", action="store_true", help="one JSON document on stdout and nothing else")

    def handle(self, *_: object, **given: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, leave)
        telemetry.configure("build")
        console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
        try:
            code = build(console, given)
        except SynergyError as error:
            code = 2 if isinstance(error, BadInput) else 3
            complain(console, error.message, error.hint, machine=given["json"])
        except (DatabaseError, psycopg.Error, OSError) as error:
            code = 3
            complain(
                console,
                f"{type(error).__name__}: {str(error).strip()}",
                "`manage.py doctor` shows what is missing.",
                machine=given["json"],
            )
        except KeyboardInterrupt:
            code = INTERRUPTED
        sys.exit(code)


def leave(number: int, frame: FrameType | None) -> None:
    """SIGTERM and a closed terminal end like Ctrl-C."""
    raise KeyboardInterrupt


def complain(console: Console, message: str, hint: str, *, machine: bool) -> None:
    if machine:
        print(json.dumps({"state": "error", "error": {"message": message, "hint": hint}}))
    else:
        console.print(message, style="bold red", markup=False)
        console.print(hint, markup=False)


def build(console: Console, given: dict[str, Any]) -> int:
    """Run to the end; the exit code."""
    said = asked(given["message"])
    text = read_message(said) if said.strip() or not (given["resume"] or (given["edits"] and given["project"])) else ""
    if given["stack"]:
        known_stack(given["stack"])
    edits = collect(given["edits"], ArtifactStore(Path(settings.ARTIFACTS_DIR))) if given["edits"] else None
    alone = bool(servers()) and dial_nobody(settings.SYNERGY_HOME)
    with ExitStack() as up:
        with display(console, machine=given["json"]) as shown:
            running = up.enter_context(session(note=shown.note))
            options = {name: given[name] for name in ("project", "stack", "fresh")}
            options |= {"tenant": services.default_tenant(), "edits": edits}
            if given["plan_only"]:
                plan = preview(text, **options)
                return outlined(console, plan, machine=given["json"])
            expected = estimate(options["tenant"])
            if expected is not None:
                shown.note(str(expected))
            with span("build", {COMMAND: "build"}):
                run, ready = begun(text, options, given)
                send = partial(carried(wire.send), ready)
            finished = watched(shown, running, run, send, alone=alone)
        report = told(run, keep=given["keep"], finished=finished)
        if given["json"]:
            print(json.dumps(report, ensure_ascii=False, indent=2))
        else:
            conclusion(console, report)
    return int(report["exit"])


def begun(text: str, options: dict[str, Any], given: dict[str, Any]) -> tuple[Run, list[Ready]]:
    """The run that is to be watched: a new one, or one that rested."""
    if given["resume"]:
        run = services.find_run(given["resume"])
        return run, services.resume(run, budget_usd=given["budget"], by="manage.py build")
    budget = services.BUDGET_USD if given["budget"] is None else given["budget"]
    return changes.submit(text, **options, budget_usd=budget)


def asked(message: str | None) -> str:
    """The message from the argument, stdin or the environment."""
    if message == "-":
        return sys.stdin.buffer.read(LONGEST * 4 + 1).decode(errors="replace")
    return message if message is not None else os.environ.get("SYNERGY_MESSAGE", "")


def outlined(console: Console, plan: Plan, *, machine: bool) -> int:
    """Show what would be built, or changed."""
    if machine:
        print(plan.model_dump_json(indent=2))
    else:
        plan_only(console, plan)
    return 0


def watch(shown: Display, running: Running, run: Run) -> None:
    """Show the run until it has ended or waits for a person; ServiceDown when nobody works on it."""
    looked = met = time.monotonic()
    for news in follow(run.id):
        persist(partial(shown.update, news))
        if news.state == RunState.PAUSED and news.reason:
            return
        if time.monotonic() - looked > LOOK:
            looked = time.monotonic()
            met = looked if WorkerBeat.objects.exists() else met
            worker = running.refresh().get("worker")
            if looked - met > PATIENCE:
                problem = worker.problem if worker else "No worker is running."
                raise ServiceDown(problem or "The worker did not start.", hint="The run is kept and goes on when a worker comes.")


def watched(shown: Display, running: Running, run: Run, send: Callable[[], bool], *, alone: bool) -> bool:
    """Watch to the end; False when Ctrl-C came first. What was started for this run alone ends with it, else the run goes on."""
    try:
        send()
        watch(shown, running, run)
        return True
    except KeyboardInterrupt:
        if alone:
            with suppress(BadInput):  # it had ended in the same moment
                services.cancel(run)
        return False


def told(run: Run, *, keep: bool, finished: bool) -> dict[str, Any]:
    """The report with the places of what was made, and the exit code."""
    run = services.find_run(run.id)
    report = summary(run)
    place = steps.bench(run.id, str(run.project_id), lambda: False, lambda line: None)
    paths: dict[str, str] = {}
    if report["delivery"]:
        folder, archive = unpacked(place, Delivery.model_validate(report["delivery"]))
        paths = {"Project": str(folder / "project"), "Zip": str(archive)}
        screens = folder / "evidence" / "screens"
        paths |= {"Screenshots": str(screens)} if screens.is_dir() else {}
        if keep:
            (place.root / steps.KEPT).touch()
        else:
            steps.remove_work(run.id)
    elif run.state == RunState.PAUSED and finished:
        more = " --budget USD" if run.cost_usd >= run.budget_usd else ""
        paths = {"Go on": f"manage.py build --resume {run.id}{more}"}
    elif any(place.project.iterdir()):
        paths = {"Unfinished": str(place.project)}
    if not finished and run.state in LIVE_RUN:
        report["reason"] = "It goes on without you: the system that was already up works on it, and the admin shows it."
    return report | {"paths": paths, "exit": EXITS[run.state] if finished else INTERRUPTED}
