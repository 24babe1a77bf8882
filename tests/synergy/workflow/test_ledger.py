"""The engine's statements on a real database, without any worker."""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now

from monitor.models import Incident
from monitor.services import heal
from synergy.core.errors import BadInput
from synergy.core.models import Event, Project, Run, Step, Tenant, WorkerBeat
from synergy.workflow import engine, services, wire
from synergy.workflow.db import connect
from synergy.workflow.heart import Heart
from synergy.workflow.shape import shape
from tests.synergy.workflow.conftest import broker_down, states, story, submit

pytestmark = pytest.mark.usefixtures("rows")
WORKER = uuid.uuid4()


@pytest.fixture
def worker():
    """The row of a worker that beats."""
    beat = Heart("tiny/1")
    beat.start()
    yield beat.worker
    beat.stop()


def run_to(run: Run, step: str, worker: uuid.UUID = WORKER) -> engine.Attempt:
    """Record everything before ``step`` and claim it."""
    for name in shape().before(step):
        attempt = engine.claim(shape(), run.id, name, worker)
        assert attempt
        assert engine.record(shape(), attempt, "{}").accepted
    claimed = engine.claim(shape(), run.id, step, worker)
    assert claimed
    return claimed


def side_by_side(*calls):
    """Run them at the same moment, each with connections of its own."""
    gate = threading.Barrier(len(calls))

    def call(work):
        gate.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


def test_of_eight_that_claim_one_step_one_gets_it():
    run = submit(send=False)
    got = side_by_side(*[lambda: engine.claim(shape(), run.id, "stack", uuid.uuid4())] * 8)
    assert sum(attempt is not None for attempt in got) == 1
    assert run.steps.get(name="stack").attempt == 1
    assert story(run) == ["created", "stack claimed"]


def test_of_three_that_finish_at_once_exactly_one_readies_the_join():
    for _ in range(10):
        run = submit(send=False)
        run_to(run, "code:frontend")
        attempts = [engine.Attempt(run.id, "code:frontend", run.steps.get(name="code:frontend").token, WORKER, 1)]
        attempts += [engine.claim(shape(), run.id, f"code:{agent}", WORKER) for agent in ("backend", "devops")]
        recorded = side_by_side(*[lambda a=a: engine.record(shape(), a, "{}") for a in attempts])
        assert sorted(len(r.ready) for r in recorded) == [0, 0, 1]
        assert run.steps.get(name="ui").need == 0


def test_only_the_holder_of_the_token_records():
    run = submit(send=False)
    attempt = run_to(run, "plan")
    stranger = engine.Attempt(run.id, "plan", uuid.uuid4(), uuid.uuid4(), 1)
    assert not engine.record(shape(), stranger, '"forged"').accepted
    assert story(run)[-1] == "plan fenced"
    assert engine.record(shape(), attempt, '"mine"').accepted
    assert run.steps.get(name="plan").result == '"mine"'


def test_a_record_whose_answer_was_lost_may_be_repeated():
    run = submit(send=False)
    attempt = run_to(run, "plan")
    first = engine.record(shape(), attempt, "{}")
    again = engine.record(shape(), attempt, "{}")
    assert first.ready == again.ready
    assert len(again.ready) == 3
    assert story(run).count("plan done") == 1


def test_a_claim_whose_answer_was_lost_may_be_repeated(monkeypatch):
    """It is the same attempt, and history tells of it once."""
    run = submit(send=False)
    real = engine.rows
    monkeypatch.setattr(engine, "rows", lambda *question: [real(*question), real(*question)][1])
    attempt = engine.claim(shape(), run.id, "stack", WORKER)
    assert attempt.number == 1
    assert story(run) == ["created", "stack claimed"]


def test_the_next_step_is_claimed_in_the_same_statement():
    run = submit(send=False)
    attempt = run_to(run, "improve")
    recorded = engine.record(shape(), attempt, "{}", inline=True)
    assert recorded.ready == ()
    assert recorded.next
    step = run.steps.get(name="visuals")
    assert (step.state, step.token, step.attempt, step.worker) == ("running", recorded.next.token, 1, WORKER)
    assert step.lease
    assert step.deadline


def test_a_fan_out_is_never_claimed_in_line():
    run = submit(send=False)
    recorded = engine.record(shape(), run_to(run, "plan"), "{}", inline=True)
    assert recorded.next is None
    assert len(recorded.ready) == 3


