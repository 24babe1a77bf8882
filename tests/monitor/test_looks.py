"""The quick look of every worker, and what happens when beat is silent."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from monitor import clock, tasks
from monitor import services as monitor
from monitor import watch as watching
from monitor.models import Clock, Incident
from synergy.core.models import Run, Step, WorkerBeat
from synergy.workflow import engine, services, wire
from synergy.workflow.shape import shape
from tests.synergy.workflow.conftest import submit
from tests.synergy.workflow.test_ledger import WORKER, run_to, side_by_side

pytestmark = pytest.mark.usefixtures("rows")


def test_a_look_at_a_healthy_system_is_one_statement(monkeypatch):
    submit()
    monitor.heal()
    asked, real = [], clock.ask
    monkeypatch.setattr(clock, "ask", lambda *question: asked.append(question) or real(*question))
    with CaptureQueriesContext(connection) as others:
        assert monitor.heal(quick=True) == []
    assert (len(asked), others.captured_queries) == (1, [])


def test_what_a_dead_worker_held_is_sent_again_in_the_same_look(monkeypatch):
    """Without waiting for messages of others that may be missing."""
    sent: list = []
    monkeypatch.setattr(wire, "send", lambda ready: sent.append(list(ready)))
    run, other = submit(send=False), submit(send=False)
    WorkerBeat.objects.create(id=WORKER, beat=Now(), lock_key=4730, host="here", pid=1, engine="tiny/1")
    WorkerBeat.objects.update(started_at=Now() - timedelta(minutes=1))
    run_to(run, "plan")
    Step.objects.filter(run=other, name="stack").update(due=Now() - timedelta(seconds=1))
    monitor.heal(quick=True)
    assert [(step.run, step.name) for step in sent[0]] == [(run.id, "plan")]


def test_one_process_in_a_second_asks_the_broker_for_lost_messages(monkeypatch):
    run = submit(send=False)
    monitor.heal(quick=True)
    Step.objects.filter(run=run, name="stack").update(due=Now() - timedelta(seconds=1))
    asked: list = []
    monkeypatch.setattr(wire, "backlog", lambda queues: asked.append(queues) or dict.fromkeys(queues, 9))
    Clock.objects.update(seen=Now() - timedelta(seconds=1.5))
    side_by_side(*[lambda: monitor.heal(quick=True)] * 4)
    assert len(asked) == 1


def test_beat_that_falls_silent_is_an_incident_once_and_the_workers_do_its_looks():
    tasks.heal()
    Clock.objects.update(beat=Now() - timedelta(seconds=31), whole=Now() - timedelta(seconds=31))
    run = submit(send=False)
    Run.objects.filter(id=run.id).update(state="running", started_at=Now() - timedelta(hours=2))
    looks = side_by_side(*[lambda: monitor.heal(quick=True)] * 3)
    incident = Incident.objects.get(remedy="silent_beat")
    assert incident.seen.startswith("Beat has said nothing for 3")
    assert incident.alert
    looks += side_by_side(*[lambda: monitor.heal(quick=True)] * 3)
    assert [i.remedy for found in looks for i in found if i.run_id == run.id] == ["late_runs", "dead_letters"]
    Run.objects.filter(id=run.id).update(state="running")
    assert monitor.heal(quick=True) == []  # the next full look is due in ten seconds
    tasks.heal()
    assert Incident.objects.filter(remedy="silent_beat").first().seen == "Beat speaks again."
    Clock.objects.update(whole=Now() - timedelta(seconds=20))
    assert not clock.alone()


def test_a_remedy_that_fails_keeps_no_other_from_its_work(monkeypatch, caplog):
    def broken(names):
        raise RuntimeError("no idea")

    monkeypatch.setattr(wire, "backlog", broken)
    run = submit(send=False)
    Run.objects.filter(id=run.id).update(state="running", started_at=Now() - timedelta(hours=2))
    monitor.heal()
    run.refresh_from_db()
    assert run.state == "failed"
    assert "The remedy waiting_queues failed." in caplog.text


def test_a_watch_whose_connection_is_cut_looks_again_at_once(monkeypatch):
    looks = threading.Semaphore(0)
    real = monitor.heal

    def heal(**how):
        real(**how)
        looks.release()

    monkeypatch.setattr(watching, "heal", heal)
    monkeypatch.setattr(watching, "TIMES", type("T", (), {"tick": 0.2, "calm": 1.0}))
    watch = watching.Watch()
    watch.start()
    try:
        assert looks.acquire(timeout=10)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%%monitor_clock%%'"
                " AND pid <> pg_backend_pid() AND datname = current_database()",
                [],
            )
            assert cursor.fetchall()
        for _ in range(3):
            assert looks.acquire(timeout=10)
    finally:
        watch.stop()


def fail(run: Run, kind: str = "failed") -> None:
    """The first step that is ready fails for good."""
    step = run.steps.filter(state="ready").first()
    attempt = engine.claim(shape(), run.id, step.name, WORKER)
    assert engine.give_back(run.id, step.name, attempt.token, kind=kind, error="It broke.")


def test_a_dead_letter_is_an_alert_exactly_once(caplog):
    run = submit(send=False)
    for tries_left in (3, 2, 1, 0):
        Step.objects.filter(run=run).update(next_attempt_at=None)
        attempt = engine.claim(shape(), run.id, "stack", WORKER)
        engine.give_back(run.id, "stack", attempt.token, kind="retry", error="It is away.")
        side_by_side(*[lambda: monitor.heal(quick=True)] * 3)
        assert Incident.objects.filter(alert=True).count() == (not tries_left)
    incident = Incident.objects.get(alert=True)
    assert (incident.remedy, incident.run, incident.step) == ("dead_letters", run, "stack")
    assert incident.seen == "The run failed: stack was given up after 4 attempts: It is away."
    assert [record.levelno for record in caplog.records if "dead_letters" in record.message] == [logging.ERROR]
    services.retry(run)
    fail(run)
    monitor.heal(quick=True)
    assert Incident.objects.filter(alert=True).count() == 2  # it failed a second time


def test_an_alert_is_written_with_the_mark_that_it_was_or_not_at_all(monkeypatch):
    run = submit(send=False)
    fail(run)
    with monkeypatch.context() as patch:
        patch.setattr(Incident, "save", lambda self: 1 / 0)
        monitor.heal(quick=True)
    assert Run.objects.filter(id=run.id, reported=False).exists()
    monitor.heal(quick=True)
    assert Incident.objects.get(alert=True).run == run


def test_bad_input_and_what_a_person_ended_alert_nobody():
    refused, cancelled = submit(send=False), submit(send=False)
    fail(refused, "refused")
    services.cancel(cancelled)
    monitor.heal()
    assert not Incident.objects.filter(alert=True).exists()


def queued(run: Run, seconds: float) -> None:
    Step.objects.filter(run=run, name="stack").update(ready_at=Now() - timedelta(seconds=seconds), due=None)


def test_a_step_that_is_queued_for_too_long_ends_its_run_and_says_what_to_do():
    run, patient, resting = submit(send=False), submit(send=False), submit(send=False)
    for late in (run, resting):
        queued(late, engine.TIMES.queued_limit + 5)
    queued(patient, engine.TIMES.queued_limit - 5)
    services.pause(resting)
    monitor.heal()
    run.refresh_from_db()
    assert (run.state, run.reason) == (
        "failed",
        "stack waited for 60 minutes in the queue agents and no worker took it. "
        "Start a worker that serves it, or more of them, then try the run again.",
    )
    assert [(i.remedy, i.alert) for i in run.incidents.order_by("id")] == [("late_steps", False), ("dead_letters", True)]
    services.resume(resting)
    monitor.heal()
    for other in (patient, resting):
        other.refresh_from_db()
        assert other.state == "queued"


def test_a_step_that_runs_for_too_long_is_taken_away_and_this_is_an_incident():
    WorkerBeat.objects.create(id=WORKER, beat=Now(), lock_key=4731, host="here", pid=1, engine="tiny/1")
    run = submit(send=False)
    run_to(run, "stack")
    run.steps.filter(name="stack").update(deadline=Now() - timedelta(seconds=engine.TIMES.grace + 1))
    [incident] = [i for i in monitor.heal(quick=True) if i.remedy == "lost_steps"]
    assert (incident.run, incident.seen) == (run, "It ran for longer than it may and did not stop.")
    assert run.steps.get(name="stack").fails == 1


def test_queues_are_counted_by_the_ledger_and_by_the_broker():
    run, resting = submit(), submit()
    services.pause(resting)
    queued(run, 50)
    for number, names in enumerate(("agents,tests", "tests", "")):
        made = {"beat": Now(), "lock_key": 4740 + number, "host": "h", "pid": number, "engine": "tiny/1", "queues": names}
        WorkerBeat.objects.create(id=f"00000000-0000-0000-0000-00000000000{number}", **made)
    depths = {depth.queue: depth for depth in monitor.queues()}
    assert list(depths) == ["agents", "browser", "tests", "control"]
    agents = depths["agents"]
    assert (agents.ready, agents.messages, agents.workers) == (1, 2, 2)
    assert agents.oldest_seconds == pytest.approx(50, abs=5)
    assert [depths[name].workers for name in ("browser", "tests", "control")] == [1, 3, 1]
    assert (depths["tests"].ready, depths["tests"].oldest_seconds, depths["tests"].messages) == (0, 0.0, 0)


def test_a_queue_in_which_something_waits_is_reported_once_by_two_and_again_after_a_while():
    run, second = submit(send=False), submit(send=False)
    for late in (run, second):
        queued(late, engine.TIMES.queued + 5)
    side_by_side(monitor.heal, monitor.heal)
    [incident] = Incident.objects.filter(remedy="waiting_queues")
    assert incident.queue == "agents"
    assert incident.seen.startswith("Ready in the queue agents: 2, the oldest for 12")
    Incident.objects.update(at=Now() - timedelta(minutes=11))
    monitor.heal()
    assert Incident.objects.filter(remedy="waiting_queues").count() == 2
