"""The workflow on one screen: who reads what, who writes what, where it runs, how long it may take."""

from __future__ import annotations

from synergy.core.types import ChangeSet, Delivery, Plan, Resolution, StackChoice, TestReport, UiSpec, Verdict, VisualReport
from synergy.core.written import Improved
from synergy.workflow.shape import Shape, StepSpec

AGENTS = ("frontend", "backend", "devops")

PIPELINE = Shape(
    "synergy",
    3,  # raise it when a step or a value changes its meaning: runs of another version are not touched
    (StepSpec("stack", "inference.services.infer_stack", "message base", StackChoice, seconds=60),),
    (StepSpec("plan", "inference.services.make_plan", "message stack base", Plan, seconds=120),),
    tuple(StepSpec(f"code:{a}", "uiagents.services.run_agent", "agent plan", ChangeSet, gives="changes") for a in AGENTS),
    (StepSpec("ui", "uiagents.services.infer_ui", "plan changes base", UiSpec),),
    (StepSpec("improve", "uiagents.services.improve", "plan changes ui base", Improved, gives="changes", seconds=900),),
    (StepSpec("visuals", "visual.services.check", "plan changes ui base", VisualReport, queue="browser", seconds=720),),
    (
        StepSpec(
            "conflicts",
            "uiagents.services.resolve_conflicts",
            "plan changes ui visuals rerender",
            Resolution,
            gives="resolution",
            queue="browser",
            seconds=720,
        ),
    ),
    (StepSpec("tests", "slo.services.run_tests", "plan changes ui resolution", TestReport, queue="tests"),),
    (
        StepSpec(
            "slo",
            "slo.services.judge",
            "stack plan changes ui visuals resolution tests cost_usd seconds base",
            Verdict,
            gives="verdict",
            queue="control",
        ),
    ),
    (
        StepSpec(
            "delivery",
            "synergy.workflow.delivery.deliver",
            "run_id message stack plan changes ui visuals resolution tests verdict base",
            Delivery,
            queue="control",
        ),
    ),
)
