"""When is a project worse? Seeded, one thing at a time; and what a contract gains."""

from __future__ import annotations

import pytest

from synergy.core.types import CommandRun
from uiagents.improving.trial import Measured, State, _add, new_cases, signature, worse


def run(name="backend-test", code=0):
    return CommandRun(name=name, argv=("true",), returncode=code, seconds=1)


def suite(coverage=0.99, code=0, messages=None, **outcomes):
    return Measured(run(code=code), outcomes or {"a": "passed"}, messages or {}, coverage, "the log")


def lint(code=0):
    return Measured(run("backend-lint", code), log="line too long")


def state(**measured):
    return State({}, {name.replace("_", "-"): found for name, found in measured.items()})


BEFORE = state(backend_test=suite(), backend_lint=lint())


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (state(backend_test=suite(a="failed", messages={"a": "1 != 2"}, code=1)), "a does not pass: 1 != 2"),
        (state(backend_test=suite(b="passed")), "a does not pass: it did not run"),
        (state(backend_test=suite(a="skipped")), "a does not pass"),
        (state(backend_test=suite(a="passed", b="failed")), "b does not pass"),
        (state(backend_test=suite(0.96)), "0.9600 of the lines are covered, 0.9700 is the least"),
        (state(backend_test=suite(code=1)), "backend-test fails"),
        (state(backend_test=suite(), backend_lint=lint(1)), "backend-lint fails:\nline too long"),
        (state(frontend_build=Measured(run("frontend-build", 2), log="no such file")), "frontend-build fails"),
    ],
)  # fmt: skip
def test_each_thing_that_can_be_worse_is_seen(after, said):
    assert said in "\n".join(worse(BEFORE, after))


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        state(backend_test=suite(0.975, a="passed", b="passed")),
        state(backend_lint=lint()),
    ],
)
def test_what_is_no_worse_is_taken(after):
    assert worse(BEFORE, after) == []


def test_what_was_broken_before_may_stay_so_and_coverage_that_was_lower_may_not_fall():
    broken = state(backend_test=suite(0.90, code=1, a="failed", b="passed"), backend_lint=lint(1))
    assert worse(broken, broken) == []
    assert worse(broken, state(backend_test=suite(0.89, code=1, a="failed", b="passed")))


def test_new_tests_are_those_that_were_not_known():
    assert new_cases(BEFORE, state(backend_test=suite(a="passed", b="passed"))) == ["b"]


def test_a_signature_does_not_know_numbers():
    assert signature(["line 12: 3 failed"]) == signature(["line 13: 4 failed"])
    assert signature(["line 12: x"]) != signature(["line 12: y"])


def test_a_contract_gains_what_is_new_and_keeps_what_it_has():
    declared = {"paths": {"/a": {"get": {"operationId": "a"}}}, "components": {"schemas": {"A": {"type": "object"}}}}
    served = {
        "paths": {
            "/a": {"get": {"operationId": "changed"}, "post": {"operationId": "b", "title": "Said twice"}},
            "/c": {"get": {"operationId": "c"}},
        },
        "components": {
            "schemas": {
                "A": {"type": "string"},
                "B": {"type": "object", "title": "B", "properties": {"title": {"type": "string", "title": "Title"}}},
            }
        },
    }
    assert _add(declared, served)
    assert declared["paths"] == {
        "/a": {"get": {"operationId": "a"}, "post": {"operationId": "b"}},
        "/c": {"get": {"operationId": "c"}},
    }
    assert declared["components"]["schemas"] == {
        "A": {"type": "object"},
        "B": {"type": "object", "properties": {"title": {"type": "string"}}},
    }
    assert not _add(declared, declared)
