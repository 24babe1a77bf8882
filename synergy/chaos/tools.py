"""What a step of the chaos pipeline may be told to do with real parts: spend, run a sandbox, show a page, die."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socketserver
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from django.utils.module_loading import import_string

from inference.llm import ask as model
from synergy.chaos import truth
from synergy.core.artifacts import digest
from synergy.core.bench import Bench
from synergy.core.errors import PermanentError, ServiceDown
from synergy.core.sandboxes.base import Job, Limits
from synergy.core.spending import Order, Paid
from synergy.core.toolchains import sandbox
from synergy.core.value import Value

ACTIVITY = "chaos"
PROVIDER_ENV = "SYNERGY_CHAOS_PROVIDER"  #: port of the provider on loopback
#: untrusted commands that would never end, or take everything
TROUBLES = {
    "hang": (("sleep", "1000"), Limits(seconds=1)),
    "memory": (("tail", "/dev/zero"), Limits(seconds=5, memory_mb=64)),
    "fork": (("sh", "-c", "while :; do sleep 50 & done"), Limits(seconds=2, processes=32)),
    "disk": (("sh", "-c", "cat /dev/zero > big"), Limits(seconds=5, disk_mb=8, file_mb=16)),
    "sleep": (("sleep", "1000"), Limits(seconds=30)),
}


def starts(run: str, step: str) -> int:
    """How often the body of ``step`` has begun."""
    return len(truth.Truth(Path(os.environ[truth.ENV])).of(run, step, "S"))


def die(run: str, step: str, *, whole: bool) -> None:
    """SIGKILL for this process; ``whole``: for the worker that it belongs to, with all its children."""
    truth.write(run, step, "K")
    if whole:
        os.killpg(os.getpgid(0), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def order(run: str, step: str, what: str, worst_usd: float) -> Order:
    return Order(key=digest(f"{run} {step} {what}".encode()), worst_usd=worst_usd, activity=what)


def pay(bench: Bench, key: str, run: str, step: str, kind: str) -> Paid:
    """One call to the provider, as a careless client makes it: without any time-out."""
    link = http.client.HTTPConnection("127.0.0.1", int(os.environ[PROVIDER_ENV]))
    try:
        truth.write(run, step, "calling")
        link.request("POST", f"/?kind={kind}", body=b"{}", headers={"Idempotency-Key": key, "Run": run, "Step": step})
        answer = json.loads(link.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ServiceDown(f"The provider did not answer: {error}") from error
    finally:
        link.close()
    return Paid(answer["text"], answer["cost_usd"])


class Said(Value):
    text: str


def ask(bench: Bench, run: str, step: str, fault: str, times: int) -> int:
    """How many of so many questions a model answered; without an answer the step goes on."""
    came = 0
    for number in range(times):
        data = {"message": f"{run} {step} {number} fault: {fault or 'none'}"}
        with suppress(model.NoAnswer):
            model.ask(bench, model.Question(ACTIVITY, "Say something.", data, Said, max_tokens=200))
            came += 1
    return came


def sandboxed(bench: Bench, trouble: str) -> None:
    """Run what ``trouble`` says in the real sandbox; PermanentError when the sandbox let it have its way."""
    argv, limits = TROUBLES[trouble]
    truth.write(bench.root.name, trouble, "sandbox")
    began = time.monotonic()
    outcome = sandbox().run(Job(argv=argv, project=bench.project, limits=limits), bench.stopped)
    bench.check_stop()
    (bench.project / "big").unlink(missing_ok=True)
    if not (outcome.killed or outcome.returncode) or time.monotonic() - began > limits.seconds + 2:
        raise PermanentError(f"The sandbox let {trouble} have its way.")


def browse(bench: Bench, seconds: float) -> None:
    """Show a page in the real browser for ``seconds``. Raises what the browser raises, so a crash is ServiceDown."""

    async def work(chromium: Any, proxy: Any) -> None:
        profile = await chromium.profile()
        async with profile.tab("chaos") as tab:
            end = time.monotonic() + seconds
            truth.write(bench.root.name, "browser", "browsing")
            while time.monotonic() < end:
                await tab.open("/")
                await asyncio.sleep(0.05)

    session = import_string("visual.browser.session")  # only a step that browses pays for the import of Playwright
    with _served() as socket, session() as running:
        running.run(socket, work, bench.check_stop, seconds + 30)


@contextmanager
def _served() -> Iterator[Path]:
    """A site of one page on a unix socket."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<!doctype html><html lang=en><title>Chaos</title><h1>Chaos</h1></html>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # it went to the next page
                self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with tempfile.TemporaryDirectory(prefix="chaos-site-") as folder:
        path = Path(folder, "site.sock")
        server = socketserver.ThreadingUnixStreamServer(str(path), Page)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield path
        finally:
            server.shutdown()
            server.server_close()
