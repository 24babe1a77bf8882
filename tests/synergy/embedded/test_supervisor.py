"""The supervisor with small shell scripts for services."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest

from synergy.core.errors import PermanentError
from synergy.core.processes import birthmark
from synergy.embedded import supervisor as module
from synergy.embedded.process import LOG_BYTES, Service, spawn
from synergy.embedded.supervisor import Supervisor
from tests.synergy.embedded.conftest import eventually, gone


@pytest.fixture
def make(tmp_path):
    """A supervisor of shell scripts, name → script; the first is the server of the others. Everything is stopped at the end."""
    made = []

    def build(scripts: dict[str, str], **service) -> Supervisor:
        names = tuple(scripts)

        def one(name: str) -> Service:
            after = () if name == names[0] else (names[0],)
            settings = {"patience": 1.0, "ready": lambda child: (tmp_path / f"{name}.ready").exists(), **service}
            env = {"PATH": os.environ["PATH"], "READY": str(tmp_path / f"{name}.ready")}
            argv = ["sh", "-c", scripts[name]]
            return Service(name=name, argv=argv, cwd=tmp_path, env=env, log=tmp_path / f"{name}.log", after=after, **settings)

        made.append(Supervisor(one, names, tmp_path / "children.json"))
        return made[-1]

    yield build
    for one in made:
        one.stop_all()


def tend(supervisor: Supervisor, *names: str, until) -> None:
    def look() -> bool:
        supervisor.step(names)
        return until()

    eventually(look)


FINE = "touch $READY; exec sleep 60"


def test_a_service_waits_for_the_one_it_needs(make, tmp_path):
    one = make({"server": "sleep 0.3; touch $READY; exec sleep 60", "program": FINE})
    one.step(["server", "program"])
    assert one.slots["program"].child is None
    tend(one, "server", "program", until=lambda: one.slots["program"].up)
    assert one.slots["server"].up


def test_programs_stop_before_their_servers_and_all_end(make):
    one = make({"server": FINE, "a": FINE, "b": "trap '' TERM; touch $READY; while :; do sleep 0.1; done"})
    tend(one, "server", "a", "b", until=lambda: all(slot.up for slot in one.slots.values()) and len(one.slots) == 3)
    pids = [slot.child.pid for slot in one.slots.values()]
    one.stop_all()
    assert gone(*pids)
    assert one.slots == {}


def test_the_whole_process_group_of_a_dead_service_is_killed(make, tmp_path):
    one = make({"server": f"sleep 60 & echo $! > {tmp_path}/child; touch $READY; wait"})
    tend(one, "server", until=lambda: one.slots["server"].up)
    child = int((tmp_path / "child").read_text())
    os.kill(one.slots["server"].child.pid, signal.SIGKILL)
    tend(one, "server", until=lambda: one.slots["server"].restarts == 1)
    eventually(lambda: gone(child))


def test_a_service_that_dies_is_started_again_later_and_later(make, monkeypatch):
    monkeypatch.setattr(module, "BACKOFF", (0.05, 0.2))
    one = make({"server": "touch $READY; exit 3"})
    tend(one, "server", until=lambda: one.slots["server"].restarts == 3)
    assert "ended with 3" in one.slots["server"].problem
    assert one.slots["server"].due - time.monotonic() > 0.1


def test_a_service_that_never_answers_is_given_up_with_its_log(make, monkeypatch):
    monkeypatch.setattr(module, "BACKOFF", (0.01,))
    one = make({"server": "echo 'no space left'; exit 1"})
    tend(one, "server", until=lambda: one.slots["server"].hopeless)
    assert one.slots["server"].deaths == module.HOPELESS
    assert "no space left" in one.slots["server"].problem
    assert not one.unsettled()


def test_a_service_that_cannot_be_prepared_is_given_up_at_once(make):
    def prepare():
        raise PermanentError("The wheel is not installed.", hint="Run `make setup`.")

    one = make({"server": FINE}, prepare=prepare)
    one.step(["server"])
    assert one.slots["server"].hopeless
    assert "make setup" in one.slots["server"].problem


def test_orphans_of_a_killed_predecessor_are_ended_and_strangers_are_not(make, tmp_path):
    one = make({"server": FINE})
    orphan = subprocess.Popen(["sleep", "60"], start_new_session=True)
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    record = {"a": [orphan.pid, birthmark(orphan.pid), 15], "b": [stranger.pid, "another boot:1", 15]}
    one.record.write_text(json.dumps(record))
    one.end_orphans(patience=0.2)
    assert orphan.wait(5) == -signal.SIGKILL
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_damaged_record_is_no_reason_not_to_start(make):
    one = make({"server": FINE})
    one.record.write_text("{")
    one.end_orphans()


def test_a_long_log_is_moved_aside(tmp_path):
    log = tmp_path / "a.log"
    with log.open("wb") as file:
        file.truncate(LOG_BYTES + 1)
    child = spawn(Service(name="a", argv=["true"], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, log=log))
    eventually(child.ended)
    assert log.stat().st_size == 0
    assert (tmp_path / "a.log.1").stat().st_size == LOG_BYTES + 1
