"""From a message to a verified project: what a person gets, and what they are told when there is nothing to get."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.system import failed_gates, project_files
from tests.otlp import Seen, names, orphans

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1700)]


def test_a_message_becomes_a_project_with_every_gate_green(first):
    assert first["stack"]["built_with"] == "fastapi-react"
    assert {step["name"]: step["state"] for step in first["steps"]}["delivery"] == "done"
    assert failed_gates(first) == set()
    assert all(gate["value"] is not None and gate["evidence"] for gate in first["verdict"]["gates"])
    screens = {path.name for path in Path(first["paths"]["Screenshots"]).glob("*.png")}
    assert {f"suppliers-list-{width}.png" for width in (375, 768, 1920)} <= screens


def test_what_was_not_built_is_said(first):
    statuses = Counter(clause["status"] for clause in first["requirements"])
    assert statuses["built"] >= 2
    assert any("fax" in clause["text"].lower() for clause in first["not_built"])
    readme = (Path(first["paths"]["Project"]) / "README.md").read_text()
    certificate = (Path(first["paths"]["Project"]).parent / "CERTIFICATE.md").read_text()
    assert "fax" in readme.lower()
    assert "fax" in certificate.lower()


def test_a_model_wrote_what_the_blueprint_leaves_open(first):
    """The recorded model: one wish of two, proved by tests and in the browser, and what it cost."""
    clause = next(clause for clause in first["requirements"] if clause["text"] == "change the text size")
    assert (clause["status"], clause["features"]) == ("built", ["asked.r5"])
    assert len(clause["tests"]) == 2
    assert clause["checks"] == ["asked.r5.1"]
    spent = {row["activity"]: row for row in first["spending"]}
    assert {name: row["calls"] for name, row in spent.items()} == {
        "plan": 2,
        "ui": 1,
    }  # what is to be planned, what is to be written, the pages
    assert first["cost_usd"] == pytest.approx(sum(row["cost_usd"] for row in spent.values()))
    assert 0 < first["cost_usd"] < 0.02
    readme = (Path(first["paths"]["Project"]) / "README.md").read_text()
    assert "**change the text size**" not in readme.split("### Not built")[1].split("### Assumed")[0]


def test_the_build_is_one_trace_with_a_span_for_all_that_was_done(first):
    spans = [Seen(**span) for span in first["spans"]]
    assert {span.trace for span in spans} == {first["trace_id"]}
    assert orphans(spans) == []
    assert names(spans, "step ") == {step["name"]: 1 for step in first["steps"]}
    assert names(spans, "gate ") == {gate["gate"]: 1 for gate in first["verdict"]["gates"]}
    assert sum(names(spans, "chat ").values()) == sum(row["calls"] for row in first["spending"])
    assert names(spans, "sandbox ").keys() >= {"backend-test", "frontend-test", "frontend-build"}
    assert names(spans, "browser")[""] >= 1
    assert not any(word in repr(spans) for word in ("fax", "supplier", "sk-or-v1"))


def test_the_delivery_verifies_until_a_byte_changes(first):
    folder = Path(first["paths"]["Project"]).parent
    verify = ["sh", str(folder / "verify.sh"), "--no-tests"]
    assert subprocess.run(verify, capture_output=True, timeout=60).returncode == 0
    evidence = folder / "evidence" / "verdict.json"
    intact = evidence.read_bytes()
    evidence.write_bytes(intact.replace(b"true", b"True", 1))
    try:
        assert subprocess.run(verify, capture_output=True, timeout=60).returncode != 0
    finally:
        evidence.write_bytes(intact)


def test_the_same_message_gives_the_same_bytes_and_edits_that_break_pages_are_rejected(first, rejected):
    """One run for both: the edits replace one file and add one, all others must be as they were."""
    assert {"rendering", "accessibility"} <= failed_gates(rejected)
    before, after = project_files(first), project_files(rejected)
    written = {path for path in before if "/text-size/" in path} | {"frontend/src/registry.tsx"}  # by a model, the first time
    assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} - written <= {
        "frontend/index.html",
        "frontend/public/defects.js",
        "README.md",  # it names the verdict
    }


def test_what_cannot_be_built_is_refused_with_a_reason(services):
    code, report = services.build(message="Write a Linux kernel driver for my network card")
    assert code == 2
    told = json.dumps(report)
    assert "confidence" in told.lower()
    assert "Traceback" not in told
