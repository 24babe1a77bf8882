"""The declared contract of a project: OpenAPI 3.1, made from its plan alone.

Beyond what the plan says:

* Every operation may answer ``Error {detail: str, errors: [{field, message}]}``: 401 without a session, 403 without the
  right, 404, 409 (a unique value is taken: ``errors[0].field``; or, on delete, the row is used by another), 422
  (``errors`` has one entry for every field that is wrong) and 429 (with ``Retry-After``). It is documented once, as the
  ``default`` response.
* ``sort`` takes the names of ``uiagents.facts.sortable``: own fields, ``<ref>_label`` for references, ``created_at`` (the
  default, newest first), ``id``.
* ``<Name>In`` requires the fields that the entity requires. In ``<Name>Patch`` everything may be left out, but only
  optional fields may be ``null``.
* ``<Name>Out`` of an entity whose rows belong to accounts also says whose a row is: ``owner_id`` and ``owner_label``, the
  name of the account. Nobody can send them. Another account's private row is 404, changing another's public row is 403.
* ``UserPatch`` is ``{name?, email?, current_password?, new_password?}``.
"""

from __future__ import annotations

import json
from typing import Any

from synergy.core.errors import PermanentError
from synergy.core.types import Endpoint, Entity, Kind, Plan, PlanField
from uiagents import facts
from uiagents.capabilities import uses

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
ROW_ID: Schema = {"type": "integer", "minimum": 1, "maximum": facts.MAX_INT}
EMAIL: Schema = {"type": "string", "maxLength": 254, "pattern": facts.PATTERNS[Kind.EMAIL], "format": "email"}
FORMATS = {Kind.DATE: "date", Kind.DATETIME: "date-time", Kind.TIME: "time", Kind.EMAIL: "email", Kind.URL: "uri"}
PASSWORD: Schema = {"type": "string", "minLength": 8, "maxLength": 128}
PERSON: Schema = {"type": "string", "minLength": 1, "maxLength": 120}
PAGE_LIMITS = {"page": 1_000_000, "page_size": 100}
SESSION = "session"  #: name of the cookie and of the security scheme


def declare(plan: Plan) -> Schema:
    """The OpenAPI document of ``plan``. The generated backend serves the same, down to every constraint."""
    paths: dict[str, Schema] = {}
    bound = {found.name: found for found in uses(plan)}
    for found in plan.endpoints:
        made = bound[found.use].operation(found) if found.use else _operation(plan, found)
        paths.setdefault(found.path, {})[found.method.lower()] = made
    schemas = _shared_schemas() | {n: s for entity in plan.entities for n, s in _entity_schemas(entity).items()}
    schemas |= {n: s for found in bound.values() for n, s in found.components().items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": plan.title, "version": "1.0.0"},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {SESSION: {"type": "apiKey", "in": "cookie", "name": SESSION}},
        },
    }


def document(plan: Plan) -> bytes:
    """``openapi.json`` as it is written into the project."""
    return (json.dumps(declare(plan), indent=2, ensure_ascii=False) + "\n").encode()


# --- operations ------------------------------------------------------------------------------------------------------


def _operation(plan: Plan, found: Endpoint) -> Schema:
    entity = plan.entity(found.entity) if found.entity else None
    operation: Schema = {"operationId": found.operation, "tags": [entity.slug if entity else _tag(found.path)]}
    parameters = [_parameter("id", ROW_ID, place="path")] if found.path.endswith("/{id}") else []
    if entity and found.paginated:
        parameters += _list_parameters(entity)
    if parameters:
        operation["parameters"] = parameters
    request, status, answer = _bodies(found, entity)
    if request:
        operation["requestBody"] = {"required": True, "content": _content(request)}
    done: Schema = {"description": "Done"} | ({"content": _content(answer)} if answer else {})
    operation["responses"] = {status: done, "default": {"description": "Refused", "content": _content("Error")}}
    if found.auth:
        operation["security"] = [{SESSION: []}]
    return operation


def _bodies(found: Endpoint, entity: Entity | None) -> tuple[str | None, str, str | None]:
    """Component of the request, status of success, component of the answer."""
    if entity is None:
        return _fixed(found)
    if found.method == "GET":
        return None, "200", f"{entity.name}{'Page' if found.paginated else 'Out'}"
    return {
        "POST": (f"{entity.name}In", "201", f"{entity.name}Out"),
        "PATCH": (f"{entity.name}Patch", "200", f"{entity.name}Out"),
        "DELETE": (None, "204", None),
    }[found.method]


def _fixed(found: Endpoint) -> tuple[str | None, str, str | None]:
    known: dict[tuple[str, str], tuple[str | None, str, str | None]] = {
        ("POST", "/api/auth/register"): ("RegisterIn", "201", "UserOut"),
        ("POST", "/api/auth/login"): ("LoginIn", "200", "UserOut"),
        ("POST", "/api/auth/logout"): (None, "204", None),
        ("GET", "/api/auth/me"): (None, "200", "UserOut"),
        ("PATCH", "/api/auth/me"): ("UserPatch", "200", "UserOut"),
        ("GET", "/api/stats"): (None, "200", "StatsOut"),
    }
    try:
        return known[found.method, found.path]
    except KeyError:
        raise PermanentError(f"Nothing is known about {found.method} {found.path} of the plan.") from None


