"""Discord, by a webhook."""

from slo.alerts.base import Alert, line, post
from slo.guarded import check_url

COLOURS = {"info": 0x3B82F6, "warning": 0xF59E0B, "critical": 0xDC2626}
GREEN = 0x16A34A


class Discord:
    title = "Discord"
    asks = "The address of a webhook: https://discord.com/api/webhooks/…"

    def check(self, address: str) -> None:
        check_url(address)

    def send(self, alert: Alert, address: str, secret: str) -> None:
        embed = {
            "title": line(alert)[:256],
            "description": alert.text[:4000],
            "color": GREEN if alert.state == "resolved" else COLOURS[alert.severity],
            "timestamp": alert.at.isoformat(),
            **({"url": alert.link} if alert.link else {}),
        }
        post(address, {"embeds": [embed], "allowed_mentions": {"parse": []}})


part = Discord()
