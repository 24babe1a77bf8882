"""``manage.py evaluate WHAT FILE [--json OUT]``: measure a part of Synergy on cases from a file."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inference.services import evaluate_stacks
from synergy.core.errors import SynergyError
from synergy.core.evaluation import Evaluation
from uiagents.services import evaluate_contracts

#: what can be evaluated → the function that does it
EVALUATIONS: dict[str, Callable[[Path], Evaluation]] = {
    "contracts": evaluate_contracts,
    "stacks": evaluate_stacks,
}


class Command(BaseCommand):
    help = "Measure a part of Synergy on cases from a JSON Lines file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=sorted(EVALUATIONS))
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", type=Path, metavar="OUT", help="write rows and totals to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = EVALUATIONS[options["what"]](options["file"])
        except SynergyError as error:
            raise CommandError(str(error)) from error
        for line in result.lines:
            self.stdout.write(line)
        if options["json"]:
            options["json"].write_text(json.dumps(result.document(options["file"]), indent=1, ensure_ascii=False) + "\n")
