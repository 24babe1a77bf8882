"""Coverage is counted over the project's own code, and a report that lies loses by it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synergy.core.testreports.coverage import own_sources, read_coverage, unmeasured
from synergy.core.testreports.junit import BadReport

MAIN = "import os\n\n\ndef pay(cents):\n    if cents < 0:\n        raise ValueError(cents)\n    return os.sep * cents\n"
BUTTON = "export function Button() {\n  return null;\n}\n"


def python_report(**files: dict[str, list[int]]) -> bytes:
    return json.dumps({"meta": {}, "files": {name.replace("__", "/") + ".py": entry for name, entry in files.items()}}).encode()


def half(data: bytes, sources: dict[str, str], cwd: str = "backend"):
    return read_coverage(cwd, data, cwd, sources, (), "sha")


def test_executed_and_missing_lines_are_counted():
    data = python_report(app__main={"executed_lines": [1, 4, 5, 7], "missing_lines": [6], "excluded_lines": []})
    result = half(data, {"backend/app/main.py": MAIN})
    assert (result.covered, result.total, result.report) == (4, 5, "sha")


def test_a_file_the_report_leaves_out_is_uncovered():
    data = python_report(app__main={"executed_lines": [1, 4, 5, 6, 7], "missing_lines": []})
    result = half(data, {"backend/app/main.py": MAIN, "backend/app/hidden.py": "x = 1\n\ny = 2\n"})
    assert (result.covered, result.total) == (5, 7)


def test_lines_excluded_by_a_comment_are_uncovered():
    data = python_report(app__main={"executed_lines": [1, 4, 5, 7], "missing_lines": [], "excluded_lines": [6]})
    assert half(data, {"backend/app/main.py": MAIN}).total == 5


GUARDED = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from app import (\n        a,\n    )\n\nx = 1\n"


@pytest.mark.parametrize(
    ("text", "total"),
    [
        (GUARDED, 2),
        (GUARDED.replace("x = 1", "TYPE_CHECKING = True"), 6),
        (GUARDED.replace("from typing import", "from app.cheat import"), 6),
    ],
)
def test_lines_for_type_checkers_cannot_run_unless_the_guard_is_forged(text, total):
    data = python_report(app__main={"executed_lines": [1, 8], "missing_lines": [], "excluded_lines": [3, 4, 5, 6, 7]})
    result = half(data, {"backend/app/main.py": text})
    assert (result.covered, result.total) == (2, total)


def test_statements_the_report_is_silent_about_are_uncovered():
    data = python_report(app__main={"executed_lines": [1], "missing_lines": []})
    result = half(data, {"backend/app/main.py": MAIN})
    assert (result.covered, result.total) == (1, 3)  # lines 6 and 7 cannot be denied


def test_a_file_that_is_not_python_did_not_run():
    result = half(python_report(app__main={"executed_lines": [1]}), {"backend/app/main.py": "def (\nx = 1\n"})
    assert result.covered < result.total


def script_report(covered: int, total: int, path: str = "/work/frontend/src/button.tsx") -> bytes:
    lines = {"total": total, "covered": covered, "skipped": 0, "pct": 100}
    return json.dumps({"total": {"lines": {"total": 9, "covered": 9}}, path: {"lines": lines}}).encode()


@pytest.mark.parametrize("path", ["/work/frontend/src/button.tsx", "src/button.tsx", "frontend/src/button.tsx"])
def test_a_summary_is_counted_by_file_and_its_own_total_is_not_believed(path):
    result = half(script_report(1, 2, path), {"frontend/src/button.tsx": BUTTON}, "frontend")
    assert (result.covered, result.total) == (1, 2)


@pytest.mark.parametrize("text", ["/* v8 ignore start */\n" + BUTTON, "/* istanbul ignore file */\n" + BUTTON])
def test_a_file_that_asks_to_be_ignored_is_uncovered(text):
    result = half(script_report(2, 2), {"frontend/src/button.tsx": text}, "frontend")
    assert (result.covered, result.total) == (0, 4)


def test_a_file_with_code_cannot_have_nothing_to_cover():
    assert half(script_report(0, 0), {"frontend/src/button.tsx": BUTTON}, "frontend").total == 3


def test_a_file_of_types_has_nothing_to_cover():
    assert (
        half(script_report(0, 0), {"frontend/src/button.tsx": "export interface A {\n  b: string;\n}\n"}, "frontend").total == 0
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (python_report(app__main={"executed_lines": [0]}), "no believable executed_lines"),
        (python_report(app__main={"executed_lines": [99]}), "no believable executed_lines"),
        (python_report(app__main={"executed_lines": [True]}), "no believable executed_lines"),
        (python_report(app__main={"executed_lines": 4}), "no believable executed_lines"),
        (python_report(app__main=None), "no believable executed_lines"),
        (python_report(app__main={"executed_lines": [1], "missing_lines": [1]}), "ran and did not run"),
        (b" " * ((32 << 20) + 1), "bytes, more than"),
    ],
)
def test_an_impossible_python_report_is_refused(data, says):
    with pytest.raises(BadReport, match=says):
        half(data, {"backend/app/main.py": MAIN})


@pytest.mark.parametrize(("covered", "total"), [(3, 2), (-1, 2), (50, 50), (True, 2), (1.0, 2), ("1", 2), (None, 2)])
def test_an_impossible_summary_is_refused(covered, total):
    with pytest.raises(BadReport, match="no believable count"):
        half(script_report(covered, total), {"frontend/src/button.tsx": BUTTON}, "frontend")


def test_own_sources_are_code_without_tests_and_without_what_the_stack_leaves_out():
    files = [
        "backend/app/main.py", "backend/app/api/orders.py", "backend/tests/test_main.py", "backend/conftest.py", "backend/migrations/env.py",
        "backend/README.md", "frontend/src/app.tsx", "frontend/src/app.test.tsx", "frontend/src/api/schema.d.ts", "frontend/vite.config.ts",
    ]  # fmt: skip
    assert own_sources(files, ("backend/",), ("backend/migrations/**",)) == (
        ["backend/app/api/orders.py", "backend/app/main.py"],
        ["backend/migrations/env.py"],
    )
    assert own_sources(files, ("frontend/",), ("frontend/*.ts", "frontend/src/api/schema.d.ts")) == (
        ["frontend/src/app.tsx"],
        ["frontend/src/api/schema.d.ts", "frontend/vite.config.ts"],
    )


def test_a_star_stays_in_its_folder():
    own, left_out = own_sources(["frontend/src/deep/a.ts", "frontend/b.ts"], ("frontend/",), ("frontend/*.ts",))
    assert (own, left_out) == (["frontend/src/deep/a.ts"], ["frontend/b.ts"])


def test_a_half_without_report_is_uncovered_and_says_so():
    result = unmeasured("backend", {"backend/app/main.py": MAIN}, ())
    assert (result.covered, result.total, result.report) == (0, 5, "")


def test_the_statements_counted_here_are_a_part_of_those_the_tool_counts(tmp_path):
    """The guard must never call a line uncovered that the real tool does not count at all."""
    source = (
        '"""Doc."""\nfrom __future__ import annotations\n\nimport os\nfrom typing import TYPE_CHECKING\n\n\nclass A:\n    """Doc."""\n\n    x: int\n'
        "    y: int = 1\n\n    @property\n    def b(self) -> int:\n        '''Doc.'''\n        value = max(\n            1,\n            2,\n        )\n"
        "        return (\n            value\n        )\n\n\nasync def c():\n    async with d() as e:\n        await e\n    assert True, (\n        1\n    )\n"
        "    del value\n    return [\n        i\n        for i in ()\n    ]\n\n\nprint(\n    os.sep,\n    A().b,\n)\nz = lambda: (\n    1\n)\n"
    )
    (tmp_path / "module.py").write_text(source)
    env = {"PATH": "/usr/bin:/bin", "COVERAGE_FILE": str(tmp_path / "data")}
    run = [sys.executable, "-m", "coverage"]
    subprocess.run([*run, "run", "--source", ".", "module.py"], cwd=tmp_path, check=True, env=env, capture_output=True)
    subprocess.run([*run, "json", "-o", "out.json"], cwd=tmp_path, check=True, env=env, capture_output=True)
    report = json.loads((tmp_path / "out.json").read_text())
    entry = report["files"]["module.py"]
    result = half((tmp_path / "out.json").read_bytes(), {"backend/module.py": source})
    assert result.total == len(entry["executed_lines"]) + len(entry["missing_lines"])
    assert result.covered == len(entry["executed_lines"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda v: (
            st.lists(v, max_size=3)
            | st.dictionaries(
                st.sampled_from(["files", "meta", "app/main.py", "executed_lines", "lines", "total"]), v, max_size=3
            )
        ),
    )
)
def test_any_document_is_counted_or_refused(document):
    try:
        result = half(json.dumps(document).encode(), {"backend/app/main.py": MAIN})
    except BadReport:
        return
    assert 0 <= result.covered <= result.total
