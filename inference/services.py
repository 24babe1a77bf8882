"""What the rest of Synergy may ask of inference: message → stack → plan, and search by similarity."""

from inference.calibration import calibrate
from inference.capability_fit import calibrate_capabilities
from inference.evaluation import cross_validation, evaluate_stacks
from inference.message_plans import evaluate_plans
from inference.passages import Neighbour, embedder, nearest, sync_passages
from inference.planning.archetypes import library
from inference.planning.planner import make_plan as plan_message
from inference.planning.uses import texts
from inference.stack import infer_stack
from inference.templates import seed_templates
from synergy.core.bench import Bench
from synergy.core.types import Message, Plan, StackChoice

__all__ = [
    "Neighbour",
    "calibrate",
    "calibrate_capabilities",
    "cross_validation",
    "embedder",
    "evaluate_plans",
    "evaluate_stacks",
    "infer_stack",
    "make_plan",
    "nearest",
    "seed",
    "seed_templates",
    "sync_passages",
]


def make_plan(bench: Bench, message: Message, stack: StackChoice) -> Plan:
    """The plan for a message, without a model: the same message gives the same plan.

    Raises NotBuildable when no stack was chosen, BadInput when the message has no words.
    """
    plan = plan_message(message, stack, nearest)
    bench.note(f"{plan.title}: {len(plan.entities)} things, {len(plan.pages)} pages, {len(plan.clauses)} requirements")
    return plan


def seed() -> int:
    """Put everything that is found by similarity into the database; the number of rows that changed."""
    changed = seed_templates() + sync_passages("domain", library())
    return changed + sync_passages(texts.KIND, texts.library()) + sync_passages(texts.FEATURES, texts.feature_library())
