"""Rules are made from the objectives, up to date, about metrics that exist, able to fire; and promtool, where it is, tries them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from slo import rules
from slo.metrics import COUNTED, LOOKED
from tests.watchers import PATHS, needs

KNOWN = rules.exported({m.name: bool(getattr(m, "buckets", ())) for m in (*COUNTED, *LOOKED)})


PROMTOOL, AMTOOL = PATHS["promtool"], PATHS["amtool"]


def test_what_is_made_from_the_objectives_is_up_to_date():
    assert rules.stale() == []


def test_a_change_of_the_objectives_makes_the_files_old(tmp_path, monkeypatch):
    file = tmp_path / "objectives.toml"
    file.write_text(rules.FILE.read_text().replace("> 5'", "> 6'"))
    alerts, objectives = rules.load(file)
    monkeypatch.setattr(rules, "load", lambda: (alerts, objectives))
    assert rules.stale() == ["prometheus/rules.yml", "slos.md"]


def test_all_metrics_exist_and_every_alert_can_fire():
    assert list(rules.faults(*rules.load(), KNOWN)) == []


def test_a_misspelt_metric_and_an_alert_that_never_fires_are_found():
    alerts, objectives = rules.load()
    wrong = alerts[0].model_copy(update={"expr": "stack_confidense_sum > 1"})
    assert list(rules.faults([wrong], [], KNOWN)) == ["LowStackConfidence: there is no metric stack_confidense_sum."]
    loose = objectives[0].model_copy(update={"objective": 90.0})
    assert "a burn rate of 14.4 needs more than 100 %" in next(rules.faults([], [loose], KNOWN))


def test_the_five_alerts_have_the_thresholds_that_were_asked_for():
    alerts = {alert.name: alert for alert in rules.load()[0]}
    asked = {
        "LowStackConfidence": ("< 0.8", "5m"),
        "HighConflictRate": ("> 0.10", "10m"),
        "VisualFailures": ("> 0.05", "5m"),
        "WorkflowsTooSlow": ("> 720", "5m"),
        "ProjectCostExceeded": ("> 5", "1m"),
    }
    assert {name: (alert.expr[-len(asked[name][0]) :], alert.for_) for name, alert in alerts.items()} == asked
    assert alerts["ProjectCostExceeded"].action == "block"


FOLDER = rules.DEPLOY / "prometheus"
EDGES = "rules_edges_test.yml"
ALERTS = ["LowStackConfidence", "HighConflictRate", "VisualFailures", "WorkflowsTooSlow", "ProjectCostExceeded"]
PAGES = ["VisualBudgetBurns", "LatencyBudgetBurns", "GatesBudgetBurns", "ConfidenceBudgetBurns"]
#: what is changed, all at once, and the alerts whose cases must notice it
MOVED = {
    "looser": (
        [("< 0.8)", "< 0.7)"), ("> 0.10)", "> 0.12)"), ("> 0.05)", "> 0.07)"), ("> 720)", "> 900)"), (') > 5"', ') > 5.5"'),
         ("> 0.72 and", "> 0.74 and"), ("> 0.144 and", "> 0.16 and"), ("> 0.6 and", "> 0.65 and")],
        ALERTS + PAGES,
    ),
    "stricter": (
        [("< 0.8)", "< 0.85)"), ("> 0.10)", "> 0.08)"), ("> 0.05)", "> 0.03)"), ("> 720)", "> 480)"), (') > 5"', ') > 4.9"'),
         ("> 0.3 and", "> 0.29 and"), ("> 0.06 and", "> 0.05 and"), ("> 0.4 and", "> 0.39 and")],
        ALERTS + PAGES,
    ),
    "without floors": ([(">= 20)", ">= 1)"), (">= 3)", ">= 1)")], ALERTS[:4] + PAGES),
    "tenants as one": ([("sum by (tenant) (increase(", "sum by () (increase(")], ALERTS[:3] + PAGES),
}  # fmt: skip


def tried(file: str, folder: Path = FOLDER) -> tuple[int, str]:
    ran = subprocess.run([PROMTOOL, "test", "rules", file], cwd=folder, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@needs("promtool")
@pytest.mark.parametrize("file", ["rules_test.yml", EDGES])
def test_promtool_tries_every_threshold(file):
    code, words = tried(file)
    assert code == 0, words


@needs("promtool")
@pytest.mark.parametrize("what", MOVED)
def test_promtool_finds_what_was_moved(tmp_path, what):
    changes, alerts = MOVED[what]
    text = (FOLDER / "rules.yml").read_text()
    for good, bad in changes:
        assert good in text
        text = text.replace(good, bad)
    (tmp_path / "rules.yml").write_text(text)
    shutil.copy(FOLDER / EDGES, tmp_path)
    code, words = tried(EDGES, tmp_path)
    assert code != 0
    assert [alert for alert in alerts if f'alertname=\\"{alert}\\"' not in words] == [], words


@needs("amtool")
def test_amtool_takes_the_routes():
    config = rules.DEPLOY / "alertmanager" / "alertmanager.yml"
    assert subprocess.run([AMTOOL, "check-config", str(config)], capture_output=True).returncode == 0


def test_alerts_come_to_the_address_that_hears_them():
    (receiver,) = json.loads((rules.DEPLOY / "alertmanager" / "alertmanager.yml").read_text())["receivers"]
    assert receiver["webhook_configs"][0]["url"].endswith("/internal/alerts")
    assert receiver["webhook_configs"][0]["send_resolved"]
