"""What an alert is, and what a sink does with it. A sink is a module here with ``part = …``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

from slo.guarded import client
from synergy.core.errors import SynergyError
from synergy.core.registry import Registry
from synergy.core.types import Value

MOST_SECONDS = 3600.0  #: of a Retry-After that is honoured


class Alert(Value):
    """``key`` is equal for the same trouble: it is told once, and what resolves it finds it."""

    key: str
    title: str
    text: str
    severity: Literal["info", "warning", "critical"] = "warning"
    state: Literal["firing", "resolved"] = "firing"
    tenant: str = ""
    link: str = ""
    at: datetime


class NotDelivered(SynergyError):
    """A sink did not take an alert. ``permanent``: it never will."""

    def __init__(self, message: str, *, permanent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.permanent, self.retry_after = permanent, retry_after


class Sink(Protocol):
    title: str
    asks: str  #: what the address is, for who types it in

    def check(self, address: str) -> None:
        """BadInput when alerts cannot go there."""

    def send(self, alert: Alert, address: str, secret: str) -> None:
        """Deliver it. Raises NotDelivered, Forbidden, httpx.HTTPError, OSError."""


registry: Registry[Sink] = Registry("slo.alerts")


def post(url: str, body: Any, headers: Mapping[str, str] | None = None) -> None:
    """Send ``body`` (JSON, or bytes as they are) to a public address. NotDelivered with what the other side asks for."""
    content = {"content": body} if isinstance(body, bytes) else {"json": body}
    # A stream, as what the other side answers is not read.
    with client() as http, http.stream("POST", url, headers=dict(headers or {}), **content) as answer:
        code = answer.status_code
        if code < 300:
            return
        permanent = 300 <= code < 500 and code not in (408, 425, 429)
        raise NotDelivered(f"It answered {code}.", permanent=permanent, retry_after=_seconds(answer.headers.get("Retry-After")))


def _seconds(text: str | None) -> float | None:
    try:
        return min(max(float(text or ""), 0.0), MOST_SECONDS)
    except ValueError:
        return None


def line(alert: Alert) -> str:
    """ "RESOLVED: the title"."""
    return f"{'RESOLVED: ' if alert.state == 'resolved' else ''}{alert.title}"
