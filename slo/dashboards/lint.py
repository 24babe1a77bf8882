"""What dashboards name must exist: metrics on ``/metrics`` or recorded by the rules, with the labels that they are chosen by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from slo.dashboards.queries import Asked, asked
from slo.rules import SUFFIXES, WINDOWS

CLAUSE = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"[^"]*"')
WORD = re.compile(r"[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])")
WORDS = {"and", "or", "unless", "offset", "bool", "inf", "nan"}

Known = Mapping[str, frozenset[str]]  #: series → its labels


def known(metrics: Mapping[str, tuple[tuple[str, ...], bool]]) -> dict[str, frozenset[str]]:
    """All series there are, of metrics: name → (labels, whether it is a histogram); and of the rules."""
    recorded = [*(f"slo:sli_error:ratio_rate{window}" for window in WINDOWS), "slo:error_budget_remaining:ratio"]
    series: dict[str, frozenset[str]] = {record: frozenset({"slo", "tenant"}) for record in recorded}
    for name, (labels, histogram) in metrics.items():
        for suffix in SUFFIXES if histogram else ("",):
            series[f"{name}{suffix}"] = frozenset({*labels, *({"le"} if suffix == "_bucket" else ())})
    return series


def named(expr: str) -> set[str]:
    """The series that an expression names."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', "", CLAUSE.sub("", expr))
    return {word for word in WORD.findall(bare) if word.lower() not in WORDS}


def chosen(expr: str) -> Iterator[tuple[str, str]]:
    """(series, label) of all conditions."""
    for series, conditions in SELECTOR.findall(expr):
        yield from ((series, label) for label in MATCHER.findall(conditions))


def faults(boards: Mapping[str, Mapping[str, Any]], series: Known) -> list[str]:
    """What is wrong, one line each."""
    return [line for name, board in boards.items() for query in asked(name, board) for line in _of_query(query, series)]


def _of_query(query: Asked, series: Known) -> Iterator[str]:
    where = f"{query.dashboard}, {query.panel}"
    names = named(query.expr)
    yield from (f"{where}: there is no metric {name}." for name in sorted(names - set(series)))
    for name, label in chosen(query.expr):
        if name in series and label not in series[name]:
            yield f"{where}: {name} has no label {label}."
    labels = frozenset().union(*(series.get(name, frozenset()) for name in names))
    by = {label.strip() for clause in CLAUSE.findall(query.expr) for label in clause.split(",") if label.strip()}
    if names <= set(series):
        yield from (f"{where}: nothing in it has a label {label}." for label in sorted((by | {query.label} - {""}) - labels))
