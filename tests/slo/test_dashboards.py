"""Dashboards are up to date, name what exists, cover every metric, and draw their limits where gates and alerts have them."""

from __future__ import annotations

import copy
import json
import re

import pytest

from slo import levels, rules
from slo.dashboards import __main__ as command
from slo.dashboards import files, lint, parts, schema
from slo.dashboards.queries import asked, filled, panels, values
from slo.metrics import COUNTED, LOOKED

METRICS = {metric.name: (metric.labels, bool(metric.buckets)) for metric in (*COUNTED, *LOOKED)}
KNOWN = lint.known(METRICS)


@pytest.fixture(scope="module")
def boards():
    return files.made()


def changed(boards, name, title, **values):
    """A copy in which one panel is another."""
    other = copy.deepcopy(boards)
    [panel] = [panel for panel in other[name]["panels"] if panel["title"] == title and panel["type"] != "row"]
    panel.update(values)
    return other


def limits(boards, name, title):
    [panel] = [panel for panel in boards[name]["panels"] if panel["title"] == title and panel["type"] != "row"]
    return [(step["value"], step["color"]) for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]


# --- the files -----------------------------------------------------------------------------------------------------------


def test_the_files_are_up_to_date():
    assert files.stale() == []


def test_a_file_that_somebody_edited_is_named_and_so_is_one_that_nothing_makes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    assert command.main(["write"]) == 0
    cost = tmp_path / "dashboards" / "cost.json"
    cost.write_text(cost.read_text().replace("openrouter_cost", "openrouter_price"))
    (tmp_path / "dashboards" / "old.json").write_text("{}")
    assert files.stale() == ["dashboards/cost.json", "dashboards/old.json"]
    assert command.main(["check"]) == 1
    assert "grafana/dashboards/cost.json is not up to date" in capsys.readouterr().out
    assert command.main(["write"]) == 0
    assert not (tmp_path / "dashboards" / "old.json").exists()


def test_what_is_made_twice_is_the_same():
    assert files.files() == files.files()


def test_provisioning_finds_the_data_source_and_the_dashboards(boards):
    [source] = files.sources()["datasources"]
    assert (source["uid"], source["url"]) == ("prometheus", "http://prometheus:9090")
    [provider] = files.providers()["providers"]
    assert provider["options"]["path"] == files.IN_GRAFANA
    for board in boards.values():
        assert values(board)["datasource"] == source["uid"]


# --- every dashboard -----------------------------------------------------------------------------------------------------


def test_addresses_and_ids_are_stable_and_nothing_is_missing(boards):
    assert set(boards) == {"overview", "budgets", "run", "cost", "healing", "queues"}
    for name, board in boards.items():
        assert board["uid"] == f"synergy-{name}"
        assert not {"id", "gnetId", "version"} & set(board)
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)
        assert {"datasource", "tenant"} <= set(values(board))
        for panel in panels(board):
            assert panel["title"]
            assert panel["description"]
            if panel["type"] != "text":
                assert panel["fieldConfig"]["defaults"]["unit"]
                assert panel["targets"]
                assert all(target["legendFormat"] for target in panel["targets"])


