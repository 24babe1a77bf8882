"""What the sides of an interface say, in one form that can be compared: ``Operation``, normalised.

Names are snake_case, path parameters are ``{}``, and the types are those of JSON (``integer``, ``number``, ``string``,
``boolean``, ``array``, ``object``, ``null``; several are joined by ``|``). Two more say what a side cannot know: ``numeric``
(TypeScript has one number) and ``any``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from synergy.core.types import ObservedCall, Operation

Schema = Mapping[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
DEPTH = 6  #: objects within objects that are looked at
MAX_FIELDS, MAX_OPTIONS = 2000, 50  #: of one body; alternatives of one value
MAX_OPERATIONS = 1000
MAX_STEPS = 200_000  #: schemas of one document that are looked at
PAGED = {"items", "results", "data", "rows"}  #: names of the list in a page
NO_ROWS = {"[]": "empty"}  #: the shape of an empty list, which says nothing of what would be in it
COUNTS = {"total", "count", "total_count"}
CURSORS = {"cursor", "next_cursor", "next_token"}

_PARAMETER = re.compile(r"\{[^/]*\}|:[A-Za-z_]\w*|<[^/]*>|\$\{[^/]*\}|\[[^/]*\]")
_BASE = re.compile(r"^(/api)?(/v\d+)?(?=/|$)")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\s-]+")


def snake(name: str) -> str:
    """``createdAt`` and ``created-at`` → ``created_at``; brackets and dots of nested names stay."""
    return _WORDS.sub("_", name).lower()


def path_of(path: str, *, without_base: bool = False) -> str:
    """``/api/orders/:id/`` → ``/api/orders/{}``; ``without_base`` drops ``/api/v1``, which a client's base URL may hold."""
    plain = "/" + "/".join(_PARAMETER.sub("{}", part) for part in path.partition("?")[0].split("/") if part)
    return (_BASE.sub("", plain) or "/") if without_base else plain


def key(operation: Operation) -> tuple[str, str]:
    return operation.method, operation.path


# --- types -----------------------------------------------------------------------------------------------------------


def accepts(wanted: str, given: str) -> bool:
    """Whether a side that can deal with ``wanted`` can deal with everything that ``given`` may be."""
    can, may = set(wanted.split("|")), set(given.split("|"))
    if "any" in can | may:
        return True
    if can & {"number", "numeric"}:
        can |= {"integer", "number", "numeric"}
    if "numeric" in may:
        may = may - {"numeric"} | (can & {"integer", "number"} or {"number"})
    return may <= can


# --- OpenAPI ---------------------------------------------------------------------------------------------------------


