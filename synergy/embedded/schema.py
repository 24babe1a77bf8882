"""Brings the database up to date: migrations, then seeds."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

LOCK = 7_360_230  #: advisory lock: two processes that start at the same time take turns


def migrate(note: Callable[[str], None]) -> None:
    """Apply what has not been applied."""
    if not behind():
        return
    note("Creating the tables")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def seed() -> None:
    """Store what is searched: stack templates, exemplars, calibration. One query when nothing changed."""
    call_command("seed", stdout=StringIO())


def behind() -> bool:
    """Whether a migration has not been applied."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
