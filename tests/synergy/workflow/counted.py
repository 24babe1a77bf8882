"""A pipeline of ten steps, so that 40 runs record 400."""

from __future__ import annotations

from synergy.chaos.pipeline import AGENTS, Word, spec
from synergy.core.types import ChangeSet, Delivery, StackChoice, Verdict
from synergy.workflow.shape import Shape

PIPELINE = Shape(
    "counted",
    1,
    (spec("stack", "message", StackChoice),),
    (spec("plan", "message stack", Word),),
    tuple(spec(f"code:{a}", "agent message plan", ChangeSet, gives="changes") for a in AGENTS),
    (spec("ui", "message changes", Word),),
    (spec("improve", "message changes", ChangeSet, gives="changes"),),
    (spec("tests", "message", Word, queue="tests"),),
    (spec("slo", "message tests cost_usd seconds", Verdict, gives="verdict", queue="control"),),
    (spec("delivery", "message ui verdict", Delivery, queue="control"),),
)
