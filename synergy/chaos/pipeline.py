"""A pipeline of the real shape whose steps do what the message says, and write what they did outside the engine.

The message ends with JSON: ``{"sleep": 0.1, "ui": {"sleep": 2, "raise": "transient", "times": 1}}``. What is said of one step
goes before what is said of all. ``times`` limits what is said of one step to its first attempts; without it a kill happens once.
What a step may do:

    sleep SECONDS     deaf: without looking whether it shall stop
    cost USD          call a provider that charges so much, whatever was agreed
    pay KIND          call the provider, once for each run and step; kinds: see ``provider``
    ask FAULT         ask a model that has this fault, ``asks`` times (once); how many answers came is noted
    write BYTES       store an artifact of that size, slowly
    sandbox TROUBLE   run a command in the real sandbox: hang, memory, fork, disk, sleep
    browse SECONDS    show a page in the real browser
    raise ERROR       transient, permanent, refused, bug, disk
    kill POINT        its process is killed there, see ``worker``; whole: with all processes of its worker
"""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from typing import Any

from synergy.chaos import tools, truth
from synergy.chaos.provider import PRICE
from synergy.core.bench import MODEL, Bench
from synergy.core.errors import NotBuildable, PermanentError, ServiceDown
from synergy.core.spending import Paid
from synergy.core.types import ChangeSet, Delivery, GateResult, Message, StackChoice, Usage, Value, Verdict
from synergy.workflow.shape import Shape, StepSpec

HERE = "synergy.chaos.pipeline"
LIMIT = 60.0  #: seconds an attempt may take
AGENTS = ("frontend", "backend", "devops")
PAYING = ("plan", *(f"code:{agent}" for agent in AGENTS), "ui", "improve", "visuals", "conflicts", "tests")  #: with a usage


class Word(Value):
    text: str
    usage: Usage = Usage()


def orders_of(text: str) -> dict[str, Any]:
    """The orders at the end of a message."""
    orders: dict[str, Any] = json.loads(text[text.index("{") :])
    return orders


def orders_for(text: str, step: str) -> dict[str, Any]:
    """What ``step`` shall do: its own orders before those for all."""
    orders = orders_of(text)
    common = {name: order for name, order in orders.items() if name in ("sleep", "pay")}
    return {**common, **orders.get(step, {})}


def act(bench: Bench, step: str, message: Message) -> Usage:
    """Do what the message says; what it cost."""
    run = bench.root.name
    truth.write(run, step, "S")
    orders = orders_for(message.text, step)
    if tools.starts(run, step) > orders.get("times", 1 if "kill" in orders else 10**9):
        orders = {name: order for name, order in orders_of(message.text).items() if name in ("sleep", "pay")}
    bench.note(f"{step} begins")
    _sleep(bench, orders)
    usage = Usage()
    if "cost" in orders:
        paid = bench.pay_once(tools.order(run, step, "cost", PRICE), lambda key: Paid("", orders["cost"]))
        usage = Usage(calls=1, cost_usd=paid.cost_usd)
    if "pay" in orders and step in PAYING:
        order = tools.order(run, step, "pay", PRICE)
        paid = bench.pay_once(order, lambda key: tools.pay(bench, key, run, step, str(orders["pay"])))
        usage = Usage(calls=1, cost_usd=paid.cost_usd)
    _work(bench, step, orders)
    if "raise" in orders:
        raise trouble(orders)
    truth.write(run, step, "E")
    return usage


def _work(bench: Bench, step: str, orders: dict[str, Any]) -> None:
    """Use real parts, as ordered."""
    run = bench.root.name
    if "ask" in orders:
        bench.note(f"answers {tools.ask(bench, run, step, orders['ask'], orders.get('asks', 1))}")
    if "write" in orders:
        truth.write(run, step, "writing")
        bench.store.put(os.urandom(16) + bytes(orders["write"]))
    if "sandbox" in orders:
        tools.sandboxed(bench, orders["sandbox"])
    if "browse" in orders:
        tools.browse(bench, orders["browse"])


def _sleep(bench: Bench, orders: dict[str, Any]) -> None:
    seconds = orders.get("sleep", 0.0)
    end, half = time.monotonic() + seconds, time.monotonic() + seconds / 2
    while time.monotonic() < end:
        if orders.get("kill") == "inside" and time.monotonic() >= half:
            break
        if not orders.get("deaf"):
            bench.check_stop()
        time.sleep(0.01)
    if orders.get("kill") == "inside":
        tools.die(bench.root.name, "inside", whole=bool(orders.get("whole")))


