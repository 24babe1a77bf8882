"""Ask a Prometheus every query of the dashboards: is there an answer, and does it have figures?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from slo.dashboards.queries import Asked, asked, filled, values

SECONDS = 10.0  #: for one query


@dataclass(frozen=True)
class Answer:
    """What came back: ``series`` with a figure at the end of the range (values of the label, for a variable)."""

    query: Asked
    expr: str  #: as it was sent
    series: int
    fault: str = ""  #: empty, NaN only, or what Prometheus said


def answers(boards: Mapping[str, Mapping[str, Any]], url: str) -> Iterator[Answer]:
    """One for each query, in the order of the dashboards. httpx.HTTPError: there is no Prometheus at ``url``."""
    with httpx.Client(base_url=url, timeout=SECONDS, trust_env=False) as client:
        for name, board in boards.items():
            known = values(board)
            for query in asked(name, board):
                expr = filled(query.expr, known)
                yield listed(client, query, expr) if query.label else instant(client, query, expr)


def instant(client: httpx.Client, query: Asked, expr: str) -> Answer:
    """The value now. Figures that are no numbers (0 / 0) count for nothing."""
    body = _body(client.post("/api/v1/query", data={"query": expr}))
    if body["status"] != "success":
        return Answer(query, expr, 0, body["error"])
    figures = [float(sample["value"][1]) for sample in body["data"]["result"]]
    numbers = [figure for figure in figures if not math.isnan(figure)]
    return Answer(query, expr, len(numbers), "" if numbers else "NaN only" if figures else "empty")


def listed(client: httpx.Client, query: Asked, expr: str) -> Answer:
    """The values of a label."""
    body = _body(client.get(f"/api/v1/label/{query.label}/values", params={"match[]": expr}))
    if body["status"] != "success":
        return Answer(query, expr, 0, body["error"])
    return Answer(query, expr, len(body["data"]), "" if body["data"] else "empty")


def _body(response: httpx.Response) -> dict[str, Any]:
    if response.is_server_error:  # 503, in words, while it starts
        response.raise_for_status()
    body: dict[str, Any] = response.json()
    return body


def table(found: Sequence[Answer]) -> str:
    """All queries, one line each, and how many of them have no answer."""
    lines = [f"{'dashboard':9} {'panel':44} {'series':>6} {'':8} query"]
    for answer in found:
        lines.append(f"{answer.query.dashboard:9} {answer.query.panel:44} {answer.series:6} {answer.fault:8} {answer.expr}")
    boards = {answer.query.dashboard for answer in found}
    panels = {(answer.query.dashboard, answer.query.panel) for answer in found}
    empty = sum(bool(answer.fault) for answer in found)
    lines.append(f"{len(boards)} dashboards, {len(panels)} panels and variables, {len(found)} queries, {empty} without data")
    return "\n".join(lines)
