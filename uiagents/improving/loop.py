"""The ``improve`` step: wishes that the blueprint leaves open, written by a model one by one, kept where nothing got worse."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from inference.llm.ask import Answer, NoAnswer, ask
from inference.llm.base import provider
from synergy.core.bench import MODEL, Bench, layers, merged
from synergy.core.revisions import Base
from synergy.core.stacks import StackSpec, stack
from synergy.core.testreports.coverage import TEST_NAME
from synergy.core.types import BrowserCheck, ChangeSet, Clause, ClauseStatus, Feature, Page, PageKind, Plan, Proof, UiSpec, Usage
from synergy.core.written import Attempt, Improved, with_written
from uiagents.improving.carrying import relaid
from uiagents.improving.paper import papers
from uiagents.improving.patches import BadPatch, checks_of, is_test, misplaced, patched
from uiagents.improving.questions import BACKEND, READ_BYTES, REPAIR, UI, Order, PageDraft, Patch, UiPatch, which, write
from uiagents.improving.trial import State, Trial, new_cases, signature, worse
from uiagents.sides import CONTRACT

MOST_WISHES = 5  #: that are tried in a run
REPAIRS = 2  #: rounds for one wish
SECONDS = 420.0  #: after which nothing new is begun
TOLD = 300  #: characters of a trouble in the reason


@dataclass
class Work:
    """One wish while it is worked on. ``own``: path → text of what the model wrote so far."""

    wish: Clause
    order: Order
    own: dict[str, str] = field(default_factory=dict)
    pages: tuple[PageDraft, ...] = ()
    checks: tuple[BrowserCheck, ...] = ()
    answers: list[Answer[Patch]] = field(default_factory=list)
    after: State | None = None
    tests: list[str] = field(default_factory=list)
    repairs: int = 0

    @property
    def feature(self) -> str:
        return f"asked.{self.wish.id.lower()}"


def improve(bench: Bench, plan: Plan, changes: tuple[ChangeSet, ...], ui: UiSpec, base: Base | None = None) -> Improved:
    """What a model adds to the project, checked by the project's own tests; nothing without a model, or when nothing is open.

    When a project is changed (``base``), what a model wrote before is taken over first, with a model or without.

    Raises BudgetSpent, Cancelled, SandboxError.
    """
    spec = stack(plan.stack)
    wishes = [c for c in plan.clauses if c.status is ClauseStatus.NOT_BUILT and not c.ours and not c.gates]
    written = base.written if base else None
    if provider() is None:
        wishes = []
    if not spec.writing or not (wishes or written):
        return Improved(agent=MODEL, files={})
    return Improver(bench, spec, plan, layers(changes, ui)).improved(wishes, written)


class Improver:
    """``state`` is the best so far: what a wish adds is taken over when it is proved, else the state stays as it is."""

    def __init__(self, bench: Bench, spec: StackSpec, plan: Plan, applied: Sequence[ChangeSet]) -> None:
        self.bench, self.spec, self.plan = bench, spec, plan
        self.trial = Trial(bench, spec)
        self.start = merged(applied)
        self.state = self.trial.first(self.start, [run for change in applied for run in change.checks])
        self.done = Improved(agent=MODEL, files={})
        self.end = time.monotonic() + SECONDS

    def improved(self, wishes: Sequence[Clause], written: Improved | None = None) -> Improved:
        """``wishes`` served one by one, after what was ``written`` in the run before."""
        if written is not None:
            self._carry(written)
        served = {attempt.clause for attempt in self.done.attempts if attempt.outcome == "kept"}
        orders = self._orders([wish for wish in wishes if wish.id not in served])
        for wish in [wish for wish in wishes if wish.id in orders][:MOST_WISHES]:
            self._serve(wish, orders[wish.id])
        return self._result()

    def _orders(self, wishes: Sequence[Clause]) -> dict[str, Order]:
        if not wishes:
            return {}
        try:
            answer = ask(self.bench, which(self.spec, self.plan, wishes, self.state.files))
        except NoAnswer as error:
            self.bench.note(f"No model helped: {error.message}")
            return {}
        self._spent(answer.usage)
        return {order.clause: order for order in answer.value.orders}

    def _carry(self, written: Improved) -> None:
        """Take over what an earlier run wrote, unless the change stands in its way."""
        files, why = relaid(self.bench, written, self.state.files)
        if not why:
            after = self.trial.measure(self.trial.declare(files, self.state), self.state)
            why = next(iter(worse(self.state, after)), "")
        if why:
            reason = f"What a model had written was taken back. {' '.join(why.split())[:TOLD]}"
            for attempt in written.attempts:
                self._add(Attempt(clause=attempt.clause, outcome="taken_back", reason=reason))
            self.bench.note(reason)
            return
        old, self.state = self.state.files, after
        before = {path: old.get(path, "") for path, sha in after.files.items() if old.get(path) != sha}
        first, *others = written.attempts
        attempts = (first.model_copy(update={"before": before}), *(a.model_copy(update={"before": {}}) for a in others))
        kept = ("features", "pages", "walks", "proofs")
        self.done = self.done.model_copy(update={"attempts": attempts} | {name: getattr(written, name) for name in kept})

    def _serve(self, wish: Clause, order: Order) -> None:
        if not order.can:
            self._add(Attempt(clause=wish.id, outcome="declined", reason=f"A model says: {order.reason[:TOLD]}"))
        elif time.monotonic() > self.end:
            self._add(Attempt(clause=wish.id, outcome="failed", reason="There was no time left to try it."))
        else:
            self._attempt(Work(wish, order))

    def _attempt(self, work: Work) -> None:
        try:
            if work.order.backend:
                self._write(work, BACKEND)
            self._write(work, UI)
            why = self._proved(work)
        except NoAnswer as error:
            why = error.message
        if why:
            self._take_back(work, why)
        else:
            self._keep(work)

    def _proved(self, work: Work) -> str:
        """Measure and repair until nothing is worse; why that was given up, or "" when it is proved."""
        seen: set[str] = set()
        while troubles := self._troubles(work):
            told = f"{troubles[0][:TOLD]}{f' (and {len(troubles) - 1} more)' if len(troubles) > 1 else ''}"
            sign = signature(troubles)
            if sign in seen:
                return f"The same failed after a repair: {told}"
            if work.repairs == REPAIRS or time.monotonic() > self.end or self.bench.book.purse().degraded:
                return f"It made the project worse: {told}"
            seen.add(sign)
            work.repairs += 1
            self.bench.note(f"{work.wish.id}: repair {work.repairs}: {troubles[0].splitlines()[0][:120]}")
            self._write(work, REPAIR, trouble="\n\n".join(troubles))
        return ""

    # --- asking ------------------------------------------------------------------------------------------------------

    def _write(self, work: Work, activity: str, **more: str) -> None:
        """Ask for one part and lay it on what is there. NoAnswer when no model gives one that fits."""
        if activity != BACKEND and work.order.backend:
            more["contract"] = self._new_contract(work)
        kind = Patch if activity == BACKEND else UiPatch
        shown = self._shown(work, activity)
        question = write(activity, self.spec, self.plan, work.wish, shown, kind, lambda p: self._wrong(work, activity, p), **more)
        answer = ask(self.bench, question)
        self._spent(answer.usage)
        work.answers.append(answer)
        work.own |= self._laid(work, activity, answer.value)
        if isinstance(answer.value, UiPatch):
            work.pages = answer.value.pages or work.pages
            if answer.value.checks or not work.checks:
                work.checks = checks_of(work.feature, answer.value)

    def _wrong(self, work: Work, activity: str, patch: Patch) -> str:
        """What is wrong with an answer; "" = it can be laid on the project."""
        try:
            if not (patch.new or patch.edits):
                raise BadPatch("Nothing was written.")
            self._laid(work, activity, patch)
            if isinstance(patch, UiPatch):
                if patch.checks or not work.checks:
                    checks_of(work.feature, patch)
                return " ".join(misplaced(patch.pages, {page.path for page in self._plan_now().pages}))
        except BadPatch as error:
            return error.message
        return ""

    def _laid(self, work: Work, activity: str, patch: Patch) -> dict[str, str]:
        if activity != REPAIR:
            return patched(patch, self.spec.writing[activity], self._text, work.own)
        parts = self.spec.writing.values()
        both = next(iter(parts)).model_copy(
            update={"roots": tuple(r for p in parts for r in p.roots), "open": tuple(o for p in parts for o in p.open)}
        )
        return patched(patch, both, self._text, work.own)

    def _text(self, path: str) -> str | None:
        sha = self.state.files.get(path)
        return self.bench.store.get(sha).decode(errors="replace") if sha else None

    def _shown(self, work: Work, activity: str) -> dict[str, str]:
        """What a model sees: what it wrote, what it always sees, what it asked for; as much as it may read."""
        parts = [self.spec.writing[activity]] if activity != REPAIR else list(self.spec.writing.values())
        asked = [path for path in work.order.read if activity == REPAIR or path.startswith(parts[0].roots)]
        wanted = [*work.own, *(path for part in parts for path in part.shown), *asked]
        shown: dict[str, str] = {}
        for path in dict.fromkeys(wanted):
            text = work.own.get(path) or self._text(path) or ""
            if sum(map(len, shown.values())) + len(text) <= READ_BYTES:
                shown[path] = text
        return shown

    def _new_contract(self, work: Work) -> str:
        """What the backend of the wish serves beyond what was declared: its part of the contract, as JSON."""
        declared = json.loads(self.bench.store.get_text(self.state.files[CONTRACT]))
        now = json.loads(self.bench.store.get_text(self._files(work)[CONTRACT]))
        paths = {path: item for path, item in now["paths"].items() if item != declared["paths"].get(path)}
        known = declared["components"]["schemas"]
        schemas = {name: schema for name, schema in now["components"]["schemas"].items() if name not in known}
        return json.dumps({"paths": paths, "schemas": schemas}, ensure_ascii=False)

    # --- measuring ---------------------------------------------------------------------------------------------------

    def _files(self, work: Work) -> dict[str, str]:
        """The project with what was written, tidied, and its contract."""
        written = {path: self.bench.store.put_text(text) for path, text in work.own.items()}
        files = self.trial.tidy({**self.state.files, **written}, written)
        work.own = {path: self.bench.store.get_text(files[path]) for path in work.own}
        return self.trial.declare(files, self.state)

    def _troubles(self, work: Work) -> list[str]:
        """What is worse than before, and what proves nothing."""
        work.after = self.trial.measure(self._files(work), self.state)
        troubles = worse(self.state, work.after)
        if troubles:
            return troubles
        work.tests = new_cases(self.state, work.after)
        return self._vacuous(work) if work.tests else ["There is no test of what was added."]

    def _vacuous(self, work: Work) -> list[str]:
        """New tests that pass without what they test: they prove nothing."""
        assert work.after is not None
        only = {path: work.after.files[path] for path in work.own if is_test(path) and path not in self.state.files}
        tests = [path for path in only if TEST_NAME.match(PurePosixPath(path).name)]
        passing = self.trial.passing({**self.state.files, **only}, tests)
        return [f"{case} passes without the change, too: it proves nothing." for case in work.tests if case in passing]

    # --- taking over, or not -----------------------------------------------------------------------------------------

    def _keep(self, work: Work) -> None:
        assert work.after is not None
        old, new = self.state.files, work.after.files
        changed = [path for path, sha in new.items() if old.get(path) != sha]
        pages = tuple(
            Page(
                slug=f"{work.feature.replace('.', '-')}-{n}",
                path=draft.path,
                sample=draft.sample,
                title=draft.title[:60],
                kind=PageKind.FEATURE,
                public=draft.public,
            )
            for n, draft in enumerate(work.pages, 1)
        )
        built = tuple(path for path in work.own if not is_test(path))
        label = work.wish.text[:120]
        feature = Feature(id=work.feature, label=label, pages=tuple(page.slug for page in pages), api=False)
        self.state = work.after
        self.done = self.done.model_copy(
            update={
                "features": (*self.done.features, feature),
                "pages": (*self.done.pages, *pages),
                "walks": (*self.done.walks, *work.checks),
                "proofs": (*self.done.proofs, Proof(feature=work.feature, files=built, tests=tuple(work.tests))),
            }
        )
        before = {path: old.get(path, "") for path in changed}
        self._add(self._attempted(work, "kept", "", feature=work.feature, before=before))
        self.bench.note(f"{work.wish.id}: written by a model, proved by {len(work.tests)} tests: {work.wish.text[:80]}")

    def _take_back(self, work: Work, why: str) -> None:
        for answer in work.answers:
            for order in answer.orders:
                self.bench.book.reject(order)
        outcome = "taken_back" if work.own else "failed"
        reason = f"What a model wrote was taken back. {why}" if work.own else f"No model could write it. {why}"
        self._add(self._attempted(work, outcome, " ".join(reason.split())[:600]))
        self.bench.note(f"{work.wish.id}: {' '.join(reason.split())[:200]}")

    def _attempted(self, work: Work, outcome: str, reason: str, **more: object) -> Attempt:
        model = work.answers[-1].model if work.answers else ""
        values = {"clause": work.wish.id, "outcome": outcome, "reason": reason, "model": model, "repairs": work.repairs}
        return Attempt.model_validate({**values, **more})

    def _add(self, attempt: Attempt) -> None:
        self.done = self.done.model_copy(update={"attempts": (*self.done.attempts, attempt)})

    def _spent(self, usage: Usage) -> None:
        known = self.done.usage
        total = {name: getattr(known, name) + getattr(usage, name) for name in Usage.model_fields}
        self.done = self.done.model_copy(update={"usage": Usage.model_validate(total)})

    def _plan_now(self) -> Plan:
        return with_written(self.plan, self.done, {})

    def _result(self) -> Improved:
        """All that was kept as one change of the project, with the evidence of its last state."""
        told = papers(self.bench, self.spec, self.plan, self._plan_now(), self.state.files)
        files: Mapping[str, str] = {**self.state.files, **told}
        changed = {path: sha for path, sha in files.items() if self.start.get(path) != sha}
        runs = tuple(found.run for found in self.state.measured.values()) if self.done.features else ()
        return self.done.model_copy(update={"files": changed, "checks": runs})