def test_panels_do_not_lie_on_each_other_and_fill_the_width(boards):
    for name, board in boards.items():
        taken = set()
        for panel in board["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            assert not cells & taken, f"{name}: {panel['title']} lies on another panel"
            assert at["x"] + at["w"] <= 24
            taken |= cells
        assert len(taken) == 24 * (max(y for _, y in taken) + 1), f"{name} has holes"


def test_two_panels_of_one_title_are_refused():
    panel = parts.words("Same", "a", "b")
    with pytest.raises(ValueError, match="two panels of the kind and title text Same"):
        parts.board("x", "X", "about", [parts.Row("Row", (panel, parts.words("Same", "a", "b")))])


def test_windows_are_long_enough_for_runs_that_take_minutes(boards):
    short = re.compile(r"\[(\d+s|[1-9]m|[12]\dm|\$__rate_interval|\$__interval)\]")
    for name, board in boards.items():
        for query in asked(name, board):
            assert not short.search(query.expr), f"{name}, {query.panel}"


# --- names ---------------------------------------------------------------------------------------------------------------


def test_every_name_exists(boards):
    assert lint.faults(boards, KNOWN) == []


@pytest.mark.parametrize(
    ("expr", "says"),
    [
        ("sum(rate(workflow_completed_total[1h]))", "there is no metric workflow_completed_total."),
        ('sum(increase(workflows_completed_total{tenant="a"}[1h])) / worker', "there is no metric worker."),
        ("histogram_quantile(0.95, sum by (le) (increase(workflow_duration_seconds[1h])))", "no metric workflow_duration_seconds."),
        ("slo:error_budget_remaining:ratios", "there is no metric slo:error_budget_remaining:ratios."),
        ('workflows_completed_total{tenants=~"$tenant"}', "workflows_completed_total has no label tenants."),
        ('workflow_steps_total{step="ui", tenant=~"$tenant"}', "workflow_steps_total has no label tenant."),
        ("sum by (stacks) (increase(stack_confidence_count[1h]))", "nothing in it has a label stacks."),
    ],
)  # fmt: skip
def test_a_misspelt_name_is_found(boards, expr, says):
    wrong = changed(boards, "overview", "Ended runs", targets=[{"expr": expr}])
    [fault] = lint.faults(wrong, KNOWN)
    assert fault.startswith("overview, Ended runs: ")
    assert fault.endswith(says)


def test_a_misspelt_variable_is_found(boards):
    wrong = copy.deepcopy(boards)
    wrong["cost"]["templating"]["list"][1]["query"]["query"] = "label_values(workflows_completed_total, tenants)"
    assert lint.faults(wrong, KNOWN) == ["cost, variable tenant: nothing in it has a label tenants."]
    with pytest.raises(KeyError, match="tennant"):
        filled('workers{tenant="$tennant"}', values(boards["cost"]))


def test_variables_are_put_in_as_grafana_does(boards):
    known = values(boards["run"])
    assert filled('x{tenant=~"$tenant", project=~"${project:regex}"}[$__range]', known) == 'x{tenant=~".*", project=~".*"}[1h]'


def test_every_metric_is_on_some_dashboard(boards):
    seen = {name for board in boards.values() for query in asked("", board) for name in lint.named(query.expr)}
    unseen = [name for name in METRICS if not {name, *(f"{name}{suffix}" for suffix in rules.SUFFIXES)} & seen]
    assert unseen == []


# --- limits --------------------------------------------------------------------------------------------------------------


def test_limits_are_those_of_the_gates_and_alerts(boards):
    assert limits(boards, "overview", "Confidence in the stack") == [(None, "red"), (0.8, "green")]
    assert limits(boards, "overview", "Conflicts for each component") == [(None, "green"), (0.10, "red")]
    assert limits(boards, "overview", "Failed pictures") == [(None, "green"), (0.05, "red")]
    assert limits(boards, "overview", "Duration of runs") == [(None, "green"), (720, "red")]
    assert limits(boards, "overview", "Cost of projects") == [(None, "green"), (5, "red")]
    assert limits(boards, "overview", "Similarity of the pairs") == [(None, "red"), (0.85, "green")]
    assert limits(boards, "budgets", "Burn rate (page): visual") == [(None, "green"), (6, "red")]
    assert limits(boards, "budgets", "Burn rate (page): confidence") == [(None, "green"), (4, "red")]


def test_limits_are_written_once(tmp_path, monkeypatch):
    """Another service level moves the lines; what the environment of this machine overrides does not."""
    monkeypatch.setenv("SYNERGY_SLO_DURATION", "60")
    assert parts.level("duration").value == 720
    text = rules.FILE.read_text()
    (tmp_path / "objectives.toml").write_text(text.replace("> 5'", "> 6'").replace("objective = 99", "objective = 98"))
    moved = rules.load(tmp_path / "objectives.toml")
    monkeypatch.setattr(rules, "load", lambda: moved)
    (tmp_path / "slos.toml").write_text(levels.FILE.read_text().replace("threshold = 720", "threshold = 600"))
    fresh = levels.written(tmp_path / "slos.toml")
    monkeypatch.setattr(levels, "written", lambda: fresh)
    assert files.stale() == [f"dashboards/{name}.json" for name in ("budgets", "cost", "overview", "run")]
    assert limits(files.made(), "overview", "Duration of runs") == [(None, "green"), (600, "red")]


# --- Grafana's own types: `make dashboards` runs the compiler ------------------------------------------------------------


def test_each_panel_is_held_against_the_types_of_its_kind(boards):
    types = {claim.type for claim in schema.claims(boards)}
    assert types == {
        "Dashboard", "Partial<TimeSeriesPanelCfg.Options>", "TimeSeriesPanelCfg.FieldConfig", "Partial<StatPanelCfg.Options>",
        "Partial<BarGaugePanelCfg.Options>", "Partial<TextPanelCfg.Options>",
    }  # fmt: skip


def test_what_the_compiler_says_is_told_by_panel_and_what_it_does_not_find_too(boards, monkeypatch):
    made = [claim.about for claim in schema.claims(boards)]
    first, planted = len(schema.head()) + 1, len(schema.head()) + len(made) + 1
    said = f"check.ts({first},7): error TS1: no.\n" + "".join(
        f"check.ts({planted + at},7): error TS2: yes.\n" for at in range(1, len(schema.PLANTED))
    )
    monkeypatch.setattr(schema, "compiled", lambda _: said)
    assert schema.faults(boards) == [f"{made[0]}: TS1: no.", "not found: options: null"]


def test_the_text_for_the_compiler_has_one_line_for_each_claim(boards):
    made = [*schema.claims(boards), *schema.PLANTED]
    lines = schema.source(made).splitlines()
    assert len(lines) == len(schema.head()) + len(made)
    assert json.loads(lines[-1].partition(" = ")[2].rstrip(";")) == {"showPoints": "sometimes"}
