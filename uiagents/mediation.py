"""Settle conflicts: the declared contract wins, the client is made to follow it.

The types of the client are generated again, and calls in the source whose method or path the contract does not have are rewritten
to the operation they most likely mean; where that is not clear, a model (if there is one) says which. What only the backend could
mend is left alone: it stays open and fails its gate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from inference.llm.ask import Question, help_with
from inference.llm.base import provider
from inference.llm.prompts import prompt
from synergy.core.bench import Bench
from synergy.core.stacks import StackSpec
from synergy.core.toolchains import run_command
from synergy.core.types import ChangeSet, CommandRun, Operation, Value
from uiagents.comparison import SAME_PATH, like
from uiagents.contracts import key
from uiagents.sides import SCHEMA, SOURCES, Sides
from uiagents.similarity import nearest, place
from uiagents.typescript import Call, calls_in

AGENT = "conflicts"
ACTIVITY = "mediation"
SURE = 0.4  #: cosine from which the likeliest of several operations is taken


class Choice(Value):
    call: str
    operation: str


class Choices(Value):
    choices: tuple[Choice, ...]


@dataclass
class Mediation:
    """What was rewritten."""

    files: dict[str, str] = field(default_factory=dict)  #: path → SHA-256
    remedies: dict[tuple[str, str], str] = field(default_factory=dict)  #: (method, path) of a call → what was done
    checks: list[CommandRun] = field(default_factory=list)

    def changes(self) -> ChangeSet | None:
        return ChangeSet(agent=AGENT, files=self.files, checks=tuple(self.checks)) if self.files else None


def mediate(bench: Bench, spec: StackSpec, files: Mapping[str, str], sides: Sides, *, types_differ: bool) -> Mediation:
    """Rewrite the client where it does not follow the declared contract. ``files`` is the project (path → SHA-256)."""
    mediation = Mediation()
    if types_differ:
        run, written = _written_by_command(bench, spec, files, SCHEMA, mediation)
        if run and run.returncode == 0 and written and written != files.get(SCHEMA):
            mediation.files[SCHEMA] = written
    declared = {key(o) for o in sides.declared}
    outside = [call for call in sides.calls if call.key not in declared]
    said = chosen(bench, [call for call in outside if meant_by(call, sides) is None], sides)
    wrong = {call.file for call in outside}
    for name in sorted(wrong):
        _rewrite(bench, name, files[name], sides, said, mediation)
    if wrong & mediation.files.keys():
        _tidy(bench, spec, files, wrong & mediation.files.keys(), mediation)
    return mediation


def _written_by_command(
    bench: Bench, spec: StackSpec, files: Mapping[str, str], path: str, mediation: Mediation
) -> tuple[CommandRun | None, str]:
    """Run the stack's command that writes ``path``, if it has one; the run and the artifact of what it wrote."""
    writer = spec.writer_of(path)
    if writer is None:
        return None, ""
    name, output = writer
    run = run_command(bench, spec, name, files)
    mediation.checks.append(run)
    return run, run.outputs.get(output, "")


def _tidy(bench: Bench, spec: StackSpec, files: Mapping[str, str], names: Set[str], mediation: Mediation) -> None:
    """Format what was rewritten, where the stack has a formatter; nothing but these files is taken from it."""
    rewritten = ChangeSet(agent=AGENT, files={name: mediation.files[name] for name in names})
    bench.apply((rewritten,))
    _, listing = _written_by_command(bench, spec, {**files, **mediation.files}, SOURCES, mediation)
    formatted = json.loads(bench.store.get_text(listing)) if listing else {}
    mediation.files |= {name: formatted[name] for name in names if name in formatted}


def _rewrite(
    bench: Bench, name: str, sha: str, sides: Sides, said: Mapping[tuple[str, str], Operation], mediation: Mediation
) -> None:
    """Rewrite the calls of one file, the last first so that earlier positions stay true."""
    text = bench.store.get_text(sha)
    changed = text
    for call in reversed(calls_in(name, text)):
        meant = meant_by(call, sides) or said.get(call.key)
        if meant is not None and (call.method_at or meant.method == call.method):
            changed = _with(changed, call, meant)
            by = " (a model chose it)" if call.key in said else ""
            mediation.remedies[call.key] = f"{name}:{call.line} now calls {meant.method} {meant.path}{by}"
    if changed != text:
        mediation.files[name] = bench.store.put_text(changed)


def meant_by(call: Call, sides: Sides) -> Operation | None:
    """The declared operation that a call outside the contract means; None when it is inside, or when nobody can tell.

    Either the same path with another method, or the same method with a path that is nearly the same. Of several, those that
    nothing else in the source calls come first, then the one whose words are nearest to the call's.
    """
    if call.key in {key(o) for o in sides.declared}:
        return None
    method, path = call.key
    options = [o for o in sides.declared if o.path == path and bool(o.request) == call.has_body]
    options = options or [o for o in sides.declared if o.method == method and like(o.path, path) >= SAME_PATH]
    called = {other.key for other in sides.calls}
    options = [o for o in options if key(o) not in called] or options
    if len(options) < 2:
        return options[0] if options else None
    words = {f"{sides.names.get(key(o), '')} {place(o)}".replace("_", " "): o for o in options}
    best, cosine = nearest(f"{call.name} {path.replace('/', ' ')}", sorted(words))[0]
    return words[best] if cosine >= SURE else None


def chosen(bench: Bench, calls: Sequence[Call], sides: Sides) -> dict[tuple[str, str], Operation]:
    """(method, path) of a call → the operation that a model says it means; {} without a model. Raises BudgetSpent, Cancelled."""
    if not calls or provider() is None:
        return {}
    one = {call.key: call for call in reversed(calls)}  # the first of several that are alike
    known = {f"{method} {path}": (method, path) for method, path in one}
    named = {name: pair for pair, name in sides.names.items()}

    def wrong(answer: Choices) -> str:
        strange = [c.call for c in answer.choices if c.call not in known]
        strange += [c.operation for c in answer.choices if c.operation and c.operation not in named]
        return f"Not in the lists: {', '.join(strange)[:300]}." if strange else ""

    contract = "\n".join(f"{name}: {method} {path}" for name, (method, path) in sorted(named.items()))
    asked = "\n".join(f"{text} (in {one[pair].name}, {one[pair].file}:{one[pair].line})" for text, pair in sorted(known.items()))
    data = {"contract": contract, "calls": asked}
    answer = help_with(bench, Question(ACTIVITY, prompt(ACTIVITY), data, Choices, max_tokens=1000, check=wrong))
    if answer is None:
        return {}
    operations = {key(o): o for o in sides.declared}
    return {known[c.call]: operations[named[c.operation]] for c in answer.value.choices if c.operation}


def _with(text: str, call: Call, meant: Operation) -> str:
    """``text`` with the method and the path of ``call`` replaced; parameters keep the way they were written."""
    start, end = call.path_at
    edits = [(start, end, _path(text[start:end], meant.path))]
    if call.method_at is not None:
        old = text[slice(*call.method_at)]
        edits.append((*call.method_at, meant.method.lower() if old.islower() else meant.method))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _path(written: str, wanted: str) -> str:
    """``wanted`` with its parameters as they were written: ``/api/order/{id}`` and ``/api/orders/{}`` → ``/api/orders/{id}``."""
    given: Sequence[str] = [part for part in written.split("/") if part.startswith(("{", "${", ":"))]
    parameters = iter(given)
    return "/".join(next(parameters, "{id}") if part == "{}" else part for part in wanted.split("/"))