def test_nothing_of_a_paused_run_is_claimed_but_what_runs_is_recorded():
    run = submit(send=False)
    attempt = run_to(run, "improve")
    services.pause(run)
    recorded = engine.record(shape(), attempt, "{}", inline=True)
    assert recorded.accepted
    assert recorded.next is None
    assert engine.claim(shape(), run.id, "visuals", WORKER) is None
    services.resume(run)
    assert engine.claim(shape(), run.id, "visuals", WORKER)


def test_of_two_that_resume_at_once_one_does():
    run = submit(send=False)
    services.pause(run)

    def resume():
        try:
            return services.resume(Run.objects.get(id=run.id))
        except BadInput:
            return None

    assert sorted(bool(ready) for ready in side_by_side(resume, resume)) == [False, True]


def test_a_step_of_another_engine_is_not_claimed():
    run = submit(send=False)
    Run.objects.filter(id=run.id).update(engine="tiny/0")
    assert engine.claim(shape(), run.id, "stack", WORKER) is None


def test_a_run_whose_engine_is_gone_is_refused_clearly():
    run = submit(send=False)
    Run.objects.filter(id=run.id).update(engine="tiny/0")
    Step.objects.filter(run=run, name="stack").update(ready_at=Now() - timedelta(minutes=5), due=None)
    heal()
    run.refresh_from_db()
    assert (run.state, run.reason) == (
        "failed",
        "It was started by engine tiny/0, and only tiny/1 runs here now. Start it again.",
    )


def test_a_step_is_not_claimed_before_its_time():
    run = submit(send=False)
    attempt = run_to(run, "plan")
    assert engine.give_back(run.id, "plan", attempt.token, kind="retry", error="away", again_in=30)
    assert engine.claim(shape(), run.id, "plan", WORKER) is None
    run.steps.filter(name="plan").update(next_attempt_at=Now())
    assert engine.claim(shape(), run.id, "plan", WORKER).number == 2


def test_a_step_that_is_given_back_by_a_worker_that_leaves_has_lost_nothing():
    run = submit(send=False)
    attempt = run_to(run, "plan")
    assert engine.give_back(run.id, "plan", attempt.token, kind="released")
    step = run.steps.get(name="plan")
    assert (step.state, step.attempt, step.fails, step.losses) == ("ready", 0, 0, 0)


def test_a_step_that_was_taken_away_cannot_be_given_back():
    run = submit(send=False)
    attempt = run_to(run, "plan")
    assert engine.give_back(run.id, "plan", attempt.token, kind="lost")
    assert not engine.give_back(run.id, "plan", attempt.token, kind="failed", error="late")
    run.refresh_from_db()
    assert run.state == "running"


def test_cancel_wins_against_a_record_that_comes_later():
    run = submit(send=False)
    attempt = run_to(run, "ui")
    services.cancel(run)
    assert not engine.record(shape(), attempt, "{}", inline=True).accepted
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert set(states(run).values()) == {"done", "cancelled"}


def test_records_and_cancels_at_the_same_moment_leave_a_legal_state():
    for _ in range(15):
        run = submit(send=False)
        attempt = run_to(run, "ui")
        recorded, _ = side_by_side(
            lambda a=attempt: engine.record(shape(), a, "{}", inline=True),
            lambda r=run: services.cancel(Run.objects.get(id=r.id)),
        )
        run.refresh_from_db()
        assert run.state == "cancelled"
        assert states(run)["ui"] == ("done" if recorded.accepted else "cancelled")
        assert not run.steps.filter(state__in=("ready", "running", "waiting")).exists()


def test_two_agents_that_fail_at_the_same_moment_end_the_run_once():
    for _ in range(15):
        run = submit(send=False)
        first = run_to(run, "code:frontend")
        second = engine.claim(shape(), run.id, "code:backend", WORKER)
        side_by_side(
            *[
                lambda a=a: engine.give_back(a.run, a.name, a.token, kind="failed", error=f"{a.name} broke")
                for a in (first, second)
            ]
        )
        run.refresh_from_db()
        assert run.state == "failed"
        assert story(run).count("finished") == 1


