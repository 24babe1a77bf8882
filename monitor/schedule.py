"""The whole beat schedule."""

from __future__ import annotations

SCHEDULE: dict[str, dict[str, object]] = {
    # A look that nobody took in time is not worth taking late: the next one is due anyway.
    "heal": {"task": "monitor.heal", "schedule": 10.0, "options": {"queue": "control", "expires": 10}},
    "alerts": {"task": "slo.deliver", "schedule": 10.0, "options": {"queue": "control", "expires": 10}},
    "tidy": {"task": "monitor.tidy", "schedule": 3600.0, "options": {"queue": "control", "expires": 3600}},
}
