"""Measuring on messages: what is read, and what the totals say."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from synergy.core.artifacts import ArtifactStore
from synergy.core.errors import BadInput
from synergy.core.types import Delivery
from synergy.workflow import evaluation, services
from synergy.workflow.parcel import pack


@pytest.mark.parametrize("line", ["{", '{"id": "1"}', '{"id": "1", "message": 7}', '"text"'])
def test_a_line_that_is_no_message_is_named(tmp_path, line):
    file = tmp_path / "cases.jsonl"
    file.write_text('{"id": 1, "message": "A shop", "user_checks": []}\n' + line + "\n")
    with pytest.raises(BadInput, match=r"Line 2 of cases\.jsonl"):
        evaluation.load(file)


def test_a_message_that_is_refused_has_a_cause_and_no_gates(tmp_path):
    file = tmp_path / "cases.jsonl"
    file.write_text('{"id": "empty", "message": "🙂"}\n')
    said: list[str] = []
    result = evaluation.evaluate_messages(file, said.append)
    assert [(row["verdict"], row["gates"]) for row in result.rows] == [("refused", {})]
    assert result.rows[0]["cause"]
    assert result.summary["all_gates_passed"] == 0
    assert result.summary["unnamed_failures"] == 0
    assert "refused" in said[0]


def test_totals_do_not_count_a_row_with_a_red_gate_as_passed():
    gate = {"value": 1.0, "threshold": 0.8}
    green, red = {"coverage": {**gate, "passed": True}}, {"coverage": {**gate, "passed": False}}
    rows = [
        {
            "verdict": "completed",
            "cause": "",
            "gates": green,
            "seconds": 20.0,
            "requirements": {"built": 3, "not_built": 1},
            "decided": 2,
        },
        {
            "verdict": "rejected",
            "cause": "Gates that failed: coverage.",
            "gates": red,
            "seconds": 30.0,
            "requirements": {"built": 1},
        },
        {"verdict": "failed", "cause": "", "gates": {}, "seconds": None},
    ]
    summary = evaluation._summary(rows)
    assert summary["all_gates_passed"] == 1
    assert summary["requirements"] == {"built": 4, "not_built": 1}
    assert "asked for: 4 built, 1 not built; 2 decided" in evaluation._totals(summary)[1]
    assert summary["unnamed_failures"] == 1
    assert summary["max_seconds"] == 30.0


def test_a_line_names_the_capabilities_that_were_found():
    row = {
        "id": "1",
        "verdict": "completed",
        "stack": "fastapi-react",
        "confidence": 0.9,
        "seconds": 20.0,
        "cause": "",
        "entities": ["Tool"],
        "uses": {"tools_reviews": "rate tools"},
        "requirements": {"built": 3, "not_built": 1},
    }
    line = evaluation._line(row)
    assert "Tool/tools_reviews" in line
    assert "3 built, 1 not built" in line


@pytest.mark.django_db
def test_a_delivery_is_unpacked_by_the_id_of_its_message(tmp_path):
    run, _ = services.create_run("A list of suppliers", tenant=services.default_tenant())
    evaluation._unpack(run, tmp_path / "none")
    assert not (tmp_path / "none").exists(), "a run that ended before its delivery leaves nothing"
    archive = ArtifactStore(Path(settings.ARTIFACTS_DIR)).put(pack({"README.md": b"Shop"}, ()))
    delivery = Delivery(archive=archive, filename="shop.zip", bytes=1, files=1, manifest="", key="", signature="")
    run.steps.filter(name="delivery").update(result=delivery.model_dump_json())
    evaluation._unpack(run, tmp_path / "000010")
    assert (tmp_path / "000010" / "README.md").read_bytes() == b"Shop"
