"""The small language in which a capability says what its API takes and gives: "int 1..5", "?str 1..200", "[Line]".

One text gives both the annotation of the pydantic model and the JSON schema of the contract, so they cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from synergy.core.errors import PermanentError
from synergy.core.types import Kind, PlanField
from uiagents import facts

Schema = dict[str, Any]
PATTERN = re.compile(
    r"(?P<null>\?)?(?P<list>\[)?\s*(?P<name>[A-Za-z_]+)(?:\s+(?P<rest>[^\]=]*?))?\s*(?P<close>\])?(?:\s+(?P<many>\d+\.\.\d+))?"
    r"(?:\s*=\s*(?P<default>.+))?\Z"
)
BOUNDS = re.compile(r"(-?[\d.]*)\.\.(-?[\d.]*)\Z")


@dataclass(frozen=True)
class Shape:
    """A value of a request, of a query or of an answer."""

    annotation: str  #: Python: "Annotated[int, Field(ge=1, le=5)]"
    schema: Schema
    required: bool = True
    default: str = ""  #: Python for the value that holds when it is left out


@dataclass(frozen=True)
class Plain:
    """A type without its bounds."""

    given: str
    sent: str
    schema: Schema
    sent_schema: Schema


def _plain(python: str, schema: Schema, sent: str = "", sent_schema: Schema | None = None) -> Plain:
    return Plain(python, sent or python, schema, sent_schema or schema)


NUMBER: Schema = {"type": "number"}
TEXT: Schema = {"type": "string"}
PLAIN = {
    "int": _plain("int", {"type": "integer"}),
    "num": _plain("kinds.Number", NUMBER),
    "money": _plain("kinds.Money", NUMBER),
    "percent": _plain(
        "kinds.Number", NUMBER, "Annotated[kinds.Number, Field(ge=0, le=100)]", {"type": "number", "minimum": 0, "maximum": 100}
    ),
    "bool": _plain("bool", {"type": "boolean"}),
    "str": _plain("str", TEXT),
    "date": _plain("dt.date", TEXT | {"format": "date"}),
    "datetime": _plain("kinds.Moment", TEXT | {"format": "date-time"}),
    "time": _plain("kinds.TimeOfDay", TEXT | {"format": "time"}),
    "email": _plain(
        "str", TEXT, "kinds.Email", {"type": "string", "maxLength": 254, "pattern": facts.PATTERNS[Kind.EMAIL], "format": "email"}
    ),
    "phone": _plain("str", TEXT, "kinds.Phone", {"type": "string", "maxLength": 30, "pattern": facts.PATTERNS[Kind.PHONE]}),
    "url": _plain(
        "str", TEXT, "kinds.Url", {"type": "string", "maxLength": 2000, "pattern": facts.PATTERNS[Kind.URL], "format": "uri"}
    ),
    "id": _plain("int", {"type": "integer"}, "kinds.RowId", {"type": "integer", "minimum": 1, "maximum": facts.MAX_INT}),
}
LIMITED = {"int": facts.MAX_INT}  #: what is sent without bounds of its own must still fit a column


def read_shape(text: str, *, sent: bool, query: bool = False, known: Callable[[str], str | None] = lambda name: None) -> Shape:
    """What ``text`` says. ``sent``: part of a request. ``known(name)`` gives the model that a name stands for.

    PermanentError when it says nothing that is known.
    """
    found = PATTERN.match(text.strip())
    if not found or bool(found["list"]) != bool(found["close"]):
        raise PermanentError(f"{text!r} is no type of a shape.")
    annotation, schema = _value(found["name"], (found["rest"] or "").strip(), sent or query, known, text)
    if found["list"]:
        annotation, schema = f"list[{annotation}]", {"type": "array", "items": schema}
        if found["many"]:
            low, high = found["many"].split("..")
            annotation = f"Annotated[{annotation}, Field(min_length={low}, max_length={high})]"
            schema |= {"minItems": int(low), "maxItems": int(high)}
    if found["default"]:
        value = _literal(found["default"].strip())
        return Shape(annotation, schema | {"default": value}, required=False, default=repr(value))
    if not found["null"]:
        return Shape(annotation, schema)
    if query:
        return Shape(f"kinds.Filter[{annotation}]", schema, required=False, default="None")
    maybe = {"anyOf": [schema, {"type": "null"}]}
    if sent:
        return Shape(f"kinds.Nullable[{annotation}]", maybe, required=False, default="None")
    return Shape(f"{annotation} | None", maybe)


def _value(name: str, rest: str, sent: bool, known: Callable[[str], str | None], text: str) -> tuple[str, Schema]:
    if name == "enum":
        values = [value.strip() for value in rest.split("|")]
        listed = ", ".join(f'"{value}"' for value in values)
        return f"Literal[{listed}]", TEXT | ({"const": values[0]} if len(values) == 1 else {"enum": values})
    if name in PLAIN:
        plain = PLAIN[name]
        if not rest:
            if sent and name == "str":
                raise PermanentError(f"{text!r}: a text that is sent needs a longest length, as in 'str 1..200'.")
            limits = f"-{LIMITED[name]}..{LIMITED[name]}" if sent and name in LIMITED else ""
            return _bounded(plain, limits, text) if limits else _chosen(plain, sent)
        return _bounded(plain, rest, text)
    model = known(name)
    if model is None:
        raise PermanentError(f"{text!r} names {name!r}, which is no shape.")
    return model, {"$ref": f"#/components/schemas/{model.rpartition('.')[2]}"}


def _chosen(plain: Plain, sent: bool) -> tuple[str, Schema]:
    return (plain.sent, dict(plain.sent_schema)) if sent else (plain.given, dict(plain.schema))


def _bounded(plain: Plain, rest: str, text: str) -> tuple[str, Schema]:
    found = BOUNDS.match(rest)
    if not found or plain.schema.get("type") == "boolean":
        raise PermanentError(f"{text!r}: {rest!r} are no bounds.")
    low, high = (_number(part) for part in found.groups())
    texts = plain.schema["type"] == "string"
    names = ("min_length", "max_length", "minLength", "maxLength") if texts else ("ge", "le", "minimum", "maximum")
    low = None if texts and not low else low
    limits = [f"{name}={value}" for name, value in zip(names, (low, high), strict=False) if value is not None]
    schema = {name: value for name, value in zip(names[2:], (low, high), strict=True) if value is not None}
    return f"Annotated[{plain.sent}, Field({', '.join(limits)})]", dict(plain.sent_schema) | schema


def _number(text: str) -> int | float | None:
    if not text:
        return None
    return float(text) if "." in text else int(text)


def _literal(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    try:
        return _number(text)
    except ValueError:
        return text.strip("\"'")


SHAPES = {
    Kind.INTEGER: "int", Kind.DECIMAL: "num", Kind.MONEY: "money", Kind.PERCENT: "percent", Kind.BOOLEAN: "bool",
    Kind.DATE: "date", Kind.DATETIME: "datetime", Kind.TIME: "time", Kind.EMAIL: "email", Kind.PHONE: "phone", Kind.URL: "url",
    Kind.REF: "id",
}  # fmt: skip


def shape_of(field: PlanField) -> str:
    """A field of an entity as the type of a value that is sent."""
    text = SHAPES.get(field.kind, "")
    if field.kind is Kind.ENUM:
        text = "enum " + "|".join(choice.value for choice in field.choices)
    elif field.kind in (Kind.STRING, Kind.TEXT):
        text = f"str 1..{facts.longest(field)}"
    elif field.kind is Kind.RATING or field.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.MONEY):
        low, high = facts.bounds(field)
        bounds = f" {'' if low is None else low}..{'' if high is None else high}"
        text = f"{text or 'int'}{bounds if (low, high) != (None, None) else ''}"
    return text if field.required or field.kind is Kind.BOOLEAN else f"?{text}"


def component(shapes: Mapping[str, Shape], *, sent: bool) -> Schema:
    """The JSON schema of a component with these fields; a request refuses fields it does not know."""
    required = [name for name, shape in shapes.items() if shape.required]
    schema: Schema = {"type": "object", "properties": {name: shape.schema for name, shape in shapes.items()}}
    return schema | ({"required": required} if required else {}) | ({"additionalProperties": False} if sent else {})
