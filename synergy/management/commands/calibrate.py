"""``manage.py calibrate``: fit the confidence again after a change to the exemplars, the lexicon or the embedding model."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from inference.services import calibrate, cross_validation


class Command(BaseCommand):
    help = "Fit the confidence on fixtures/stacks/labelled.jsonl and write fixtures/stacks/calibration.json."

    def handle(self, *args: Any, **options: Any) -> None:
        fitted = calibrate()
        self.stdout.write(f"Fitted on {fitted.messages} messages for {fitted.model}.")
        for line in cross_validation().lines("Cross-validated"):
            self.stdout.write(line)
