from django.apps import AppConfig


class UiAgentsConfig(AppConfig):
    name = "uiagents"
