"""A collector that tests look into: OTLP over HTTP on loopback. It can be ill: refuse with 503, or never answer."""

from __future__ import annotations

import gzip
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue


@dataclass(frozen=True)
class Seen:
    """A span as it arrived; ids in hex, ``parent`` is empty for a root."""

    service: str
    scope: str
    name: str
    trace: str
    id: str
    parent: str
    failed: bool
    seconds: float
    attributes: dict[str, object]


class Collector:
    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.ill = ""  #: "refuses" or "hangs"
        self.asked = 0
        self.gone = threading.Event()

    def of(self, trace: str) -> list[Seen]:
        return [span for span in self.spans if span.trace == trace]


def orphans(spans: list[Seen]) -> list[Seen]:
    """Spans whose parent is not among ``spans``."""
    known = {span.id for span in spans}
    return [span for span in spans if span.parent and span.parent not in known]


def names(spans: list[Seen], prefix: str) -> Counter[str]:
    """How many spans of a kind there are: ``step ``, ``gate `` …"""
    return Counter(span.name.removeprefix(prefix) for span in spans if span.name.startswith(prefix))


@contextmanager
def collecting() -> Iterator[tuple[Collector, dict[str, str]]]:
    """A collector, and the environment of processes that send to it."""
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.asked += 1
            if made.ill == "hangs":
                made.gone.wait(30)
            if made.ill:
                self.send_error(503)
                return
            made.spans += read(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()
            self.wfile.write(ExportTraceServiceResponse().SerializeToString())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made, {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}"}
    finally:
        made.gone.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def read(body: bytes) -> Iterator[Seen]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
        for scope in resource.scope_spans:
            for span in scope.spans:
                attributes = {a.key: value(a.value) for a in span.attributes}
                seconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
                ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
                yield Seen(service, scope.scope.name, span.name, *ids, span.status.code == 2, seconds, attributes)


def value(given: AnyValue) -> object:
    """As plain data."""
    kind = given.WhichOneof("value")
    return [value(one) for one in given.array_value.values] if kind == "array_value" else getattr(given, kind or "")
