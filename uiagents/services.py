"""What the workflow asks of this app. Every function takes values and returns a value."""

from __future__ import annotations

from synergy.core.bench import Bench
from synergy.core.types import ChangeSet, Plan
from uiagents.agents.base import registry as agents
from uiagents.evaluation import evaluate_contracts
from uiagents.improving.loop import improve
from uiagents.improving.rollback import keep_best as resolve_conflicts
from uiagents.ui import infer_ui

__all__ = ["evaluate_contracts", "improve", "infer_ui", "resolve_conflicts", "run_agent"]


def run_agent(bench: Bench, agent: str, plan: Plan) -> ChangeSet:
    """The files of one part (``frontend``, ``backend``, ``devops``), self-tested in the sandbox. BadInput for any other name."""
    return agents.get(agent).write(bench, plan)
