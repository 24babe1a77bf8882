"""Read the frontend's TypeScript: the types it believes in (``schema.d.ts``) and the calls it makes.

Nothing is executed. What cannot be read is left out: a call whose path is not a literal shows up in the browser, not here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from synergy.core.errors import PermanentError
from synergy.core.types import Operation
from uiagents.contracts import METHODS, Document, path_of

Schema = dict[str, Any]

_TOKEN = re.compile(r"""(?P<text>"(?:\\.|[^"\\\n]){0,300}"|'(?:\\.|[^'\\\n]){0,300}')|(?P<word>[\w$]+)|(?P<mark>[^\s])""")
_OPENS = re.compile(r"//|/\*|[\"`]|(?<!\w)'")  # "don't" opens nothing
_CLOSES = {
    '"': re.compile(r'(?:\\.|[^"\\\n])*"'),
    "'": re.compile(r"(?:\\.|[^'\\\n])*'"),
    "`": re.compile(r"(?:\\.|[^`\\])*`", re.S),
    "//": re.compile(r"[^\n]*"),
}
_SIMPLE = {
    "string": {"type": "string"}, "number": {"type": "numeric"}, "boolean": {"type": "boolean"}, "null": {"type": "null"},
    "true": {"type": "boolean"}, "false": {"type": "boolean"}, "Record": {"type": "object"}, "object": {"type": "object"},
}  # fmt: skip
_NOTHING = {"never", "undefined", "void"}
NESTING = 40  #: types within types
LONGEST = 1_000_000  #: characters of a file that is read


class Unreadable(PermanentError):
    """The type definitions are not what openapi-typescript writes."""


# --- schema.d.ts -----------------------------------------------------------------------------------------------------


def believed(text: str) -> list[Operation]:
    """The operations of a ``schema.d.ts`` by openapi-typescript, as the frontend sees them. Unreadable when it is not one."""
    if len(text) > LONGEST:
        raise Unreadable("The type definitions are too long.")
    interfaces = dict(_Types(text).interfaces())
    schemas = _member(interfaces.get("components"), "schemas")
    document = {"components": {"schemas": schemas.get("properties", {})}, "paths": _paths(interfaces)}
    return [o.model_copy(update={"auth": None}) for o in Document(document).operations("static")]


def _paths(interfaces: dict[str, Schema]) -> Schema:
    operations = interfaces.get("operations", {}).get("properties", {})
    paths: Schema = {}
    for path, item in interfaces.get("paths", {}).get("properties", {}).items():
        for method, value in item.get("properties", {}).items():
            if method in METHODS:
                name = str(value.get("$ref", "")).rpartition("/")[2]
                paths.setdefault(path, {})[method] = _operation(operations.get(name, value))
    return paths


def _operation(written: Schema) -> Schema:
    query = _member(_member(written, "parameters"), "query").get("properties", {})
    statuses = _member(written, "responses").get("properties", {})
    return {
        "parameters": [{"name": name, "in": "query"} for name in query],
        "requestBody": _content(_member(written, "requestBody")),
        "responses": {status: _content(answer) for status, answer in statuses.items()},
    }


def _content(holder: Schema) -> Schema:
    kinds = _member(holder, "content").get("properties", {})
    return {"content": {kind: {"schema": schema} for kind, schema in kinds.items()}}


def _member(holder: Schema | None, name: str) -> Schema:
    found = (holder or {}).get("properties", {}).get(name, {})
    return found if isinstance(found, dict) else {}


def _without_comments(text: str) -> str:
    pieces, at = [], 0
    for start, end in hidden(text):
        if text[start] == "/":
            pieces.append(text[at:start])
            at = end
    return " ".join([*pieces, text[at:]])


class _Types:
    """A parser for the part of TypeScript's types that openapi-typescript writes; types become JSON schemas."""

    def __init__(self, text: str) -> None:
        self._tokens = [m[0] for m in _TOKEN.finditer(_without_comments(text))]
        self._at = 0
        self._depth = 0

    def interfaces(self) -> Iterator[tuple[str, Schema]]:
        """``interface X { … }`` and ``type X = …``, by name."""
        while self._at < len(self._tokens):
            word = self._next()
            if word == "interface":
                name = self._next()
                self._skip_to("{")
                yield name, self._type()
            elif word == "type":
                name = self._next()
                self._skip_to("=")
                self._next()
                yield name, self._type()

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise Unreadable("The type definitions end in the middle of a type.")
        self._at += 1
        return token

    def _take(self, token: str) -> bool:
        if self._peek() == token:
            self._at += 1
            return True
        return False

    def _need(self, token: str) -> None:
        if not self._take(token):
            raise Unreadable(f"The type definitions have {self._peek()[:40]!r} where {token!r} should be.")

    def _skip_to(self, token: str) -> None:
        while self._peek() != token:
            self._next()

    def _type(self) -> Schema:
        self._depth += 1
        if self._depth > NESTING:
            raise Unreadable("The type definitions are nested too deeply.")
        self._take("|")
        options = [self._joined()]
        while self._take("|"):
            options.append(self._joined())
        self._depth -= 1
        options = [o for o in options if o is not _NEVER]
        return options[0] if len(options) == 1 else {"anyOf": options} if options else _NEVER

    def _joined(self) -> Schema:
        parts = [self._postfix()]
        while self._take("&"):
            parts.append(self._postfix())
        return parts[0] if len(parts) == 1 else {"allOf": parts}

    def _postfix(self) -> Schema:
        found = self._primary()
        while self._take("["):
            if self._take("]"):
                found = {"type": "array", "items": found}
            else:
                name = self._next().strip("\"'")
                self._need("]")
                found = {"$ref": f"{found.get('$ref', '#')}/{name}"}
        return found

    def _primary(self) -> Schema:
        while self._take("readonly"):
            pass
        if self._take("{"):
            return self._object()
        if self._take("("):
            found = self._type()
            self._need(")")
            return found
        word = self._next()
        if word[0] in "\"'":
            return {"type": "string"}
        return {"type": "numeric"} if word[0].isdigit() else self._named(word)

    def _named(self, name: str) -> Schema:
        if self._take("<"):
            while not self._take(">"):
                self._type()
                self._take(",")
        if name in _NOTHING:
            return _NEVER
        return _SIMPLE.get(name) or (
            {"$ref": f"#/{name}"} if self._peek() == "[" and name in ("components", "operations") else {}
        )

    def _object(self) -> Schema:
        properties: Schema = {}
        required = []
        while not self._take("}"):
            self._take("readonly")
            name = self._next()
            if name == "[":  # an index signature: any name may come
                self._skip_to("]")
                self._next()
                name = ""
            optional = self._take("?")
            self._need(":")
            value = self._type()
            _ = self._take(";") or self._take(",")
            name = name.strip("\"'")
            if name and value is not _NEVER:
                properties[name] = value
                required += [] if optional else [name]
        return {"type": "object", "properties": properties, "required": required}


