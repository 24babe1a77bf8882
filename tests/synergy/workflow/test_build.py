"""``manage.py build`` as a person and a machine use it, on a live worker with a tiny pipeline."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys

import psutil
import pytest
from django.core.management import call_command

from synergy.core.models import Run
from tests.synergy.workflow.conftest import ROOT, TINY, wait_for, words

BUILD = (sys.executable, "manage.py", "build")


@pytest.fixture
def build(crew):
    """Run the command to its end: (exit code, stdout)."""

    def call(*arguments: str, stdin: bytes = b"", **env: str) -> tuple[int, str]:
        done = subprocess.run(
            [*BUILD, *arguments], cwd=ROOT, env={**crew.env, **env}, input=stdin, capture_output=True, timeout=60, check=False
        )
        text = done.stdout.decode()
        assert "Traceback" not in text + done.stderr.decode(), done.stderr.decode()
        return done.returncode, text

    return call


def test_a_person_sees_steps_verdict_and_places_and_no_terminal_codes_in_a_log(build):
    code, text = build(words())
    assert code == 0
    lines = text.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("delivery")] == [["delivery", "done"]]
    assert any(line.split()[:4] == ["cost", "0.75", "<", "5"] for line in lines)
    assert any(line.startswith("Zip ") and line.endswith(".zip") for line in lines)
    assert "COMPLETED" in text
    assert "\x1b" not in text


def test_a_machine_gets_one_json_document(build):
    code, text = build("--json", words(passes=False))
    report = json.loads(text)
    assert code == report["exit"] == 1
    assert report["state"] == "rejected"
    assert [step["state"] for step in report["steps"]] == ["done"] * 12
    assert os.path.isfile(report["paths"]["Zip"])
    assert os.path.isfile(os.path.join(report["paths"]["Project"], "README.md"))


@pytest.mark.parametrize(
    ("orders", "code", "reason"),
    [
        ({"known": False}, 2, "Nothing fits."),
        ({"plan": {"raise": "refused"}}, 2, "It is a driver."),
        ({"plan": {"raise": "permanent"}}, 3, "It cannot be done."),
        ({"plan": {"raise": "bug"}}, 3, "Internal error: KeyError: 'surprise'"),
    ],
)
def test_every_end_has_its_exit_code_and_its_reason(build, orders, code, reason):
    got, text = build(words(**orders))
    assert got == code
    assert reason in text


@pytest.mark.parametrize(
    ("arguments", "stdin", "says"),
    [
        ([""], b"", "The message is empty."),
        (["-"], b"\x00\x01\x02" * 100, "This is not text"),
        (["-"], b"build a shop " * 10_000, "characters"),
        (["😀😀"], b"", "no words"),
        (["--stack", "cobol", "Build a shop"], b"", "There is no stack 'cobol'."),
        (["--edits", "/does/not/exist", "Build a shop"], b"", "is no folder"),
        (["--json", ""], b"", "The message is empty."),
    ],
)
def test_bad_input_is_refused_with_a_sentence_before_anything_starts(monkeypatch, capsys, arguments, stdin, says):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    with pytest.raises(SystemExit) as end:
        call_command("build", *arguments)
    assert end.value.code == 2
    assert says in capsys.readouterr().out


def test_the_message_may_come_from_stdin_or_the_environment(build):
    assert build("-", "--json", stdin=words(known=False).encode())[0] == 2
    assert build("--json", SYNERGY_MESSAGE=words(known=False))[0] == 2


def test_a_database_that_is_away_is_said_without_a_traceback(build):
    code, text = build(words(), DATABASE_URL="postgresql://nobody@/nothing?host=/nowhere")
    assert code == 3
    assert "OperationalError" in text
    assert "doctor" in text


def test_edits_of_a_person_travel_with_the_run_and_only_what_differs_counts(build, crew, tmp_path):
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.js").write_text("made by npm")
    (tmp_path / "frontend.txt").write_text("It fits.")  # as the agent wrote it
    (tmp_path / "backend.txt").write_text("changed by hand")
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "run.sh").chmod(0o755)
    code, text = build("--json", "--edits", str(tmp_path), words())
    assert code == 0
    run = Run.objects.get(id=json.loads(text)["id"])
    assert sorted(run.options["edits"]["files"]) == ["backend.txt", "frontend.txt", "run.sh"]
    assert run.options["edits"]["executable"] == ["run.sh"]
    assert json.loads(run.steps.get(name="ui").result)["text"] == "frontend backend devops edits"


def test_ctrl_c_in_a_running_system_leaves_the_run_to_it(crew):
    command = subprocess.Popen(
        [*BUILD, words(ui={"sleep": 2})], cwd=ROOT, env=crew.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    before = Run.objects.count()
    wait_for(lambda: Run.objects.count() > before, 20)
    run = Run.objects.latest("created_at")
    crew.pid(run, "ui")
    command.send_signal(signal.SIGINT)
    out, _ = command.communicate(timeout=20)
    assert command.returncode == 130
    assert b"goes on without you" in out
    assert b"Traceback" not in out
    crew.finish(run)
    assert run.state == "completed"


@pytest.fixture
def alone(tmp_path, tmp_path_factory):
    """Start the command in a home of its own, with services of its own, and wait until ``ui`` runs: (process, home, log)."""
    home, log = tmp_path_factory.mktemp("h"), tmp_path / "steps.log"
    log.touch()
    env = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    env |= {"SYNERGY_HOME": str(home), "SYNERGY_PIPELINE": TINY, "STEP_LOG": str(log)}
    argv = [*BUILD, "--json", words(ui={"sleep": 3, "times": 1})]
    command = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: " ui S " in log.read_text(), 90, lambda: f"{command.poll()} {log.read_text()}")
        yield command, home, log
    finally:
        if command.poll() is None:
            command.send_signal(signal.SIGINT)
        command.communicate(timeout=60)
        wait_for(lambda: not ours(str(home)), 30)


def test_ctrl_c_on_a_run_of_ones_own_cancels_it_and_stops_all_that_was_started(alone):
    command, home, log = alone
    command.send_signal(signal.SIGINT)
    out, _ = command.communicate(timeout=60)
    report = json.loads(out)
    assert (command.returncode, report["exit"], report["state"]) == (130, 130, "cancelled")
    assert " ui E " not in log.read_text()
    wait_for(lambda: not ours(str(home)), 20)


def test_a_database_that_is_killed_in_mid_run_costs_some_seconds_and_nothing_else(alone):
    command, home, _ = alone
    os.kill(int((home / "pg" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    out, _ = command.communicate(timeout=90)
    report = json.loads(out)
    assert (command.returncode, report["state"]) == (0, "completed")
    assert {step["state"] for step in report["steps"]} == {"done"}


def ours(home: str) -> list[psutil.Process]:
    """Processes that were started for this home."""
    return [p for p in psutil.process_iter(["cmdline"]) if any(home in part for part in p.info["cmdline"] or ())]
