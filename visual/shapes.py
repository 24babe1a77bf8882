"""What a JSON text looks like: field → type, without its values."""

from __future__ import annotations

import json
from typing import Any

MAX_FIELDS = 500
EMPTY = "empty"
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null", dict: "object", list: "array"}


def shape(body: bytes) -> dict[str, str]:
    """Field → JSON type of the object in ``body``; {} when it is no JSON. Nested fields are ``items[].name`` and ``user.email``.

    A field that has different types in different elements of a list has them all: ``null|string``. A list at the top is ``[]``,
    or EMPTY when there is nothing in it that has a type.
    """
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    if value == []:
        return {"[]": EMPTY}
    found: dict[str, set[str]] = {}
    _walk(value, "", found)
    found.pop("", None)
    return {name: "|".join(sorted(types)) for name, types in sorted(found.items())}


def _walk(value: Any, path: str, found: dict[str, set[str]]) -> None:
    if len(found) >= MAX_FIELDS:
        return
    found.setdefault(path, set()).add(_TYPES[type(value)])
    if isinstance(value, dict):
        for name, inner in value.items():
            _walk(inner, f"{path}.{name}" if path else str(name), found)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, f"{path}[]", found)
