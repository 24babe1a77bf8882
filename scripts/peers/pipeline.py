"""Synergy's pipeline with empty steps: same levels, queues, and values that are read; SYNERGY_PIPELINE selects it.

The run's name for the log is the last word of its message.
"""

from __future__ import annotations

from dataclasses import replace

from peers.dag import body
from synergy.core.bench import Bench
from synergy.core.types import ChangeSet, Delivery, Message, StackChoice, Value, Verdict
from synergy.workflow import pipeline
from synergy.workflow.shape import Shape, StepSpec

NOTHING = "0" * 64  #: hash of an artifact that nobody reads


class Word(Value):
    text: str


def act(message: Message, step: str) -> str:
    return body(message.text.split()[-1], step)


def stack(bench: Bench, message: Message) -> StackChoice:
    act(message, "stack")
    return StackChoice(inferred="mern", confidence=0.9, abstained=False, built_with="mern", reason="It fits.")


def plan(bench: Bench, message: Message, *_: object) -> Word:
    return Word(text=act(message, "plan"))


def code(bench: Bench, message: Message, agent: str, *_: object) -> ChangeSet:
    act(message, f"code:{agent}")
    return ChangeSet(agent=agent, files={})


def ui(bench: Bench, message: Message, *_: object) -> Word:
    return Word(text=act(message, "ui"))


def improve(bench: Bench, message: Message, *_: object) -> ChangeSet:
    act(message, "improve")
    return ChangeSet(agent="model", files={})


def visuals(bench: Bench, message: Message, *_: object) -> Word:
    return Word(text=act(message, "visuals"))


def conflicts(bench: Bench, message: Message, *_: object) -> Word:
    return Word(text=act(message, "conflicts"))


def tests(bench: Bench, message: Message, *_: object) -> Word:
    return Word(text=act(message, "tests"))


def slo(bench: Bench, message: Message, *_: object) -> Verdict:
    act(message, "slo")
    return Verdict(gates=(), passed=True, clauses=(), cost_usd=0.0, seconds=0.0)


def delivery(bench: Bench, message: Message, *_: object) -> Delivery:
    act(message, "delivery")
    return Delivery(archive=NOTHING, filename="empty.zip", bytes=0, files=0, manifest=NOTHING, key="", signature="")


CHANGES: dict[str, type[Value]] = {"code": ChangeSet, "improve": ChangeSet}
RESULTS: dict[str, type[Value]] = {**CHANGES, "stack": StackChoice, "slo": Verdict, "delivery": Delivery}


def emptied(spec: StepSpec) -> StepSpec:
    """The step as it is, but for its function, the type of its result, and that it reads the message first."""
    name = spec.name.partition(":")[0]
    reads = " ".join(["message", *(word for word in spec.wants if word != "message")])
    return replace(spec, function=f"{__name__}.{name}", reads=reads, result=RESULTS.get(name, Word))


PIPELINE = Shape("empty", 1, *(tuple(map(emptied, level)) for level in pipeline.PIPELINE.levels))
