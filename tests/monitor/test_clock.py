"""A clock that is set, and hours in which nobody looked: the stored times are moved, which is the same seen from the other side."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from monitor import clock
from monitor import services as monitor
from monitor.models import Clock, Incident
from synergy.core.models import Run, Step, WorkerBeat
from synergy.workflow import engine
from synergy.workflow.clock import skip
from synergy.workflow.db import ask, connect
from synergy.workflow.heart import Heart
from synergy.workflow.shape import shape
from tests.synergy.workflow.conftest import submit, wait_for
from tests.synergy.workflow.test_ledger import run_to, side_by_side

pytestmark = pytest.mark.usefixtures("rows")
HOUR = 3600.0
WORKER = uuid.uuid4()
MOVE = """
WITH a AS (UPDATE core_step SET due = due - by, next_attempt_at = next_attempt_at - by, ready_at = ready_at - by, lease = lease - by,
    deadline = deadline - by, started_at = started_at - by, finished_at = finished_at - by
    FROM (SELECT %(by)s * interval '1 second' AS by) x RETURNING 1),
  b AS (UPDATE core_run SET started_at = started_at - by, finished_at = finished_at - by
    FROM (SELECT %(by)s * interval '1 second' AS by) x RETURNING 1),
  c AS (UPDATE core_workerbeat SET beat = beat - by, started_at = started_at - by
    FROM (SELECT %(by)s * interval '1 second' AS by) x RETURNING 1)
UPDATE monitor_clock SET seen = seen - by, whole = whole - by, beat = beat - by
FROM (SELECT %(by)s * interval '1 second' AS by) x RETURNING 1
"""


def set_clock(by: float, *, known: bool = True) -> None:
    """The database's clock moves by ``by`` seconds. Not ``known``: no process is left that looked before."""
    monitor.heal(quick=True)
    ask(MOVE, {"by": by})
    clock._known = (clock._known[0] - by, clock._known[1]) if known else None


@contextmanager
def living(worker: uuid.UUID):
    """A worker that holds its lock and has just beaten; afterwards the lock is free, as when it has died."""
    with connect() as session:
        session.execute("SELECT pg_advisory_lock(4720)")
        WorkerBeat.objects.create(id=worker, beat=Now(), lock_key=4720, host="here", pid=1, engine="tiny/1")
        yield
        session.execute("SELECT pg_advisory_unlock(4720)")  # the server ends a session some time after it was closed


def seconds_from_now(step: Step, field: str) -> float | None:
    [(seconds,)] = ask(f"SELECT extract(epoch FROM {field} - now())::float8 FROM core_step WHERE id = %(id)s", {"id": step.id})
    return seconds


def worked(run: Run) -> float:
    [(seconds,)] = ask("SELECT extract(epoch FROM now() - started_at)::float8 FROM core_run WHERE id = %(id)s", {"id": run.id})
    return seconds


class Everything:
    """One of each kind of live thing, and what became of it."""

    def __init__(self) -> None:
        self.held = submit(send=False)
        self.attempt = run_to(self.held, "plan", WORKER)
        Run.objects.filter(id=self.held.id).update(started_at=Now() - timedelta(minutes=30))
        self.sent = submit(send=False)
        self.resting = submit(send=False)
        engine.give_back(
            self.resting.id, "stack", run_to(self.resting, "stack", WORKER).token, kind="retry", error="away", again_in=30
        )

    def harm(self) -> set[str]:
        found = set()
        step = self.held.steps.get(name="plan")
        if (step.state, step.token) != ("running", self.attempt.token):
            found.add("an attempt was taken away from a worker that lives")
        elif not 0 < seconds_from_now(step, "lease") <= engine.TIMES.lease:
            found.add("a lease is no lease")
        elif not 0 < seconds_from_now(step, "deadline") <= step.limit_seconds:
            found.add("an attempt has another limit")
        if Run.objects.filter(state="failed").exists():
            found.add("a run was ended")
        elif not 29 * 60 < worked(self.held) < 31 * 60:
            found.add("the outage counts as work")
        if (seconds_from_now(self.sent.steps.get(name="stack"), "due") or 0) > 5:
            found.add("a ready step is due in the far future")
        if (seconds_from_now(self.resting.steps.get(name="stack"), "next_attempt_at") or 0) > 31:
            found.add("a step rests for an hour")
        return found


