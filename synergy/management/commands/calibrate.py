"""``manage.py calibrate [stacks|capabilities]``: fit again after a change to exemplars, phrases or the embedding model.

``--feedback`` fits the confidence with what people decided about stacks and shows it beside the one in use; ``--adopt`` takes it.
"""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inference.feedback import adopt, refit
from inference.services import calibrate, calibrate_capabilities, cross_validation
from synergy.core.errors import BadInput
from synergy.workflow.feedback import learned


def stacks() -> list[str]:
    fitted = calibrate()
    return [f"Fitted on {fitted.messages} messages for {fitted.model}.", *cross_validation().lines("Cross-validated")]


def feedback(*, adopting: bool) -> list[str]:
    found = refit(learned())
    if adopting:
        adopt(found.parameters, getpass.getuser())
    return [*found.lines(), "Adopted." if adopting else "Nothing was changed: --adopt takes the new fit."]


#: what can be fitted → the function that does it and says how well
FITS: dict[str, Callable[[], list[str]]] = {"stacks": stacks, "capabilities": calibrate_capabilities}


class Command(BaseCommand):
    help = "Fit the confidence on what is labelled, and write it to fixtures/<what>/calibration.json."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", nargs="?", choices=sorted(FITS), default="stacks")
        parser.add_argument(
            "--feedback", action="store_true", help="with the stacks that people confirmed or corrected; only shown"
        )
        parser.add_argument("--adopt", action="store_true", help="judge by that fit from now on")

    def handle(self, *args: Any, **options: Any) -> None:
        taught = options["feedback"] or options["adopt"]
        try:
            lines = feedback(adopting=options["adopt"]) if taught else FITS[options["what"]]()
        except BadInput as error:
            raise CommandError(f"{error.message} {error.hint}") from None
        for line in lines:
            self.stdout.write(line)
