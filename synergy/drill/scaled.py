"""The shipped rules and routes, quicker: windows and waits are shorter by one factor, thresholds are as they are.

With the factor 60 a minute is a second: what pages after five minutes in earnest does so after five seconds here.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

from slo.rules import DEPLOY

FACTOR = 60.0
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
WAITS = ("group_wait", "group_interval", "repeat_interval")


def shorter(duration: str, factor: float) -> str:
    """ "5m" → "5s" with the factor 60; at least 10 ms."""
    number, unit = re.fullmatch(r"(\d+)(ms|[smhd])", duration).groups()  # type: ignore[union-attr]  # our own files
    milliseconds = max(round(int(number) * UNITS[unit] * 1000 / factor), 10)
    return f"{milliseconds // 1000}s" if milliseconds % 1000 == 0 else f"{milliseconds}ms"


def rules(factor: float, source: Path = DEPLOY / "prometheus" / "rules.yml") -> dict[str, Any]:
    """The rule file. Names and labels keep the windows that they are called after."""
    data: dict[str, Any] = json.loads(source.read_text())
    for rule in (rule for group in data["groups"] for rule in group["rules"]):
        rule["expr"] = re.sub(r"\[(\w+)\]", lambda found: f"[{shorter(found[1], factor)}]", rule["expr"])
        if "for" in rule:
            rule["for"] = shorter(rule["for"], factor)
    return data


def routes(factor: float, url: str, token: Path, source: Path = DEPLOY / "alertmanager" / "alertmanager.yml") -> dict[str, Any]:
    """Alertmanager's configuration, telling ``url`` with the token in the file ``token``."""
    data: dict[str, Any] = json.loads(source.read_text())
    data["route"] = _quick(data["route"], factor)
    for receiver in data["receivers"]:
        for hook in receiver["webhook_configs"]:
            hook["url"] = url
            hook["http_config"]["authorization"]["credentials_file"] = str(token)
    return data


def _quick(route: dict[str, Any], factor: float) -> dict[str, Any]:
    made = deepcopy(route)
    made |= {wait: shorter(route[wait], factor) for wait in WAITS if wait in route}
    if "routes" in route:
        made["routes"] = [_quick(inner, factor) for inner in route["routes"]]
    return made


def scraping(metrics: str, token: Path, rule_file: Path, alertmanager: str) -> dict[str, Any]:
    """Prometheus' configuration: ``metrics`` and ``alertmanager`` are host:port."""
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rule_file)],
        "scrape_configs": [
            {
                "job_name": "synergy",
                "authorization": {"credentials_file": str(token)},
                "static_configs": [{"targets": [metrics]}],
            }
        ],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
    }
