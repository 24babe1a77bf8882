"""WSGI entry point, for servers that speak no ASGI."""

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")
application = get_wsgi_application()
import_module("synergy.celery")  # messages go by the configured application, which needs the settings
