"""A message that the classifier is not sure of, put into plain English by a model; what it says is judged like any message."""

from __future__ import annotations

from typing import Literal

from inference.llm.ask import Answer, Question, help_with
from inference.llm.prompts import prompt
from synergy.core.bench import Bench
from synergy.core.types import Message, StackChoice, Value

ACTIVITY = "restate"
LONGEST = 4000  #: characters of the restated message
MOST_READ = 20_000  #: characters of a message that a model reads


class Restated(Value):
    """``web``: a web application is asked for, and ``restated`` says what, in plain English."""

    kind: Literal["web", "other"]
    restated: str
    technology: tuple[str, ...]
    reason: str


def wrong(answer: Restated) -> str:
    """What is wrong with an answer; "" = nothing."""
    if answer.kind == "web" and not any(c.isalpha() for c in answer.restated):
        return "`restated` is empty although a web application is asked for."
    if len(answer.restated) > LONGEST:
        return f"`restated` has {len(answer.restated)} characters; {LONGEST} are allowed."
    return ""


def restate(bench: Bench, message: Message) -> Answer[Restated] | None:
    """What a model makes of ``message``; None without a model, or when none gives an answer that can be used.

    Raises BudgetSpent and Cancelled.
    """
    data = {"message": message.text[:MOST_READ]}
    question = Question(ACTIVITY, prompt(ACTIVITY), data, Restated, max_tokens=2000, check=wrong)
    return help_with(bench, question)


def with_words(choice: StackChoice, answer: Answer[Restated]) -> StackChoice:
    """``choice``, made from what a model said of the message, with that and its price."""
    said, usage = answer.value, answer.usage
    if said.kind != "web":
        reason = f"{choice.reason} A model says: {said.reason[:300]}"
        return choice.model_copy(update={"reason": reason, "usage": usage})
    reason = f"{choice.reason} A model put the message so: “{said.restated[:300]}”"
    return choice.model_copy(update={"reason": reason, "usage": usage, "restated": "" if choice.abstained else said.restated})
