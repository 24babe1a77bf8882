"""The queries of dashboards, and what Grafana puts in for their variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: Grafana's own: the chosen time and the least window that holds some scrapes
BUILT_IN = {"__range": "1h", "__rate_interval": "5m", "__interval": "15s"}
NAME = re.compile(r"\$\{?(\w+)(?::\w+)?\}?")
LISTED = re.compile(r"^label_values\((?P<series>.*), (?P<label>\w+)\)$")


@dataclass(frozen=True)
class Asked:
    """What a panel or a variable asks. ``label``: the values of this label, not those of the series."""

    dashboard: str
    panel: str
    expr: str
    label: str = ""


def asked(name: str, board: Mapping[str, Any]) -> Iterator[Asked]:
    """All queries of a dashboard, variables still in them. ValueError for a variable that no rule here knows."""
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            continue
        found = LISTED.match(variable["query"]["query"])
        if found is None:
            raise ValueError(f"{name}: {variable['query']['query']} is not label_values(series, label).")
        yield Asked(name, f"variable {variable['name']}", found["series"], found["label"])
    for panel in panels(board):
        for target in panel.get("targets", ()):
            yield Asked(name, panel["title"], target["expr"])


def panels(board: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All panels, those in rows too, without the rows."""
    for panel in board["panels"]:
        yield from panel.get("panels") or () if panel["type"] == "row" else (panel,)


def values(board: Mapping[str, Any]) -> dict[str, str]:
    """What each variable stands for when a dashboard is opened: all that it lists, or the text that is there."""
    own = {v["name"]: v.get("allValue") or v.get("current", {}).get("value", "") for v in board["templating"]["list"]}
    return BUILT_IN | own


def filled(expr: str, known: Mapping[str, str]) -> str:
    """``expr`` as Grafana sends it. KeyError: a variable that the dashboard does not have."""
    return NAME.sub(lambda match: known[match[1]], expr)
