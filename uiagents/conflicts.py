"""The ``conflicts`` step: contract, backend and frontend compared three ways, settled where the contract can settle it.

declared → served    what the contract promises, the backend must serve
static → declared    what the source calls and the client's types believe, the contract must declare
observed → declared  what the browser really asked and got must be as declared
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from synergy.core.bench import Bench, layers, merged
from synergy.core.stacks import stack
from synergy.core.types import ChangeSet, Conflict, ObservedCall, Operation, Plan, Resolution, UiSpec, VisualReport
from uiagents.comparison import Difference, Kind, Weighed, align, compare, similarity, weigh
from uiagents.contracts import key, observed
from uiagents.mediation import mediate
from uiagents.sides import Sides, read_sides, with_mediation
from uiagents.similarity import SETTLED, cosines, text_of

Rerender = Callable[[ChangeSet], VisualReport]
Pair = tuple[str, str]


@dataclass
class Findings:
    """One comparison of all sides."""

    conflicts: list[tuple[Pair, Weighed]] = field(default_factory=list)
    compared: list[tuple[Pair, Operation, Operation]] = field(default_factory=list)

    def similarity(self) -> float:
        return similarity([weighed for _, weighed in self.conflicts])

    def in_types(self, declared: Sequence[Operation]) -> bool:
        """Whether the client's types disagree with the contract (and not just a call that it does not declare)."""
        known = {key(o) for o in declared}
        static = (weighed.difference for pair, weighed in self.conflicts if pair == ("declared", "static"))
        return any(not found.path or (found.method, found.path) in known for found in static)


def resolve_conflicts(
    bench: Bench, plan: Plan, changes: tuple[ChangeSet, ...], ui: UiSpec, visuals: VisualReport, rerender: Rerender
) -> Resolution:
    """Compare all sides, let the declared contract win where the client can follow it, render and compare again.

    A conflict that mediation cannot settle stays open (``resolved`` is False), and so does one that it caused.
    """
    bench.check_stop()
    layered = layers(changes, ui, None)
    files = merged(layered)
    bench.apply(layered)
    spec = stack(plan.stack)
    sides = read_sides(bench, spec, files, changes, visuals.calls)
    before = examine(sides)
    if not before.conflicts:
        return _resolution(bench, sides, before)
    bench.note(f"{len(before.conflicts)} conflicts between contract, backend and frontend")
    mediation = mediate(bench, spec, files, sides, types_differ=before.in_types(sides.declared))
    settled = mediation.changes()
    if settled is None:
        return _resolution(bench, sides, before)
    report = rerender(settled)
    after_sides = with_mediation(bench, sides, merged((*layered, settled)), report.calls)
    return _resolution(bench, after_sides, before, examine(after_sides), settled, report, mediation.remedies)


# --- comparing -------------------------------------------------------------------------------------------------------


def examine(sides: Sides) -> Findings:
    """Every conflict between the sides, each weighed, and the pairs that were compared."""
    findings = Findings()
    found = [*_troubles(sides), *_pairs(sides, findings), *_answers(sides)]
    weighed = weigh([difference for _, difference in found])
    findings.conflicts = [(pair, weight) for (pair, _), weight in zip(found, weighed, strict=True)]
    return findings


def _troubles(sides: Sides) -> Iterator[tuple[Pair, Difference]]:
    """What could not be read cannot be compared: not measured is not passed."""
    for line in sides.trouble:
        pair = ("declared", "static") if line.startswith("frontend/") else ("declared", "served")
        yield pair, Difference("missing_endpoint", "", "", line, "", ())


def _pairs(sides: Sides, findings: Findings) -> Iterator[tuple[Pair, Difference]]:
    for pair, wanted, offered in (
        (("declared", "served"), sides.declared, sides.served),
        (("declared", "static"), sides.static(), sides.declared),
    ):
        for operation in wanted if offered is not None else ():
            found = align(operation, offered or [])
            if isinstance(found, Difference):
                yield pair, found
                continue
            findings.compared.append((pair, operation, found))
            yield from ((pair, difference) for difference in compare(operation, found))
    known = {key(o) for o in sides.believed or ()}
    for operation in sides.declared if sides.believed is not None else ():
        if key(operation) not in known:
            detail = f"The client's types do not have {operation.method} {operation.path}"
            yield ("declared", "static"), Difference("missing_endpoint", operation.method, operation.path, detail, "", ())


def _answers(sides: Sides) -> Iterator[tuple[Pair, Difference]]:
    """What the browser saw. Each disagreement is said once, however often it was seen."""
    seen: set[Difference] = set()
    for call, operation in observed(sides.observed, sides.declared):
        for difference in _seen_in(call, operation, sides.declared):
            if difference not in seen:
                seen.add(difference)
                yield ("declared", "observed"), difference


