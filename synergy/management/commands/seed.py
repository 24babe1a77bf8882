"""``manage.py seed``: put templates, exemplars, calibration and domains into the database; quick when nothing changed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from inference.services import seed


class Command(BaseCommand):
    help = "Put everything that is found by similarity into the database: stacks, their calibration, domains."

    def handle(self, *args: Any, **options: Any) -> None:
        changed = seed()
        self.stdout.write(f"{changed} rows changed." if changed else "Everything is up to date.")
