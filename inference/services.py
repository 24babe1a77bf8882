"""What the rest of Synergy may ask of inference: message → stack → plan, and search by similarity."""

from inference.calibration import calibrate
from inference.capability_fit import calibrate_capabilities
from inference.evaluation import cross_validation, evaluate_stacks
from inference.message_plans import evaluate_plans
from inference.passages import Neighbour, embedder, nearest, sync_passages
from inference.planning.archetypes import library
from inference.planning.difference import plan_diff
from inference.planning.planner import make_plan as plan_message
from inference.planning.revise import revise
from inference.planning.uses import texts
from inference.stack import infer_stack as infer_anew
from inference.templates import seed_templates
from synergy.core.bench import Bench
from synergy.core.revisions import BY_HAND, Base
from synergy.core.types import Message, Plan, Revision, StackChoice

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


def infer_stack(bench: Bench, message: Message, base: Base | None = None) -> StackChoice:
    """Which stack the message asks for. A change of a project (``base``) stays with the stack that the project has."""
    return infer_anew(bench, message) if base is None else base.stack


def make_plan(bench: Bench, message: Message, stack: StackChoice, base: Base | None = None) -> Plan:
    """The plan for a message, without a model: the same message gives the same plan. With ``base`` the message is a change of it.

    Raises NotBuildable when no stack was chosen, BadInput when the message has no words, or asks for no change that can be made.
    """
    if base is None:
        plan = plan_message(message, stack, nearest)
    elif message.text == BY_HAND:
        same = Revision(message=message.text, changes=plan_diff(base.plan, base.plan))
        plan = base.plan.model_copy(update={"history": (*base.plan.history, same)})
    else:
        plan = revise(message, base.plan, base.messages, stack, nearest, by_hand=bool(base.by_hand))
    for change in plan.history[-1].changes if plan.history else ():
        bench.note(str(change))
    bench.note(f"{plan.title}: {len(plan.entities)} things, {len(plan.pages)} pages, {len(plan.clauses)} requirements")
    return plan


def seed() -> int:
    """Put everything that is found by similarity into the database; the number of rows that changed."""
    changed = seed_templates() + sync_passages("domain", library())
    return changed + sync_passages(texts.KIND, texts.library()) + sync_passages(texts.FEATURES, texts.feature_library())
