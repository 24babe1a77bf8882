from django.apps import AppConfig

import synergy.checks  # noqa: F401  # registers them


class SynergyConfig(AppConfig):
    """The project itself: its commands and its system checks."""

    name = "synergy"
