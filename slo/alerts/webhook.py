"""Any other program, by a signed POST (the headers of Standard Webhooks)."""

import base64
import hashlib
import hmac
import time

from slo.alerts.base import Alert, post
from slo.guarded import check_url
from synergy.core.artifacts import digest


class Webhook:
    title = "Webhook"
    asks = "An address that takes a POST with JSON; the secret signs it (webhook-signature)."

    def check(self, address: str) -> None:
        check_url(address)

    def send(self, alert: Alert, address: str, secret: str) -> None:
        body = alert.model_dump_json().encode()
        post(address, body, {"Content-Type": "application/json", **signed(alert, body, secret, int(time.time()))})


def signed(alert: Alert, body: bytes, secret: str, now: int) -> dict[str, str]:
    """The headers that say who sent ``body``, and when: HMAC-SHA256 of ``id.timestamp.body``."""
    name = digest(f"{alert.key} {alert.state} {alert.at.isoformat()}".encode())[:32]
    mac = hmac.new(secret.encode(), f"{name}.{now}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


part = Webhook()
