"""A provider that takes money: a real HTTP server on loopback that counts what it charged, and misbehaves when asked to.

``POST /?kind=KIND`` with the headers ``Idempotency-Key``, ``Run`` and ``Step`` answers JSON ``{"text", "cost_usd"}``. A key that
was charged before is answered from memory, free of charge, and counted: a provider without such keys would have taken the money.
Kinds: ``ok``, ``slow`` (answers after two seconds), ``hang`` (never), ``drip`` (a byte a second, for ever). Every call is charged
when it comes in, before it is answered: the worst moment.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PRICE = 0.01  #: US dollars a call
SLOW = 2.0  #: seconds
FOR_EVER = 600


@dataclass
class Provider:
    """Call ``start`` first. ``charges``: how often each key was charged."""

    charges: Counter[str] = field(default_factory=Counter)
    asked_again: int = 0  #: calls that were free of charge only because the provider knows idempotency keys
    runs: dict[str, str] = field(default_factory=dict)  #: key → run
    calls: list[tuple[float, str]] = field(default_factory=list)  #: (monotonic seconds, run) of every call that came in

    def start(self) -> None:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with suppress(OSError):
                    provider.answer(self)

            def log_message(self, *_: object) -> None: ...

        self._lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, name="provider", daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        kind = parse_qs(urlsplit(call.path).query).get("kind", ["ok"])[0]
        with self._lock:
            self.calls.append((time.monotonic(), call.headers["Run"]))
            self._charge(call.headers["Idempotency-Key"], call.headers["Run"])
        body = json.dumps({"text": f"for {call.headers['Step']}", "cost_usd": PRICE}).encode()
        if kind in ("hang", "drip"):
            self._torment(call, drips=kind == "drip")
            return
        if kind == "slow":
            time.sleep(SLOW)
        call.send_response(200)
        call.send_header("Content-Length", str(len(body)))
        call.end_headers()
        call.wfile.write(body)

    def _charge(self, key: str, run: str) -> None:
        if self.charges[key]:
            self.asked_again += 1
        else:
            self.charges[key] += 1
            self.runs[key] = run

    def _torment(self, call: BaseHTTPRequestHandler, *, drips: bool) -> None:
        if drips:
            call.send_response(200)
            call.send_header("Content-Length", "1000000")
            call.end_headers()
        for _ in range(FOR_EVER):
            if drips:
                call.wfile.write(b" ")
            time.sleep(1)
