"""The monitor: which remedies there are, in which order, what they leave behind."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from monitor import services as monitor
from monitor import tasks
from monitor import watch as watching
from monitor.models import Incident
from monitor.remedies.base import Remedy, Repair, registry
from monitor.schedule import SCHEDULE
from synergy.core.models import Run, Step, WorkerBeat
from synergy.workflow import services, steps
from synergy.workflow.db import connect
from synergy.workflow.times import TIMES


@pytest.fixture
def run(db, broker) -> Run:
    return services.create_run("Track orders for a bakery", tenant=services.default_tenant())[0]


@pytest.fixture
def broker(live_valkey):
    """The broker of the tests, so that no remedy looks for a real one."""


@pytest.fixture
def only(monkeypatch):
    """Leave the monitor with these remedies."""

    def choose(**parts: Remedy) -> None:
        monkeypatch.setattr(monitor, "remedies", lambda: sorted(parts.items(), key=lambda item: item[1].rank))

    return choose


def found(name: str) -> list[Incident]:
    return list(Incident.objects.filter(remedy=name))


def test_every_file_is_a_remedy_that_can_be_applied_to_a_healthy_system(run):
    assert set(registry.names()) == {
        "dead_letters",
        "dead_workers",
        "due_steps",
        "foreign_runs",
        "late_runs",
        "late_steps",
        "lost_steps",
        "silent_beat",
        "waiting_queues",
    }
    assert monitor.heal() == []


def test_who_is_dead_is_known_before_steps_are_given_back_and_these_before_messages_are_sent():
    names = [name for name, _ in monitor.remedies()]
    assert names[:3] == ["dead_workers", "lost_steps", "due_steps"]
    assert names[-1] == "dead_letters"  # whatever ended a run, the same look says so


def test_each_repair_is_an_incident_with_what_was_seen_and_done(run, only):
    only(
        late=Remedy(lambda tell: tell(Repair("second", "b", queue="tests", alert=True)), rank=2),
        early=Remedy(lambda tell: [time.sleep(0.02), tell(Repair("first", "a", run.id, "plan", 1.5))], rank=1),
    )
    monitor.heal()
    first, second = Incident.objects.order_by("id")
    assert (first.remedy, first.run, first.step, first.seen, first.done, first.since_seconds) == (
        "early",
        run,
        "plan",
        "first",
        "a",
        1.5,
    )
    assert 0.02 <= first.took_seconds < 5
    assert (second.remedy, second.run, second.queue) == ("late", None, "tests")
    assert (first.alert, second.alert) == (False, True)


@pytest.mark.parametrize(
    ("quick", "calm", "applied"),
    [(False, True, {"slow", "quick", "judge"}), (True, True, {"quick", "judge"}), (True, False, {"quick"})],
)
def test_the_quick_look_and_the_time_after_an_outage_leave_out_what_they_must(db, only, quick, calm, applied):
    seen: set[str] = set()
    parts = {"slow": ("", False), "quick": ("true", False), "judge": ("true", True)}
    only(**{n: Remedy(lambda tell, n=n: seen.add(n), rank=1, asks=asks, calm=c) for n, (asks, c) in parts.items()})
    monitor.heal(quick=quick, calm=calm)
    assert seen == applied


def test_a_run_that_takes_too_long_is_ended_and_rests_do_not_count(run):
    Run.objects.filter(id=run.id).update(
        state="running", started_at=Now() - timedelta(seconds=60), carried_seconds=TIMES.total - 120
    )
    monitor.heal()
    assert found("late_runs") == []
    Run.objects.filter(id=run.id).update(carried_seconds=TIMES.total - 30)
    monitor.heal()
    run.refresh_from_db()
    assert (run.state, run.reason) == ("failed", "It took longer than 60 minutes in all.")
    assert not run.steps.filter(state__in=("ready", "waiting", "running")).exists()


def test_a_step_that_nobody_takes_is_reported_once(run):
    Step.objects.filter(run=run, name="stack").update(ready_at=Now() - timedelta(seconds=TIMES.queued + 5), due=None)
    monitor.heal()
    monitor.heal()
    [incident] = found("waiting_queues")
    assert (incident.run, incident.step, incident.queue) == (run, "stack", "agents")
    assert (incident.done, incident.alert) == ("No worker serves it.", True)


def test_a_new_worker_gets_time_to_look_at_what_it_already_holds(run):
    Step.objects.filter(run=run, name="stack").update(due=Now() - timedelta(seconds=5))
    with connect() as worker:
        worker.execute("SELECT pg_advisory_lock(99)")
        beat = WorkerBeat.objects.create(id=uuid4(), beat=Now(), lock_key=99, host="h", pid=1, engine=run.engine)
        monitor.heal()
        assert found("due_steps") == []
        WorkerBeat.objects.filter(id=beat.id).update(started_at=Now() - timedelta(seconds=60))
        monitor.heal()
        assert [incident.step for incident in found("due_steps")] == ["stack"]


def test_beat_looks_every_ten_seconds_and_drops_what_it_could_not_do_in_time():
    entry = SCHEDULE["heal"]
    assert (entry["task"], entry["schedule"], entry["options"]) == ("monitor.heal", 10.0, {"queue": "control", "expires": 10})
    assert tasks.heal.name == entry["task"]


def test_the_folders_of_runs_that_ended_a_day_ago_are_removed_and_no_others(run, own_home):
    def ended(days: float) -> Run:
        other = services.create_run("Track orders for a bakery", tenant=services.default_tenant())[0]
        Run.objects.filter(id=other.id).update(state="completed", finished_at=Now() - timedelta(days=days))
        return other

    old, new, wanted = ended(1.1), ended(0.9), ended(30)
    folders = {made: steps.bench(made.id, "p", lambda: False, lambda line: None).root for made in (run, old, new, wanted)}
    (folders[wanted] / steps.KEPT).touch()
    assert tasks.tidy() == 1
    assert [made for made, folder in folders.items() if not folder.exists()] == [old]
    assert SCHEDULE["tidy"]["task"] == tasks.tidy.name


def test_the_watch_survives_a_database_that_goes_away_and_is_calm_when_it_is_back(monkeypatch):
    looks: list[bool] = []
    done = threading.Event()

    def heal(*, quick: bool, calm: bool) -> None:
        looks.append(calm)
        if len(looks) == 1:
            raise OperationalError("gone")
        if len(looks) == 3:
            done.set()

    monkeypatch.setattr(watching, "heal", heal)
    monkeypatch.setattr(watching, "TIMES", type("T", (), {"tick": 0.01, "calm": 100.0}))
    watch = watching.Watch()
    watch.start()
    assert done.wait(5)
    watch.stop()
    assert looks[:3] == [True, False, False]
    time.sleep(0.05)
    assert len(looks) <= 6
