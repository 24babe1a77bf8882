"""What a step may do, and what a person may do with a run; on a live worker."""

from __future__ import annotations

import json
import time

import pytest

from synergy.core.errors import BadInput
from synergy.core.models import Run
from synergy.workflow import services, wire
from synergy.workflow.shape import shape
from tests.synergy.workflow.conftest import states, story, submit, wait_for

pytestmark = pytest.mark.timeout(60)


def test_a_run_goes_through_all_steps_in_order_and_is_completed(crew):
    run = crew.finish(submit())
    assert run.state == "completed"
    assert set(states(run).values()) == {"done"}
    told = story(run)
    assert told[:5] == ["created", "stack claimed", "stack done", "plan claimed", "plan done"]
    assert told.index("ui claimed") > max(told.index(f"code:{a} done") for a in ("frontend", "backend", "devops"))
    assert told[-2:] == ["delivery done", "finished"]


def test_results_travel_as_typed_values_and_costs_add_up(crew):
    run = crew.finish(submit())
    assert json.loads(run.steps.get(name="ui").result)["text"] == "frontend backend devops"
    assert (run.stack, run.confidence) == ("fastapi-react", 0.9)
    assert float(run.cost_usd) == 0.75
    assert run.verdict["gates"][0]["value"] == 0.75
    assert 0 < run.verdict["seconds"] < 30


def test_the_steps_after_the_join_need_no_message_and_the_fan_out_is_a_chord(crew):
    run = crew.finish(submit())
    assert set(run.steps.values_list("sends", flat=True)) == {1}
    line = {step.name: step.worker for step in run.steps.all()}
    assert len({line[name] for name in ("ui", "improve", "visuals", "conflicts", "tests", "slo", "delivery")}) == 1


def test_notes_become_history(crew):
    run = crew.finish(submit())
    wait_for(lambda: run.events.filter(kind="note", step="delivery", data={"line": "delivery begins"}).exists())


def test_a_red_gate_rejects_the_run_but_it_is_delivered(crew):
    run = crew.finish(submit(passes=False))
    assert (run.state, run.reason) == ("rejected", "Gates that failed: cost.")
    assert states(run)["delivery"] == "done"


def test_a_message_that_nothing_fits_is_refused_after_the_first_step(crew):
    run = crew.finish(submit(known=False))
    assert (run.state, run.reason) == ("refused", "Nothing fits.")
    assert states(run)["stack"] == "done"
    assert set(list(states(run).values())[1:]) == {"skipped"}


def test_an_error_worth_another_try_gets_one(crew):
    run = crew.finish(submit(ui={"raise": "transient", "times": 2}))
    assert run.state == "completed"
    step = run.steps.get(name="ui")
    assert (step.attempt, step.fails, step.error) == (3, 2, "")
    first, second, third = crew.begun(run, "ui")
    assert second - first > 0.5
    assert third - second > 0.5


def test_retry_after_is_honoured(crew):
    run = crew.finish(submit(ui={"raise": "transient", "times": 1, "retry_after": 2.0}))
    first, second = crew.begun(run, "ui")
    assert 2.0 < second - first < 4.5


def test_attempts_end_in_a_dead_letter_with_the_reason(crew):
    run = crew.finish(submit(tests={"raise": "transient"}))
    assert run.state == "failed"
    assert run.reason == "tests was given up after 4 attempts: The provider is away."
    assert story(run).count("tests retry") == 3
    assert story(run)[-2:] == ["tests dead_letter", "finished"]
    assert states(run)["slo"] == "skipped"


@pytest.mark.parametrize(
    ("trouble", "state", "reason"),
    [
        ("permanent", "failed", "It cannot be done."),
        ("refused", "refused", "It is a driver."),
        ("bug", "failed", "Internal error: KeyError: 'surprise'"),
    ],
)
def test_an_error_that_another_try_cannot_help_ends_the_run_at_once(crew, trouble, state, reason):
    run = crew.finish(submit(**{"code:backend": {"raise": trouble}}))
    assert (run.state, run.reason) == (state, reason)
    assert run.steps.get(name="code:backend").attempt == 1
    assert states(run)["ui"] == "skipped"


def test_a_bug_leaves_its_traceback_in_the_history(crew):
    run = crew.finish(submit(plan={"raise": "bug"}))
    assert "raise trouble(orders)" in run.events.get(kind="failed").data["detail"]


def test_a_full_disk_is_called_a_full_disk(crew):
    run = crew.finish(submit(plan={"raise": "disk"}))
    assert run.reason == "plan was given up after 4 attempts: The disk is full: some/file could not be written."


def test_a_cancelled_run_stops_working_within_two_seconds(crew):
    run = submit(visuals={"sleep": 20})
    crew.pid(run, "visuals")
    services.cancel(run)
    run.refresh_from_db()
    assert (run.state, run.reason) == ("cancelled", "Cancelled by a person.")
    assert run.cancel_requested_at
    wait_for(lambda: "visuals fenced" in story(run), 2)
    assert not crew.ended(run, "visuals")
    assert states(run)["visuals"] == states(run)["tests"] == "cancelled"
    with pytest.raises(BadInput, match="is cancelled"):
        services.cancel(run)


def test_a_cancelled_run_can_be_taken_up_again_where_it_was(crew):
    run = submit(visuals={"sleep": 20, "times": 1})
    crew.pid(run, "visuals")
    services.cancel(run)
    wire.send(services.retry(run))
    crew.finish(run)
    assert run.state == "completed"
    assert len(crew.begun(run, "ui")) == 1
    assert len(crew.begun(run, "visuals")) == 2


def test_a_failed_run_goes_on_from_its_last_recorded_step_with_fresh_attempts(crew):
    run = crew.finish(submit(conflicts={"raise": "permanent", "times": 1}))
    assert run.state == "failed"
    wire.send(services.retry(run))
    crew.finish(run)
    assert run.state == "completed"
    assert len(crew.begun(run, "visuals")) == 1


def test_a_run_rests_while_it_is_paused(crew):
    run = submit(improve={"sleep": 0.5})
    crew.pid(run, "improve")
    services.pause(run)
    wait_for(lambda: states(run)["improve"] == "done")
    time.sleep(1.5)  # longer than a tick: nobody sends it
    assert states(run)["visuals"] == "ready"
    wire.send(services.resume(run))
    crew.finish(run)
    assert run.state == "completed"
    with pytest.raises(BadInput):
        services.resume(run)


def test_a_fork_takes_over_what_came_before_and_runs_the_rest(crew):
    run = crew.finish(submit())
    fork, ready = services.fork(run, "visuals")
    wire.send(ready)
    crew.finish(fork)
    assert fork.state == "completed"
    assert fork.parent == run
    assert [name for name in states(fork) if crew.begun(fork, name)] == [s.name for s in shape()][7:]
    assert fork.carried_seconds > 0
    assert float(fork.cost_usd) == 0.75


def test_a_backlog_is_not_sent_twice(crew):
    runs = [submit(sleep=0.02) for _ in range(25)]
    for run in runs:
        crew.finish(run, 60)
    sends = [sends for run in runs for sends in run.steps.values_list("sends", flat=True)]
    assert set(sends) == {1}, [(i.step, i.since_seconds, i.seen) for run in runs for i in run.incidents.all()]
    assert Run.objects.filter(id__in=[run.id for run in runs], incidents__isnull=False).count() == 0
