"""How far each alert is: fired in Prometheus, routed to Synergy, delivered to every target, and the same for its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from slo.models import Delivery
from synergy.drill.watchers import Prometheus

FIRING, RESOLVED = "firing", "resolved"


@dataclass
class Told:
    """An alert that is waited for. All times are seconds since the mark, None until it happened."""

    name: str
    window: str  #: of a burn rate, else ""
    summary: str  #: how Prometheus' alert and a delivery are known to be this one
    fired: float | None = None
    routed: float | None = None  #: taken by /internal/alerts
    delivered: float | None = None  #: to all targets
    ended: float | None = None  #: its end was delivered to all targets
    attempts: int = 0  #: at the webhook, until it took the alert
    targets: dict[str, str] = field(default_factory=dict)  #: kind → state of its delivery

    @property
    def complete(self) -> bool:
        return None not in (self.fired, self.routed, self.delivered, self.ended)

    @property
    def title(self) -> str:
        return f"{self.name} {self.window}".strip()


def awaited(rules: dict[str, Any]) -> list[Told]:
    """All alerts of a rule file but tickets, whose windows are days."""
    found = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    return [
        Told(rule["alert"], rule["labels"].get("window", ""), rule["annotations"]["summary"])
        for rule in found
        if rule["labels"]["severity"] != "ticket"
    ]


def look(told: Iterable[Told], prometheus: Prometheus, tenant: str, mark: float, now: float, kinds: set[str]) -> None:
    """Note what has happened. ``mark`` and ``now``: seconds since the epoch."""
    firing = {
        alert["annotations"]["summary"]
        for alert in prometheus.alerts()
        if alert["labels"].get("tenant") == tenant and alert["state"] == FIRING
    }
    sent = deliveries(tenant, mark)
    for one in told:
        if one.fired is None and one.summary in firing:
            one.fired = now - mark
        _note(one, sent, mark, kinds)


def deliveries(tenant: str, mark: float) -> dict[tuple[str, str], list[Delivery]]:
    """(summary, state) → the first delivery of it for each target."""
    found: dict[tuple[str, str], list[Delivery]] = {}
    rows = Delivery.objects.filter(alert__tenant=tenant, target__tenant__slug=tenant).select_related("target").order_by("id")
    for delivery in rows:
        if delivery.created_at.timestamp() < mark:
            continue
        same = found.setdefault((delivery.alert["title"], delivery.alert["state"]), [])
        if delivery.target_id not in {other.target_id for other in same}:
            same.append(delivery)
    return found


def _note(one: Told, sent: dict[tuple[str, str], list[Delivery]], mark: float, kinds: set[str]) -> None:
    first = sent.get((one.summary, FIRING), [])
    if first:
        one.routed = min(delivery.created_at.timestamp() for delivery in first) - mark
        one.fired = one.routed if one.fired is None else min(one.fired, one.routed)  # it was seen a look later than it was told
        one.targets = {delivery.target.kind: delivery.state for delivery in first}
    for delivery in first:
        if delivery.target.kind == "webhook" and delivery.sent_at:
            one.attempts = delivery.attempts
    one.delivered = _all_sent(first, mark, kinds)
    one.ended = _all_sent(sent.get((one.summary, RESOLVED), []), mark, kinds)


def _all_sent(found: list[Delivery], mark: float, kinds: set[str]) -> float | None:
    times = [delivery.sent_at.timestamp() for delivery in found if delivery.sent_at]
    return max(times) - mark if kinds and {d.target.kind for d in found if d.sent_at} == kinds else None


def table(told: Iterable[Told]) -> list[str]:
    """For a person; seconds since the first breach."""
    lines = [f"{'alert':<26}{'fired':>9}{'routed':>9}{'delivered':>11}{'attempts':>10}{'ended':>9}"]
    for one in told:
        cells = (one.fired, one.routed, one.delivered)
        times = "".join(f"{_seconds(value):>{width}}" for value, width in zip(cells, (9, 9, 11), strict=True))
        lines.append(f"{one.title:<26}{times}{one.attempts or '–':>10}{_seconds(one.ended):>9}")
    return lines


def _seconds(value: float | None) -> str:
    return "MISSING" if value is None else f"{value:.1f} s"
