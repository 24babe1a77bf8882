"""Patches: what may be written, and what cannot be laid on a project."""

from __future__ import annotations

import pytest

from synergy.core.stacks import Writing
from uiagents.improving.patches import BadPatch, checks_of, is_test, misplaced, patched
from uiagents.improving.questions import CheckDraft, Edit, NewFile, PageDraft, Patch, UiPatch

PART = Writing(roots=("backend/app/", "backend/tests/"), open=("backend/tests/helpers.py",), tidy="", checks=(), proof="")
THERE = {
    "backend/app/shop.py": "A = 1\nB = 1\n",
    "backend/tests/test_shop.py": "assert True\n",
    "backend/tests/helpers.py": "X = 1\n",
    "backend/app/old.py": "import os  # noqa\n",
}


def lay(new=(), edits=(), own=None):
    patch = Patch(
        new=tuple(NewFile(path=p, content=c) for p, c in new), edits=tuple(Edit(path=p, find=f, replace=r) for p, f, r in edits)
    )
    return patched(patch, PART, THERE.get, own or {})


def test_new_files_and_edits_one_after_the_other():
    written = lay(
        [("backend/app/new.py", "N = 1")], [("backend/app/shop.py", "A = 1", "A = 2"), ("backend/app/shop.py", "B = 1", "B = 3")]
    )
    assert written == {"backend/app/new.py": "N = 1\n", "backend/app/shop.py": "A = 2\nB = 3\n"}


def test_what_was_written_before_may_be_written_anew_and_edited():
    own = {"backend/tests/test_new.py": "old\n"}
    assert lay([("backend/tests/test_new.py", "new")], own=own) == {"backend/tests/test_new.py": "new\n"}
    assert lay(edits=[("backend/tests/test_new.py", "old", "older")], own=own) == {"backend/tests/test_new.py": "older\n"}


def test_support_of_tests_that_is_open_may_be_edited():
    assert lay(edits=[("backend/tests/helpers.py", "X = 1", "X = 2")]) == {"backend/tests/helpers.py": "X = 2\n"}


@pytest.mark.parametrize(
    ("new", "edits", "said"),
    [
        ([("backend/app/shop.py", "x")], [], "is there already"),
        ([("frontend/src/a.ts", "x")], [], "may not be written"),
        ([("backend/app/a.sh", "x")], [], "may not be written"),
        ([("backend/app/../../a.py", "x")], [], "not allowed"),
        ([("backend/app/con.py", "x")], [], "not allowed"),
        ([("backend/app/" + "a" * 240 + ".py", "x")], [], "not allowed"),
        ([], [("backend/app/none.py", "a", "b")], "is not there"),
        ([], [("backend/app/shop.py", "C = 1", "b")], "stands 0 times"),
        ([], [("backend/app/shop.py", "= 1", "b")], "stands 2 times"),
        ([], [("backend/app/shop.py", "", "b")], "stands 0 times"),
        ([], [("backend/tests/test_shop.py", "True", "1")], "stays as it is"),
        ([(f"backend/app/a{n}.py", "x") for n in range(21)], [], "more than 20"),
        ([("backend/app/big.py", "ü" * 30_001)], [], "longer than"),
    ],
)  # fmt: skip
def test_what_cannot_be_laid_says_why(new, edits, said):
    with pytest.raises(BadPatch, match=said):
        lay(new, edits)


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa: F401", "x: int = '1'  # type: ignore", "x = 1  # pragma: no cover", "# mypy: ignore-errors", "# ruff: noqa",
        "// @ts-ignore", "// @ts-nocheck", "// biome-ignore lint: no", "/* v8 ignore next */", "/* istanbul ignore file */",
        "@pytest.mark.skip", "pytest.skip('no')", "@pytest.mark.xfail", "test.skip('a', () => {})", "describe.only('a', () => {})",
        "it.todo('later')", "@unittest.skip('no')",
    ],
)  # fmt: skip
def test_nothing_switches_a_check_off(line):
    with pytest.raises(BadPatch, match="switches a check off"):
        lay([("backend/app/new.py", f"{line}\n")])


def test_what_was_switched_off_before_may_stay():
    assert lay(edits=[("backend/app/old.py", "import os", "import sys")]) == {"backend/app/old.py": "import sys  # noqa\n"}


def ui(*checks, pages=()):
    return UiPatch(new=(), edits=(), pages=pages, checks=checks)


def check(*acts):
    return CheckDraft(title="It works", who="visitor", acts=acts)


def test_checks_are_read_before_they_are_taken():
    (made,) = checks_of("asked.r1", ui(check("open /", "see it")))
    assert (made.id, made.feature) == ("asked.r1.1", "asked.r1")
    for bad in (ui(), ui(check("open /", "dance")), ui(check("open /", "click button Go")), ui(*[check("open /", "see it")] * 5)):
        with pytest.raises(BadPatch):
            checks_of("asked.r1", bad)


@pytest.mark.parametrize(
    ("path", "sample", "ok"),
    [
        ("/rides", "/rides", True),
        ("/rides/:id", "/rides/1", True),
        ("/rides/:id", "/rides/:id", False),
        ("/orders", "/orders", False),
        ("https://example.com", "/a", False),
        ("/a b", "/a", False),
        ("/a", "/a/../../b", False),
        ("//evil.example", "/a", False),
    ],
)
def test_pages_have_addresses_of_the_application(path, sample, ok):
    page = PageDraft(path=path, sample=sample, title="A", public=True)
    assert (not list(misplaced((page,), {"/orders"}))) is ok


def test_what_is_a_test():
    assert is_test("backend/tests/test_a.py")
    assert is_test("frontend/src/test/features/a.ts")
    assert is_test("frontend/src/a.test.tsx")
    assert not is_test("backend/app/a.py")