_NEVER: Schema = {"type": "never"}


# --- calls -----------------------------------------------------------------------------------------------------------

_CALL = re.compile(
    r"""(?:(?<![\w$])(?P<object>[A-Za-z_$][\w$]*)\s*\.\s*(?P<method>GET|POST|PUT|PATCH|DELETE|get|post|put|patch|delete)|\bfetch)
    \s*(?:<[^()<>]*>)?\s*\(\s*(?P<path>"(?:\\.|[^"\\\n]){0,300}"|'(?:\\.|[^'\\\n]){0,300}'|`(?:\\.|[^`\\]){0,300}`)""",
    re.X,
)
_METHOD = re.compile(r"""\bmethod\s*:\s*["'`](?P<method>[A-Za-z]+)["'`]""")
_NAME = re.compile(r"([A-Za-z_$][\w$]*)\s*(?:[:=]\s*(?:async\s*)?\(|\([^()]*\)\s*(?::[^{};]*)?\{)")
_LOOKED_BACK, _LOOKED_AHEAD = 400, 1500  #: characters


@dataclass(frozen=True)
class Call:
    """One call to the API in the source."""

    file: str
    line: int
    method: str
    path: str  #: as written, template parts as ``{}``
    name: str  #: of the function it is in: "remove"
    has_body: bool
    method_at: tuple[int, int] | None  #: where the method is written; None when it is not (``fetch`` without options)
    path_at: tuple[int, int]  #: where the path is written, without its quotes

    @property
    def key(self) -> tuple[str, str]:
        return self.method, path_of(self.path)


def hidden(text: str) -> list[tuple[int, int]]:
    """Where comments and strings are, in order. A quote that is not closed on its line is an apostrophe in a text."""
    spans = []
    dead: dict[str, int] = {}  # opener → up to where it has no end: looking again and again would take forever
    at = 0
    while found := _OPENS.search(text, at):
        opener, start, at = found[0], found.start(), found.end()
        if start < dead.get(opener, 0):
            continue
        end = text.find("*/", at) + 2 if opener == "/*" else _end(_CLOSES[opener].match(text, at))
        if end > 1:
            spans.append((start, end))
            at = end
        else:
            line = text.find("\n", at) if opener in "\"'" else -1
            dead[opener] = line if line >= 0 else len(text)
    return spans


def _end(match: re.Match[str] | None) -> int:
    return match.end() if match else -1


def calls_in(file: str, text: str) -> list[Call]:
    """The calls with a literal path below ``/`` in one source file; comments and strings are not looked into."""
    if len(text) > LONGEST:
        return []
    spans = hidden(text)
    starts = [start for start, _ in spans]
    found = []
    for match in _CALL.finditer(text):
        written = match["path"][1:-1]
        before = bisect_left(starts, match.start()) - 1  # the last span that starts before the call
        inside = before >= 0 and spans[before][1] > match.start()
        plain = match["method"] is None or match["method"].islower()  # fetch and other clients: only what is surely the API
        if not inside and written.startswith("/api/" if plain else "/"):
            found.append(_call(file, text, match, written))
    return found


def _call(file: str, text: str, match: re.Match[str], written: str) -> Call:
    rest = _arguments(text, match.end())
    option = _METHOD.search(rest) if match["method"] is None else None
    method = match["method"] or (option["method"] if option else "GET")
    method_at = match.span("method") if match["method"] else None
    if option:
        method_at = (match.end() + option.start("method"), match.end() + option.end("method"))
    names = _NAME.findall(text[max(match.start() - _LOOKED_BACK, 0) : match.start()])
    return Call(
        file=file,
        line=text.count("\n", 0, match.start()) + 1,
        method=method.upper(),
        path=re.sub(r"\$\{[^}]*\}", "{}", written),
        name=names[-1] if names else "",
        has_body=re.search(r"\bbody\b", rest) is not None,
        method_at=method_at,
        path_at=(match.start("path") + 1, match.end("path") - 1),
    )


def _arguments(text: str, start: int) -> str:
    """The rest of a call's arguments, up to its closing bracket."""
    depth = 1
    for at in range(start, min(start + _LOOKED_AHEAD, len(text))):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if not depth:
            return text[start:at]
    return text[start : start + _LOOKED_AHEAD]
