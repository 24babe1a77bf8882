"""What a line of the log looks like: for people, or as JSON for machines (LOG_FORMAT). Both have the trace it belongs to."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from opentelemetry import trace
from pythonjsonlogger.json import JsonFormatter

from synergy.core.secrets import redact


class Traced(logging.Filter):
    """Adds ``trace_id`` and ``span_id`` (hex, empty outside a trace), and ``trace``, which is how they look in a line for people.

    The work of a run has the trace of the run, whether or not traces are collected.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        now = trace.get_current_span().get_span_context()
        ids = (trace.format_trace_id(now.trace_id), trace.format_span_id(now.span_id)) if now.is_valid else ("", "")
        record.__dict__ |= {"trace_id": ids[0], "span_id": ids[1], "trace": f" [trace {ids[0]}]" if now.is_valid else ""}
        return True


class Json(JsonFormatter):
    """One JSON object a line: time, level, logger, message, trace_id, span_id, pid, and the traceback where there is one.

    What looks like a secret is left out, and a line break in a message makes no second line.
    """

    def __init__(self) -> None:
        super().__init__("%(message)s", json_ensure_ascii=False)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {key: redact(value) if isinstance(value, str) else value for key, value in log_data.items()}

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        super().add_fields(log_data, record, message_dict)
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data |= {"level": record.levelname, "logger": record.name, "pid": record.process}
        log_data.pop("trace", None)