def _seen_in(call: ObservedCall, operation: Operation, declared: Sequence[Operation]) -> Iterator[Difference]:
    found = align(operation, declared)
    if isinstance(found, Difference):
        yield found
    elif 200 <= call.status < 300:
        yield from compare(operation.model_copy(update={"response": None, "pagination": found.pagination}), found)
        yield from compare(found.model_copy(update={"request": None, "query": None}), operation)
        if found.response and operation.response is None and operation.pagination != "list":
            yield _refusal("type", call, found, "nothing that can be read")
    else:
        yield from _refused(call, found)


def _refused(call: ObservedCall, declared: Operation) -> Iterator[Difference]:
    row_is_gone = call.status == 404 and "{}" in declared.path
    if call.status in (404, 501) and not row_is_gone:
        yield _refusal("missing_endpoint", call, declared, f"status {call.status}")
    if call.status == 405:
        yield _refusal("method", call, declared, f"status {call.status}")
    refused_credentials = "password" in call.request  # who signs in with a wrong password is told so by a 401
    if call.status == 401 and declared.auth is False and not refused_credentials:
        yield _refusal("auth", call, declared, f"status {call.status}, though it is open to everybody")


def _refusal(kind: Kind, call: ObservedCall, declared: Operation, answer: str) -> Difference:
    detail = f"{declared.method} {declared.path} is declared; the backend answered {call.method} with {answer}"
    return Difference(kind, declared.method, declared.path, detail, "", ())


# --- the result ------------------------------------------------------------------------------------------------------


def _resolution(
    bench: Bench,
    sides: Sides,
    before: Findings,
    after: Findings | None = None,
    settled: ChangeSet | None = None,
    report: VisualReport | None = None,
    remedies: dict[tuple[str, str], str] | None = None,
) -> Resolution:
    left = {_identity(pair, w) for pair, w in (after or before).conflicts}
    known = {_identity(pair, w) for pair, w in before.conflicts}
    conflicts = [_conflict(pair, w, _identity(pair, w) not in left, remedies or {}) for pair, w in before.conflicts]
    caused = [(pair, w) for pair, w in (after.conflicts if after else ()) if _identity(pair, w) not in known]
    conflicts += [_conflict(pair, w, False, {}) for pair, w in caused]
    return Resolution(
        operations=len(before.compared),
        conflicts=tuple(conflicts),
        similarity_before=before.similarity(),
        similarity_after=(after or before).similarity(),
        changes=settled,
        rerendered=tuple(sorted({shot.page for shot in report.shots})) if report else (),
        findings=report.findings if report else (),
        walked=report.walked if report else (),
        report=bench.store.put_text(_report(sides, after or before, conflicts)),
    )


def _identity(pair: Pair, weighed: Weighed) -> tuple[Pair, str, str, str, str]:
    found = weighed.difference
    return pair, found.kind, found.method, found.path, found.detail


def _conflict(pair: Pair, weighed: Weighed, resolved: bool, remedies: dict[tuple[str, str], str]) -> Conflict:
    found = weighed.difference
    remedy = remedies.get((found.method, found.path), "the client's types were generated again from the contract")
    return Conflict(
        kind=found.kind,
        method=found.method,
        path=found.path,
        detail=found.detail,
        sides=pair,
        similarity=weighed.similarity,
        resolved=resolved,
        similarity_after=1.0 if resolved else weighed.similarity,
        remedy=remedy if resolved else "",
    )


def _report(sides: Sides, findings: Findings, conflicts: Sequence[Conflict]) -> str:
    """The whole comparison as JSON: each compared pair with the cosine of its words, every conflict."""
    words = cosines([(text_of(a), text_of(b)) for _, a, b in findings.compared])
    pairs = [
        {"sides": pair, "method": a.method, "path": a.path, "text_similarity": round(cosine, 4)}
        for (pair, a, _), cosine in zip(findings.compared, words, strict=True)
    ]
    document = {
        "declared": [o.model_dump(mode="json") for o in sides.declared],
        "served": None if sides.served is None else [o.model_dump(mode="json") for o in sides.served],
        "calls": [{"file": c.file, "line": c.line, "method": c.method, "path": c.path} for c in sides.calls],
        "observed": len(sides.observed),
        "pairs": pairs,
        "conflicts": [c.model_dump(mode="json") for c in conflicts],
        "settled_from": SETTLED,
    }
    return json.dumps(document, indent=1, ensure_ascii=False)
