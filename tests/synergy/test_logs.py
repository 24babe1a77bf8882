"""A line of the log has the trace it belongs to, is one line, and holds no secret."""

from __future__ import annotations

import json
import logging

import pytest
from opentelemetry import trace

from synergy.core import spans
from synergy.logs import Json, Traced


def logged(formatter, *args, **kwargs) -> str:
    record = logging.getLogger("test").makeRecord("test", logging.ERROR, __file__, 1, args[0], args[1:], kwargs.get("exc_info"))
    assert Traced().filter(record)
    return formatter.format(record)


@pytest.fixture
def traced():
    context = trace.set_span_in_context(trace.NonRecordingSpan(trace.SpanContext(0xABC, 0xDEF, False, trace.TraceFlags(1))))
    with spans.span("step", within=context):
        yield f"{0xABC:032x}"


def test_json_has_the_trace_and_what_happened(traced):
    told = json.loads(logged(Json(), "%s of %s\nsecond line", "plan", 7))
    assert (told["trace_id"], told["span_id"]) == (traced, f"{0xDEF:016x}")
    assert (told["level"], told["logger"], told["message"]) == ("ERROR", "test", "plan of 7\nsecond line")
    assert told["time"].endswith("+00:00")


def test_json_stays_on_one_line_and_hides_secrets():
    try:
        raise ValueError("no: sk-or-v1-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
    except ValueError as error:
        line = logged(Json(), "it failed", exc_info=(type(error), error, error.__traceback__))
    assert "\n" not in line
    assert "0123456789abcdef" not in line
    assert "ValueError" in json.loads(line)["exc_info"]
    assert json.loads(line)["trace_id"] == ""


def test_a_line_for_people_ends_with_the_trace_where_there_is_one(traced):
    form = logging.Formatter("%(message)s%(trace)s")
    assert logged(form, "done") == f"done [trace {traced}]"


def test_a_line_outside_a_trace_is_as_it_was():
    assert logged(logging.Formatter("%(message)s%(trace)s"), "done") == "done"


def test_the_work_of_a_run_is_in_the_trace_of_the_run_whether_or_not_traces_are_collected():
    with spans.span("step", within=spans.of_run("a" * 32, "b" * 16)):
        assert json.loads(logged(Json(), "x"))["trace_id"] == "a" * 32
        assert spans.of_run("a" * 32, "b" * 16) is None
    with spans.span("step", within=spans.of_run("c" * 32, "")):  # a run from before traces
        assert json.loads(logged(Json(), "x"))["trace_id"] == "c" * 32
