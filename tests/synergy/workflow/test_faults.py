"""Kill anything: real workers, a real broker, a real database."""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest
import redis

from monitor.models import Incident
from synergy.chaos.pipeline import AGENTS
from synergy.core.models import WorkerBeat
from synergy.env import redis_db
from synergy.workflow import wire
from synergy.workflow.engine import Ready
from synergy.workflow.shape import shape
from tests.synergy.workflow.conftest import LEASE, broker_down, ended, states, story, submit, wait_for


def once_each(run) -> None:
    """Every step has exactly one recorded outcome."""
    assert set(states(run).values()) == {"done"}
    done = [line for line in story(run) if line.endswith(" done")]
    assert sorted(done) == sorted(f"{spec.name} done" for spec in shape())


def test_a_killed_child_costs_its_step_one_more_attempt_and_nothing_else(fleet):
    fleet.start()
    wait_for(lambda: "agents,browser,control,tests" in WorkerBeat.objects.values_list("queues", flat=True))
    run = submit(visuals={"sleep": 5, "times": 1})
    victim = fleet.pid(run, "visuals")
    killed = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: len(fleet.begun(run, "visuals")) == 2, 10, fleet.output)
    assert fleet.begun(run, "visuals")[1] - killed < 1.5  # aim: 1 s
    fleet.finish(run)
    once_each(run)
    assert run.state == "completed"
    assert [len(fleet.begun(run, s.name)) for s in shape() if s.name != "visuals"] == [1] * 11
    assert run.steps.get(name="visuals").losses == 1
    assert Incident.objects.filter(run=run, remedy="lost_steps", step="visuals").exists()


def test_another_worker_takes_over_at_once_when_a_whole_worker_is_killed(fleet):
    first = fleet.start(concurrency=2)
    run = submit(ui={"sleep": 30, "times": 1})
    fleet.pid(run, "ui")
    fleet.start(concurrency=2)
    killed = time.monotonic()
    fleet.kill(first)
    wait_for(lambda: len(fleet.begun(run, "ui")) == 2, 10, fleet.output)
    assert fleet.begun(run, "ui")[1] - killed < 1.5  # aim: 1 s
    fleet.finish(run)
    once_each(run)


def test_the_only_worker_is_killed_and_its_successor_resumes_from_the_last_recorded_step(fleet):
    first = fleet.start()
    run = submit(**{"code:backend": {"sleep": 5, "times": 1}})
    fleet.pid(run, "code:backend")
    wait_for(lambda: states(run)["code:frontend"] == states(run)["code:devops"] == "done")
    fleet.kill(first)
    fleet.start()
    fleet.finish(run)
    once_each(run)
    assert len(fleet.begun(run, "code:frontend")) == len(fleet.begun(run, "plan")) == 1
    assert len(fleet.begun(run, "code:backend")) == 2


def test_the_late_result_of_a_frozen_worker_is_refused(fleet):
    frozen = fleet.start(concurrency=1)
    run = submit(visuals={"sleep": LEASE + 2, "times": 1, "deaf": True})
    fleet.pid(run, "visuals")
    fleet.kill(frozen, signal.SIGSTOP)
    fleet.start(concurrency=1)
    fleet.finish(run)
    fleet.kill(frozen, signal.SIGCONT)
    wait_for(lambda: "visuals fenced" in story(run), 20, lambda: f"{story(run)} {fleet.output()}")
    once_each(run)
    assert run.state == "completed"


def test_messages_that_arrive_three_times_run_nothing_twice(fleet):
    fleet.start()
    runs = [submit(send=False, sleep=0.05) for _ in range(4)]
    everything = [Ready(run.id, spec.name, spec.queue) for run in runs for spec in shape()]
    for _ in range(3):
        for run in runs:
            wire.send([Ready(run.id, "stack", "agents")])
    while not all(ended(run) for run in runs):
        for step in everything:
            wire.send([step])
        time.sleep(0.2)
    for run in runs:
        once_each(run)
        assert [len(fleet.begun(run, spec.name)) for spec in shape()] == [1] * 12


def test_a_broker_that_is_down_at_submit_delays_the_run_and_nothing_else(fleet):
    fleet.start()
    with broker_down():
        run = submit(send=False)
        began = time.monotonic()
        assert not wire.send([Ready(run.id, "stack", "agents")])
        assert time.monotonic() - began < 1
    fleet.finish(run, 15)
    once_each(run)


def test_a_broker_that_loses_everything_in_mid_run_loses_nothing(fleet, broker):
    fleet.start()
    run = submit(**{f"code:{agent}": {"sleep": 1} for agent in ("frontend", "backend", "devops")})
    fleet.pid(run, "code:devops")
    broker.flushall()  # the chord's counters are gone: its body will never be sent
    fleet.finish(run)
    once_each(run)
    assert [len(fleet.begun(run, spec.name)) for spec in shape()] == [1] * 12


def test_a_lost_chord_body_is_sent_by_the_monitor(fleet, live_valkey):
    """The worker that ends the header is leaving, so it does not go on in line: the body is the chord's to send."""
    leaving = fleet.start()
    run = submit(**{"code:devops": {"sleep": 2}})
    for agent in AGENTS:  # a part that has not begun would be left to nobody
        fleet.pid(run, f"code:{agent}")
    with redis.Redis.from_url(redis_db(live_valkey, 1)) as chords:
        wait_for(lambda: len(chords.keys()) >= 2)  # the chord counts its parts here
        os.kill(leaving.pid, signal.SIGTERM)
        chords.flushdb()
    assert leaving.wait(15) == 0
    assert states(run)["ui"] == "ready"
    fleet.start()
    fleet.finish(run)
    once_each(run)
    assert Incident.objects.filter(run=run, remedy="due_steps", step="ui").exists()


def test_a_step_that_kills_its_worker_every_time_ends_in_a_dead_letter(fleet):
    fleet.start()
    run = submit(conflicts={"kill": "inside", "times": 99})
    fleet.finish(run, 60)
    assert run.state == "failed"
    assert run.reason == "conflicts was given up: its worker died 6 times while it ran."
    assert states(run)["conflicts"] == "failed"
    assert states(run)["tests"] == "skipped"
    assert story(run)[-2:] == ["conflicts dead_letter", "finished"]


def test_a_step_that_hangs_is_taken_away_and_its_process_ended(fleet):
    fleet.start(concurrency=2)
    run = submit(send=False, tests={"sleep": 60, "times": 1, "deaf": True})
    run.steps.filter(name="tests").update(limit_seconds=1)
    wire.send([Ready(run.id, "stack", "agents")])
    hung = fleet.pid(run, "tests")
    fleet.finish(run)
    once_each(run)
    assert run.steps.get(name="tests").fails == 1
    with pytest.raises(ProcessLookupError):
        wait_for(lambda: os.kill(hung, 0), 15)


def test_a_worker_that_is_asked_to_leave_finishes_its_step_and_leaves_the_rest_to_others(fleet):
    fleet.start(2, concurrency=1)
    run = submit(ui={"sleep": 1}, visuals={"sleep": 1}, conflicts={"sleep": 1}, tests={"sleep": 1})
    child = fleet.pid(run, "ui")
    leaving = next(worker for worker in fleet.workers if worker.pid == psutil.Process(child).ppid())
    os.kill(leaving.pid, signal.SIGTERM)
    assert leaving.wait(15) == 0
    assert fleet.begun(run, "visuals") == [] or fleet.pid(run, "visuals") != child
    fleet.finish(run)
    once_each(run)
    assert {(step.losses, step.fails, step.attempt) for step in run.steps.all()} == {(0, 0, 1)}
