"""A pipeline of the real shape whose steps do what the message says, and write what they did outside the engine.

The message ends with JSON: ``{"sleep": 0.1, "ui": {"sleep": 2, "raise": "transient", "times": 1, "kill": true}}``. ``times`` limits
what a step does to its first attempts. Each attempt appends a line ``time run step S|E pid`` to the file STEP_LOG.
"""

from __future__ import annotations

import io
import json
import os
import signal
import time
import zipfile
from pathlib import Path

from synergy.core.bench import Bench
from synergy.core.errors import NotBuildable, PermanentError, ServiceDown
from synergy.core.types import ChangeSet, Delivery, GateResult, Message, StackChoice, Usage, Value, Verdict
from synergy.workflow.shape import Shape, StepSpec

HERE = "tests.synergy.workflow.tiny"
LIMIT = 60.0


class Word(Value):
    text: str


def log(bench: Bench, step: str, what: str) -> None:
    line = f"{time.time():.6f} {bench.root.name} {step} {what} {os.getpid()}\n"
    with Path(os.environ["STEP_LOG"]).open("a") as file:
        file.write(line)


def starts(bench: Bench, step: str) -> int:
    lines = Path(os.environ["STEP_LOG"]).read_text().splitlines()
    return sum(line.split()[1:4] == [bench.root.name, step, "S"] for line in lines)


def orders_of(message: Message) -> dict:
    return json.loads(message.text[message.text.index("{") :])


def act(bench: Bench, step: str, message: Message) -> None:
    orders = orders_of(message)
    mine = orders.get(step, {})
    log(bench, step, "S")
    if starts(bench, step) > mine.get("times", 10**9):
        mine = {}
    bench.note(f"{step} begins")
    end = time.monotonic() + mine.get("sleep", orders.get("sleep", 0))
    while time.monotonic() < end:
        if not mine.get("deaf"):
            bench.check_stop()
        time.sleep(0.01)
    misbehave(mine)
    log(bench, step, "E")


def misbehave(orders: dict) -> None:
    if orders.get("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    trouble = {
        "transient": ServiceDown("The provider is away.", retry_after=orders.get("retry_after")),
        "permanent": PermanentError("It cannot be done."),
        "refused": NotBuildable("It is a driver."),
        "bug": KeyError("surprise"),
        "disk": OSError(28, "No space left on device", "some/file"),
    }
    if "raise" in orders:
        raise trouble[orders["raise"]]


def stack(bench: Bench, message: Message) -> StackChoice:
    act(bench, "stack", message)
    known = orders_of(message).get("known", True)
    return StackChoice(
        inferred="fastapi-react",
        confidence=0.9,
        abstained=not known,
        built_with="fastapi-react" if known else None,
        reason="It fits." if known else "Nothing fits.",
    )


def plan(bench: Bench, message: Message, stack: StackChoice) -> Word:
    act(bench, "plan", message)
    return Word(text=stack.reason)


def code(bench: Bench, agent: str, message: Message, plan: Word) -> ChangeSet:
    act(bench, f"code:{agent}", message)
    sha = bench.store.put_text(plan.text)
    return ChangeSet(agent=agent, files={f"{agent}.txt": sha}, usage=Usage(calls=1, cost_usd=0.25))


def ui(bench: Bench, message: Message, changes: tuple[ChangeSet, ...]) -> Word:
    act(bench, "ui", message)
    return Word(text=" ".join(change.agent for change in changes))


def visuals(bench: Bench, message: Message, ui: Word) -> Word:
    act(bench, "visuals", message)
    return ui


def conflicts(bench: Bench, message: Message, visuals: Word) -> Word:
    act(bench, "conflicts", message)
    return visuals


def tests(bench: Bench, message: Message) -> Word:
    act(bench, "tests", message)
    return Word(text="ok")


def slo(bench: Bench, message: Message, tests: Word, cost_usd: float, seconds: float) -> Verdict:
    act(bench, "slo", message)
    passed = orders_of(message).get("passes", True)
    gate = GateResult(gate="cost", value=cost_usd, threshold=5, comparison="<", passed=passed)
    return Verdict(gates=(gate,), passed=passed, clauses=(), cost_usd=cost_usd, seconds=seconds)


def delivery(bench: Bench, message: Message, ui: Word, verdict: Verdict) -> Delivery:
    act(bench, "delivery", message)
    parcel = io.BytesIO()
    with zipfile.ZipFile(parcel, "w") as zipped:
        zipped.writestr("project/README.md", ui.text)
    data = parcel.getvalue()
    sha = bench.store.put(data)
    name = f"tiny-{bench.root.name[:8]}.zip"
    return Delivery(archive=sha, filename=name, bytes=len(data), files=1, manifest=sha, key="", signature="")


def spec(name: str, reads: str, result: type[Value], **more: object) -> StepSpec:
    return StepSpec(name, f"{HERE}.{name.partition(':')[0]}", reads, result, seconds=LIMIT, **more)


PIPELINE = Shape(
    "tiny",
    int(os.environ.get("TINY_VERSION", "1")),
    (spec("stack", "message", StackChoice),),
    (spec("plan", "message stack", Word),),
    tuple(spec(f"code:{a}", "agent message plan", ChangeSet, gives="changes") for a in ("frontend", "backend", "devops")),
    (spec("ui", "message changes", Word),),
    (spec("visuals", "message ui", Word, queue="browser"),),
    (spec("conflicts", "message visuals", Word, queue="browser"),),
    (spec("tests", "message", Word, queue="tests"),),
    (spec("slo", "message tests cost_usd seconds", Verdict, gives="verdict", queue="control"),),
    (spec("delivery", "message ui verdict", Delivery, queue="control"),),
)
