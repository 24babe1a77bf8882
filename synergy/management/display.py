"""How a run looks in a terminal while it works, and what is said when it has ended. Text from outside is never markup."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from synergy.core.models import Event, Run, Step
from synergy.core.types import ClauseStatus, Plan

SIGNS = {
    "done": ("✓", "green"),
    "failed": ("✗", "red"),
    "cancelled": ("–", "yellow"),
    "skipped": ("–", "dim"),
    "ready": ("·", "cyan"),
    "waiting": ("·", "dim"),
}
TOLD = ("note", "retry", "lost", "overdue")  #: kinds of events that are shown beside their step
ENDS = {"completed": "bold green", "rejected": "bold yellow", "cancelled": "bold yellow"}


class Display(Protocol):
    """Shows a run while it works."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def note(self, line: str) -> None:
        """Something that takes time."""

    def update(self, run: Run) -> None:
        """There is news of the run."""


class Silent:
    """For machines: nothing until the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def note(self, line: str) -> None: ...

    def update(self, run: Run) -> None: ...


class Lines(Silent):
    """For logs: one line for each step that ends, nothing that moves."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.told: set[tuple[str, str, int]] = set()

    def note(self, line: str) -> None:
        self.console.print(Text(line), soft_wrap=True)

    def update(self, run: Run) -> None:
        for step in run.steps.exclude(state__in=("waiting", "ready", "running", "skipped")).order_by("position"):
            mark = (step.name, step.state, step.attempt)
            if mark not in self.told:
                self.told.add(mark)
                line = f"{step.name:<14} {step.state:<9} {_seconds(step)}  {first_line(step.error)}"
                self.console.print(Text(line.rstrip()), soft_wrap=True)


