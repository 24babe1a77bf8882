"""What the rest of Synergy may ask of inference: message → stack → plan, and search by similarity."""

from inference.amending import amended
from inference.calibration import calibrate
from inference.capability_fit import calibrate_capabilities
from inference.evaluation import cross_validation, evaluate_stacks
from inference.llm.base import provider
from inference.message_plans import evaluate_plans
from inference.novel import described, recognised
from inference.passages import Neighbour, embedder, nearest, sync_passages
from inference.planning.archetypes import library
from inference.planning.clean import check_language
from inference.planning.difference import plan_diff
from inference.planning.planner import make_plan as plan_message
from inference.planning.revise import revise
from inference.planning.uses import texts
from inference.restating import restate, with_words
from inference.stack import infer_stack as infer_anew
from inference.templates import seed_templates
from synergy.core.bench import Bench
from synergy.core.errors import BadInput
from synergy.core.revisions import BY_HAND, Base
from synergy.core.types import Clause, ClauseStatus, Message, Plan, Revision, StackChoice

HARDLY = 0.5  #: share of a message without an answer above which it counts as hardly understood

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
    """Which stack the message asks for. A change of a project (``base``) stays with the stack that the project has.

    Where that is not clear, a stack that a person approved may be near. Else a model (if there is one) puts the message into
    plain English, and these words are judged; where that is not clear either, it chooses a stack, or describes a new one.
    """
    if base is not None:
        return base.stack
    choice = infer_anew(bench, message)
    if not choice.abstained:
        return choice
    approved = recognised(message, choice)
    answer = None if approved else restate(bench, message)
    if answer is None:
        return approved or choice
    web = answer.value.kind == "web"
    judged = infer_anew(bench, message.model_copy(update={"text": answer.value.restated})) if web else choice
    judged = with_words(judged, answer)
    return described(bench, message, judged) if web and judged.abstained else judged


def make_plan(bench: Bench, message: Message, stack: StackChoice, base: Base | None = None) -> Plan:
    """The plan for a message. Without a model the same message gives the same plan. With ``base`` the message is a change of it.

    Raises NotBuildable when no stack was chosen, BadInput when the message has no words, or asks for no change that can be made.
    """
    if base is None:
        plan = amended(bench, message, _planned(bench, message, stack), stack, nearest)
    elif message.text == BY_HAND:
        same = Revision(message=message.text, changes=plan_diff(base.plan, base.plan))
        plan = base.plan.model_copy(update={"history": (*base.plan.history, same)})
    else:
        first = " ".join((base.plan.restated or base.messages[0], *base.plan.amended))
        plan = revise(
            message,
            base.plan,
            (first, *base.messages[1:]),
            stack,
            nearest,
            by_hand=bool(base.by_hand),
            writing=provider() is not None,
        )
    for change in plan.history[-1].changes if plan.history else ():
        bench.note(str(change))
    bench.note(f"{plan.title}: {len(plan.entities)} things, {len(plan.pages)} pages, {len(plan.clauses)} requirements")
    return plan


def _planned(bench: Bench, message: Message, stack: StackChoice) -> Plan:
    """The plan for a new project. Where the message is hardly understood, a model (if there is one) restates it."""
    if stack.restated:
        return _in_words(message, stack, stack.restated)
    try:
        check_language(message.text)
        plan = plan_message(message, stack, nearest)
    except BadInput:
        restated = _restated(bench, message)
        if not restated:
            raise
        return _in_words(message, stack, restated)
    restated = _restated(bench, message) if open_share(plan) > HARDLY else ""
    other = _in_words(message, stack, restated) if restated else plan
    return min(plan, other, key=open_share)


def _restated(bench: Bench, message: Message) -> str:
    """A model's words for a web application that the message asks for; "" when there are none."""
    answer = restate(bench, message)
    return answer.value.restated if answer is not None else ""


def _in_words(message: Message, stack: StackChoice, restated: str) -> Plan:
    """The plan for the words of a model, which says so."""
    plan = plan_message(message.model_copy(update={"text": restated}), stack, nearest)
    said = Clause(
        id=f"R{len(plan.clauses) + 1}",
        text=f"The message was read in the words of a model: “{restated}”",
        ours=True,
        status=ClauseStatus.ASSUMED,
        reason="Assumed: these words say what the message means.",
    )
    return plan.model_copy(update={"message": message.text, "restated": restated, "clauses": (*plan.clauses, said)})


def open_share(plan: Plan) -> float:
    """How much of what was asked for has no answer, in [0, 1]."""
    asked = [clause for clause in plan.clauses if not clause.ours]
    return sum(clause.status is ClauseStatus.NOT_BUILT for clause in asked) / len(asked) if asked else 0.0


def seed() -> int:
    """Put everything that is found by similarity into the database; the number of rows that changed."""
    changed = seed_templates() + sync_passages("domain", library())
    return changed + sync_passages(texts.KIND, texts.library()) + sync_passages(texts.FEATURES, texts.feature_library())
