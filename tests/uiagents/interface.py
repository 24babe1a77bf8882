"""A small project with a contract, a backend that says what it serves, and a typed client: sound until a test breaks it.

The commands are plain ``cp`` in the real sandbox, so that a test can let the backend say anything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from synergy.core.bench import Bench
from synergy.core.stacks import Command, StackSpec
from synergy.core.types import ChangeSet, ObservedCall, Plan, Shot, UiSpec, VisualReport
from uiagents.blueprints import render_file
from uiagents.contracts import Document
from uiagents.openapi import declare
from uiagents.sides import CONTRACT, SCHEMA

CLIENT = "frontend/src/api/client.ts"
SPOKEN = "backend/served.json"
SAID = "backend/.reports/openapi.json"
TYPES = "tools/schema.d.ts"

SPEC = StackSpec(
    slug="fastapi-react",
    title="FastAPI + React",
    sentence="",
    paragraph="",
    commands={
        "openapi": Command(argv=("sh", "-c", f"mkdir -p backend/.reports && cp {SPOKEN} {SAID}"), outputs={"openapi": SAID}, inputs=("backend/",)),
        "client-types": Command(argv=("cp", TYPES, SCHEMA), outputs={"schema": SCHEMA}),
    },
)  # fmt: skip


def typescript(document: dict) -> str:
    """``schema.d.ts`` for a contract, in the form that openapi-typescript writes."""
    operations = {o["operationId"]: o for item in document["paths"].values() for o in item.values()}
    lines = ["/**\n * This file was auto-generated.\n */\n\nexport interface paths {"]
    for path, item in document["paths"].items():
        lines.append(f'    "{path}": {{')
        for method in ("get", "put", "post", "delete", "patch"):
            name = item[method]["operationId"] if method in item else None
            lines.append(f'        {method}: operations["{name}"];' if name else f"        {method}?: never;")
        lines.append("    };")
    lines += ["}", "export type webhooks = Record<string, never>;", "export interface components {", "    schemas: {"]
    lines += [f"        {name}: {_type(schema)};" for name, schema in document["components"]["schemas"].items()]
    lines += [
        "    };",
        "    responses: never;",
        "}",
        "export type $defs = Record<string, never>;",
        "export interface operations {",
    ]
    lines += [f"    {name}: {_operation(o)};" for name, o in operations.items()]
    return "\n".join([*lines, "}"])


def _operation(operation: dict) -> str:
    query = [f"{p['name']}?: {_type(p['schema'])};" for p in operation.get("parameters", []) if p["in"] == "query"]
    asked = f"query?: {{ {' '.join(query)} }};" if query else "query?: never;"
    body = f"requestBody: {_content(operation['requestBody'])};" if "requestBody" in operation else "requestBody?: never;"
    answers = [
        f"/** @description {a['description']} */ {status}: {{ headers: {{ [name: string]: unknown; }}; {_content(a)[1:-1]} }};"
        for status, a in operation["responses"].items()
    ]
    return f"{{ parameters: {{ {asked} header?: never; }}; {body} responses: {{ {' '.join(answers)} }}; }}"


def _content(holder: dict) -> str:
    if "content" not in holder:
        return "{ content?: never; }"
    kind = _type(holder["content"]["application/json"]["schema"])
    return f'{{ content: {{ "application/json": {kind}; }}; }}'


def _type(schema: dict) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'components["schemas"]["{name}"]'
    if "anyOf" in schema:
        return " | ".join(_type(s) for s in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(v) for v in schema["enum"])
    if schema["type"] == "array":
        return f"{_type(schema['items'])}[]"
    if schema["type"] == "object":
        required = schema.get("required", [])
        members = [f"{n}{'' if n in required else '?'}: {_type(s)};" for n, s in schema["properties"].items()]
        return f"{{ {' '.join(members)} }}"
    return {"integer": "number"}.get(schema["type"], schema["type"])


def seen(document: dict) -> list[ObservedCall]:
    """What a browser would see on a sound project: every operation once, answered as declared."""
    return [
        ObservedCall(
            method=o.method,
            path=o.path.replace("{}", "1"),
            query=tuple(o.query or ())[:2],
            status=204 if not o.response else 200,
            request=_plain(o.request),
            response=_plain(o.response),
            page="orders-list",
        )
        for o in Document(document).operations("declared")
    ]


def _plain(fields: dict[str, str] | None) -> dict[str, str]:
    return {name: kind.split("|")[-1] for name, kind in (fields or {}).items()}


@dataclass
class Project:
    """The files and what the browser saw; ``rendered`` holds the changes that were rendered again."""

    files: dict[str, str]
    calls: list[ObservedCall]
    rendered: list[ChangeSet] = field(default_factory=list)

    @classmethod
    def of(cls, plan: Plan) -> Project:
        document = declare(plan)
        text = json.dumps(document)
        client = render_file(SPEC.folder / "adapter" / "src" / "api", "client.ts", {"plan": plan})
        files = {
            CONTRACT: text,
            SPOKEN: text,
            SCHEMA: typescript(document),
            TYPES: typescript(document),
            CLIENT: (client or b"").decode(),
        }
        return cls(files, seen(document))

    def document(self, name: str) -> dict:
        return json.loads(self.files[name])

    def replace(self, name: str, old: str, new: str) -> None:
        assert old in self.files[name], f"{old!r} is not in {name}"
        self.files[name] = self.files[name].replace(old, new)

    def arguments(self, bench: Bench, plan: Plan) -> tuple:
        """What ``resolve_conflicts`` is called with."""
        changes = ChangeSet(agent="backend", files={name: bench.store.put_text(text) for name, text in self.files.items()})
        ui = UiSpec(scopes=(), components=(), changes=ChangeSet(agent="ui", files={}))
        return bench, plan, (changes,), ui, self.report(), self.rerender

    def rerender(self, changes: ChangeSet) -> VisualReport:
        self.rendered.append(changes)
        return self.report()

    def report(self) -> VisualReport:
        shot = Shot(page="orders-list", width=768, height=900, image="0" * 64, text="0" * 64)
        return VisualReport(
            browser="none", fonts="", axe="", pages=1, widths=(768,), shots=(shot,), findings=(), controls=0, calls=tuple(self.calls),
            seconds=0, project_hash="",
        )  # fmt: skip
