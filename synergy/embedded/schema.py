"""Brings the database up to date: migrations, then what each app seeds."""

from __future__ import annotations

from collections.abc import Callable

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

LOCK = 7_360_230  #: advisory lock: two processes that start at the same time take turns


def prepare_database(note: Callable[[str], None] = lambda line: None) -> None:
    """Migrate when behind, then call ``seed()`` of every AppConfig that has one (it must be quick when nothing changed)."""
    if behind():
        note("Creating the tables")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            try:
                call_command("migrate", interactive=False, verbosity=0)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    for config in apps.get_app_configs():
        seed = getattr(config, "seed", None)
        if seed is not None:
            seed()


def behind() -> bool:
    """Whether a migration has not been applied."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
