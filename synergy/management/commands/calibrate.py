"""``manage.py calibrate [stacks|capabilities]``: fit again after a change to exemplars, phrases or the embedding model."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from inference.services import calibrate, calibrate_capabilities, cross_validation


def stacks() -> list[str]:
    fitted = calibrate()
    return [f"Fitted on {fitted.messages} messages for {fitted.model}.", *cross_validation().lines("Cross-validated")]


#: what can be fitted → the function that does it and says how well
FITS: dict[str, Callable[[], list[str]]] = {"stacks": stacks, "capabilities": calibrate_capabilities}


class Command(BaseCommand):
    help = "Fit the confidence on what is labelled, and write it to fixtures/<what>/calibration.json."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", nargs="?", choices=sorted(FITS), default="stacks")

    def handle(self, *args: Any, **options: Any) -> None:
        for line in FITS[options["what"]]():
            self.stdout.write(line)