class Document:
    """An OpenAPI 3 document. Whatever is not as the standard says is read as "does not say"."""

    def __init__(self, document: Any) -> None:
        self._root: Schema = document if isinstance(document, dict) else {}
        self._steps = 0  #: a document may refer to itself without end

    def operations(self, source: str) -> list[Operation]:
        """Every operation (the first thousand of them), sorted by path and method."""
        return sorted(islice(self._operations(source), MAX_OPERATIONS), key=lambda o: (o.path, o.method))

    def _operations(self, source: str) -> Iterator[Operation]:
        for path, item in sorted(_items(self._root.get("paths"))):
            for method, operation in _items(item):
                if method in METHODS and isinstance(operation, dict):
                    whole = {**operation, "parameters": self._parameters(item, operation)}
                    yield self._operation(method, path, whole, source)

    def _operation(self, method: str, path: str, operation: Schema, source: str) -> Operation:
        body = self._json(operation.get("requestBody"))
        answer = self._answer(operation)
        query = tuple(sorted(snake(str(p["name"])) for p in operation["parameters"] if p.get("in") == "query" and "name" in p))
        response = self.fields(answer) if answer is not None else {}
        return Operation(
            method=method.upper(),
            path=path_of(path),
            auth=bool(operation.get("security", self._root.get("security"))),
            request=self.fields(body) if body is not None else {},
            required=tuple(sorted(snake(n) for n in self._required(body))),
            response=response,
            query=query,
            pagination=pagination(response),
            source=source,
        )

    def _parameters(self, item: Schema, operation: Schema) -> list[Schema]:
        listed = [*_list(item.get("parameters")), *_list(operation.get("parameters"))]
        return [found for p in listed if isinstance(found := self._resolved(p), dict)]

    def _answer(self, operation: Schema) -> Schema | None:
        for status, answer in sorted(_items(operation.get("responses"))):
            if str(status).startswith("2"):
                return self._json(answer)
        return None

    def _json(self, holder: Any) -> Schema | None:
        """The schema of the JSON content of a body or an answer."""
        content = self._resolved(holder).get("content")
        for kind, media in _items(content):
            if "json" in kind and isinstance(media, dict) and isinstance(media.get("schema"), dict):
                return dict(media["schema"])
        return None

    def _required(self, schema: Schema | None) -> Iterator[str]:
        """The fields that may not be left out, those of the parts of an ``allOf`` too."""
        found = self._resolved(schema)
        for part in (found, *(self._resolved(part) for part in _list(found.get("allOf")))):
            yield from (name for name in _list(part.get("required")) if isinstance(name, str))

    def fields(self, schema: Schema) -> dict[str, str]:
        """Field → type of everything inside a body."""
        found = dict(islice(self._walk(schema, "", DEPTH), MAX_FIELDS))
        found.pop("", None)
        return dict(sorted(found.items()))

    def _walk(self, schema: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
        options = list(islice(self._options(schema, DEPTH), MAX_OPTIONS))
        yield name, "|".join(sorted({self._type(o) for o in options})) or "any"
        if not depth:
            return
        for option in options:
            if isinstance(option.get("items"), dict):
                yield from self._walk(option["items"], f"{name}[]", depth - 1)
            for inner, value in _items(option.get("properties")):
                yield from self._walk(value, f"{name}.{snake(inner)}" if name else snake(inner), depth - 1)

    def _options(self, schema: Any, depth: int) -> Iterator[Schema]:
        """The alternatives of a schema, references followed and ``allOf`` merged."""
        found = self._resolved(schema)
        self._steps += 1
        if self._steps > MAX_STEPS:
            return
        choices = [*_list(found.get("anyOf")), *_list(found.get("oneOf"))]
        if choices and depth:
            for choice in choices:
                yield from self._options(choice, depth - 1)
        elif _list(found.get("allOf")) and depth:
            parts = [option for part in _list(found["allOf"]) for option in self._options(part, depth - 1)]
            properties = {k: v for part in [*parts, found] for k, v in _items(part.get("properties"))}
            yield {**{k: v for part in parts for k, v in part.items()}, "properties": properties, "type": "object"}
        elif isinstance(found.get("type"), list):
            yield from ({**found, "type": kind} for kind in found["type"])
        else:
            yield found

    @staticmethod
    def _type(schema: Schema) -> str:
        if "type" in schema:
            return str(schema["type"])
        values = _list(schema.get("enum")) or ([schema["const"]] if "const" in schema else [])
        if values and all(isinstance(v, str) for v in values):
            return "string"
        return "object" if "properties" in schema else "any"

    def _resolved(self, schema: Any) -> Schema:
        """``schema`` with its local reference followed (a chain of them at most ten times)."""
        for _ in range(10):
            if not isinstance(schema, dict):
                return {}
            if "$ref" not in schema:
                return schema
            target: Any = self._root
            for part in str(schema["$ref"]).removeprefix("#/").split("/"):
                target = target.get(part) if isinstance(target, dict) else None
            schema = target
        return {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    return [(str(k), v) for k, v in value.items()] if isinstance(value, dict) else []


def pagination(response: Mapping[str, str]) -> str | None:
    """How an answer is paginated, from its fields."""
    top = {name for name in response if "." not in name and "[" not in name}
    if "[]" in response:
        return "list"
    if top & CURSORS:
        return "cursor"
    return "page" if top & PAGED and top & COUNTS else None


# --- what was observed -----------------------------------------------------------------------------------------------


def observed(calls: Iterable[ObservedCall], known: Iterable[Operation]) -> list[tuple[ObservedCall, Operation]]:
    """The calls to the API that were seen, each as an operation; ids in paths become ``{}`` where a known path has one."""
    templates = sorted({o.path for o in known}, key=lambda path: (path.count("{}"), path))
    found = []
    for call in calls:
        path = path_of(call.path)
        if path.startswith("/api/"):
            found.append((call, _seen(call, next((t for t in templates if matches(t, path)), path))))
    return found


def matches(template: str, path: str) -> bool:
    """Whether ``/orders/17`` is an instance of ``/orders/{}``."""
    wanted, given = template.split("/"), path.split("/")
    return len(wanted) == len(given) and all(w in ("{}", g) for w, g in zip(wanted, given, strict=True))


def _seen(call: ObservedCall, path: str) -> Operation:
    nothing = call.response == NO_ROWS
    response = None if nothing else {snake(name): kind for name, kind in call.response.items()} or None
    return Operation(
        method=call.method,
        path=path,
        request={snake(name): kind for name, kind in call.request.items()},
        response=response,
        query=tuple(snake(name) for name in call.query),
        pagination="list" if nothing else pagination(response or {}),
        source="observed",
    )
