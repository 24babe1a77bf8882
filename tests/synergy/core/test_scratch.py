"""Temporary files of a process that was killed are removed by the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from synergy.core import scratch
from synergy.core.processes import birthmark

CODE = "from synergy.core import scratch; import tempfile, sys; print(scratch.enter(), tempfile.mkdtemp(), flush=True); sys.stdin.read()"


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield tmp_path
    scratch.leave()


def process() -> tuple[subprocess.Popen, Path]:
    started = subprocess.Popen([sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    folder, inner = started.stdout.readline().split()
    assert Path(inner).parent == Path(folder)
    return started, Path(folder)


def end(started: subprocess.Popen, how: signal.Signals = signal.SIGKILL) -> None:
    started.send_signal(how)
    started.wait(10)
    started.stdin.close()
    started.stdout.close()


def test_the_folder_of_a_killed_process_is_removed_by_the_next_and_that_of_a_living_one_is_not(base):
    killed, left = process()
    alive, kept = process()
    end(killed)
    assert left.exists()
    assert scratch.sweep() == 1
    assert (left.exists(), kept.exists()) == (False, True)
    end(alive)


def test_a_program_that_outlives_its_killed_parent_is_ended(base):
    code = CODE.replace(
        "sys.stdin.read()", "subprocess.Popen(['sleep', '300'], start_new_session=True); print(flush=True); sys.stdin.read()"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", "import subprocess; " + code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    started.stdout.readline()
    started.stdout.readline()
    [orphan] = [int(pid) for pid in Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()]
    mark = birthmark(orphan)
    end(started)
    assert birthmark(orphan) == mark
    scratch.sweep()
    eventually = time.monotonic() + 5
    while birthmark(orphan) == mark and time.monotonic() < eventually:
        time.sleep(0.01)
    assert birthmark(orphan) != mark


def test_a_zombie_is_dead(base):
    started, left = process()
    os.kill(started.pid, signal.SIGKILL)
    os.waitid(os.P_PID, started.pid, os.WEXITED | os.WNOWAIT)
    assert scratch.sweep() == 1
    assert not left.exists()
    end(started)


def test_a_recycled_pid_does_not_protect_the_folder_of_the_dead(base):
    left = base / f"synergy-{os.geteuid()}-{os.getpid()}-1-abc"
    left.mkdir()
    assert scratch.sweep() == 1


def test_a_link_that_looks_like_a_folder_is_not_followed(base, tmp_path_factory):
    precious = tmp_path_factory.mktemp("precious")
    (precious / "file").touch()
    (base / f"synergy-{os.geteuid()}-1-1-abc").symlink_to(precious)
    assert scratch.sweep() == 0
    assert (precious / "file").exists()


def test_entering_twice_and_leaving_puts_everything_back(base):
    first = scratch.enter()
    second = scratch.enter()
    assert (first.exists(), second.parent, tempfile.gettempdir()) == (False, base, str(second))
    scratch.leave()
    assert (tempfile.gettempdir(), os.environ["TMPDIR"], list(base.iterdir())) == (str(base), str(base), [])
