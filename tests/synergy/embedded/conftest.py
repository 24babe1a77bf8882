"""Helpers of the tests that kill things."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synergy.core.processes import birthmark

ROOT = Path(__file__).resolve().parents[3]
HOLDER = """
import json, sys, time
from pathlib import Path
from synergy.embedded.client import acquire
lease, parts = acquire(Path(sys.argv[1]), sys.argv[2].split(","), volatile=True)
print(json.dumps({name: part.pid for name, part in parts.items()}), flush=True)
time.sleep(60)
"""


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def holder(home):
    """Starts another process that holds services; gives the process and the pids of what it holds."""
    started = []

    def start(names: str = "postgres,valkey") -> tuple[subprocess.Popen[str], dict[str, int]]:
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": "synergy.settings"}
        argv = [sys.executable, "-c", HOLDER, str(home), names]
        process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, json.loads(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
    eventually(lambda: not processes_of(home))


def eventually(check, seconds: float = 20.0):
    """Wait until ``check()`` is true and return it; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := check():
            return result
        time.sleep(0.02)
    raise AssertionError(f"still not true after {seconds} s")


def gone(*pids: int) -> bool:
    return all(birthmark(pid) is None for pid in pids)


def processes_of(home: Path) -> dict[int, str]:
    """pid → command line of every living process that names ``home``, or works inside it, but for this one."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            inside = os.readlink(entry / "cwd").startswith(str(home))
        except OSError:
            continue
        if (inside or str(home) in words) and birthmark(int(entry.name)):
            found[int(entry.name)] = words
    return found
