"""Measure the comparison of contracts on pairs of what a page wants and what a backend offers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synergy.core.errors import BadInput
from synergy.core.evaluation import Evaluation
from synergy.core.types import Operation
from uiagents.comparison import Difference, Weighed, align, compare, similarity, weigh
from uiagents.contracts import path_of, snake
from uiagents.similarity import cosines, text_of

VERSION = re.compile(r"/(v\d+)(?=/|$)")
TYPES = {
    "int": "integer", "float": "number", "decimal": "number", "double": "number", "bool": "boolean", "str": "string",
    "text": "string", "datetime": "string", "date": "string", "time": "string", "uuid": "string", "email": "string",
    "url": "string", "enum": "string", "list": "array", "dict": "object", "json": "object",
}  # fmt: skip


def evaluate_contracts(file: Path) -> Evaluation:
    """Rows: id, conflict, kinds, similarity. Right when ``conflict`` is what the pair says (if it says)."""
    table, wrong = [], []
    for number, line in enumerate(_lines(file), start=1):
        if line.strip():
            row, expected = _judged(line, f"{file}, line {number}")
            table.append(row)
            if expected is not None and expected != row["conflict"]:
                wrong.append(row)
    missed = sum(not row["conflict"] for row in wrong)
    summary = {"pairs": len(table), "right": len(table) - len(wrong), "missed": missed, "false_alarms": len(wrong) - missed}
    lines = ["{pairs} pairs: {right} right, {missed} conflicts missed, {false_alarms} false alarms".format(**summary)]
    for row in table:
        mark = "!" if row in wrong else " "
        lines.append(f"  {mark} {row['id']!s:>4}  {row['similarity']:.2f}  {', '.join(row['kinds']) or 'no conflict'}")
    return Evaluation(table, summary, lines)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {error}.") from error


def _judged(line: str, place: str) -> tuple[dict[str, Any], bool | None]:
    try:
        pair = json.loads(line)
        page, backend = pair["ui"], pair["backend"]
        versions = {version for side in (page, backend) for version in VERSION.findall(str(side["path"]))}
        bare = len(versions) < 2  # a base URL may hold "/api/v1", but v1 and v2 are two interfaces
        wanted = _operation(page, page.get("sends"), page.get("reads"), "static", bare=bare)
        offered = _operation(backend, backend.get("accepts"), backend.get("returns"), "served", bare=bare)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{place}: not a pair of contracts.", hint=str(error)) from error
    weighed = differences(wanted, offered)
    row = {
        "id": pair.get("id"),
        "conflict": bool(weighed),
        "kinds": sorted({w.difference.kind for w in weighed}),
        "similarity": similarity(weighed),
        "text_similarity": round(cosines([(text_of(wanted), text_of(offered))])[0], 4),
        "details": [w.difference.detail for w in weighed],
    }
    return row, bool(pair["conflict"]) if "conflict" in pair else None


def differences(wanted: Operation, offered: Operation) -> list[Weighed]:
    """Where a page that works by ``wanted`` and a backend that has only ``offered`` disagree."""
    found = align(wanted, [offered])
    return weigh([found] if isinstance(found, Difference) else compare(wanted, found))


def _operation(side: Mapping[str, Any], request: Any, response: Any, source: str, *, bare: bool) -> Operation:
    return Operation(
        method=str(side["method"]).upper(),
        path=path_of(str(side["path"]), without_base=bare),
        request=_fields(request),
        response=_fields(response),
        pagination=side.get("pagination"),
        source=source,
    )


def _fields(fields: Any) -> dict[str, str]:
    return {snake(name): TYPES.get(str(kind).lower(), str(kind).lower()) for name, kind in (fields or {}).items()}
