"""The ``improve`` step: wishes that the blueprint leaves open, written by a model one by one, kept where nothing got worse."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

from inference.llm.ask import NoAnswer, help_with
from inference.llm.base import provider
from synergy.core.bench import EDITS, MODEL, Bench, layers, merged
from synergy.core.revisions import Base
from synergy.core.stacks import StackSpec, stack
from synergy.core.testreports.coverage import TEST_NAME
from synergy.core.types import ChangeSet, Clause, ClauseStatus, Feature, Page, PageKind, Plan, Proof, UiSpec, Usage
from synergy.core.written import Attempt, Improved, with_written
from uiagents.improving.carrying import relaid
from uiagents.improving.paper import papers
from uiagents.improving.patches import is_test
from uiagents.improving.questions import BACKEND, MOST_READ, REPAIR, UI, Order, which
from uiagents.improving.trial import State, Trial, broken, new_cases, signature, worse
from uiagents.improving.writing import Work, Writer

MOST_WISHES = 5  #: that are tried in a run
REPAIRS = 2  #: rounds for one wish
SECONDS = 300.0  #: after which nothing new is begun: the whole run has 12 minutes
TOLD = 300  #: characters of a trouble in the reason
MENDING = Clause(id="", text="Make the tests and checks of the project pass that fail now.", status=ClauseStatus.ASSUMED)


def improve(bench: Bench, plan: Plan, changes: tuple[ChangeSet, ...], ui: UiSpec, base: Base | None = None) -> Improved:
    """What a model adds to the project, checked by the project's own tests; nothing without a model, or when nothing is open.

    When a project is changed (``base``), what a model wrote before is taken over first, with a model or without. Then what fails
    already is mended, then the wishes are served.

    Raises BudgetSpent, Cancelled, SandboxError.
    """
    spec = stack(plan.stack)
    written = base.written if base else None
    helped = bool(spec.writing) and provider() is not None
    if not spec.writing or not (helped or written):
        return Improved(agent=MODEL, files={})
    applied = layers(changes, ui)
    wishes = plan.open_clauses if helped else ()
    if not (wishes or written) and all(run.returncode == 0 for change in applied for run in change.checks):
        return Improved(agent=MODEL, files={})
    return Improver(bench, spec, plan, applied).improved(wishes, written, mending=helped)


class Improver:
    """Takes over what a wish adds when it is proved; else the project stays as it was."""

    def __init__(self, bench: Bench, spec: StackSpec, plan: Plan, applied: Sequence[ChangeSet]) -> None:
        self.bench, self.plan = bench, plan
        self.trial = Trial(bench, spec)
        self.start = merged(applied)
        state = self.trial.first(self.start, [run for change in applied for run in change.checks])
        locked = {path for change in applied if change.agent == EDITS for path in change.files}
        self.writer = Writer(bench, spec, plan, self.trial, state, locked)
        self.done = Improved(agent=MODEL, files={})
        self.end = time.monotonic() + SECONDS

    @property
    def state(self) -> State:
        """The best so far."""
        return self.writer.state

    def improved(self, wishes: Sequence[Clause], written: Improved | None = None, *, mending: bool = True) -> Improved:
        """``wishes`` served one by one, after what was ``written`` in the run before."""
        if written is not None:
            self._carry(written)
        if mending and broken(self.state):
            self._mend()
        served = {attempt.clause for attempt in self.done.attempts if attempt.outcome == "kept"}
        orders = self._orders([wish for wish in wishes if wish.id not in served])
        for wish in [wish for wish in wishes if wish.id in orders][:MOST_WISHES]:
            self._serve(wish, orders[wish.id])
        return self._result()

    def _orders(self, wishes: Sequence[Clause]) -> dict[str, Order]:
        if not wishes:
            return {}
        answer = help_with(self.bench, which(self.writer.spec, self.plan, wishes, self.state.files))
        if answer is None:
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
        before = self._changed_by(after)
        self.writer.state = after
        first, *others = written.attempts
        attempts = (first.model_copy(update={"before": before}), *(a.model_copy(update={"before": {}}) for a in others))
        kept = ("features", "pages", "walks", "proofs")
        self.done = self.done.model_copy(update={"attempts": attempts} | {name: getattr(written, name) for name in kept})

    # --- one piece of work ---------------------------------------------------------------------------------------------

    def _serve(self, wish: Clause, order: Order) -> None:
        if not order.can:
            self._add(Attempt(clause=wish.id, outcome="declined", reason=f"A model says: {order.reason[:TOLD]}"))
        elif time.monotonic() > self.end:
            self._add(Attempt(clause=wish.id, outcome="failed", reason="There was no time left to try it."))
        else:
            parts = (BACKEND, UI) if order.backend else (UI,)
            self._work(Work(wish, order), lambda work: self._write_all(work, parts), self._troubles)

    def _mend(self) -> None:
        """Have what fails already repaired: less must fail than before, and nothing else."""
        found = broken(self.state)
        named = [path for path in self.state.files if any(path in line for line in found) and not path.endswith(".json")]
        order = Order(clause="", can=True, reason="", backend=False, read=tuple(named[:MOST_READ]))

        def left(work: Work) -> list[str]:
            work.after = self.trial.measure(self.writer.files(work), self.state)
            still = broken(work.after)
            return worse(self.state, work.after) or (still if len(still) >= len(found) else [])

        self.bench.note(f"{len(found)} tests or checks fail; a model is asked to mend them")
        self._work(Work(MENDING, order), lambda work: self.writer.write(work, REPAIR, trouble="\n\n".join(found)), left)

    def _write_all(self, work: Work, parts: Sequence[str]) -> None:
        for part in parts:
            self.writer.write(work, part)

    def _work(self, work: Work, begin: Callable[[Work], None], troubles_of: Callable[[Work], list[str]]) -> None:
        """Write it, measure it, repair it while that helps; then keep it, or take it back with the reason."""
        try:
            begin(work)
            why = self._proved(work, troubles_of)
        except NoAnswer as error:
            why = error.message
        for answer in work.answers:
            self._spent(answer.usage)
        if why:
            self._take_back(work, why)
        else:
            self._keep(work)

    def _proved(self, work: Work, troubles_of: Callable[[Work], list[str]]) -> str:
        """Measure and repair until nothing is worse; why that was given up, or "" when it is proved."""
        seen: set[str] = set()
        while troubles := troubles_of(work):
            told = f"{troubles[0][:TOLD]}{f' (and {len(troubles) - 1} more)' if len(troubles) > 1 else ''}"
            sign = signature(troubles)
            if sign in seen:
                return f"The same failed after a repair: {told}"
            if work.repairs == REPAIRS or time.monotonic() > self.end or self.bench.book.purse().degraded:
                return f"It made the project worse: {told}"
            seen.add(sign)
            work.repairs += 1
            self.bench.note(f"{work.wish.id}: repair {work.repairs}: {troubles[0].splitlines()[0][:120]}")
            self.writer.write(work, REPAIR, trouble="\n\n".join(troubles))
        return ""

    def _troubles(self, work: Work) -> list[str]:
        """What is worse than before, and what proves nothing."""
        work.after = self.trial.measure(self.writer.files(work), self.state)
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
        before = self._changed_by(work.after)
        self.writer.state = work.after
        if work.feature:
            self._claim(work)
        self._add(self._attempted(work, "kept", "", feature=work.feature, before=before))
        self.bench.note(f"{work.wish.id}: written by a model, proved by {len(work.tests)} tests: {work.wish.text[:80]}")
        self.writer.plan = with_written(self.plan, self.done, {})

    def _claim(self, work: Work) -> None:
        """Say what was built: the feature, its pages, its checks, and what proves it."""
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
        slugs = tuple(page.slug for page in pages)
        added = {
            "features": Feature(id=work.feature, label=work.wish.text[:120], pages=slugs, api=False),
            "proofs": Proof(feature=work.feature, files=built, tests=tuple(work.tests)),
        }
        update = {name: (*getattr(self.done, name), value) for name, value in added.items()}
        update |= {"pages": (*self.done.pages, *pages), "walks": (*self.done.walks, *work.checks)}
        self.done = self.done.model_copy(update=update)

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

    def _changed_by(self, after: State) -> dict[str, str]:
        """How the files were that are otherwise in ``after``: path → SHA-256, "" = not there."""
        old = self.state.files
        return {path: old.get(path, "") for path, sha in after.files.items() if old.get(path) != sha}

    def _add(self, attempt: Attempt) -> None:
        self.done = self.done.model_copy(update={"attempts": (*self.done.attempts, attempt)})

    def _spent(self, usage: Usage) -> None:
        self.done = self.done.model_copy(update={"usage": self.done.usage + usage})

    def _result(self) -> Improved:
        """All that was kept as one change of the project, with the evidence of its last state."""
        now = with_written(self.plan, self.done, {})
        told = papers(self.bench, self.writer.spec, self.plan, now, self.state.files)
        files: Mapping[str, str] = {**self.state.files, **told}
        changed = {path: sha for path, sha in files.items() if self.start.get(path) != sha}
        runs = tuple(found.run for found in self.state.measured.values()) if changed else ()
        return self.done.model_copy(update={"files": changed, "checks": runs})
