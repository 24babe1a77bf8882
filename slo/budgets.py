"""Error budgets of tenants, from the ledger: the events that the objectives of ``objectives.toml`` count, kept by day.

Prometheus computes the same from the same counters, and may be away or young; what asks a person must not depend on it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, timedelta
from functools import cache
from typing import Literal

from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Now, TruncDate

from slo import rules
from slo.models import DayOfObjective
from synergy.core.models import Run
from synergy.core.value import Value

DAYS = 30
Kind = Literal["bad", "total"]

ADD = """
INSERT INTO slo_dayofobjective (tenant_id, objective, day, bad, total)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::bigint[], %s::bigint[])
ON CONFLICT (tenant_id, objective, day) DO UPDATE
SET bad = slo_dayofobjective.bad + excluded.bad, total = slo_dayofobjective.total + excluded.total
"""


class Budget(Value):
    """What a tenant has left of one objective's error budget. ``bad`` and ``total`` are events of the last 30 days."""

    objective: str
    title: str
    asked: float  #: per cent of good events
    bad: int
    total: int
    left: float  #: share of the budget; below 0 when it is overdrawn
    approve: bool  #: a delivery waits for a person while it is spent, where the tenant wants that

    @property
    def spent(self) -> bool:
        """All of it is used up. Few events are no proof: fewer bad ones than an alert asks for spend nothing."""
        return self.left <= 0 and self.bad >= rules.FEWEST


class Days:
    """Collects what runs add to the budgets, and writes it with one statement."""

    def __init__(self) -> None:
        self._sums: Counter[tuple[int, str, str, Kind]] = Counter()

    def add(self, run: Run, series: str, labels: Mapping[str, str], by: float) -> None:
        """What ``run``, which has ended, adds to one series of the counters."""
        assert run.finished_at is not None
        for objective, kind, wanted in _counting().get(series, ()):
            if wanted.items() <= labels.items():
                self._sums[run.tenant_id, objective, run.finished_at.date().isoformat(), kind] += round(by)

    def write(self) -> None:
        keys = sorted({key[:3] for key in self._sums})
        bad, total = ([self._sums[*key, kind] for key in keys] for kind in ("bad", "total"))
        tenants, objectives, days = ([key[n] for key in keys] for n in range(3))
        with connection.cursor() as cursor:
            cursor.execute(ADD, [tenants, objectives, days, bad, total])


def budgets(tenant_id: int) -> list[Budget]:
    """All budgets of a tenant, in the order of the file; untouched where nothing was counted. One query."""
    since = TruncDate(Now() - timedelta(days=DAYS), tzinfo=UTC)
    kept = DayOfObjective.objects.filter(tenant_id=tenant_id, day__gt=since)
    sums = {name: counts for name, *counts in kept.values_list("objective").annotate(Sum("bad"), Sum("total"))}
    return [_budget(one, *sums.get(one.name, (0, 0))) for one in _objectives()]


def _budget(one: rules.Objective, bad: int, total: int) -> Budget:
    left = round(1 - bad / total / one.budget, 4) if total else 1.0
    return Budget(
        objective=one.name,
        title=one.title,
        asked=one.objective,
        bad=bad,
        total=total,
        left=left,
        approve=one.spent == "approve",
    )


@cache
def _objectives() -> tuple[rules.Objective, ...]:
    return tuple(rules.load()[1])


@cache
def _counting() -> dict[str, list[tuple[str, Kind, dict[str, str]]]]:
    """Series → objectives that it counts for, as what, and the labels that it must have."""
    found: dict[str, list[tuple[str, Kind, dict[str, str]]]] = {}
    for one in _objectives():
        selectors: tuple[tuple[Kind, str], ...] = (("bad", one.bad), ("total", one.total))
        for kind, selector in selectors:
            series, labels = selected(selector)
            found.setdefault(series, []).append((one.name, kind, labels))
    return found


def selected(selector: str) -> tuple[str, dict[str, str]]:
    """Name and equal labels of a Prometheus selector. ValueError for one that says more than that."""
    found = re.fullmatch(r'([a-z_]+)(?:\{((?:[a-z_]+="[^"]*",?)*)\})?', selector)
    if found is None:
        raise ValueError(f"{selector!r} is no name with equal labels.")
    return found[1], dict(re.findall(r'([a-z_]+)="([^"]*)"', found[2] or ""))