class Board:
    """For people: a table of the steps that is redrawn in place."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.spinner = Spinner("dots")
        self.began = time.monotonic()
        self.line = ""
        self.run: Run | None = None
        self.steps: list[Step] = []
        self.notes: dict[str, str] = {}
        self.seen = 0
        self.live = Live(console=console, refresh_per_second=8, get_renderable=self.render)

    def __enter__(self) -> Self:
        self.live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.line = ""
        self.live.__exit__(kind, error, trace)

    def note(self, line: str) -> None:
        self.line = line

    def update(self, run: Run) -> None:
        self.steps = list(run.steps.order_by("position"))
        for event in Event.objects.filter(run=run, id__gt=self.seen, kind__in=("note", "retry", "lost", "overdue")).order_by(
            "id"
        ):
            self.seen = event.id
            self.notes[event.step] = str(event.data.get("line") or event.data.get("error") or event.kind)
        self.run, self.line = run, ""

    def render(self) -> Group:
        table = Table.grid(padding=(0, 2))
        for step in self.steps:
            table.add_row(self._sign(step), step.name, _seconds(step), self._remark(step))
        clock = Text(f"{time.monotonic() - self.began:6.1f} s", style="bold")
        return Group(table, Text.assemble(clock, "  ", self.line))

    def _sign(self, step: Step) -> Spinner | Text:
        if step.state == "running":
            return self.spinner
        return Text(*SIGNS.get(step.state, ("?", "")))

    def _remark(self, step: Step) -> Text:
        text = step.error or (self.notes.get(step.name, "") if step.state in ("running", "ready") else "")
        if step.attempt > 1:
            text = f"attempt {step.attempt}. {text}"
        return Text(first_line(text)[:120], style="red" if step.state == "failed" else "dim", overflow="ellipsis", no_wrap=True)


def first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _seconds(step: Step) -> str:
    if step.started_at is None:
        return " " * 8
    end = step.finished_at or (datetime.now(UTC) if step.state == "running" else step.started_at)
    return f"{max(0.0, (end - step.started_at).total_seconds()):6.1f} s"


@contextmanager
def display(console: Console, *, machine: bool) -> Iterator[Display]:
    """The display that fits: nothing for machines, lines for logs, a board for people."""
    chosen: Display = Silent() if machine else Board(console) if console.is_terminal else Lines(console)
    with chosen as shown:
        yield shown


def conclusion(console: Console, report: dict[str, Any]) -> None:
    """Verdict, what was not built, where everything is."""
    _changed(console, report)
    verdict = report["verdict"]
    if verdict:
        console.print(_gates(verdict["gates"]))
    if report["spending"]:
        console.print(_money(report))
    _wishes(console, report)
    assumed = [clause for clause in report["requirements"] if clause["status"] == "assumed"]
    if assumed and report["delivery"]:
        console.print(Text(f"\nAssumed: {len(assumed)} things the message left open; REQUIREMENTS.md has them.", style="dim"))
    for name, where in report["paths"].items():
        console.print(Text(f"{name:<12}{where}"), soft_wrap=True)
    took = f"{report['seconds']:.1f} s" if report["seconds"] is not None else ""
    head = Text(report["state"].upper(), style=ENDS.get(report["state"], "bold red"))
    console.print(Text.assemble("\n", head, f"  {took}  ${report['cost_usd']:.2f}  run {report['id']}"))
    if report["reason"]:
        console.print(Text(report["reason"]), soft_wrap=True)


def _wishes(console: Console, report: dict[str, Any]) -> None:
    """What a model wrote, and what nobody built."""
    for clause in report["requirements"]:
        if clause["status"] == "built" and clause["reason"].startswith("Written by a model"):
            proofs = f"{len(clause['tests'])} tests, {len(clause['checks'])} browser checks"
            console.print(Text(f"\n{clause['reason'].rstrip('.')}: {clause['text']} ({proofs})"), soft_wrap=True)
    if report["not_built"]:
        console.print(Text("\nNot built:", style="bold"))
    for clause in report["not_built"]:
        line = f"  {clause['id']} {clause['text']}" + (f" – {clause['reason']}" if clause["reason"] else "")
        console.print(Text(line), soft_wrap=True)


def _changed(console: Console, report: dict[str, Any]) -> None:
    """What a change made of the project, and what became of edits by hand."""
    if report["changes"]:
        console.print(difference([(change["sign"], change["text"]) for change in report["changes"]]))
    for note in report["edits"]:
        console.print(Text(f"Your edit of {note['path']}: {note['outcome']}. {note['reason']}"), soft_wrap=True)


def difference(changes: Iterable[tuple[str, str]]) -> Group:
    """The difference between two plans, one line for each change: (sign, words)."""
    colours = {"+": "green", "-": "red", "~": "yellow", "=": "dim"}
    return Group(*(Text(f"{sign} {text}", style=colours.get(sign, "")) for sign, text in changes), Text(""))


def plan_only(console: Console, plan: Plan) -> None:
    """What a plan would build; of a change, the difference that it makes."""
    if plan.history:
        console.print(difference([(change.sign, change.text) for change in plan.history[-1].changes]))
    else:
        things = [("+", f"{e.label_plural} ({', '.join(f.label for f in e.fields)})") for e in plan.entities]
        console.print(difference([("+", f"{plan.title}, {len(plan.pages)} pages"), *things]))
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for clause in plan.clauses:
        open_ = clause.status in (ClauseStatus.NOT_BUILT, ClauseStatus.NOT_MEASURED)
        status = clause.status.value.replace("_", " ") if open_ else "assumed" if clause.reason else "planned"
        table.add_row(Text(clause.id), Text(clause.text), Text(status), Text(clause.reason, style="dim"))
    console.print(table)


def _money(report: dict[str, Any]) -> Group:
    """What each activity cost."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for name in ("Activity", "Calls", "Tokens in", "Tokens out", "Cost", "Wasted", "Saved"):
        table.add_column(name, justify="left" if name == "Activity" else "right", no_wrap=True)
    for spent in report["spending"]:
        counts = (f"{spent[name]:,}" for name in ("calls", "tokens_in", "tokens_out"))
        money = (f"${spent[name]:.4f}" for name in ("cost_usd", "wasted_usd", "saved_usd"))
        table.add_row(Text(spent["activity"]), *counts, *money)
    held = report["held_usd"]
    words = f"${held:.4f} may have been charged for calls whose answer did not come." if held else ""
    return Group(Text(""), table, *([Text(words, style="dim")] if words else []))


def _gates(gates: list[dict[str, Any]]) -> Group:
    """The verdict as a table, and below it why gates failed."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for name in ("Gate", "Value", "", "Threshold", "Passed", "Evidence"):
        table.add_column(name, justify="right" if name == "Value" else "left", no_wrap=name != "Evidence")
    for gate in gates:
        value = "not measured" if gate["value"] is None else f"{gate['value']:.4g}"
        passed = Text("yes", style="green") if gate["passed"] else Text("NO", style="bold red")
        limit = f"{gate['comparison']} {gate['threshold']:g}"
        table.add_row(
            Text(gate["gate"]), value, Text(gate["unit"], style="dim"), limit, passed, Text(gate["evidence"], style="dim")
        )
    failed = [gate for gate in gates if not gate["passed"]]
    return Group(table, *(Text(f"{gate['gate']}: {gate['reason']}", style="red") for gate in failed if gate["reason"]))
