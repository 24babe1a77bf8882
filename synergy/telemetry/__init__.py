"""Traces: sent by OTLP over HTTP to where OTEL_EXPORTER_OTLP_ENDPOINT says; without it nothing of it is even imported.

A trace begins with a request or a command and follows its run through all processes. Whatever else happens (heartbeats, the
monitor's looks, waiting for messages) begins none. Nobody waits for the collector: see ``synergy.telemetry.otlp``.
"""

from __future__ import annotations

import os

from django.utils.module_loading import import_string

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def configure(part: str) -> bool:
    """Trace this process, which is the ``part`` of Synergy (web, worker, build); False when nobody collects.

    Once in a process, in a forked one after the fork.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return False
    import_string("synergy.telemetry.otlp.start")(part)
    return True