def test_a_dead_worker_is_found_by_its_free_lock_and_its_step_is_ready_again(worker):
    run = submit(send=False)
    WorkerBeat.objects.create(id=WORKER, beat=Now(), lock_key=4711, host="here", pid=1, engine="tiny/1")
    run_to(run, "plan")
    run.steps.filter(name="plan").update(due=None)
    assert engine.bury() == [("here:1", pytest.approx(0, abs=1))]
    heal(quick=True)
    step = run.steps.get(name="plan")
    assert (step.state, step.losses, step.token) == ("ready", 1, None)
    incident = Incident.objects.get(remedy="lost_steps")
    assert (incident.run, incident.step) == (run, "plan")
    assert WorkerBeat.objects.get().id == worker


def test_what_a_worker_made_ready_and_may_not_have_sent_is_due_when_it_is_dead(worker):
    run = submit(send=False)
    WorkerBeat.objects.create(id=WORKER, beat=Now(), lock_key=4714, host="here", pid=1, engine="tiny/1")
    plan = run_to(run, "plan")
    engine.record(shape(), plan, "{}")
    other = submit(send=False)
    engine.record(shape(), run_to(other, "plan", worker), "{}")
    heal(quick=True)
    sends = {r: set(r.steps.filter(name__startswith="code:").values_list("sends", "worker")) for r in (run, other)}
    assert sends == {run: {(1, None)}, other: {(1, worker)}}  # sent by the look that found it, not again for the living
    assert [e.remedy for e in Incident.objects.all()] == ["dead_workers"]


def test_a_worker_that_holds_its_lock_but_is_silent_is_dead_too():
    with connect() as session:
        session.execute("SELECT pg_advisory_lock(4712)")
        old = Now() - timedelta(seconds=60)
        WorkerBeat.objects.create(id=WORKER, beat=old, lock_key=4712, host="here", pid=1, engine="tiny/1")
        assert len(engine.bury()) == 1


@pytest.mark.parametrize("restarted", [True, False])
def test_nobody_is_called_dead_just_after_the_database_was_away(monkeypatch, restarted):
    """It was restarted, or our own session was lost with all others: every lock is free although the workers live."""
    monkeypatch.setattr(engine, "TIMES", replace(engine.TIMES, calm=1e6 if restarted else 0.0))
    run = submit(send=False)
    WorkerBeat.objects.create(id=WORKER, beat=Now(), lock_key=4713, host="here", pid=1, engine="tiny/1")
    run_to(run, "plan")
    assert [i for i in heal(quick=True, calm=restarted) if i.remedy != "due_steps"] == []
    assert run.steps.get(name="plan").state == "running"


def test_an_attempt_that_nobody_renews_is_lost_though_its_worker_lives(worker):
    """The claim was committed, its answer never arrived: the worker does not know that it holds the step."""
    run = submit(send=False)
    run_to(run, "plan", worker)
    run.steps.filter(name="plan").update(lease=Now() - timedelta(seconds=1))
    assert [(name, kind) for _, name, _, kind, _ in engine.abandoned()] == [("plan", "lost")]


def test_a_heart_renews_what_it_watches_and_stops_what_is_no_longer_its_own(worker):
    beat = Heart("tiny/1")
    beat.start()
    run = submit(send=False)
    watched = beat.watch(run_to(run, "plan", beat.worker))
    run.steps.filter(name="plan").update(lease=Now())
    assert not watched.stop.wait(1.2)
    assert run.steps.filter(name="plan", lease__gt=Now() + timedelta(seconds=1)).exists()
    services.cancel(run)
    assert watched.stop.wait(0.9)  # sooner than the next beat
    beat.stop()
    assert WorkerBeat.objects.get().id == worker


def test_what_the_broker_still_holds_is_not_sent_again():
    runs = [submit(send=False) for _ in range(3)]
    Step.objects.filter(name="stack").update(due=Now() - timedelta(seconds=1))
    assert engine.due_queues() == {"agents": 3}
    assert engine.take_due({"agents": 0}) == []
    [again] = engine.take_due({"agents": 1})
    assert again.resent
    assert again.run in [run.id for run in runs]
    assert len(engine.take_due({"agents": 3})) == 2  # the first is not due for a while


def test_what_was_never_sent_is_sent_whatever_the_broker_holds():
    run = submit(send=False)
    engine.unsent([engine.Ready(run.id, "stack", "agents")])
    [first] = engine.take_due({})
    assert not first.resent


