"""Counters say what the ledger says, once for each end of a run, whoever asks and whatever was killed."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from monitor.models import Incident
from slo import folding, metrics
from slo.crowding import MOST, OTHER, Crowd
from slo.folding import fold
from slo.metrics import COUNTED, LOOKED, increments
from slo.models import Sample
from synergy.core.models import Run, RunState, Step, Tenant, WorkerBeat
from synergy.drill import rows
from tests.watchers import PATHS, needs

pytestmark = pytest.mark.django_db
RESULTS = {
    "stack": {"inferred": "mern", "confidence": 0.91},
    "ui": {"components": [{}, {}, {}]},
    "visuals": {
        "findings": [{"page": "home", "width": 375, "severity": "serious"}, {"page": "list", "width": None, "severity": "minor"}],
        "shots": [
            {"page": "home", "width": 375, "diff_ratio": None},
            {"page": "home", "width": 768, "diff_ratio": 0.03},
            {"page": "list", "width": 375, "diff_ratio": 0.0},
        ],
    },
    "conflicts": {
        "conflicts": [{"kind": "field", "resolved": True}, {"kind": "method", "resolved": False}],
        "similarity_before": 0.5,
        "similarity_after": 0.9,
    },
    "slo": {"gates": [{"gate": "cost", "passed": True}, {"gate": "walks", "passed": False}]},
}


def ended(tenant="ours", seconds=100.0, state=RunState.COMPLETED, results=RESULTS, **call):
    return rows.ended(rows.tenant_called(tenant), results, seconds=seconds, state=state, call=call)


class Seen(dict):
    """Series by name and the values of their labels, in any order."""

    def __getitem__(self, key):
        return super().__getitem__((key[0], *sorted(key[1:])))


@pytest.fixture
def scrape(client, settings):
    """All series as a scraper reads them."""
    settings.METRICS_TOKEN = "t"

    def read():
        page = client.get("/metrics", headers={"Authorization": "Bearer t"})
        assert page.status_code == 200
        families = text_string_to_metric_families(page.content.decode())
        return Seen({(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples})

    return read


def test_a_run_that_ended_is_in_the_counters(scrape):
    ended(activity="ui", model="grok", tokens_in=70, tokens_out=30, cost_usd=Decimal("0.25"), wasted=True)
    seen = scrape()
    assert seen["workflows_completed_total", "ours", "completed"] == 1
    assert seen["workflow_duration_seconds_count", "ours"] == 1
    assert seen["workflow_duration_seconds_bucket", "ours", "120"] == 1
    assert seen["workflow_duration_seconds_bucket", "ours", "90"] == 0
    assert seen["workflow_slow_total", "ours"] == 0
    assert seen["stack_confidence_sum", "ours", "mern"] == pytest.approx(0.91)
    assert seen["ui_components_generated_total", "ours", "fastapi-react"] == 3
    assert [seen[f"visual_tests{kind}_total", "ours"] for kind in ("", "_passed", "_failed")] == [3, 2, 1]
    assert seen["visual_diff_score_count", "ours"] == 2
    assert seen["conflicts_detected_total", "ours", "method"] == 1
    assert seen["conflicts_resolved_total", "ours", "field"] == 1
    assert seen["conflict_similarity_sum", "ours", "after"] == pytest.approx(0.9)
    assert seen["gate_results_total", "ours", "walks", "failed"] == 1
    assert seen["openrouter_tokens_used_total", "ours", "ui", "grok", "in"] == 70
    assert seen["openrouter_wasted_usd_total", "ours", "ui"] == 0.25
    assert seen["workflow_steps_total", "ui", "done"] == 1
    assert seen["workflow_step_retries_total", "ui", "failed"] == 1


def test_what_never_went_wrong_is_0_and_not_missing(scrape):
    """Prometheus does not see the growth of a counter that begins with 1."""
    good = {"stack": RESULTS["stack"], "slo": {"gates": [{"gate": "cost", "passed": True}]}}
    shots = {"findings": [], "shots": [{"page": "home", "width": 375, "diff_ratio": None}]}
    open_ = {"conflicts": [{"kind": "field", "resolved": False}], "similarity_before": 1, "similarity_after": 1}
    ended(results={**good, "visuals": shots, "conflicts": open_}, activity="ui", model="grok", tokens_in=1, cost_usd=Decimal(1))
    seen = scrape()
    for metric in ("workflow_slow_total", "stack_unsure_total", "visual_tests_failed_total"):
        assert seen[metric, "ours"] == 0
    assert seen["gate_results_total", "ours", "cost", "failed"] == 0
    assert seen["conflicts_resolved_total", "ours", "field"] == 0
    assert seen["openrouter_wasted_usd_total", "ours", "ui"] == 0


def test_each_end_is_counted_once_however_often_it_is_asked(scrape):
    ended()
    first = scrape()
    assert (
        scrape()["workflows_completed_total", "ours", "completed"] == first["workflows_completed_total", "ours", "completed"] == 1
    )


def test_a_run_that_is_tried_again_has_ended_twice(scrape):
    run = ended(state=RunState.FAILED, results={"stack": RESULTS["stack"]})
    assert scrape()["workflows_completed_total", "ours", "failed"] == 1
    later = timezone.now() + timedelta(seconds=1)
    Run.objects.filter(id=run.id).update(state=RunState.COMPLETED, finished_at=later)
    seen = scrape()
    assert seen["workflows_completed_total", "ours", "completed"] == 1
    assert seen["workflow_steps_total", "stack", "done"] == 1  # not once more


def test_720_seconds_are_not_slow_and_one_more_is(scrape):
    ended(seconds=720)
    ended(seconds=721)
    seen = scrape()
    assert seen["workflow_slow_total", "ours"] == 1
    assert seen["workflow_duration_seconds_bucket", "ours", "720"] == 1


def test_tenants_are_told_apart(scrape):
    ended("ours")
    ended("theirs")
    ended("theirs")
    seen = scrape()
    assert [seen["workflows_completed_total", tenant, "completed"] for tenant in ("ours", "theirs")] == [1, 2]


def test_what_fails_in_the_middle_is_counted_wholly_the_next_time(scrape, monkeypatch):
    ended()
    monkeypatch.setattr(folding, "ADD", "SELECT no_such_function(%s, %s, %s)")
    with pytest.raises(Exception, match="no_such_function"):
        fold()
    monkeypatch.undo()
    assert scrape()["workflows_completed_total", "ours", "completed"] == 1


def test_a_result_of_another_pipeline_does_not_stop_the_counting(scrape):
    ended(results={"stack": {"text": "tiny"}, "visuals": {"text": "tiny"}, "conflicts": {}, "slo": {"passed": True}, "ui": {}})
    assert scrape()["workflow_steps_total", "visuals", "done"] == 1


def test_the_statements_do_not_grow_with_the_runs():
    counts = []
    for _ in range(2):
        for _ in range(5 * (len(counts) + 1)):
            ended()
        with CaptureQueriesContext(connection) as queries:
            fold()
        counts.append(len(queries))
    assert counts[1] - counts[0] == 0


def test_what_goes_on_is_read_from_the_ledger(scrape):
    run = ended(state=RunState.RUNNING, results={})
    Run.objects.filter(id=run.id).update(finished_at=None, cost_usd=1, reserved_usd=1, budget_usd=5)
    Step.objects.create(
        run=run, name="tests", position=1, queue="tests", limit_seconds=1, need=0, state="ready", ready_at=timezone.now()
    )
    WorkerBeat.objects.create(id=run.id, beat=timezone.now(), lock_key=1, host="h", pid=1, engine="synergy/3")
    seen = scrape()
    assert seen["queue_depth", "tests"] == 1
    assert seen["queue_depth", "browser"] == 0  # an autoscaler must find a value
    assert 0 <= seen["queue_wait_seconds", "tests"] < 60
    assert seen["workflows_live", "running"] == 1
    assert seen["project_cost_usd", "ours", "shop"] == 1
    assert seen["project_budget_left_usd", "ours", "shop"] == 3
    assert seen["workers",] == 1


def test_repairs_and_how_long_they_took_are_counted(scrape):
    for seconds, told in ((0.5, False), (40.0, True), (0.0, False)):  # 0: nobody knows since when
        Incident.objects.create(remedy="lost_steps", seen="s", done="d", since_seconds=seconds, alert=told)
    seen = scrape()
    assert [seen["incidents_total", "lost_steps", told] for told in ("no", "yes")] == [2, 1]
    assert [seen["recovery_seconds_bucket", "lost_steps", edge] for edge in ("0.5", "30", "60", "+Inf")] == [1, 1, 2, 2]
    assert seen["recovery_seconds_sum", "lost_steps"] == pytest.approx(40.5)
    assert seen["recovery_seconds_count", "lost_steps"] == 2


def test_names_and_labels_are_those_that_are_defined():
    assert len({metric.name for metric in (*COUNTED, *LOOKED)}) == len(COUNTED) + len(LOOKED)
    with pytest.raises(KeyError, match="has the labels"):
        list(increments("visual_tests_total", {"page": "home"}, 1))
    [(_, key, _)] = increments("visual_tests_total", {"tenant": "x" * 500}, 1)
    assert len(key) < 100


# --- the first event ---

#: per alert or objective: what must be seen of the first run of a new tenant
FIRST = {
    "visual_tests_failed_total": 1,
    "visual_tests_total": 3,
    "workflow_slow_total": 1,
    "workflow_duration_seconds_count": 1,
    "conflicts_detected_total": 2,
    "ui_components_generated_total": 3,
    "stack_confidence_count": 1,
    "stack_confidence_sum": 0.5,
    "stack_unsure_total": 1,
    'gate_results_total{result="failed"}': 1,
    "gate_results_total": 2,
}


@pytest.fixture
def counted_from_the_first(client, settings, tmp_path):
    """Whether Prometheus sees all of the first run of a new tenant: /metrics before and after it are given to promtool."""
    settings.METRICS_TOKEN = "t"

    def scraped():
        page = client.get("/metrics", headers={"Authorization": "Bearer t"}).content.decode()
        samples = [s for family in text_string_to_metric_families(page) for s in family.samples]
        return {(s.name, *sorted(s.labels.items())): s.value for s in samples if s.labels.get("tenant") == "new"}

    def judge():
        Tenant.objects.create(slug="new", name="New")
        before = scraped()
        results = RESULTS | {"stack": {"inferred": "mern", "confidence": 0.5}}
        ended("new", seconds=900, results=results)
        series = [
            {
                "series": f"{name}{{{','.join(f'{label}={json.dumps(value)}' for label, value in labels)}}}",
                "values": f"{before.get((name, *labels), '_')} {value}x20",
            }
            for (name, *labels), value in scraped().items()
        ]
        # the window begins with the first value, so that nothing is extrapolated
        asked = [{"expr": f"sum(increase({name}[5m]))", "eval_time": "5m", "exp_samples": [{"labels": "{}", "value": value}]}
                 for name, value in FIRST.items()]  # fmt: skip
        tests = {"tests": [{"interval": "15s", "input_series": series, "promql_expr_test": asked}]}
        (tmp_path / "first.yml").write_text(json.dumps(tests))
        ran = subprocess.run([PATHS["promtool"], "test", "rules", "first.yml"], cwd=tmp_path, capture_output=True, text=True)
        return ran.returncode == 0, ran.stdout + ran.stderr

    return judge


@needs("promtool")
def test_prometheus_sees_the_first_event_of_a_new_tenant(counted_from_the_first):
    well, words = counted_from_the_first()
    assert well, words


@needs("promtool")
def test_without_a_zero_before_it_the_first_event_is_lost(counted_from_the_first, monkeypatch):
    monkeypatch.setattr(metrics, "zeros", lambda tenants: iter(()))
    well, words = counted_from_the_first()
    assert not well
    assert "got: {} 0E+00" in words, words


def test_every_series_of_the_alerts_begins_at_zero(scrape):
    Tenant.objects.create(slug="new", name="New")
    seen = scrape()
    asked = {name.partition("{")[0] for name in FIRST}
    assert {key[0] for key, value in seen.items() if "new" in key and value == 0} >= asked


def test_the_page_of_a_tenant_is_bounded(scrape):
    for number in range(metrics.TENANTS + 5):
        Tenant.objects.create(slug=f"t{number}", name="T")
    seen = scrape()
    assert ("visual_tests_total", f"t{metrics.TENANTS + 4}") in seen
    assert ("visual_tests_total", "t0") not in seen
    assert sum("t7" in key for key in seen) < 300


def test_a_label_has_no_more_values_than_it_may(monkeypatch):
    monkeypatch.setitem(MOST, "model", 3)
    for number in range(6):
        ended(activity="ui", model=f"model{number}", tokens_in=1, tokens_out=1, cost_usd=Decimal("0.25"))
        fold()
    paid = Sample.objects.filter(name="openrouter_cost_usd_total")
    models = {json.loads(labels)["model"]: value for labels, value in paid.values_list("labels", "value")}
    assert models == {"model0": 0.25, "model1": 0.25, "model2": 0.25, OTHER: 0.75}  # nothing is lost


def test_a_crowd_knows_who_was_there():
    crowd = Crowd({"tenant": 1})
    assert [crowd.admit({"tenant": name, "result": "x" * 70}) for name in ("a", "b", "a")] == [
        {"tenant": name, "result": "x" * 60} for name in ("a", OTHER, "a")
    ]