def _tag(path: str) -> str:
    return path.split("/")[2]


def _content(component: str) -> Schema:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{component}"}}}


def _parameter(name: str, schema: Schema, *, place: str = "query") -> Schema:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _list_parameters(entity: Entity) -> list[Schema]:
    names = facts.sortable(entity)
    return [
        _parameter("q", {"type": "string", "maxLength": 200, "default": ""}),
        _parameter("page", {"type": "integer", "minimum": 1, "maximum": PAGE_LIMITS["page"], "default": 1}),
        _parameter("page_size", {"type": "integer", "minimum": 1, "maximum": PAGE_LIMITS["page_size"], "default": 20}),
        _parameter("sort", {"type": "string", "enum": [s + n for n in names for s in ("", "-")], "default": "-created_at"}),
        *(_parameter(facts.key(f), field_schema(f)) for f in facts.filterable(entity)),
    ]


# --- components ------------------------------------------------------------------------------------------------------


def field_schema(field: PlanField, *, constrained: bool = True) -> Schema:
    """The JSON schema of one value of ``field``, with its limits when ``constrained`` (requests) or without (answers)."""
    if field.kind is Kind.ENUM:
        values = [c.value for c in field.choices]
        return STRING | ({"const": values[0]} if len(values) == 1 else {"enum": values})
    if field.kind is Kind.BOOLEAN:
        return {"type": "boolean"}
    if field.kind in (*facts.WHOLE, *facts.FRACTIONS, Kind.REF):
        return _number(field, constrained)
    schema = dict(STRING)
    if field.kind in FORMATS and (constrained or field.kind not in facts.TEXTS):
        schema["format"] = FORMATS[field.kind]
    if constrained and field.kind in facts.TEXTS:
        schema |= {"maxLength": facts.longest(field)}
        schema |= {"pattern": facts.PATTERNS[field.kind]} if field.kind in facts.PATTERNS else {}
        schema |= {"minLength": 1} if field.required and field.kind not in facts.PATTERNS else {}
    return schema


def _number(field: PlanField, constrained: bool) -> Schema:
    if field.kind is Kind.REF:
        return dict(ROW_ID if constrained else INTEGER)
    schema = dict(NUMBER if field.kind in facts.FRACTIONS else INTEGER)
    limits = zip(("minimum", "maximum"), facts.bounds(field), strict=True)
    return schema | {name: value for name, value in limits if constrained and value is not None}


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(properties: dict[str, Schema], required: list[str] | None = None) -> Schema:
    """An object; everything is required unless said."""
    names = list(properties) if required is None else required
    return {"type": "object", "properties": properties} | ({"required": names} if names else {})


def _input(properties: dict[str, Schema], required: list[str] | None = None) -> Schema:
    """The body of a request: an unknown field is refused, so that a renamed one is noticed."""
    return _object(properties, required) | {"additionalProperties": False}


def _entity_schemas(entity: Entity) -> dict[str, Schema]:
    sent = {facts.key(f): field_schema(f) if f.required else _nullable(field_schema(f)) for f in entity.fields}
    required = [facts.key(f) for f in entity.fields if f.required]
    out: dict[str, Schema] = {"id": INTEGER}
    for field in entity.fields:
        plain = field_schema(field, constrained=False)
        out[facts.key(field)] = plain if field.required else _nullable(plain)
        if field.kind is Kind.REF:
            out[f"{field.name}_label"] = _nullable(STRING)
    if entity.owned:
        out |= {"owner_id": INTEGER, "owner_label": STRING}
    out["created_at"] = STRING | {"format": "date-time"}
    page = {"items": _list(f"{entity.name}Out"), "total": INTEGER, "page": INTEGER, "page_size": INTEGER}
    return {
        f"{entity.name}In": _input(sent, required),
        f"{entity.name}Patch": _input(sent, []),
        f"{entity.name}Out": _object(out),
        f"{entity.name}Page": _object(page),
    }


def _list(component: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{component}"}}


def _shared_schemas() -> dict[str, Schema]:
    patch = {"name": PERSON, "email": EMAIL, "current_password": STRING | {"maxLength": 128}, "new_password": PASSWORD}
    chart = {"key": STRING, "label": STRING, "entity": STRING, "kind": STRING | {"enum": ["bar", "line", "donut"]}}
    return {
        "Error": _object({"detail": STRING, "errors": _list("FieldError")}),
        "FieldError": _object({"field": STRING, "message": STRING}),
        "RegisterIn": _input({"name": PERSON, "email": EMAIL, "password": PASSWORD}),
        "LoginIn": _input({"email": STRING | {"maxLength": 254}, "password": STRING | {"maxLength": 128}}),
        "UserOut": _object({"id": INTEGER, "name": STRING, "email": STRING, "role": STRING}),
        "UserPatch": _input(patch, []),
        "StatsOut": _object({"cards": _list("StatCard"), "charts": _list("StatChart"), "recent": _list("RecentRow")}),
        "StatCard": _object({"key": STRING, "label": STRING, "value": NUMBER, "unit": STRING}),
        "StatChart": _object(chart | {"points": _list("StatPoint")}),
        "StatPoint": _object({"label": STRING, "value": NUMBER}),
        "RecentRow": _object(
            {"entity": STRING, "slug": STRING, "id": INTEGER, "title": STRING, "at": STRING | {"format": "date-time"}}
        ),
    }