def test_history_is_only_ever_added_to():
    submit(send=False)
    for change in (lambda: Event.objects.update(kind="nothing"), lambda: Event.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert Event.objects.count() == 1


def test_the_same_key_starts_one_run_however_often_it_is_sent():
    tenant = services.default_tenant()
    text = "Build a shop for us"
    got = side_by_side(*[lambda: services.create_run(text, tenant=tenant, key="k1")] * 6)
    assert len({run.id for run, _ in got}) == 1
    assert sum(len(ready) for _, ready in got) == 1
    assert Run.objects.count() == 1
    with pytest.raises(BadInput, match="another message"):
        services.create_run("Something else", tenant=tenant, key="k1")
    other = Tenant.objects.create(name="Other", slug="other")
    assert services.create_run("Something else", tenant=other, key="k1")[1]


def test_a_key_that_is_taken_leaves_no_project_behind():
    tenant = services.default_tenant()
    services.create_run("Build a shop for us", tenant=tenant, key="k1")
    services.create_run("Build a shop for us", tenant=tenant, key="k1", project="Another")
    assert Project.objects.count() == 1


def test_runs_that_start_at_the_same_moment_share_the_project_that_none_of_them_found():
    tenant = services.default_tenant()
    for number in range(5):
        name = f"Shop {number}"
        got = side_by_side(*[lambda n=name: services.create_run("Build a shop for us", tenant=tenant, project=n)] * 6)
        assert len({run.id for run, _ in got}) == 6
        assert {run.project_id for run, _ in got} == {Project.objects.get(name=name).id}
    assert Step.objects.count() == 5 * 6 * len(list(shape()))


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda run: services.retry(run), "Only a failed or cancelled run"),
        (lambda run: services.fork(run, "visuals"), "never ended"),
        (lambda run: services.fork(run, "nonsense"), "There is no step 'nonsense'"),
        (lambda run: services.resume(run), "is queued"),
        (lambda run: services.find_run(uuid.uuid4()), "There is no run"),
        (lambda run: services.find_run("../../etc"), "There is no run"),
        (lambda run: services.find_run(run.id, Tenant.objects.create(name="O", slug="o")), "There is no run"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(act, says):
    run = submit(send=False)
    with pytest.raises(BadInput, match=says):
        act(run)
    run.refresh_from_db()
    assert run.state == "queued"
    assert story(run) == ["created"]


@pytest.mark.parametrize("stack", ["nonsense", "../mern", "react"])
def test_an_unknown_stack_is_refused_at_the_door(stack):
    with pytest.raises(BadInput, match="Known stacks"):
        services.create_run("Build a shop", tenant=services.default_tenant(), stack=stack)


def test_a_message_without_a_project_has_a_project_of_its_own():
    tenant = services.default_tenant()
    first, again, other, named = (
        services.create_run(text, tenant=tenant, project=name)[0].project
        for text, name in (("Shop A", ""), ("Shop A", ""), ("Shop B", ""), ("Shop B", "Shop A"))
    )
    assert first == again
    assert len({first.slug, other.slug, named.slug}) == 3


def test_the_broker_is_asked_what_it_still_holds(broker):
    assert wire.backlog(["agents", "tests"]) == {"agents": 0, "tests": 0}
    submit()
    submit()
    assert wire.backlog(["agents", "tests"]) == {"agents": 2, "tests": 0}


def test_a_broker_that_is_down_holds_nothing_and_says_so_at_once():
    with broker_down():
        began = time.monotonic()
        assert wire.backlog(["agents"]) == {}
        assert time.monotonic() - began < 1


def read_whole() -> int:
    """Rows that were read from whole tables of the ledger so far, by this process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname IN ('core_run', 'core_step', 'core_event')"
        )
        return int(cursor.fetchone()[0])


def test_statements_that_are_planned_on_a_young_ledger_use_its_indexes():
    """The plans are kept while it grows."""
    run = submit(send=False)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE core_run, core_step, core_event")
    connection.close()
    connection.close_pool()  # new connections plan anew
    run_to(run, "ui")
    before = read_whole()
    for _ in range(5):
        run_to(submit(send=False), "ui")
    assert read_whole() == before
