"""Finding a delivery and its demo account, and what is told of all walks."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.walker import report, started
from tests.acceptance.walker.__main__ import main, read_messages
from tests.acceptance.walker.ground import Account
from tests.acceptance.walker.reading import Check
from tests.acceptance.walker.walk import Message, Result

CHECK = Check("View the list of boats.", "All boats are shown.")
RESULTS = [
    Result(CHECK, "content", "passed", "It is there."),
    Result(CHECK, "content", "failed", "It is not.", picture=b"PNG"),
    Result(CHECK, "beyond", "not scriptable", "SMS."),
]


def delivered(folder, text="A list of boats"):
    project = folder / "project"
    project.mkdir(parents=True)
    (project / "Makefile").write_text("start:\n")
    (project / "README.md").write_text(f"# Boats\n\nSign in as **ada@example.com** with the password **pass-1**.\n\n> {text}\n")
    return project


def test_a_delivery_is_known_by_its_folder_or_by_its_message(tmp_path):
    named, told = delivered(tmp_path / "000001"), delivered(tmp_path / "boats-1a2b", "A harbour with berths to rent")
    assert started.find(tmp_path, "000001", "Something else").folder == named
    found = started.find(tmp_path, "000002", "A harbour with *berths* to rent")
    assert (found.folder, found.account) == (told, Account("ada@example.com", "pass-1"))
    with pytest.raises(started.NotStarted):
        started.find(tmp_path, "000003", "Tides")


def test_a_readme_without_an_account():
    assert started.account("# Boats\n\nNobody signs in.") is None


def test_what_is_told(tmp_path):
    message = Message("000001", "A list of boats", (CHECK,))
    assert "It is not." in report.table(message, RESULTS)
    assert report.totals(RESULTS) == {"passed": 1, "failed": 1, "not scriptable": 1, "pass rate": 0.5}
    assert report.totals([])["pass rate"] == 0.0
    told = json.loads(report.write(tmp_path, {"000001": RESULTS}).read_text())
    assert told["messages"]["000001"][1]["shot"] == "000001-1.png"
    assert (tmp_path / "000001-1.png").read_bytes() == b"PNG"


def test_nothing_to_walk_is_said(tmp_path, capsys):
    messages = tmp_path / "messages.jsonl"
    messages.write_text(
        json.dumps({"id": "000009", "message": "Tides", "user_checks": [{"do": CHECK.do, "expect": CHECK.expect}]}) + "\n"
    )
    assert read_messages(messages)[0].checks == (CHECK,)
    assert main([str(messages), "--deliveries", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "no delivery for 000009" in capsys.readouterr().err
