"""ASGI entry point: ``uvicorn synergy.asgi:application``."""

import os
from importlib import import_module

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")
import_module("synergy.telemetry").configure("web")  # before the middlewares are loaded
application = get_asgi_application()
import_module("synergy.celery")  # messages go by the configured application, which needs the settings
