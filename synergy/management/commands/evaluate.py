"""``manage.py evaluate WHAT FILE [--json OUT] [--deliveries FOLDER]``: measure Synergy, or a part of it, on cases from a file."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inference.services import evaluate_plans, evaluate_stacks
from synergy import celery
from synergy.core.errors import SynergyError
from synergy.core.evaluation import Evaluation
from synergy.embedded.client import session
from synergy.workflow.evaluation import evaluate_messages
from uiagents.services import evaluate_contracts

Note = Callable[[str], None]


def messages(file: Path, note: Note, keep: Path | None) -> Evaluation:
    with session(("worker", "beat"), note=note):
        return evaluate_messages(file, note, keep)


#: what can be evaluated → the function that does it; it may say how far it is, and keep what it makes in a folder
EVALUATIONS: dict[str, Callable[[Path, Note, Path | None], Evaluation]] = {
    "contracts": lambda file, note, keep: evaluate_contracts(file),
    "messages": messages,
    "plans": lambda file, note, keep: evaluate_plans(file),
    "stacks": lambda file, note, keep: evaluate_stacks(file),
}


class Command(BaseCommand):
    help = "Measure Synergy on cases from a JSON Lines file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=sorted(EVALUATIONS))
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", type=Path, metavar="OUT", help="write rows and totals to this file")
        parser.add_argument("--deliveries", type=Path, metavar="FOLDER", help="messages: unpack the projects to this folder")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = EVALUATIONS[options["what"]](options["file"], self.say, options["deliveries"])
        except SynergyError as error:
            raise CommandError(str(error)) from error
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        for line in result.lines:
            self.stdout.write(line)
        if options["json"]:
            options["json"].write_text(json.dumps(result.document(options["file"]), indent=1, ensure_ascii=False) + "\n")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


assert celery.app  # messages go by the configured application
