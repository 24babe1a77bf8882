"""The tracing of a process, with OpenTelemetry's own instrumentations of Django, Celery, psycopg and Redis.

Spans are sent by a thread. What does not fit into its queue is dropped; a collector that did not take the last batch is not
waited for at the end of a task, and for a second at most at the end of a process.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Sequence
from typing import Any

from celery.signals import task_postrun
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from synergy.core.spans import COMMAND

UNTRACED = "^https?://[^/]+/(health|ready|metrics|internal/alerts)$"  #: asked every few seconds, by machines
DELAY = 1000  #: milliseconds that ended spans are gathered before they are sent
ANSWER = 2.0  #: seconds that the collector has to answer
PATIENCE = 0.3  #: seconds that the end of a task may wait until its spans are sent
LEAVING = 1000  #: milliseconds that the end of a process may wait


class Beginnings(Sampler):
    """A trace begins with a request, or with a command of ours."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        begins = kind is SpanKind.SERVER or COMMAND in (attributes or {})
        return SamplingResult(Decision.RECORD_AND_SAMPLE if begins else Decision.DROP, attributes if begins else None)

    def get_description(self) -> str:
        return "requests and commands"


class Collector(SpanExporter):
    """Where spans go. ``well``: it took the last batch."""

    def __init__(self, inner: SpanExporter) -> None:
        self.inner = inner
        self.well = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self.inner.export(spans)
        self.well = result is SpanExportResult.SUCCESS
        return result

    def shutdown(self) -> None:
        self.inner.shutdown()


class Sender:
    """Sends what has ended."""

    def __init__(self, inner: SpanExporter) -> None:
        self.collector = Collector(inner)
        self.processor = BatchSpanProcessor(self.collector, schedule_delay_millis=DELAY)

    def hurry(self, **_: Any) -> None:
        """Send now what has ended: a worker may be told to stop right after its last task."""
        if not self.collector.well:
            return
        sending = threading.Thread(target=self.processor.force_flush, daemon=True)
        sending.start()
        sending.join(PATIENCE)
        if sending.is_alive():
            self.collector.well = False

    def leave(self) -> None:
        self.processor._batch_processor.shutdown(LEAVING)  # its own way waits for half a minute


def start(part: str) -> None:
    """Trace this process from now on."""
    sender = Sender(OTLPSpanExporter(timeout=ANSWER))
    resource = Resource.create({"service.name": f"synergy-{part}", "service.namespace": "synergy", "process.pid": os.getpid()})
    provider = TracerProvider(resource=resource, sampler=ParentBased(Beginnings()), shutdown_on_exit=False)
    provider.add_span_processor(sender.processor)
    trace.set_tracer_provider(provider)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
    PsycopgInstrumentor().instrument(skip_dep_check=True)
    RedisInstrumentor().instrument()
    if part == "web":
        DjangoInstrumentor().instrument(excluded_urls=UNTRACED)
    task_postrun.connect(sender.hurry, weak=False)  # after Celery's instrumentation, which ends the span of the task there
    atexit.register(sender.leave)
