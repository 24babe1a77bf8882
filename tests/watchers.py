"""Prometheus' and Alertmanager's programs, of the system or of `make watchers`: tests that need one are skipped where it is not."""

from __future__ import annotations

import pytest

from synergy.core import tools


def path_of(name: str) -> str:
    """Where a program is; "" when it is not here."""
    try:
        return str(tools.watcher(name).path)
    except tools.ToolMissing:
        return ""


PATHS = {name: path_of(name) for name in tools.WATCHERS}


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not PATHS[name], reason=tools.HINTS[name])