@pytest.mark.parametrize(
    ("by", "known"), [(HOUR, True), (2 * HOUR, False), (-HOUR, True), (-HOUR, False), (10.0, True), (-10.0, True)]
)
@pytest.mark.parametrize("quick", [True, False])
def test_a_clock_that_is_set_and_hours_without_anybody_harm_nothing(by, known, quick):
    with living(WORKER):
        every = Everything()
        set_clock(by, known=known)
        monitor.heal(quick=quick)
        monitor.heal()
        assert every.harm() == set()
        incident = Incident.objects.get(remedy="clock")
        assert incident.since_seconds == pytest.approx(abs(by), abs=5)
        assert ("set back" in incident.seen) == (by < 0)
        assert WorkerBeat.objects.get().id == WORKER


@pytest.mark.parametrize(
    ("by", "harm"),
    [
        (HOUR, {"an attempt was taken away from a worker that lives", "a run was ended"}),
        (10.0, {"an attempt was taken away from a worker that lives"}),
        (
            -HOUR,
            {
                "a lease is no lease",
                "the outage counts as work",
                "a ready step is due in the far future",
                "a step rests for an hour",
            },
        ),
    ],
)
def test_without_that_remedy_the_same_does_harm(monkeypatch, by, harm):
    monkeypatch.setattr(clock, "settle", lambda seen, tell: None)
    with living(WORKER):
        every = Everything()
        set_clock(by)
        monitor.heal()
        assert harm <= every.harm()


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_heart_that_beats_meanwhile_keeps_its_attempt(by):
    beat = Heart("tiny/1")
    beat.start()
    run = submit(send=False)
    watched = beat.watch(run_to(run, "plan", beat.worker))
    set_clock(by)
    beats = WorkerBeat.objects.get().beat
    wait_for(lambda: WorkerBeat.objects.get().beat != beats)  # it writes times of the new clock before anybody settles
    assert monitor.heal(quick=True)[0].remedy == "clock"
    assert not watched.stop.wait(1.2)
    assert monitor.heal() == []
    assert run.steps.get(name="plan").token == watched.attempt.token
    beat.stop()


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_what_was_written_with_the_new_clock_is_left_alone(by):
    with living(WORKER):
        run = submit(send=False)
        set_clock(by)
        attempt = engine.claim(shape(), run.id, "stack", WORKER)
        monitor.heal()
        step = run.steps.get(name="stack")
        assert (step.state, step.token) == ("running", attempt.token)
        assert 0 < seconds_from_now(step, "deadline") <= step.limit_seconds
        assert 0 <= worked(run) < 60
        assert engine.record(shape(), attempt, "{}").accepted


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_beat_that_comes_while_the_time_is_given_back_is_no_old_one(by):
    with living(WORKER), transaction.atomic():
        ask("SELECT now()", {})  # the time of this transaction stands still from here
        with connect() as heart:
            heart.execute("UPDATE core_workerbeat SET beat = clock_timestamp()")
        skip(by)
        assert ask("SELECT clock_timestamp() - beat < interval '5 seconds' FROM core_workerbeat", {}) == [(True,)]


def test_of_several_who_see_it_one_gives_the_time_back():
    with living(WORKER):
        every = Everything()
        set_clock(HOUR, known=False)
        side_by_side(*[lambda: monitor.heal(quick=True)] * 4)
        assert Incident.objects.filter(remedy="clock").count() == 1
        assert every.harm() == set()


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_who_died_meanwhile_is_found_at_once_by_the_free_lock(by):
    with living(WORKER):
        every = Everything()
        set_clock(by)
    monitor.heal(quick=True)
    assert every.held.steps.get(name="plan").losses == 1
    assert Incident.objects.filter(remedy="dead_workers").count() == 1


def test_somebody_looks_every_second_and_that_is_no_outage():
    monitor.heal()
    Clock.objects.update(seen=Now() - timedelta(seconds=20), whole=Now() - timedelta(seconds=20))
    assert monitor.heal(quick=True) == []
    assert [at for (at,) in ask("SELECT now() - seen < interval '5 seconds' FROM monitor_clock", {})] == [True]
