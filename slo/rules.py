"""Service level objectives as code: ``objectives.toml`` → Prometheus rules, Alertmanager routes, a page of documentation.

``python -m slo.rules write`` makes the files below ``deploy/`` anew, ``check`` says whether they are up to date. Burn rates are
those of the SRE workbook (two windows each, page and ticket); few events are no proof, so each asks for some bad ones, too.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from synergy.core.value import Value

FILE = Path(__file__).with_name("objectives.toml")
DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
#: (severity, long window, short window), and how many times faster than allowed the budget is spent
BURNS = (("page", "1h", "5m"), ("page", "6h", "30m"), ("ticket", "1d", "2h"), ("ticket", "3d", "6h"))
FACTORS = (14.4, 6.0, 3.0, 1.0)
FEWEST = 3  #: bad events in the long window
BY = "tenant"
APPROVAL = (
    "Spent budget, a person approves: the runs of a tenant that wants it (admin, Tenants) rest before their delivery while as "
    "many events of the last 30 days were bad as may be, or more. The budgets are those of the ledger, on the admin's page "
    "How runs went; going on with such a run (admin, `POST /api/runs/<id>/resume`, `manage.py build --resume RUN`) approves it."
)
SUFFIXES = ("_bucket", "_count", "_sum")


class AlertRule(Value):
    name: str
    summary: str
    expr: str
    floor: str = ""  #: must hold too: enough events to judge by
    for_: str = Field(alias="for")
    severity: Literal["info", "warning", "page"]
    action: str = ""
    help: str


class Objective(Value):
    name: str
    title: str
    objective: float  #: per cent of good events
    bad: str
    total: str
    factors: tuple[float, ...] = FACTORS
    spent: Literal["", "approve"] = ""  #: what happens while the budget of 30 days is spent

    @property
    def budget(self) -> float:
        """Share of events that may be bad."""
        return round(1 - self.objective / 100, 10)


def load(file: Path = FILE) -> tuple[list[AlertRule], list[Objective]]:
    data = tomllib.loads(file.read_text())
    return [AlertRule.model_validate(a) for a in data["alert"]], [Objective.model_validate(o) for o in data["objective"]]


def faults(alerts: list[AlertRule], objectives: list[Objective], known: set[str]) -> Iterator[str]:
    """What is wrong: metrics that nobody exports, alerts that can never fire."""
    texts = {a.name: f"{a.expr} {a.floor}" for a in alerts} | {o.name: f"{o.bad} {o.total}" for o in objectives}
    for name, text in texts.items():
        for metric in re.findall(r"[a-z][a-z_]*_[a-z_]+", re.sub(r"\{[^}]*\}|by \([^)]*\)|histogram_quantile", "", text)):
            if metric not in known:
                yield f"{name}: there is no metric {metric}."
    for objective in objectives:
        if len(objective.factors) != len(BURNS):
            yield f"{objective.name}: {len(BURNS)} factors are needed."
        for factor in objective.factors:
            if factor * objective.budget >= 1:
                yield f"{objective.name}: a burn rate of {factor:g} needs more than 100 % bad events and never fires."


def exported(names: dict[str, bool]) -> set[str]:
    """All series of metrics: name → whether it is a histogram."""
    return {
        series for name, histogram in names.items() for series in ((f"{name}{s}" for s in SUFFIXES) if histogram else (name,))
    }


def prometheus(alerts: list[AlertRule], objectives: list[Objective]) -> dict[str, Any]:
    """The rule file."""
    watched = [_alert(alert) for alert in alerts]
    return {"groups": [{"name": "alerts", "rules": watched}, *(_group(objective) for objective in objectives)]}


def _alert(alert: AlertRule) -> dict[str, Any]:
    labels = {"severity": alert.severity} | ({"action": alert.action} if alert.action else {})
    expr = f"({alert.expr}) and on ({BY}) ({alert.floor})" if alert.floor else alert.expr
    told = {"summary": alert.summary, "description": f"{{{{ $labels.{BY} }}}}: {{{{ $value | humanize }}}}. {alert.help}"}
    return {"alert": alert.name, "expr": expr, "for": alert.for_, "labels": labels, "annotations": told}


def _group(objective: Objective) -> dict[str, Any]:
    name, labels = objective.name, {"slo": objective.name}
    chosen = f'{{slo="{name}"}}'
    rules: list[dict[str, Any]] = []
    for window in WINDOWS:
        bad, total = (f"sum by ({BY}) (increase({series}[{window}]))" for series in (objective.bad, objective.total))
        rules.append({"record": f"slo:sli_error:ratio_rate{window}", "expr": f"{bad} / ({total} > 0)", "labels": labels})
    left = f"1 - slo:sli_error:ratio_rate30d{chosen} / {objective.budget:g}"
    rules.append({"record": "slo:error_budget_remaining:ratio", "expr": left, "labels": labels})
    for (severity, long, short), factor in zip(BURNS, objective.factors, strict=True):
        limit = f"{factor * objective.budget:g}"
        burning = " and ".join(f"slo:sli_error:ratio_rate{window}{chosen} > {limit}" for window in (long, short))
        enough = f"sum by ({BY}) (increase({objective.bad}[{long}])) >= {FEWEST}"
        rules.append(
            {
                "alert": f"{name.title()}BudgetBurns",
                "expr": f"{burning} and on ({BY}) ({enough})",
                "labels": labels | {"severity": severity, "window": long},
                "annotations": {
                    "summary": f"{objective.title}: the error budget is spent {factor:g} times too fast",
                    "description": f"{{{{ $labels.{BY} }}}}: {{{{ $value | humanizePercentage }}}} were bad within {long}, "
                    f"{objective.budget:.0%} may be.",
                },
            }
        )
    return {"name": f"slo-{name}", "rules": rules}


def alertmanager() -> dict[str, Any]:
    """Routes: everything goes to Synergy, which knows the targets of each tenant; pages at once, tickets in bundles."""
    hook = {
        "url": "http://web:8000/internal/alerts",
        "send_resolved": True,
        "http_config": {"authorization": {"credentials_file": "/run/secrets/alerts_token"}},
    }
    soon = {"matchers": ['severity="page"'], "group_wait": "5s", "group_interval": "1m", "receiver": "synergy"}
    route = {"receiver": "synergy", "group_by": ["alertname", BY, "project"], "group_wait": "30s", "group_interval": "5m"}
    return {
        "route": route | {"repeat_interval": "12h", "routes": [soon]},
        "receivers": [{"name": "synergy", "webhook_configs": [hook]}],
    }


def page(alerts: list[AlertRule], objectives: list[Objective]) -> str:
    """The documentation, in Markdown."""
    lines = ["# Alerts and service level objectives", "", "Made from `slo/objectives.toml` by `python -m slo.rules write`.", ""]
    for alert in alerts:
        does = " Its runs are blocked." if alert.action else ""
        lines += [f"## {alert.name} ({alert.severity}, after {alert.for_})", "", f"{alert.summary}.{does} {alert.help}", ""]
        lines += ["    " + alert.expr, *([f"    and {alert.floor}"] if alert.floor else []), ""]
    lines += ["## Error budgets", "", "| objective | good events | page at | ticket at | budget spent |", "|---|---|---|---|---|"]
    for o in objectives:
        shares = [f"{factor * o.budget:.0%} bad within {long}" for (_, long, _), factor in zip(BURNS, o.factors, strict=True)]
        spent = "a person approves" if o.spent else ""
        lines.append(f"| {o.title} | {o.objective:g} % | {', '.join(shares[:2])} | {', '.join(shares[2:])} | {spent} |")
    return "\n".join([*lines, "", f"None of them fires with fewer than {FEWEST} bad events.", "", APPROVAL, ""])


def files() -> dict[str, str]:
    """Path below ``deploy/`` → content. JSON is YAML."""
    alerts, objectives = load()
    return {
        "prometheus/rules.yml": json.dumps(prometheus(alerts, objectives), indent=1) + "\n",
        "alertmanager/alertmanager.yml": json.dumps(alertmanager(), indent=1) + "\n",
        "slos.md": page(alerts, objectives),
    }


def stale() -> list[str]:
    """Files that are not as this module would write them."""
    return [name for name, text in files().items() if not (DEPLOY / name).is_file() or (DEPLOY / name).read_text() != text]


def main(action: str) -> int:
    if action == "write":
        for name, text in files().items():
            (DEPLOY / name).parent.mkdir(parents=True, exist_ok=True)
            (DEPLOY / name).write_text(text)
    old = stale()
    told = "\n".join(f"{name} is not up to date: python -m slo.rules write" for name in old) or "The rules are up to date."
    sys.stdout.write(f"{told}\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
