"""The whole beat schedule."""

from __future__ import annotations

SCHEDULE: dict[str, dict[str, object]] = {}
