"""One wish while a model works on it: what is asked, what is shown, and how the answer is laid on the project."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field

from inference.llm.ask import Answer, ask
from synergy.core.bench import Bench
from synergy.core.stacks import StackSpec
from synergy.core.types import BrowserCheck, Clause, Plan
from uiagents.improving.patches import BadPatch, checks_of, misplaced, patched
from uiagents.improving.questions import BACKEND, READ_BYTES, REPAIR, Order, PageDraft, Patch, UiPatch, write
from uiagents.improving.trial import State, Trial
from uiagents.sides import CONTRACT


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
        """The id of the feature that it becomes; "" when it only mends what is there."""
        return f"asked.{self.wish.id.lower()}" if self.wish.id else ""

    @property
    def needs_checks(self) -> bool:
        return bool(self.feature) and not self.checks


class Writer:
    """Has a model write on top of ``state``, the best that there is so far. ``locked``: files of a person, which stay."""

    def __init__(self, bench: Bench, spec: StackSpec, plan: Plan, trial: Trial, state: State, locked: Collection[str]) -> None:
        self.bench, self.spec, self.plan, self.trial, self.state, self.locked = bench, spec, plan, trial, state, locked

    def write(self, work: Work, activity: str, **more: str) -> None:
        """Ask for one part and lay it on what is there. NoAnswer when no model gives one that fits."""
        if activity != BACKEND and work.order.backend:
            more["contract"] = self._new_contract(work)
        kind = Patch if activity == BACKEND else UiPatch
        shown = self._shown(work, activity)
        question = write(activity, self.spec, self.plan, work.wish, shown, kind, lambda p: self._wrong(work, activity, p), **more)
        answer = ask(self.bench, question)
        work.answers.append(answer)
        work.own |= self._laid(work, activity, answer.value)
        if isinstance(answer.value, UiPatch):
            work.pages = answer.value.pages or work.pages
            if answer.value.checks or work.needs_checks:
                work.checks = checks_of(work.feature, answer.value)

    def _wrong(self, work: Work, activity: str, patch: Patch) -> str:
        """What is wrong with an answer; "" = it can be laid on the project."""
        try:
            if not (patch.new or patch.edits):
                raise BadPatch("Nothing was written.")
            self._laid(work, activity, patch)
            if isinstance(patch, UiPatch):
                if patch.checks or work.needs_checks:
                    checks_of(work.feature, patch)
                return " ".join(misplaced(patch.pages, {page.path for page in self.plan.pages}))
        except BadPatch as error:
            return error.message
        return ""

    def _laid(self, work: Work, activity: str, patch: Patch) -> dict[str, str]:
        parts = [self.spec.writing[activity]] if activity != REPAIR else list(self.spec.writing.values())
        both = {"roots": tuple(r for p in parts for r in p.roots), "open": tuple(o for p in parts for o in p.open)}
        written = patched(patch, parts[0].model_copy(update=both), self._text, work.own)
        yours = sorted(set(written) & set(self.locked))
        if yours:
            raise BadPatch(f"{yours[0]!r} was written by a person and stays as it is.")
        return written

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
        now = json.loads(self.bench.store.get_text(self.files(work)[CONTRACT]))
        paths = {path: item for path, item in now["paths"].items() if item != declared["paths"].get(path)}
        known = declared["components"]["schemas"]
        schemas = {name: schema for name, schema in now["components"]["schemas"].items() if name not in known}
        return json.dumps({"paths": paths, "schemas": schemas}, ensure_ascii=False)

    def files(self, work: Work) -> dict[str, str]:
        """The project with what was written, tidied, and its contract."""
        written = {path: self.bench.store.put_text(text) for path, text in work.own.items()}
        files = self.trial.tidy({**self.state.files, **written}, written)
        work.own = {path: self.bench.store.get_text(files[path]) for path in work.own}
        return self.trial.declare(files, self.state)
