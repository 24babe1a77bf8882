"""The requirement ledger, settled: a clause is built only when every feature it names was proved in this run.

A feature is proved by tests of its API, tests of its page, and checks that were done in the browser: all of its checks, and at
least one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slo.evidence import Evidence
from synergy.core.bench import MODEL
from synergy.core.types import SERIOUS, Clause, ClauseStatus, EditNote, Feature, GateResult, Proof, TestCase

FRONTEND_ONLY = ("design.", "home.")  #: features without an API side
API_AGENTS, PAGE_AGENTS = ("backend", MODEL), ("frontend", "ui", MODEL)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one feature stands. ``reason`` says what is missing; empty = proved."""

    feature: str
    files: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()  #: that passed in the browser
    reason: str = ""


def standings(evidence: Evidence) -> dict[str, Standing]:
    """The standing of every planned feature, by id."""
    sheet = _Sheet(evidence)
    return {feature.id: sheet.standing(feature) for feature in evidence.plan.features}


def settle(clauses: Iterable[Clause], by_feature: dict[str, Standing], gates: Iterable[GateResult] = ()) -> tuple[Clause, ...]:
    """The clauses with their final status, reason, files, tests and browser checks; qualities as their gates measured them."""
    by_name = {gate.gate: gate for gate in gates}
    return tuple(_measured(clause, by_name) if clause.gates else _settled(clause, by_feature) for clause in clauses)


def overruled(clauses: Iterable[Clause], earlier: Iterable[Clause], edits: Iterable[EditNote]) -> tuple[Clause, ...]:
    """The clauses of a change are not built where a person's edit kept the lines that the change wanted otherwise."""
    known = {clause.id for clause in earlier}
    clashes = {note.path for note in edits if note.outcome == "conflict"}
    return tuple(clause if clause.id in known else _overruled(clause, clashes) for clause in clauses)


def _overruled(clause: Clause, clashes: set[str]) -> Clause:
    paths = sorted(clashes & set(clause.files))
    if not paths or clause.status is ClauseStatus.NOT_BUILT:
        return clause
    reason = f"Your edit of {paths[0]} wants other lines than this change; yours were kept. Both are in evidence/edits/."
    return clause.model_copy(update={"status": ClauseStatus.NOT_BUILT, "reason": reason})


class _Sheet:
    """The proofs of a run, looked up by feature and side."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._files = evidence.files
        self._outcomes: dict[str, list[TestCase]] = {}
        for case in evidence.tests.cases:
            for name in {case.id, case.id.split("[")[0]}:  # a proof may name a test without its parameters
                self._outcomes.setdefault(name, []).append(case)
        self._api = [p for c in evidence.changes if c.agent in API_AGENTS for p in c.proofs]
        self._pages = [p for c in evidence.changes if c.agent in PAGE_AGENTS for p in c.proofs]
        self._pages += evidence.ui.changes.proofs
        self._walked = evidence.walked
        self._rendered = {shot.page for shot in evidence.visuals.shots}

    def standing(self, feature: Feature) -> Standing:
        api = [p for p in self._api if p.feature == feature.id]
        pages = [p for p in self._pages if p.feature == feature.id]
        proofs = [*api, *pages]
        reason = (
            self._missing_side(feature, api, pages)
            or self._broken(proofs)
            or self._pages_at_fault(feature)
            or self._unwalked(feature)
        )
        return Standing(
            feature=feature.id,
            files=tuple(sorted({f for p in proofs for f in p.files if f in self._files})),
            tests=tuple(sorted({t for p in proofs for t in p.tests if t in self._outcomes})),
            checks=tuple(w.check for w in self._walked.values() if w.feature == feature.id and w.passed),
            reason=reason,
        )

    def _missing_side(self, feature: Feature, api: list[Proof], pages: list[Proof]) -> str:
        frontend_only = feature.id.startswith(FRONTEND_ONLY) or not feature.api
        if not frontend_only and not api:
            return "no test proves its API"
        if (frontend_only or feature.pages) and not pages:
            return "no test proves its page"
        return ""

    def _broken(self, proofs: list[Proof]) -> str:
        """What is wrong with the proofs: a missing file, a test that did not run or did not pass."""
        for proof in proofs:
            if not proof.tests:
                return "a proof names no test"
            gone = [f for f in proof.files if f not in self._files]
            if gone:
                return f"{gone[0]} is not in the project"
            for test in proof.tests:
                cases = self._outcomes.get(test, [])
                if not cases:
                    return f"{test} did not run"
                bad = [case for case in cases if case.outcome != "passed"]
                if bad:
                    return f"{bad[0].id} {'was skipped' if bad[0].outcome == 'skipped' else 'failed'}"
        return ""

    def _pages_at_fault(self, feature: Feature) -> str:
        for page in feature.pages:
            if page not in self._rendered:
                return f"page {page} was not rendered"
            found = [f for f in self._evidence.findings if f.page == page and f.severity in SERIOUS]
            if found:
                return f"page {page} has a serious finding ({found[0].check})"
        return ""

    def _unwalked(self, feature: Feature) -> str:
        """What is missing in the browser: a check at all, its outcome, its success."""
        planned = [check.id for check in self._evidence.ui.walks if check.feature == feature.id]
        if not planned:
            return "no check in the browser proves it"
        for check in planned:
            done = self._walked.get(check)
            if done is None:
                return f"check {check} was not carried out in the browser"
            if not done.passed:
                return f"check {check} failed in the browser: {done.message[:160]}"
        return ""


def _measured(clause: Clause, gates: Mapping[str, GateResult]) -> Clause:
    """A quality: built when every gate that measures it passed."""
    found = [(name, gates.get(name)) for name in clause.gates]
    failed = [
        f"gate {name}: {gate.reason if gate else 'it was not measured.'}" for name, gate in found if not (gate and gate.passed)
    ]
    if failed:
        return clause.model_copy(update={"status": ClauseStatus.NOT_BUILT, "reason": " ".join(failed)})
    known = " ".join(f"Gate {gate.gate}: {gate.reason}" for _, gate in found if gate)
    return clause.model_copy(update={"status": ClauseStatus.BUILT, "reason": known})


def _settled(clause: Clause, by_feature: dict[str, Standing]) -> Clause:
    assumed = clause.status is ClauseStatus.ASSUMED and clause.reason.lower().startswith("assumed")
    left = (ClauseStatus.NOT_BUILT, ClauseStatus.NOT_MEASURED)
    if clause.status in left or (assumed and not clause.features):
        return clause
    if not clause.features:
        return clause.model_copy(
            update={"status": ClauseStatus.NOT_BUILT, "reason": clause.reason or "Nothing was planned for it."}
        )
    found = [by_feature.get(f, Standing(feature=f, reason="it is not planned")) for f in clause.features]
    open_features = [s for s in found if s.reason]
    update: dict[str, object] = {
        "files": tuple(sorted({f for s in found for f in s.files})),
        "tests": tuple(sorted({t for s in found for t in s.tests})),
        "checks": tuple(sorted({c for s in found for c in s.checks})),
        "status": ClauseStatus.ASSUMED if assumed else ClauseStatus.BUILT,
    }
    if open_features:
        update["status"] = ClauseStatus.NOT_BUILT
        update["reason"] = "; ".join(f"{s.feature}: {s.reason}" for s in open_features[:3]) + "."
    return clause.model_copy(update=update)
