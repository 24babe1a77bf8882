"""A sandbox dies with the process that started it, also when that is killed while the sandbox is being set up."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synergy.core.sandboxes import bubblewrap
from synergy.embedded.process import birthmark

pytestmark = pytest.mark.sandbox
CODE = """
import sys
from pathlib import Path
from synergy.core.sandboxes import bubblewrap
from synergy.core.sandboxes.base import Job, Limits, registry
bubblewrap.MORTAL = tuple(sys.argv[2:])
print("ready", flush=True)
sys.stdin.readline()
registry.get("bubblewrap").run(Job(argv=["sleep", "300"], project=Path(sys.argv[1]), limits=Limits(seconds=300)))
"""
TRIES = 12


def command(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def orphans(folder: Path, mortal: tuple[str, ...]) -> int:
    """Kill -9 a process a few milliseconds after it began to start a sandbox, again and again; how many sandboxes live on."""
    seen: dict[int, str] = {}
    for _ in range(TRIES):
        parent = subprocess.Popen([sys.executable, "-c", CODE, folder, *mortal], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert parent.stdout.readline() == b"ready\n"
        parent.stdin.write(b"go\n")
        parent.stdin.flush()
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        while not (found := [pid for pid in children.read_text().split() if b"--json-status-fd" in command(pid)]):
            time.sleep(0.0002)
        time.sleep(random.uniform(0.0, 0.01))
        seen |= {int(pid): mark for pid in found if (mark := birthmark(int(pid)))}
        parent.kill()
        parent.wait()
        parent.stdin.close()
        parent.stdout.close()
    time.sleep(0.5)
    alive = [pid for pid, mark in seen.items() if birthmark(pid) == mark]
    for pid in alive:
        subprocess.run(["kill", "-9", str(pid)], check=True)
    return len(alive)


def test_no_sandbox_outlives_a_process_that_was_killed_while_it_started_one(tmp_path):
    assert orphans(tmp_path, bubblewrap.MORTAL) == 0
