"""Error budgets from the ledger are those that the counters tell Prometheus; and they are of 30 days and of one tenant."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from slo import rules
from slo.budgets import DAYS, budgets, selected
from slo.folding import fold
from slo.models import DayOfObjective, Sample
from synergy.core.models import Run, RunState
from synergy.drill import rows

pytestmark = pytest.mark.django_db


def left(tenant) -> dict[str, tuple[int, int]]:
    """Objective → (bad, total)."""
    return {one.objective: (one.bad, one.total) for one in budgets(tenant.pk)}


@pytest.fixture
def ours():
    """A good run of 100 s and a bad one of 800 s, counted."""
    tenant = rows.tenant_called("ours")
    rows.ended(tenant, rows.results(well=True))
    rows.ended(tenant, rows.results(well=False), seconds=800, state=RunState.REJECTED)
    fold()
    return tenant


def test_bad_and_all_events_of_each_objective_are_those_of_the_ledger(ours):
    assert left(ours) == {"visual": (9, 18), "latency": (1, 2), "gates": (3, 6), "confidence": (1, 2)}


def test_the_counters_say_the_same(ours):
    sums: dict[str, float] = dict.fromkeys(("bad", "total"), 0.0)
    for one in rules.load()[1]:
        for kind, selector in (("bad", one.bad), ("total", one.total)):
            name, labels = selected(selector)
            samples = Sample.objects.filter(name=name)
            for label, value in labels.items():
                samples = samples.filter(labels__contains=f'"{label}": "{value}"')
            sums[kind] += sum(sample.value for sample in samples)
    kept = left(ours).values()
    assert sums == {"bad": sum(bad for bad, _ in kept), "total": sum(total for _, total in kept)}


def test_what_is_left_is_a_share_of_what_may_be_bad(ours):
    found = {one.objective: one for one in budgets(ours.pk)}
    assert found["visual"].left == pytest.approx(1 - 0.5 / 0.05)
    assert found["visual"].spent
    assert [one.objective for one in found.values() if one.approve] == ["visual", "gates", "confidence"]


def test_few_bad_events_spend_nothing(ours):
    found = {one.objective: one for one in budgets(ours.pk)}
    assert found["latency"].left < 0
    assert not found["latency"].spent
    rows.ended(ours, {}, seconds=800)
    rows.ended(ours, {}, seconds=800)
    fold()
    assert next(one for one in budgets(ours.pk) if one.objective == "latency").spent


def test_others_have_a_budget_of_their_own(ours):
    theirs = rows.tenant_called("theirs")
    assert left(theirs) == dict.fromkeys(("visual", "latency", "gates", "confidence"), (0, 0))
    assert [one.left for one in budgets(theirs.pk)] == [1.0] * 4
    rows.ended(theirs, rows.results(well=True))
    fold()
    assert left(theirs)["gates"] == (0, 3)
    assert left(ours)["gates"] == (3, 6)


def test_after_30_days_it_is_forgotten(ours):
    today = timezone.now().date()
    DayOfObjective.objects.update(day=today - timedelta(days=DAYS - 1))
    assert left(ours)["gates"] == (3, 6)
    DayOfObjective.objects.update(day=today - timedelta(days=DAYS))
    assert left(ours)["gates"] == (0, 0)


def test_a_day_is_one_row_and_each_end_is_counted_once(ours):
    fold()
    rows.ended(ours, rows.results(well=True))
    fold()
    assert DayOfObjective.objects.filter(objective="gates").count() == 1
    assert left(ours)["gates"] == (3, 9)
    Run.objects.update(finished_at=timezone.now() + timedelta(seconds=1))  # tried again: they end once more
    fold()
    assert left(ours)["gates"] == (3, 9)
    assert left(ours)["latency"] == (2, 6)


def test_a_fold_that_fails_leaves_neither(ours, monkeypatch):
    before = left(ours)
    rows.ended(ours, rows.results(well=False))
    with monkeypatch.context() as patch:
        patch.setattr("slo.budgets.ADD", "SELECT no_such_function(%s, %s, %s, %s, %s)")
        with pytest.raises(Exception, match="no_such_function"):
            fold()
    assert left(ours) == before
    assert fold() == 1  # the counters did not have it either
    assert left(ours)["gates"] == (6, 9)


def test_all_budgets_are_one_query(ours):
    with CaptureQueriesContext(connection) as queries:
        budgets(ours.pk)
    assert len(queries) == 1


@pytest.mark.parametrize("wrong", ['a_total{b=~"c.*"}', 'a_total{b!="c"}', "rate(a_total[5m])", "a_total + b_total"])
def test_a_selector_that_cannot_be_counted_is_refused(wrong):
    with pytest.raises(ValueError, match="equal labels"):
        selected(wrong)


def test_those_of_the_file_can_be_counted():
    for one in rules.load()[1]:
        assert selected(one.bad)[0]
        assert selected(one.total)[0]
    assert selected('gate_results_total{result="failed",gate="walks"}') == (
        "gate_results_total",
        {"result": "failed", "gate": "walks"},
    )
