"""``manage.py up`` and ``session``: the whole system as real processes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from base64 import b64encode
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from synergy.embedded.client import acquire, session
from synergy.embedded.programs import free_port
from synergy.env import stored_secret
from tests.synergy.embedded.conftest import ROOT, eventually, gone, processes_of

pytestmark = pytest.mark.acceptance


@pytest.fixture
def up(home):
    """A running ``manage.py up`` with free ports; gives the process and the lines it has printed so far."""
    env = {**os.environ, "SYNERGY_HOME": str(home), "SYNERGY_PORT": "0", "SYNERGY_FLOWER_PORT": "0", "SYNERGY_CONCURRENCY": "1"}
    for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        env.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout))
    reader.start()
    yield process, lines
    process.kill()
    process.wait()
    reader.join()
    process.stdout.close()
    eventually(lambda: not processes_of(home))


def status(address: str, path: str, login: str = "") -> int:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=10)
    headers = {"Authorization": f"Basic {b64encode(login.encode()).decode()}"} if login else {}
    connection.request("GET", path, headers=headers)
    found = connection.getresponse().status
    connection.close()
    return found


def test_up_serves_survives_a_killed_worker_and_leaves_nothing_on_ctrl_c(up, home):
    process, lines = up
    text = eventually(lambda: process.poll() is None and any("Ctrl-C" in line for line in lines) and "".join(lines), 90)
    web = re.search(r"http://127\.0\.0\.1:\d+", text).group()
    flower = re.search(r"Flower at (http://127\.0\.0\.1:\d+)", text).group(1)
    assert status(web, "/health") == status(web, "/ready") == 200
    assert status(web, "/admin/login/") == 200
    assert status(web, "/static/admin/css/base.css") == 200
    for path in ("/", "/workers", "/api/workers", "/api/tasks", "/metrics"):
        assert status(flower, path) == status(flower, path, "synergy:wrong") == 401
        assert status(flower, path, f"synergy:{stored_secret(home, 'flower')}") == 200

    lease, parts = acquire(home, ["worker"])  # a second user finds the running system
    assert parts["web"].address == web
    worker = parts["worker"].pid
    os.kill(worker, signal.SIGKILL)
    again = eventually(lambda: (part := lease.look()["worker"]).up and part.pid != worker and part, 60)
    assert again.restarts == 1
    eventually(lambda: "worker is started again" in "".join(lines))
    lease.close()

    pids = processes_of(home)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    eventually(lambda: gone(*pids))


@pytest.fixture
def embedded(home, monkeypatch):
    """Settings of a machine where nothing is set."""
    monkeypatch.setattr(settings, "SYNERGY_HOME", home)
    monkeypatch.setattr("synergy.embedded.schema.migrate", lambda note: note("migrated"))
    monkeypatch.setattr("synergy.embedded.schema.seed", lambda: None)
    return home


def test_a_session_starts_what_is_needed_and_stops_it_again(embedded):
    notes = []
    with session(("beat",), note=notes.append) as running:
        assert set(running.parts) == {"postgres", "valkey", "beat"}
        pids = [part.pid for part in running.parts.values()]
    assert notes == ["Starting the embedded services", "migrated"]
    assert gone(*pids)


def test_with_urls_a_session_starts_nothing(embedded, monkeypatch):
    monkeypatch.setattr(settings, "EMBEDDED_POSTGRES", False)
    monkeypatch.setattr(settings, "EMBEDDED_VALKEY", False)
    with session(("worker", "beat")) as running:
        assert running.parts == running.refresh() == {}
    assert not processes_of(embedded)


def test_a_taken_port_is_not_used():
    port = free_port(0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert free_port(port) != port
