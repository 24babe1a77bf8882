"""A client of the HTTP interface, with a token of its own."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from rest_framework.authtoken.models import Token

from synergy.chaos.stage import Stage
from synergy.core.models import Membership
from synergy.workflow.services import default_tenant

TIMEOUT = 10.0


@dataclass(frozen=True)
class Answer:
    """``status`` 0: there was none."""

    status: int
    run: str
    seconds: float


class Client:
    def __init__(self, stage: Stage) -> None:
        user, _ = get_user_model().objects.get_or_create(username="chaos")
        Membership.objects.get_or_create(user=user, defaults={"tenant": default_tenant()})
        self.token = Token.objects.get_or_create(user=user)[0].key
        self.port = urlsplit(stage.children["web"].service.address).port

    def post(self, key: str, orders: dict[str, Any]) -> Answer:
        """Ask for a run that does what ``orders`` say."""
        body = json.dumps({"message": f"Chaos {key}: {json.dumps(orders)}"})
        status, answer, seconds = self._ask("POST", "/api/runs", body, {"Idempotency-Key": key})
        return Answer(status, str(answer.get("id", "")), seconds)

    def warm(self) -> int:
        """The status of an ordinary request; the first one of a process takes longer."""
        return self._ask("GET", "/health", None, {})[0]

    @contextmanager
    def posting(self, keys: Sequence[str], orders: dict[str, Any]) -> Iterator[None]:
        """Ask for all of them, one after the other, while the block runs."""
        thread = threading.Thread(target=lambda: [self.post(key, orders) for key in keys], daemon=True)
        thread.start()
        yield
        thread.join(TIMEOUT * len(keys))

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, dict[str, Any], float]:
        began = time.monotonic()
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        given = {"Authorization": f"Token {self.token}", "Content-Type": "application/json", **headers}
        try:
            link.request(method, path, body, given)
            response = link.getresponse()
            text = response.read()
            answer = json.loads(text) if text.startswith(b"{") else {}
            return response.status, answer, time.monotonic() - began
        except (OSError, http.client.HTTPException):
            return 0, {}, time.monotonic() - began
        finally:
            link.close()
