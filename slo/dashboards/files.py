"""The files below ``deploy/grafana/``: what is in them, and whether they are up to date."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from slo.dashboards.parts import UID
from slo.rules import DEPLOY
from synergy.core.registry import Registry

FOLDER = DEPLOY / "grafana"
IN_GRAFANA = "/var/lib/grafana/dashboards"  #: where its container finds ``dashboards/``
boards: Registry[Callable[[], Dashboard]] = Registry("slo.dashboards.boards")
#: what the builders write into every variable, and today's Grafana has only for intervals, or no more
UNKNOWN = ("id", "auto", "auto_min", "auto_count")

Json = dict[str, Any]


def made() -> dict[str, Json]:
    """Name → dashboard, as Grafana reads it."""
    return {name: _plain(part()) for name, part in boards.all().items()}


def _plain(board: Dashboard) -> Json:
    made: Json = json.loads(json.dumps(board, cls=JSONEncoder))
    made.pop("style")  # which went with Grafana's old panels
    for variable in made["templating"]["list"]:
        for unknown in UNKNOWN:
            variable.pop(unknown, None)
    return made


def sources() -> Json:
    """Provisioning of the data source."""
    prometheus = {"name": "Prometheus", "uid": UID, "type": "prometheus", "access": "proxy", "url": "http://prometheus:9090"}
    details = {"httpMethod": "POST", "timeInterval": "15s"}
    return {"apiVersion": 1, "datasources": [{**prometheus, "isDefault": True, "editable": False, "jsonData": details}]}


def providers() -> Json:
    """Provisioning of the dashboards: files are the truth, nobody edits them in the browser."""
    provider = {"name": "synergy", "folder": "Synergy", "folderUid": "synergy", "type": "file", "allowUiUpdates": False}
    return {"apiVersion": 1, "providers": [{**provider, "updateIntervalSeconds": 30, "options": {"path": IN_GRAFANA}}]}


def files() -> dict[str, str]:
    """Path below ``deploy/grafana/`` → content. JSON is YAML."""
    contents = {f"dashboards/{name}.json": board for name, board in made().items()} | {
        "provisioning/datasources/prometheus.yml": sources(),
        "provisioning/dashboards/synergy.yml": providers(),
    }
    return {name: json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n" for name, content in contents.items()}


def stale() -> list[str]:
    """Files that are not as this module would write them, and dashboards that nothing makes any more."""
    wanted = files()
    left = {str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*") if file.is_file()} - set(wanted)
    old = {name for name, text in wanted.items() if not (FOLDER / name).is_file() or (FOLDER / name).read_text() != text}
    return sorted(old | left)


def write() -> None:
    for name, text in files().items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text)
    for name in set(stale()) - set(files()):
        (FOLDER / name).unlink()