def trouble(orders: dict[str, Any]) -> Exception:
    known: dict[str, Exception] = {
        "transient": ServiceDown("The provider is away.", retry_after=orders.get("retry_after")),
        "permanent": PermanentError("It cannot be done."),
        "refused": NotBuildable("It is a driver."),
        "bug": KeyError("surprise"),
        "disk": OSError(28, "No space left on device", "some/file"),
    }
    return known[orders["raise"]]


# --- the steps -------------------------------------------------------------------------------------------------------


def stack(bench: Bench, message: Message) -> StackChoice:
    act(bench, "stack", message)
    known = orders_of(message.text).get("known", True)
    return StackChoice(
        inferred="fastapi-react",
        confidence=0.9,
        abstained=not known,
        built_with="fastapi-react" if known else None,
        reason="It fits." if known else "Nothing fits.",
    )


def plan(bench: Bench, message: Message, stack: StackChoice) -> Word:
    return Word(text=stack.reason, usage=act(bench, "plan", message))


def code(bench: Bench, agent: str, message: Message, plan: Word) -> ChangeSet:
    usage = act(bench, f"code:{agent}", message)
    sha = bench.store.put_text(f"{plan.text} {bench.root.name} {agent}")
    return ChangeSet(agent=agent, files={f"{agent}.txt": sha}, usage=usage)


def ui(bench: Bench, message: Message, changes: tuple[ChangeSet, ...]) -> Word:
    return Word(text=" ".join(change.agent for change in changes), usage=act(bench, "ui", message))


def improve(bench: Bench, message: Message, changes: tuple[ChangeSet, ...]) -> ChangeSet:
    return ChangeSet(agent=MODEL, files={}, usage=act(bench, "improve", message))


def visuals(bench: Bench, message: Message, ui: Word) -> Word:
    return Word(text=ui.text, usage=act(bench, "visuals", message))


def conflicts(bench: Bench, message: Message, visuals: Word) -> Word:
    return Word(text=visuals.text, usage=act(bench, "conflicts", message))


def tests(bench: Bench, message: Message) -> Word:
    return Word(text="ok", usage=act(bench, "tests", message))


def slo(bench: Bench, message: Message, tests: Word, cost_usd: float, seconds: float) -> Verdict:
    act(bench, "slo", message)
    passed = orders_of(message.text).get("passes", True)
    gate = GateResult(gate="cost", value=cost_usd, threshold=5, comparison="<", passed=passed)
    return Verdict(gates=(gate,), passed=passed, clauses=(), cost_usd=cost_usd, seconds=seconds)


def delivery(bench: Bench, message: Message, ui: Word, verdict: Verdict) -> Delivery:
    act(bench, "delivery", message)
    parcel = io.BytesIO()
    with zipfile.ZipFile(parcel, "w") as zipped:
        zipped.writestr("project/README.md", ui.text)
    data = parcel.getvalue()
    sha = bench.store.put(data)
    name = f"chaos-{bench.root.name[:8]}.zip"
    return Delivery(archive=sha, filename=name, bytes=len(data), files=1, manifest=sha, key="", signature="")


def spec(name: str, reads: str, result: type[Value], **more: Any) -> StepSpec:
    return StepSpec(name, f"{HERE}.{name.partition(':')[0]}", reads, result, seconds=LIMIT, **more)


PIPELINE = Shape(
    "tiny",
    int(os.environ.get("SYNERGY_CHAOS_VERSION", "1")),
    (spec("stack", "message", StackChoice),),
    (spec("plan", "message stack", Word),),
    tuple(spec(f"code:{a}", "agent message plan", ChangeSet, gives="changes") for a in AGENTS),
    (spec("ui", "message changes", Word),),
    (spec("improve", "message changes", ChangeSet, gives="changes"),),
    (spec("visuals", "message ui", Word, queue="browser"),),
    (spec("conflicts", "message visuals", Word, queue="browser"),),
    (spec("tests", "message", Word, queue="tests"),),
    (spec("slo", "message tests cost_usd seconds", Verdict, gives="verdict", queue="control"),),
    (spec("delivery", "message ui verdict", Delivery, queue="control"),),
)
