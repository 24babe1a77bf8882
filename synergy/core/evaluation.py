"""What ``manage.py evaluate`` prints and writes: one row per case, and the totals in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Evaluation:
    rows: list[dict[str, Any]]  #: one per case, JSON
    summary: dict[str, Any] = field(default_factory=dict)  #: the totals, JSON
    lines: list[str] = field(default_factory=list)  #: the same for a person

    def document(self, source: Path) -> dict[str, Any]:
        """What ``--json`` writes."""
        return {"source": source.name, "summary": self.summary, "rows": self.rows}
