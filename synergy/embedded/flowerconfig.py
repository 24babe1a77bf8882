"""Configuration of Flower, given with ``--conf``: its password is asked for its metrics too, which it leaves open by itself.

``/healthcheck`` stays open: it says "OK" and nothing else. Embedded, the password comes in FLOWER_BASIC_AUTH; deployed, in
FLOWER_PASSWORD or its file. Without one Flower does not start: it shows everything and can stop workers.
"""

from django.core.exceptions import ImproperlyConfigured
from flower.views.monitor import Metrics
from tornado.web import authenticated

from synergy.env import env_str

if word := env_str("FLOWER_PASSWORD"):
    basic_auth = [f"synergy:{word}"]
elif not env_str("FLOWER_BASIC_AUTH"):
    raise ImproperlyConfigured("Flower needs FLOWER_PASSWORD or FLOWER_PASSWORD_FILE.")

Metrics.get = authenticated(Metrics.get)
