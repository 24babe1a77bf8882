"""Recorded answers are what the questions take, and are found by what is asked."""

from __future__ import annotations

import json

import pytest

from inference.amending import Amendments
from inference.llm.prompts import prompt
from synergy.chaos.models import filled
from synergy.chaos.recorded import Recorded
from uiagents.improving.patches import checks_of
from uiagents.improving.questions import Orders, Patch, UiPatch

TYPES = {"plan": Orders, "backend": Patch, "ui": UiPatch, "repair": UiPatch, "amend": Amendments}
RECORDED = Recorded()


def asked(activity, text):
    system = prompt("amend" if activity == "amend" else f"write-{activity}")
    return RECORDED({"messages": [{"role": "system", "content": system}, {"role": "user", "content": text}]})


def test_five_messages_at_least_are_recorded():
    assert len(RECORDED.messages) == len(set(RECORDED.messages)) >= 5


@pytest.mark.parametrize(("activity", "wish"), [(a["activity"], a["wish"]) for f in RECORDED.files for a in f["answers"]])
def test_each_answer_is_found_and_fits_its_question(activity, wish):
    planned = activity in ("plan", "amend")
    answer = TYPES[activity].model_validate_json(asked(activity, f"R7: {wish}\n" if planned else wish))
    if planned:
        (item,) = answer.orders if activity == "plan" else answer.amendments
        assert item.clause == "R7"
    if isinstance(answer, UiPatch):
        assert checks_of("asked.r7", answer)


def test_what_was_not_recorded_has_no_answer():
    assert json.loads(asked("plan", "R1: fly to the moon")) == {"orders": []}
    assert json.loads(asked("amend", "R1: fly to the moon")) == {"amendments": []}
    assert asked("backend", "fly to the moon") == ""
    assert RECORDED({"messages": [{"content": "Say hello."}, {"content": "hello"}]}) == ""


@pytest.mark.parametrize("answer", [Orders, UiPatch, Amendments])
def test_the_simplest_answer_fits_its_question(answer):
    request = {"response_format": {"json_schema": {"schema": answer.model_json_schema()}}}
    assert answer.model_validate_json(filled(request))
