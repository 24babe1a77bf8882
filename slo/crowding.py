"""No label grows without end: whatever people or providers write, a metric has a bounded number of series.

A value beyond the limit of its label is counted as ``OTHER``. Values that were known before keep their series.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection

OTHER = "(other)"  #: no tenant can be called that: it is no slug
#: label → how many values it may have; those of labels that are not named here are closed by the code
MOST = {"tenant": 500, "model": 100, "activity": 50, "stack": 50, "kind": 50, "gate": 50, "step": 100}
LONGEST = 60  #: characters of a value

KNOWN = "SELECT DISTINCT pair.key, pair.value FROM slo_sample, json_each_text(labels::json) AS pair WHERE pair.key = ANY(%s)"


class Crowd:
    """The values that labels have so far, as the database knows them when this is made."""

    def __init__(self, most: Mapping[str, int] | None = None) -> None:
        self.most = MOST if most is None else most
        self.known: dict[str, set[str]] = {label: set() for label in self.most}
        with connection.cursor() as cursor:
            cursor.execute(KNOWN, [list(self.most)])
            for label, value in cursor.fetchall():
                self.known[label].add(value)

    def admit(self, labels: Mapping[str, str]) -> dict[str, str]:
        """``labels`` as they are counted."""
        return {label: self._value(label, str(value)[:LONGEST]) for label, value in labels.items()}

    def _value(self, label: str, value: str) -> str:
        known = self.known.get(label)
        if known is None or value in known:
            return value
        if len(known) >= self.most[label]:
            return OTHER
        known.add(value)
        return value
