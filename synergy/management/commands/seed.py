"""``manage.py seed``: put templates, exemplars and calibration into the database; quick when nothing changed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from inference.services import seed_templates


class Command(BaseCommand):
    help = "Put the stack templates, their exemplars and the calibration into the database."

    def handle(self, *args: Any, **options: Any) -> None:
        changed = seed_templates()
        self.stdout.write(f"{changed} exemplars changed." if changed else "Everything is up to date.")
