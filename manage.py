#!/usr/bin/env python3
"""Django's command line for Synergy. Commands that read or write the database get the services they need."""

import os
import sys
from contextlib import nullcontext

import django
from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")

from synergy.core.errors import SynergyError  # the settings must be named first
from synergy.embedded.client import session

#: ``build``, ``up`` and ``doctor`` ask for services themselves; the others of Synergy and of Django need none
DATABASE_COMMANDS = {
    "calibrate",
    "changepassword",
    "createsuperuser",
    "dbshell",
    "drf_create_token",
    "dumpdata",
    "evaluate",
    "loaddata",
    "migrate",
    "seed",
    "shell",
    "showmigrations",
}


def main(argv: list[str]) -> None:
    needs_services = len(argv) > 1 and argv[1] in DATABASE_COMMANDS and not {"--help", "-h"} & set(argv)
    if needs_services:
        django.setup()
    try:
        with session(()) if needs_services else nullcontext():
            execute_from_command_line(argv)
    except SynergyError as error:
        sys.exit(f"{error.message}\n{error.hint}")


if __name__ == "__main__":
    main(sys.argv)
