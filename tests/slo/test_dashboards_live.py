"""A real Prometheus scrapes the real page of metrics while runs end, with the real rules: every query of every panel answers."""

from __future__ import annotations

import copy
import time
import uuid
from decimal import Decimal

import httpx
import pytest
from django.utils import timezone

from monitor.models import Incident
from slo.dashboards import __main__ as command
from slo.dashboards import files, live
from slo.dashboards.queries import Asked
from slo.rules import DEPLOY
from synergy.core.models import Run, RunState, Step, WorkerBeat
from synergy.drill import scaled
from synergy.drill.watchers import Watchers
from synergy.embedded.programs import free_port
from tests.slo.test_metrics import RESULTS, ended
from tests.watchers import needs

TOKEN = "scraper"
START_SECONDS, ANSWER_SECONDS = 15.0, 25.0
UNSURE = {**RESULTS, "stack": {"inferred": "mern", "confidence": 0.55}}
CLEAN = {
    "stack": {"inferred": "mern", "confidence": 0.97},
    "visuals": {"findings": [], "shots": [{"page": "home", "width": 375, "diff_ratio": 0.0}]},
    "slo": {"gates": [{"gate": "cost", "passed": True}]},
}


@pytest.fixture
def prometheus(live_server, settings, tmp_path):
    """The address of a Prometheus with data of its own. It scrapes and judges every second; nobody is told."""
    settings.METRICS_TOKEN = TOKEN
    watchers = Watchers(tmp_path / "watchers")
    web, rules = live_server.url.removeprefix("http://"), DEPLOY / "prometheus" / "rules.yml"
    config = scaled.scraping(web, watchers.secret("metrics", TOKEN), rules, alertmanager="")
    del config["alerting"]
    try:
        yield f"http://{watchers.prometheus(watchers.config('prometheus.yml', config))}"
    finally:
        watchers.stop()


def runs_end():
    """Some that went well, and of everything that a panel shows at least one that did not."""
    paid = {"activity": "ui", "model": "grok", "tokens_in": 700, "tokens_out": 300}
    ended(cost_usd=Decimal("0.25"), wasted=True, **paid)
    ended(cost_usd=Decimal("0.10"), saved_usd=Decimal("0.05"), **paid)
    ended(seconds=900, results=UNSURE)
    ended(state=RunState.FAILED, results={"stack": RESULTS["stack"]})
    ended("perfect", results=CLEAN)
    for remedy, told in (("lost_steps", False), ("silent_beat", True)):
        Incident.objects.create(remedy=remedy, seen="s", done="d", since_seconds=3.5, took_seconds=0.1, alert=told)


def one_goes_on():
    run = ended(state=RunState.RUNNING, results={})
    Run.objects.filter(id=run.id).update(finished_at=None, cost_usd=1, budget_usd=5)
    Step.objects.create(
        run=run, name="tests", position=1, queue="tests", limit_seconds=1, need=0, state="ready", ready_at=timezone.now()
    )
    WorkerBeat.objects.create(id=uuid.uuid4(), beat=timezone.now(), lock_key=1, host="h", pid=1, engine="synergy/3")


def ask(url, expr):
    """Series of one query as (labels, value); none while nobody listens or it still starts."""
    try:
        response = httpx.get(f"{url}/api/v1/query", params={"query": expr}, trust_env=False)
    except httpx.TransportError:
        return []
    body = response.json() if response.status_code == 200 else {"data": {"result": []}}
    return [(sample["metric"], float(sample["value"][1])) for sample in body["data"]["result"]]


def until(holds, seconds):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "Prometheus did not get so far."
        time.sleep(0.3)


@pytest.mark.django_db(transaction=True)
@needs("prometheus")
def test_every_query_of_every_panel_has_data_and_a_misspelt_one_is_told(prometheus, monkeypatch, capsys):
    boards = files.made()
    one_goes_on()
    runs_end()
    until(lambda: ask(prometheus, "sum(workflows_completed_total) > 4"), START_SECONDS)
    runs_end()
    until(lambda: ask(prometheus, "sum(workflows_completed_total) > 9"), START_SECONDS)
    runs_end()
    end = time.monotonic() + ANSWER_SECONDS
    while any(answer.fault for answer in live.answers(boards, prometheus)) and time.monotonic() < end:
        time.sleep(1)
    assert command.main(["panels", "--prometheus", prometheus]) == 0, capsys.readouterr().out
    told = capsys.readouterr().out
    assert told.endswith(" 0 without data\n")
    assert len(told.splitlines()) > 100
    budgets = {(labels["tenant"], labels["slo"]): value for labels, value in ask(prometheus, "slo:error_budget_remaining:ratio")}
    assert budgets["perfect", "visual"] == budgets["perfect", "latency"] == 1  # no bad event is a whole budget, not none
    assert budgets["ours", "visual"] < 0

    wrong = copy.deepcopy(boards)
    [panel] = [panel for panel in wrong["cost"]["panels"] if panel["title"] == "Wasted share"]
    panel["targets"][0]["expr"] = panel["targets"][0]["expr"].replace("wasted_usd", "wastd_usd")
    monkeypatch.setattr(files, "made", lambda: wrong)
    assert command.main(["panels", "--prometheus", prometheus]) == 1
    [line] = [line for line in capsys.readouterr().out.splitlines() if " empty " in line]
    assert "Wasted share" in line


@pytest.mark.parametrize(
    ("body", "series", "fault"),
    [
        ({"status": "success", "data": {"result": [{"value": [0, "1.5"]}, {"value": [0, "NaN"]}]}}, 1, ""),
        ({"status": "success", "data": {"result": [{"value": [0, "NaN"]}]}}, 0, "NaN only"),
        ({"status": "success", "data": {"result": []}}, 0, "empty"),
        ({"status": "error", "error": "parse error"}, 0, "parse error"),
    ],
)
def test_no_series_no_number_and_no_query_are_told_apart(body, series, fault):
    with httpx.Client(base_url="http://p", transport=httpx.MockTransport(lambda _: httpx.Response(200, json=body))) as client:
        answer = live.instant(client, Asked("cost", "Spent", "x"), "x")
    assert (answer.series, answer.fault) == (series, fault)


def test_a_prometheus_that_is_not_there_is_told(capsys):
    assert command.main(["panels", "--prometheus", f"http://127.0.0.1:{free_port(0)}"]) == 1
    assert "does not answer" in capsys.readouterr().out
