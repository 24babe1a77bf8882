"""Configuration of Flower, given with ``--conf``: its password is asked for its metrics too, which it leaves open by itself.

``/healthcheck`` stays open: it says "OK" and nothing else.
"""

from flower.views.monitor import Metrics
from tornado.web import authenticated

Metrics.get = authenticated(Metrics.get)
