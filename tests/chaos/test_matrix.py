"""The suite itself: what it adds up, what it promises, and that it finds an engine that is broken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from synergy.chaos import promises
from synergy.chaos.faults.base import every
from synergy.chaos.matrix import plan, row, sound, table

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "injected": 2,
    "runs": 3,
    "finished": 3,
    "steps_twice": 0,
    "charged_twice": 0,
    "asked_again": 0,
    "fenced": 1,
    "progress_s": [0.4, 0.9],
    "recovery_s": 2.0,
    "rest_s": 1.0,
    "progress_bar_s": 1.0,
    "recovery_bar_s": 3.0,
    "problems": [],
}


def judged(**changes) -> dict:
    return row(every()["child_killed"], [GOOD, {**GOOD, **changes}])


def test_outcomes_add_up():
    found = judged(recovery_s=3.0)
    wanted = {
        "injected": 4,
        "runs": 6,
        "finished": 6,
        "lost": 0,
        "fenced": 2,
        "first_progress_max_s": 0.9,
        "recovery_median_s": 2.5,
    }
    assert found.items() >= wanted.items()
    assert found["met"]
    assert sound([found])
    assert "met" in table([found])[-1]


@pytest.mark.parametrize(
    ("changes", "is_sound", "words"),
    [
        ({"progress_s": [1.2]}, True, "+0.2 s"),
        ({"recovery_s": 3.5}, True, "+0.5 s"),
        ({"finished": 2}, False, ""),
        ({"charged_twice": 1}, False, ""),
        ({"problems": ["a step has two outcomes"]}, False, "PROBLEM"),
    ],
)
def test_a_bar_that_is_missed_and_a_promise_that_is_broken_are_told_apart(changes, is_sound, words):
    found = judged(**changes)
    assert sound([found]) is is_sound
    assert table([found])[-1].endswith(words)
    assert found["met"] is (words == "")


def test_a_fault_that_was_not_played_is_not_met():
    found = row(every()["child_killed"], [])
    assert not found["met"]
    assert table([found])[-1].endswith("not played")


def test_a_scene_that_could_not_be_measured_is_a_problem():
    found = row(every()["child_killed"], [GOOD, {"problem": "The lane died."}])
    assert not sound([found])
    assert found["problems"] == ["The lane died."]


def test_every_scene_is_planned_once():
    counts = {"child_killed": 20, "poison": 1}
    scenes = [scene for unit in plan(counts, every()) for scene in unit]
    assert sorted(scenes) == sorted([("poison", 0), *(("child_killed", n) for n in range(20))])


def test_the_full_matrix_injects_at_least_300_faults_each_at_least_five_times():
    """Those that are called once strike five runs at once."""
    faults = every()
    assert sum(fault.times for fault in faults.values()) + faults["child_killed"].times * 10 >= 300
    once = {"calm", "poison", "step_hangs", "provider_silent", "provider_drips", "upgraded_alone"}
    assert {name for name, fault in faults.items() if fault.times < 5} == once


def test_every_promise_names_faults_and_a_test_that_exist():
    for promise in promises.PROMISES:
        file, name = promise.test.split("::")
        assert re.search(rf"^def {name}\b", (ROOT / file).read_text(), re.MULTILINE), promise.test
        assert set(promise.faults) <= every().keys(), promise.text


def test_every_fault_attacks_a_promise():
    assert every().keys() - {name for promise in promises.PROMISES for name in promise.faults} == set()


def test_a_promise_is_kept_broken_or_not_measured():
    def verdict(**rows) -> str:
        return next(p["verdict"] for p in promises.judged(rows) if p["faults"] == ("worker_frozen", "step_raced", "answer_lost"))

    fine = judged()
    assert verdict(worker_frozen=fine, step_raced=fine, answer_lost=fine) == "kept"
    assert verdict(worker_frozen=fine, step_raced=fine) == "not measured"
    assert verdict(worker_frozen=fine, step_raced=judged(finished=1)) == "broken"


def chaos(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "manage.py", "chaos", *arguments]
    given = {**os.environ, **env}
    return subprocess.run(argv, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


@pytest.mark.acceptance
@pytest.mark.timeout(900)
def test_fault(tmp_path):
    """The short subset: every promise that is attacked in it is kept."""
    done = chaos("--quick", "--lanes", "2", "--json", str(tmp_path / "chaos.json"), SYNERGY_HOME=str(tmp_path / "home"))
    found = json.loads((tmp_path / "chaos.json").read_text())
    assert done.returncode == 0, done.stdout[-6000:]
    assert found["sound"]
    assert {r["fault"] for r in found["rows"]} == {name for name, fault in every().items() if fault.quick and not fault.missing()}
    assert all(r["injected"] and r["runs"] == r["finished"] and not r["charged_twice"] for r in found["rows"])


@pytest.mark.acceptance
def test_an_engine_that_lets_two_workers_take_one_step_is_found(tmp_path):
    """The claim forgets to look at the state of the step."""
    broken = "import synergy.workflow.sql as sql\nsql.CLAIM = sql.CLAIM.replace(\"s.state = 'ready' AND\", \"s.state <> 'done' AND\")\n"
    (tmp_path / "sitecustomize.py").write_text(broken)
    done = chaos("step_raced", "--times", "1", SYNERGY_HOME=str(tmp_path / "home"), PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert done.returncode == 1
    assert re.search(r"step_raced: The step began \d+ times", done.stdout), done.stdout


def test_a_fault_that_is_not_known_is_refused_with_a_word():
    done = chaos("child_kiled")
    assert done.returncode == 1
    assert "There is no fault child_kiled" in done.stderr
