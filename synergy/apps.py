from django.apps import AppConfig


class SynergyConfig(AppConfig):
    """The project itself: its commands and its system checks."""

    name = "synergy"
