"""Slack, by an incoming webhook."""

from slo.alerts.base import Alert, line, post
from slo.guarded import check_url

MARKS = {"info": ":information_source:", "warning": ":warning:", "critical": ":rotating_light:"}


class Slack:
    title = "Slack"
    asks = "The address of an incoming webhook: https://hooks.slack.com/services/…"

    def check(self, address: str) -> None:
        check_url(address)

    def send(self, alert: Alert, address: str, secret: str) -> None:
        mark = ":white_check_mark:" if alert.state == "resolved" else MARKS[alert.severity]
        title, text = _plain(line(alert))[:1000], _plain(alert.text)[:2500]
        told = f"{mark} *{title}*\n{text}{f'{chr(10)}<{_plain(alert.link)}|Open the run>' if alert.link else ''}"
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": told}}]
        post(address, {"text": title, "blocks": blocks})


def _plain(text: str) -> str:
    """Nobody is called by an alert's text: ``<!channel>`` and links need these characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


part = Slack()
