"""Servers on loopback that take alerts as the real ones do: what they accept, refuse and answer, each first out of order.

Standard library only: they are started before the settings are read, which must name their ports.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Answer = tuple[int, dict[str, str], bytes]  #: status, headers, body
AGAIN = "1"  #: seconds that they ask to wait
SEVERITIES = ("critical", "error", "warning", "info")
KEY_LENGTH = 32


class Sinks:
    """One server with a path for each kind. ``answers``: kind → statuses in their order; ``wrong``: what was refused for good."""

    def __init__(self) -> None:
        self.secret = ""  #: of the webhook's target
        self.answers: defaultdict[str, list[int]] = defaultdict(list)
        self.seen: Counter[str] = Counter()  #: deliveries to the webhook, by their id
        self.first: dict[str, int] = {}  #: the first answer to each of these
        self.wrong: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, text = outer.answer(self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(text)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None: ...

        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def addresses(self) -> dict[str, str]:
        """Kind → address of a target."""
        slack, discord = (f"http://{self.host}/{path}" for path in ("services/T0/B0/x", "api/webhooks/1/x"))
        return {"webhook": f"http://{self.host}/hook", "slack": slack, "discord": discord, "pagerduty": "a" * KEY_LENGTH}

    def pagerduty_url(self) -> str:
        return f"http://{self.host}/v2/enqueue"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        kinds: dict[str, tuple[str, Callable[[Mapping[str, str], bytes], Answer]]] = {
            "hook": ("webhook", self._webhook),
            "services": ("slack", self._slack),
            "api": ("discord", self._discord),
            "v2": ("pagerduty", self._pagerduty),
        }
        kind, take = kinds[path.split("/")[1]]
        with self._lock:
            try:
                answer = take({name.lower(): value for name, value in headers.items()}, body)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                answer = 400, {}, f"{type(error).__name__}: {error}".encode()
            if answer[0] in (400, 401):
                self.wrong.append(f"{kind} answered {answer[0]}: {answer[2].decode()}")
            self.answers[kind].append(answer[0])
        return answer

    def _webhook(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Checks the signature; each delivery is put off once."""
        name = headers["webhook-id"]
        signed = f"{name}.{headers['webhook-timestamp']}.".encode() + body
        mac = base64.b64encode(hmac.new(self.secret.encode(), signed, hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(headers["webhook-signature"], f"v1,{mac}"):
            return 401, {}, b"The signature is wrong."
        json.loads(body)
        self.seen[name] += 1
        status = 503 if self.seen[name] == 1 else 200
        self.first.setdefault(name, status)
        return status, {"Retry-After": AGAIN} if status == 503 else {}, b""

    def _slack(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """An incoming webhook: "ok", or a word that says what is wrong; one message a second, else 429."""
        message = json.loads(body)
        if not message.get("text") and not message.get("blocks"):
            return 400, {}, b"no_text"
        if any(block["type"] == "section" and not 0 < len(block["text"]["text"]) <= 3000 for block in message["blocks"]):
            return 400, {}, b"invalid_blocks"
        if not self.answers["slack"]:
            return 429, {"Retry-After": AGAIN}, b"rate_limited"
        return 200, {"Content-Type": "text/html"}, b"ok"

    def _discord(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """A webhook: 204; 429 with the seconds as a fraction; at most ten embeds of a certain length."""
        message: dict[str, Any] = json.loads(body)
        embeds = message.get("embeds", [])
        if not (embeds or message.get("content")) or len(embeds) > 10:
            return 400, {}, b'{"code": 50006, "message": "Cannot send an empty message"}'
        if any(len(embed["title"]) > 256 or len(embed["description"]) > 4096 for embed in embeds):
            return 400, {}, b'{"code": 50035, "message": "Invalid Form Body"}'
        if not self.answers["discord"]:
            return (
                429,
                {"Retry-After": "0.75"},
                b'{"message": "You are being rate limited.", "retry_after": 0.75, "global": false}',
            )
        return 204, {}, b""

    def _pagerduty(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """The Events API v2: 202 with the key that joins trigger and resolve."""
        event = json.loads(body)
        said = event["payload"]
        if len(event["routing_key"]) != KEY_LENGTH or event["event_action"] not in ("trigger", "acknowledge", "resolve"):
            return 400, {}, b'{"status": "invalid event", "message": "Event object is invalid"}'
        if not 0 < len(said["summary"]) <= 1024 or said["severity"] not in SEVERITIES or not said["source"]:
            return 400, {}, b'{"status": "invalid event", "message": "payload is invalid"}'
        if not self.answers["pagerduty"]:
            return 429, {"Retry-After": AGAIN}, b'{"status": "throttle exceeded"}'
        told = {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
        return 202, {"Content-Type": "application/json"}, json.dumps(told).encode()


def environment(home: Path, cache: Path, sinks: Sinks, token: str) -> None:
    """Set what this process and all that it starts need; before the settings are read."""
    for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "OPENROUTER_API_KEY", "OPENROUTER_API_KEY_FILE"):
        os.environ.pop(name, None)
    os.environ |= {
        "SYNERGY_HOME": str(home),
        "SYNERGY_CACHE": str(cache),
        "SYNERGY_PORT": "0",
        "METRICS_TOKEN": token,
        "ALERTS_TOKEN": token[::-1],
        "SYNERGY_ALERT_HOSTS": sinks.host,
        "SYNERGY_PAGERDUTY_URL": sinks.pagerduty_url(),
    }
