"""What a trace shows of our own work: a span around each step, command, call of a model, look of the browser, and gate.

Without a collector (``synergy.telemetry``) spans cost nothing and go nowhere, but a log line still has the trace of its run.
Spans hold names, counts and states: no text of a person or a model, no value of a statement, no message of an error.
"""

from __future__ import annotations

import contextvars
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

Given = ParamSpec("Given")
Result = TypeVar("Result")
Attributes = Mapping[str, str | int | float | bool | tuple[str, ...]]

COMMAND = "synergy.command"  #: attribute of the span that a command begins a trace with

_tracer = trace.get_tracer("synergy")


@contextmanager
def span(
    name: str, attributes: Attributes | None = None, *, kind: SpanKind = SpanKind.INTERNAL, within: Context | None = None
) -> Iterator[Span]:
    """A span around the block, current in it. What the block raises marks it as failed, by the error's name alone."""
    with _tracer.start_as_current_span(
        name, within, kind, attributes, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(Status(StatusCode.ERROR))
            raise


def here() -> tuple[str, str]:
    """(trace id, span id) in hex of what is being done; new ones where nothing is traced."""
    now = trace.get_current_span().get_span_context()
    if now.is_valid and now.trace_flags.sampled:
        return trace.format_trace_id(now.trace_id), trace.format_span_id(now.span_id)
    return uuid.uuid4().hex, uuid.uuid4().hex[:16]


def of_run(trace_id: str, span_id: str) -> Context | None:
    """The context for the work of a run: None = the current one, when that is in the run's trace already.

    Else (its message was sent by the monitor, or by a process that is gone) what the run began with, as the ledger has it.
    """
    if trace.format_trace_id(trace.get_current_span().get_span_context().trace_id) == trace_id:
        return None
    flags = TraceFlags(TraceFlags.SAMPLED)
    begun = SpanContext(int(trace_id, 16), int(span_id or trace_id[:16], 16), is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(begun))


def carried(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """``function`` for another thread: what it does there belongs to the span that is current here."""
    context = contextvars.copy_context()

    def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        return context.copy().run(function, *args, **kwargs)  # a copy: a context can be entered by one thread at a time

    return call
