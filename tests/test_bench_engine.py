"""The pure parts of ``make bench-engine``: what it reads from the log, what it says of the figures, who is left out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import bench_engine  # noqa: E402
from peers import cpu, dag, extras, figures, ledger, measure, pipeline, roster  # noqa: E402
from peers.stage import Stage  # noqa: E402

from synergy.workflow.pipeline import PIPELINE  # noqa: E402


@pytest.fixture
def log(tmp_path) -> figures.StepLog:
    return figures.StepLog(tmp_path / "steps.log")


def write(log: figures.StepLog, *lines: tuple[float, str, str, str]) -> None:
    with log.file.open("a") as file:
        file.writelines(f"{at} {run} {step} {what} 1\n" for at, run, step, what in lines)


def whole(run: str, begin: float, pause: float) -> list[tuple[float, str, str, str]]:
    """The lines of a run that takes ``pause`` seconds for each of its steps."""
    ends = [(begin + pause * (place + 1), run, step, "E") for place, step in enumerate(dag.STEPS)]
    return [(begin, run, dag.SUBMIT, "S"), *ends]


def test_latency_and_throughput_come_from_the_log(log):
    write(log, *whole("r1", 100.0, 0.01), *whole("r2", 100.5, 0.1))
    assert log.wait(["r1", "r2"], seconds=5, look=0.001) == set()
    assert figures.spans(log.lines, ["r1", "r2"]) == pytest.approx([0.12, 1.2])
    assert figures.spans(log.lines, ["r2"], "stack") == pytest.approx([0.1])
    assert figures.throughput(log.lines, ["r1", "r2"]) == pytest.approx(2 / 1.7)
    assert figures.broken(log.lines, ["r1", "r2"]) == []
    assert figures.twice(log.lines, ["r1", "r2"]) == 0


def test_a_line_that_is_half_written_is_read_when_it_is_whole(log):
    log.file.write_text("100.0 r1 submit S 1\n100.5 r1 deliv")
    assert [line.step for line in log.read()] == ["submit"]
    assert log.read() == []
    with log.file.open("a") as file:
        file.write("ery E 1\n")
    assert [(line.at, line.step) for line in log.read()] == [(100.5, "delivery")]


def test_a_run_that_does_not_end_is_named(log):
    write(log, *whole("r1", 100.0, 0.01), *whole("r2", 100.0, 0.01)[:-1])
    assert log.wait(["r1", "r2"], seconds=0.05, look=0.01) == {"r2"}


def test_steps_that_are_left_out_doubled_or_too_early_are_seen(log):
    fine, lacking, doubled, early = (whole(f"r{number}", 100.0, 0.01) for number in range(4))
    del lacking[4]
    doubled.insert(6, doubled[5])
    early[3], early[6] = early[6], early[3]  # an agent after the step that needs it
    write(log, *fine, *lacking, *doubled, *early)
    log.read()
    runs = ["r0", "r1", "r2", "r3"]
    assert figures.broken(log.lines, runs) == ["r1", "r3"]
    assert figures.twice(log.lines, runs) == 1


def test_what_processes_write_is_what_is_read(log):
    code = "from peers import dag; dag.submitted('r7'); [dag.body('r7', step) for step in dag.STEPS]"
    env = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "STEP_LOG": str(log.file)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
    assert log.wait(["r7"], seconds=5, look=0.001) == set()
    assert figures.broken(log.lines, ["r7"]) == []
    assert 0 <= figures.spans(log.lines, ["r7"])[0] < 60


def row(peer: str, latency: float, speed: float, cost: float, repetition: int = 0) -> dict[str, object]:
    return {"repetition": repetition, "peer": peer, "latency_p50_ms": latency, "runs_per_s": speed, "cpu_ms_per_run": cost}


def results(*rows: dict[str, object]) -> dict[tuple[str, str], str]:
    return {(said["figure"], said["of"]): said["result"] for said in figures.ratios(rows)}


def test_a_bar_is_met_not_met_or_not_measured():
    found = results(row("synergy", 20, 60, 20), row("celery", 21, 30, 40), row("dbos", 30, 40, 60))
    assert found["latency_p50_ms", "celery"] == "met"
    assert found["latency_p50_ms", "dbos"] == "not met"  # 0.67
    assert found["runs_per_s", "celery"] == "met"
    assert found["runs_per_s", "dbos"] == "not met"  # 1.5
    assert found["cpu_ms_per_run", "celery"] == "met"
    assert found["runs_per_s", "temporal-local"] == "not measured"


def test_a_slow_synergy_meets_no_bar_and_the_table_says_so():
    others = [row(name, 20, 30, 40) for name in ("celery", "dbos", "temporal-local")]
    rows = [row("synergy", 25, 25, 45), row("synergy-10000", 75, 9, 90), *others]
    found = figures.ratios(rows)
    assert {said["result"] for said in found} == {"not met"}
    text = figures.verdicts(found)
    assert text.count("not met") == len(figures.BARS)
    assert "synergy / celery" in text
    assert "1.25" in text


def test_medians_are_taken_over_repetitions():
    rows = [row("synergy", 10, 1, 5), row("celery", 50, 2, 6), row("synergy", 30, 3, 7, 1), row("synergy", 20, 9, 9, 2)]
    synergy, celery = figures.medians(rows)
    assert synergy == {"peer": "synergy", "latency_p50_ms": 20, "runs_per_s": 3, "cpu_ms_per_run": 7, "repetitions": 3}
    assert celery["latency_p50_ms"] == 50


def test_a_ratio_is_taken_within_a_repetition():
    """A busy neighbour in the second and third makes everything slow there, and changes no ratio."""
    rows = [row("synergy", 9999, 1, 1, 3)]  # where celery failed there is nothing to compare
    for number, slowness in enumerate([1, 10, 11]):
        rows += [row("synergy", 20 * slowness, 1, 1, number), row("celery", 25 * slowness, 1, 1, number)]
    said = figures.ratios(rows)[0]
    assert (said["ratio"], said["low"], said["high"], said["result"]) == (0.8, 0.8, 0.8, "met")


def test_peers_whose_packages_are_missing_are_skipped_with_a_word():
    """The interpreter of the tests has Celery, and none of the extras."""
    wanted = [roster.PEERS[name] for name in ("synergy", "celery", "dbos", "langgraph", "temporal")]
    for python in (roster.Python(None), roster.Python(Path(sys.executable))):
        peers, skipped = roster.present(wanted, python)
        assert [peer.name for peer in peers] == ["synergy", "celery"]
        assert skipped["dbos"] == "dbos not installed"
        assert skipped["temporal"] == "temporalio, temporal not installed"


@pytest.mark.parametrize(("name", "value"), [("REPS", "0"), ("REPS", "many"), ("MANY", "-3")])
def test_options_that_are_nonsense_are_refused(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match="not a positive whole number"):
        bench_engine.number(name, 3)


def test_a_peer_that_nobody_knows_is_refused():
    with pytest.raises(SystemExit, match="There is no peer nonsense"):
        bench_engine.chosen("synergy,nonsense")
    assert [peer.name for peer in bench_engine.chosen("celery, synergy")] == ["celery", "synergy"]


def test_the_work_of_the_peers_has_the_shape_of_the_pipeline():
    names = tuple(tuple(spec.name for spec in level) for level in PIPELINE.levels)
    assert names == dag.LEVELS
    assert tuple(tuple(spec.name for spec in level) for level in pipeline.PIPELINE.levels) == dag.LEVELS
    assert [spec.queue for spec in pipeline.PIPELINE] == [spec.queue for spec in PIPELINE] == list(ledger.QUEUES)


def test_cpu_time_of_a_child_counts_while_it_lives_and_after():
    burn = "import sys, time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\nsys.stdin.readline()"
    argv = ["sh", "-c", '"$0" -c "$1"; echo; read rest', sys.executable, burn]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
        for _ in ("the child has worked", "the child has ended"):
            shell.stdout.readline()
            assert cpu.seconds([shell.pid]) >= 0.25
            shell.stdin.write("\n")
            shell.stdin.flush()


@pytest.fixture
def turn(tmp_path, monkeypatch):
    """Makes a turn of a peer whose only process runs the Python code given; the process ends with the test."""
    (tmp_path / "logs").mkdir()
    monkeypatch.setenv("STEP_LOG", str(tmp_path / "steps.log"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "scripts"))
    stage = Stage(tmp_path, None, {}, figures.StepLog(tmp_path / "steps.log"))

    def make(code: str) -> measure.Turn:
        feeder = stage.start([sys.executable, "-c", f"from peers.dag import *\n{code}"], name="it", cwd=tmp_path)
        return measure.Turn(stage, roster.Peer("it", None), roster.Crew(feeder, (feeder.pid,), ()))

    yield make
    for process in stage.started:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


WORK = "for runs in orders():\n for run in runs:\n  submitted(run)\n  for step in STEPS: "


def test_a_turn_gives_the_figures_of_a_peer(turn):
    it = turn(WORK + "body(run, step)")
    alone, together = measure.one_by_one(it, 3), measure.at_once(it, 5)
    assert 0 < alone["first_step_ms"] <= alone["latency_p50_ms"] <= alone["latency_p95_ms"] < 10_000
    assert together["runs_per_s"] > 0
    assert together["steps_twice"] == 0


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("raise SystemExit('no such server')", "2 of 2 runs did not end in 3 s.*no such server"),
        (WORK + "step == 'plan' or body(run, step)", "2 of 2 runs left out a step"),
        (WORK.replace("STEPS", "('delivery', *STEPS)") + "body(run, step)", "2 of 2 runs left out a step or took it too early"),
    ],
)
def test_a_peer_that_does_not_do_its_work_gives_no_figures(turn, code, says):
    it = turn(code)
    with pytest.raises(measure.NotMeasured, match=f"(?s){says}"):
        it.finish(it.runs(2), seconds=3, look=0.01)


def test_packages_that_cannot_be_installed_are_said_and_no_end_of_the_world(tmp_path, monkeypatch, capsys):
    lock = tmp_path / "bench.txt"
    lock.write_text("dbos ==== nonsense\n")
    monkeypatch.setattr(extras, "LOCK", lock)
    assert extras.extras(tmp_path / "bench") is None
    assert "Packages of the peers failed" in capsys.readouterr().out
    lock.write_text("")
    python = extras.extras(tmp_path / "bench")
    assert python == extras.extras(tmp_path / "bench")  # the second time there is nothing to do
    assert subprocess.run([python, "-c", "pass"]).returncode == 0
