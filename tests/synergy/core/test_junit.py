"""Test reports of pytest and vitest are read; hostile ones are refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synergy.core.testreports.junit import MAX_BYTES, MAX_CASES, MAX_MESSAGE, BadReport, read_junit

FILES = {"backend/tests/test_orders.py", "backend/tests/api/test_auth.py", "frontend/src/pages/orders.test.tsx"}

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="0" failures="1" skipped="1" tests="5" time="0.3">
<testcase classname="tests.test_orders" name="test_create" time="0.012" />
<testcase classname="tests.test_orders.TestList" name="test_page[2-20]" time="0.1" />
<testcase classname="tests.api.test_auth" name="test_login" time="0.2"><failure message="assert 1 == 2">trace &lt;b&gt;</failure></testcase>
<testcase classname="tests.test_orders" name="test_later"><skipped type="pytest.skip" message="not today"/></testcase>
<testcase classname="tests.test_orders" name="test_teardown"><failure message="a"/><error message="b"/></testcase>
</testsuite></testsuites>"""

VITEST = b"""<?xml version="1.0" encoding="UTF-8" ?>
<testsuites name="vitest tests" tests="1" failures="0" errors="0" time="1">
 <testsuite name="src/pages/orders.test.tsx" tests="1" failures="0" time="0.1">
  <testcase classname="src/pages/orders.test.tsx" name="orders &gt; shows an empty list" time="0.05"></testcase>
 </testsuite></testsuites>"""


def test_pytest_cases_are_named_by_file_class_and_test():
    cases = read_junit(PYTEST, "backend", FILES)
    assert [(c.id, c.outcome) for c in cases] == [
        ("backend/tests/test_orders.py::test_create", "passed"),
        ("backend/tests/test_orders.py::TestList::test_page[2-20]", "passed"),
        ("backend/tests/api/test_auth.py::test_login", "failed"),
        ("backend/tests/test_orders.py::test_later", "skipped"),
        ("backend/tests/test_orders.py::test_teardown", "error"),
    ]
    assert cases[0].seconds == 0.012
    assert cases[2].message == "assert 1 == 2trace <b>"


def test_vitest_cases_are_named_by_file_and_title():
    (case,) = read_junit(VITEST, "frontend/", FILES)
    assert case.id == "frontend/src/pages/orders.test.tsx::orders > shows an empty list"
    assert case.outcome == "passed"


def test_a_case_outside_the_project_proves_nothing():
    (case,) = read_junit(b'<testsuite><testcase classname="os.path" name="test_made_up"/></testsuite>', "backend", FILES)
    assert case.outcome == "error"
    assert case.message == "The case names no file of the project."


def test_a_failed_collection_is_an_error_with_its_message():
    xml = b'<testsuite><testcase classname="" name="tests.test_orders"><error message="collection failure">ImportError</error></testcase></testsuite>'
    (case,) = read_junit(xml, "backend", FILES)
    assert case.outcome == "error"
    assert "ImportError" in case.message


BOMB = b'<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'
OUTSIDE = b'<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&x;"/></testsuite>'


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (BOMB, "declares"),
        (OUTSIDE, "declares"),
        (BOMB.decode().encode("utf-16"), "declares"),
        (b'<!DOCTYPE b SYSTEM "http://example.com/x.dtd"><a/>', "declares"),
        (b"", "not XML"),
        (b"not xml", "not XML"),
        (b"<testsuite><testcase>", "not XML"),
        (b'<?xml version="1.0" encoding="ebcdic-from-mars"?><a/>', "not XML"),
        (b"\xff\xfe\x00", "not XML"),
        (b"<a>" * 40 + b"</a>" * 40, "nested too deep"),
        (b" " * (MAX_BYTES + 1), "bytes, more than"),
        (b"<a>" + b"<testcase/>" * (MAX_CASES + 1) + b"</a>", "more than 20000 cases"),
    ],
)
def test_a_hostile_report_is_refused(data, says):
    with pytest.raises(BadReport, match=says):
        read_junit(data, "backend", FILES)


def test_long_and_unprintable_texts_are_cut():
    xml = f'<a><testcase classname="tests.test_orders" name="{"n" * 900}" time="NaN"><failure message="{"m" * 9000}&#27;]52;x"/></testcase></a>'
    with pytest.raises(BadReport):  # an escape character is not even XML
        read_junit(xml.encode(), "backend", FILES)
    (case,) = read_junit(xml.replace("&#27;", "\u200e\u202e").encode(), "backend", FILES)
    assert case.seconds == 0
    assert len(case.message) == MAX_MESSAGE
    assert len(case.id) < 600


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    with contextlib.suppress(BadReport):
        read_junit(b"<a>" + data + b"</a>", "backend", FILES)
