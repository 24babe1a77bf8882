"""The ceilings that keep the code readable, and their own proof: each rule is shown to fail on a seeded breach."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
APPS = ("synergy", "inference", "uiagents", "visual", "slo", "monitor")
MODULE_LINES, FUNCTION_LINES = 400, 50


def sources() -> list[Path]:
    return [f for app in APPS for f in (ROOT / app).rglob("*.py") if "migrations" not in f.parts]


def breaches(name: str, text: str) -> list[str]:
    """What breaks a ceiling in one module."""
    found = []
    if len(text.splitlines()) > MODULE_LINES:
        found.append(f"{name}: {len(text.splitlines())} lines, at most {MODULE_LINES}")
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        size = (node.end_lineno or 0) - node.lineno + 1
        if size > FUNCTION_LINES:
            found.append(f"{name}: {node.name} has {size} lines, at most {FUNCTION_LINES}")
        late = any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))
        if late and name != "synergy/core/registry.py":
            found.append(f"{name}: {node.name} imports inside a function")
    return found


def test_every_module_keeps_the_ceilings():
    found = [b for f in sources() for b in breaches(str(f.relative_to(ROOT)), f.read_text())]
    assert not found, "\n".join(found)


def test_the_shape_of_the_workflow_fits_one_screen():
    assert len((ROOT / "synergy/workflow/pipeline.py").read_text().splitlines()) <= 60


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1\n" * 401, "401 lines"),
        ("def f():\n" + "    x = 1\n" * 51, "52 lines"),
        ("def f():\n    import os\n", "imports inside"),
    ],
)
def test_a_breach_is_seen(text, says):
    assert says in " ".join(breaches("seeded.py", text))
