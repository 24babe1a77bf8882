"""What Synergy promises when things break: the faults that attack each promise, and the test that holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FAULTS = "tests/synergy/workflow/test_faults.py"
STEPS = "tests/synergy/workflow/test_steps.py"
LEDGER = "tests/synergy/workflow/test_ledger.py"
MONITOR = "tests/monitor/test_monitor.py"


@dataclass(frozen=True)
class Promise:
    text: str
    faults: tuple[str, ...]
    test: str  #: file::name


PROMISES = (
    Promise(
        "A run resumes from its last recorded step after the death of a worker child",
        ("child_killed", "child_killed_paying", "child_killed_writing", "sandbox_orphaned"),
        f"{FAULTS}::test_a_killed_child_costs_its_step_one_more_attempt_and_nothing_else",
    ),
    Promise(
        "… of a worker",
        ("worker_killed", "only_worker_killed"),
        f"{FAULTS}::test_another_worker_takes_over_at_once_when_a_whole_worker_is_killed",
    ),
    Promise(
        "… of all workers",
        ("all_workers_killed",),
        f"{FAULTS}::test_the_only_worker_is_killed_and_its_successor_resumes_from_the_last_recorded_step",
    ),
    Promise("… of beat", ("beat_dead",), "tests/chaos/test_matrix.py::test_fault"),
    Promise(
        "… of Valkey, restarted and flushed empty",
        ("valkey_restarted", "valkey_emptied", "valkey_flushed"),
        f"{FAULTS}::test_a_broker_that_loses_everything_in_mid_run_loses_nothing",
    ),
    Promise(
        "… of PostgreSQL, restarted and killed with -9",
        ("postgres_restarted", "postgres_killed"),
        "tests/chaos/test_matrix.py::test_fault",
    ),
    Promise("… of the web process", ("web_killed",), "tests/chaos/test_matrix.py::test_fault"),
    Promise("… of all processes of the machine at once", ("machine_killed",), "tests/chaos/test_matrix.py::test_fault"),
    Promise(
        "The network may be cut, slow or a black hole",
        (
            "valkey_cut",
            "valkey_cut_unseen",
            "valkey_blackhole",
            "valkey_slow",
            "postgres_cut",
            "postgres_blackhole",
            "postgres_slow",
        ),
        "tests/chaos/test_matrix.py::test_fault",
    ),
    Promise(
        "Exactly one recorded outcome for each step; a late zombie is refused",
        ("worker_frozen", "step_raced", "answer_lost"),
        f"{FAULTS}::test_the_late_result_of_a_frozen_worker_is_refused",
    ),
    Promise(
        "A run starts with its row: a broker that is down delays it",
        ("broker_down_at_post",),
        f"{FAULTS}::test_a_broker_that_is_down_at_submit_delays_the_run_and_nothing_else",
    ),
    Promise(
        "Messages that arrive twice run nothing twice",
        ("messages_doubled",),
        f"{FAULTS}::test_messages_that_arrive_three_times_run_nothing_twice",
    ),
    Promise(
        "A lost chord body or part heals",
        ("chord_body_lost", "chord_part_lost"),
        f"{FAULTS}::test_a_lost_chord_body_is_sent_by_the_monitor",
    ),
    Promise(
        "A poison step ends in a dead letter with the reason, and an alert",
        ("poison",),
        f"{FAULTS}::test_a_step_that_kills_its_worker_every_time_ends_in_a_dead_letter",
    ),
    Promise(
        "What takes too long is taken away",
        ("step_hangs", "provider_silent", "provider_drips"),
        f"{FAULTS}::test_a_step_that_hangs_is_taken_away_and_its_process_ended",
    ),
    Promise(
        "Cancel stops sandbox, browser and spending within 2 s",
        ("run_cancelled", "browser_cancelled"),
        f"{STEPS}::test_a_cancelled_run_stops_working_within_two_seconds",
    ),
    Promise("A paused run holds no worker, and goes on", ("run_paused",), f"{STEPS}::test_a_run_rests_while_it_is_paused"),
    Promise(
        "A failed run goes on from its last recorded step",
        ("run_retried",),
        f"{STEPS}::test_a_failed_run_goes_on_from_its_last_recorded_step_with_fresh_attempts",
    ),
    Promise(
        "A run may be forked from any step",
        ("run_forked",),
        f"{STEPS}::test_a_fork_takes_over_what_came_before_and_runs_the_rest",
    ),
    Promise(
        "A run of version N is finished by it, or refused clearly under N+1",
        ("upgraded_together", "upgraded_alone"),
        f"{LEDGER}::test_a_run_whose_engine_is_gone_is_refused_clearly",
    ),
    Promise(
        "Workers drain on SIGTERM",
        ("worker_drained",),
        f"{FAULTS}::test_a_worker_that_is_asked_to_leave_finishes_its_step_and_leaves_the_rest_to_others",
    ),
    Promise("History is append-only and kept", ("child_killed",), f"{LEDGER}::test_history_is_only_ever_added_to"),
    Promise("A healthy backlog is not sent twice", ("calm",), f"{STEPS}::test_a_backlog_is_not_sent_twice"),
    Promise("max_connections reached is survived", ("connections_used_up",), "tests/chaos/test_matrix.py::test_fault"),
    Promise("Sandbox and browser may fail", ("sandbox_trouble", "browser_killed"), "tests/chaos/test_matrix.py::test_fault"),
    Promise(
        "A model that hangs, drips, declines, breaks off or talks nonsense costs time, never the run",
        ("model_hangs", "model_drips", "model_declines", "model_breaks_off", "model_talks_nonsense", "model_attacks"),
        "tests/inference/llm/test_ask.py::test_then_the_cheaper_model_is_asked_and_then_nobody",
    ),
    Promise(
        "Whoever races and whatever is charged, no limit is passed but by the one call that was charged too much",
        ("model_overcharges", "money_runs_out", "killed_while_asking"),
        "tests/synergy/workflow/test_book.py::test_sixteen_that_race_at_499_never_pass_5",
    ),
    Promise(
        "Where no stack fits, nothing is built by default: the run is refused with the reason",
        ("no_stack_fits",),
        f"{STEPS}::test_a_message_that_nothing_fits_is_refused_after_the_first_step",
    ),
    Promise("A full disk is said, and survived", ("disk_full",), f"{STEPS}::test_a_full_disk_is_called_a_full_disk"),
    Promise(
        "A clock that jumps an hour either way loses nothing",
        ("clock_ahead", "clock_back"),
        "tests/chaos/test_matrix.py::test_fault",
    ),
)


def judged(rows: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Each promise with what its faults showed: ``kept``, ``broken`` or ``not measured``."""
    found = []
    for promise in PROMISES:
        shown = [rows[name] for name in promise.faults if name in rows and rows[name]["scenes"]]
        broken = [r["fault"] for r in shown if r["problems"] or r["lost"] or r["charged_twice"]]
        verdict = "broken" if broken else "kept" if len(shown) == len(promise.faults) else "not measured"
        found.append(
            {
                "promise": promise.text,
                "verdict": verdict,
                "injected": sum(r["injected"] for r in shown),
                "runs": sum(r["runs"] for r in shown),
                "faults": promise.faults,
                "test": promise.test,
            }
        )
    return found


def lines(found: Sequence[dict[str, Any]]) -> list[str]:
    """The promises for a person."""
    return [
        f"{p['verdict']:<13}{p['injected']:>4} faults {p['runs']:>5} runs  {p['promise']}\n{'':<30}{p['test']}" for p in found
    ]
