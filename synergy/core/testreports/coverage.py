"""Coverage reports of pytest-cov (JSON) and vitest (json-summary) → CoverageHalf, over all of the project's own code.

The report was written by untrusted code, so it can only lose by lying:
a source file it does not list counts as uncovered (its non-blank lines), and so do lines that were excluded by a comment, Python
statements it does not mention, and a whole TypeScript file that tells the tool to ignore parts of it. Only what the stack's
``coverage_excluded`` names is left out, and it is listed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from synergy.core.testreports.junit import BadReport
from synergy.core.types import CoverageHalf

MAX_BYTES = 32 << 20
MAX_SOURCE = 512 << 10  #: bytes of a Python file whose statements are counted here as well
CODE = frozenset({".py", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".vue"})
TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "e2e"})
TEST_NAME = re.compile(r"^(test_.*\.py|.*_test\.py|conftest\.py|.*\.(test|spec)\.[a-z]+)$")
IGNORE_HINT = re.compile(r"(?:istanbul|v8|c8|node:coverage)\s+(?:ignore|disable)")
STATEMENT = re.compile(
    r"^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:const|let|var|function|class)\b|\breturn\b", re.MULTILINE
)
GUARD = "TYPE_CHECKING"  #: typing's constant, always false at run time
COUNTED = (ast.Assign, ast.AugAssign, ast.Return, ast.Raise, ast.Delete, ast.Assert, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Lines:
    """Lines of one file: how many can run, how many did."""

    covered: int
    total: int


def own_sources(files: Iterable[str], inputs: tuple[str, ...], excluded: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """(own source files, files left out) below the prefixes ``inputs``, both sorted. Tests are neither."""
    globs = [_glob(pattern) for pattern in excluded]
    code = [f for f in sorted(files) if f.startswith(inputs) and _is_code(PurePosixPath(f))]
    left_out = [f for f in code if any(glob.fullmatch(f) for glob in globs)]
    return [f for f in code if f not in set(left_out)], left_out


def unmeasured(name: str, sources: Mapping[str, str], excluded: Iterable[str]) -> CoverageHalf:
    """A half without a report: every non-blank line is uncovered, and ``report`` is empty so that the gate can tell."""
    return CoverageHalf(name=name, covered=0, total=sum(map(_non_blank, sources.values())), excluded=tuple(excluded))


def read_coverage(
    name: str, data: bytes, cwd: str, sources: Mapping[str, str], excluded: Iterable[str], report: str
) -> CoverageHalf:
    """The half called ``name``.

    ``sources``: path → text of every own source file; ``cwd``: folder the command ran in; ``report``: artifact hash of ``data``.
    Raises BadReport when the document is too large, no known format, or says what cannot be true.
    """
    if len(data) > MAX_BYTES:
        raise BadReport(f"The coverage report has {len(data)} bytes, more than {MAX_BYTES}.")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadReport(f"The coverage report is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise BadReport("The coverage report is not a JSON object.")
    python = isinstance(document.get("files"), dict) and "meta" in document
    entries: dict[str, Any] = document["files"] if python else {k: v for k, v in document.items() if k != "total"}
    listed = {_project_path(path, cwd, sources): entry for path, entry in entries.items()}
    count = _python_lines if python else _script_lines
    lines = [count(path, listed[path], text) if path in listed else Lines(0, _non_blank(text)) for path, text in sources.items()]
    covered, total = sum(line.covered for line in lines), sum(line.total for line in lines)
    return CoverageHalf(name=name, covered=covered, total=total, excluded=tuple(excluded), report=report)


def _python_lines(path: str, entry: object, text: str) -> Lines:
    """Lines of one file of a pytest-cov report. Excluded lines and statements it is silent about count as uncovered."""
    last = text.count("\n") + 1
    executed, missing, excluded = (
        _numbers(path, entry, key, last) for key in ("executed_lines", "missing_lines", "excluded_lines")
    )
    if executed & missing:
        raise BadReport(f"The coverage report says that lines of {path} ran and did not run.")
    written = {number for number, line in enumerate(text.splitlines(), start=1) if line.strip()}
    excluded &= written  # an excluded block reaches over the blank lines after it
    executed -= excluded
    statements, never = _statements(text)
    return Lines(len(executed), len(executed | missing | (excluded - never) | (statements - never)))


def _script_lines(path: str, entry: object, text: str) -> Lines:
    """Lines of one file of a json-summary report."""
    counts = entry.get("lines") if isinstance(entry, dict) else None
    total, covered = (counts.get(key) if isinstance(counts, dict) else None for key in ("total", "covered"))
    if type(total) is not int or type(covered) is not int or not 0 <= covered <= total <= text.count("\n") + 1:
        raise BadReport(f"The coverage report has no believable count for {path}.")
    if IGNORE_HINT.search(text) or (total == 0 and not path.endswith(".d.ts") and STATEMENT.search(text)):
        return Lines(0, max(total, _non_blank(text)))
    return Lines(covered, total)


def _numbers(path: str, entry: object, key: str, last: int) -> set[int]:
    values = entry.get(key, []) if isinstance(entry, dict) else None
    if not isinstance(values, list) or any(type(v) is not int or not 1 <= v <= last for v in values):
        raise BadReport(f"The coverage report has no believable {key} for {path}.")
    return set(values)


def _statements(text: str) -> tuple[set[int], set[int]]:
    """(lines that surely hold a Python statement, lines that only type checkers see), found without running anything."""
    if len(text) > MAX_SOURCE:
        return set(), set()
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(range(1, text.count("\n") + 2)), set()  # what cannot be read cannot have run
    calls = {n.lineno for n in nodes if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call | ast.Await)}
    return calls | {n.lineno for n in nodes if isinstance(n, COUNTED)}, _for_type_checkers(nodes)


def _for_type_checkers(nodes: list[ast.AST]) -> set[int]:
    """The lines of ``if TYPE_CHECKING:`` blocks, as long as the name is the one of ``typing``."""
    imported = any(isinstance(n, ast.ImportFrom) and n.module == "typing" and _brings(n, GUARD) for n in nodes)
    rebound = any(isinstance(n, ast.Name) and n.id == GUARD and isinstance(n.ctx, ast.Store) for n in nodes)
    if not imported or rebound:
        return set()
    guarded = [n for n in nodes if isinstance(n, ast.If) and isinstance(n.test, ast.Name) and n.test.id == GUARD]
    return {line for n in guarded for line in range(n.lineno, (n.body[-1].end_lineno or n.lineno) + 1)}


def _brings(node: ast.ImportFrom, name: str) -> bool:
    return any(alias.name == name and alias.asname is None for alias in node.names)


def _project_path(path: str, cwd: str, sources: Mapping[str, str]) -> str:
    """The project path of a reported file: absolute in the sandbox (/work/…), or relative to the folder the command ran in."""
    if path.startswith("/"):
        return path.removeprefix("/work/")
    inside = str(PurePosixPath(cwd, path))
    return inside if inside in sources else path


def _is_code(path: PurePosixPath) -> bool:
    return path.suffix in CODE and not TEST_FOLDERS & set(path.parts[:-1]) and not TEST_NAME.match(path.name)


def _non_blank(text: str) -> int:
    return sum(1 for line in text.splitlines() if line.strip())


def _glob(pattern: str) -> re.Pattern[str]:
    """``*`` stays in its folder, ``**`` does not: a short pattern must not leave out a whole tree by accident."""
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern)))
