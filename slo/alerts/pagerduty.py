"""PagerDuty, by the Events API v2."""

from django.conf import settings

from slo.alerts.base import Alert, line, post
from synergy.core.artifacts import digest
from synergy.core.errors import BadInput

LENGTH = 32  #: characters of an integration key


class PagerDuty:
    title = "PagerDuty"
    asks = "The integration key of a service with the Events API v2: 32 letters and digits."

    def check(self, address: str) -> None:
        if len(address) != LENGTH or not (address.isascii() and address.isalnum()):
            raise BadInput("This is no integration key.", hint=self.asks)

    def send(self, alert: Alert, address: str, secret: str) -> None:
        event = {
            "routing_key": address,
            "event_action": "resolve" if alert.state == "resolved" else "trigger",
            "dedup_key": digest(f"{alert.tenant} {alert.key}".encode()),
            "payload": {
                "summary": line(alert)[:1024],
                "source": "synergy",
                "severity": alert.severity,
                "timestamp": alert.at.isoformat(),
                "custom_details": {"text": alert.text[:4000], "tenant": alert.tenant},
            },
            **({"links": [{"href": alert.link, "text": "Open the run"}]} if alert.link else {}),
        }
        post(settings.PAGERDUTY_URL, event)


part = PagerDuty()
