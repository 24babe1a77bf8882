"""The whole system, as a person uses it: the command line, real services, real workers, a real browser, a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
MESSAGE = "Keep a list of suppliers; white background, navy buttons. Send a fax to each supplier."

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]


def build(home: Path, *arguments: str, message: str = MESSAGE) -> tuple[int, dict]:
    """``manage.py build`` in an empty environment; its exit code and what it printed."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {"SYNERGY_HOME": str(home), "SYNERGY_CACHE": str(settings.CACHE_DIR)}
    command = [sys.executable, "manage.py", "build", "--json", *arguments, "--", message]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=800)
    assert ran.stdout, ran.stderr[-3000:]
    return ran.returncode, json.loads(ran.stdout)


def failed_gates(report: dict) -> set[str]:
    return {gate["gate"] for gate in report["verdict"]["gates"] if not gate["passed"]}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("system")


@pytest.fixture(scope="module")
def built(home) -> dict:
    code, report = build(home, "--project", "suppliers")
    assert (code, report["state"]) == (0, "completed"), json.dumps(report, indent=1)[-4000:]
    return report


def project_files(report: dict) -> dict[str, bytes]:
    folder = Path(report["paths"]["Project"])
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_a_message_becomes_a_project_with_every_gate_green(built):
    assert built["stack"]["built_with"] == "fastapi-react"
    assert {step["name"]: step["state"] for step in built["steps"]}["delivery"] == "done"
    assert failed_gates(built) == set()
    assert all(gate["value"] is not None and gate["evidence"] for gate in built["verdict"]["gates"])
    screens = {path.name for path in Path(built["paths"]["Screenshots"]).glob("*.png")}
    assert {f"suppliers-list-{width}.png" for width in (375, 768, 1920)} <= screens


def test_what_was_not_built_is_said(built):
    statuses = Counter(clause["status"] for clause in built["requirements"])
    assert statuses["built"] >= 2
    assert any("fax" in clause["text"].lower() for clause in built["not_built"])
    readme = (Path(built["paths"]["Project"]) / "README.md").read_text()
    certificate = (Path(built["paths"]["Project"]).parent / "CERTIFICATE.md").read_text()
    assert "fax" in readme.lower()
    assert "fax" in certificate.lower()


def test_the_delivery_verifies_until_a_byte_changes(built):
    folder = Path(built["paths"]["Project"]).parent
    verify = ["sh", str(folder / "verify.sh"), "--no-tests"]
    assert subprocess.run(verify, capture_output=True, timeout=60).returncode == 0
    evidence = folder / "evidence" / "verdict.json"
    intact = evidence.read_bytes()
    evidence.write_bytes(intact.replace(b"true", b"True", 1))
    try:
        assert subprocess.run(verify, capture_output=True, timeout=60).returncode != 0
    finally:
        evidence.write_bytes(intact)


def test_the_same_message_gives_the_same_bytes_and_an_edit_that_breaks_a_button_is_rejected(home, built, tmp_path):
    """One run for both: the edit replaces one file, all others must be as they were."""
    original = project_files(built)
    path = "frontend/src/components/ThemeToggle.tsx"
    toggle = original[path].decode()
    broken = toggle.replace("onClick={() => chooseTheme(next)}", "onClick={() => undefined}")
    assert broken != toggle
    edited = tmp_path / "edits" / path
    edited.parent.mkdir(parents=True)
    edited.write_text(broken)
    code, report = build(home, "--project", "suppliers", "--edits", str(tmp_path / "edits"))
    assert (code, report["state"]) == (1, "rejected")
    assert "rendering" in failed_gates(report)
    again = project_files(report)
    assert {path for path in original if again.get(path) != original[path]} <= {
        path,
        "README.md",  # it names the verdict
    }


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("", "empty"),
        ("🙂🙂🙂", ""),
        ("x" * 120_000, ""),
        ("Write a Linux kernel driver for my network card", "confidence"),
    ],
)
def test_what_cannot_be_built_is_refused_with_a_reason(home, message, says):
    code, report = build(home, message=message)
    assert code == 2
    told = json.dumps(report)
    assert says in told.lower()
    assert "Traceback" not in told


def test_an_unknown_stack_is_named_with_those_that_are_known(home):
    code, report = build(home, "--stack", "cobol")
    assert code == 2
    assert "fastapi-react" in json.dumps(report)
