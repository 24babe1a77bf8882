"""The evidence of a run as files: what every step found, every log, report and picture a gate's value comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import layers, merged
from synergy.core.revisions import Base
from synergy.core.secrets import REDACTED, find_secrets, redact
from synergy.core.stacks import StackSpec
from synergy.core.types import (
    ChangeSet,
    CommandRun,
    EditNote,
    Message,
    Plan,
    PlanChange,
    Resolution,
    Shot,
    StackChoice,
    TestReport,
    UiSpec,
    Value,
    Verdict,
    VisualReport,
    Walked,
)
from synergy.workflow.parcel import as_json

PICTURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, kw_only=True)
class Censor:
    """``banned`` strings are always blacked out, ``allowed`` ones never."""

    banned: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def text(self, text: str) -> str:
        for word in self.banned:
            text = text.replace(word, REDACTED)
        return redact(text, self.allowed)

    def data(self, data: bytes) -> bytes:
        """The same for bytes. Latin-1 keeps every byte of whatever encoding the text is in."""
        return data if data.startswith(PICTURE) else self.text(data.decode("latin-1")).encode("latin-1")


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything a run has to show."""

    run: str  #: id
    message: Message
    stack: StackChoice
    plan: Plan
    changes: tuple[ChangeSet, ...]
    ui: UiSpec
    visuals: VisualReport
    resolution: Resolution
    tests: TestReport
    verdict: Verdict
    base: Base | None = None  #: the delivery that the run changes

    @property
    def changes_made(self) -> tuple[PlanChange, ...]:
        """What the run changes of its project; () for a new one."""
        return self.plan.history[-1].changes if self.base is not None and self.plan.history else ()

    @property
    def censor(self) -> Censor:
        """Blacks out what looks like a secret, and whatever the message gave away, wherever it was copied to."""
        text = self.message.text
        given = {text[secret.start : secret.end] for secret in find_secrets(text)}
        return Censor(banned=tuple(sorted(given, key=len, reverse=True)), allowed=(self.plan.demo_password,))

    @property
    def walked(self) -> tuple[Walked, ...]:
        """What the browser checks came to: after mediation, as they are now."""
        return self.resolution.walked_now(self.visuals)

    @property
    def layers(self) -> tuple[ChangeSet, ...]:
        return layers(self.changes, self.ui, self.resolution)

    @property
    def files(self) -> dict[str, str]:
        """The project: path → artifact hash."""
        return merged(self.layers)


def project_files(case: Case, store: ArtifactStore) -> tuple[dict[str, bytes], list[str]]:
    """(``project/…`` → bytes, paths in which a secret was blacked out)."""
    censor, files, blacked_out = case.censor, {}, []
    for path, sha in case.files.items():
        data = store.get(sha)
        files[f"project/{path}"] = censor.data(data)
        if files[f"project/{path}"] != data:
            blacked_out.append(path)
    return files, blacked_out


def programs(changes: Iterable[ChangeSet]) -> set[str]:
    """Paths with the x bit after all changes: the last one that writes a file decides, unless it writes the same bytes."""
    found: set[str] = set()
    seen: dict[str, str] = {}
    for change in changes:
        found -= {path for path, sha in change.files.items() if seen.get(path) != sha} | set(change.removed)
        found |= set(change.executable) & change.files.keys()
        seen |= change.files
    return found


def evidence_files(case: Case, store: ArtifactStore, spec: StackSpec) -> dict[str, bytes]:
    """``evidence/…`` → bytes. Secret-like strings are blacked out in all texts."""
    files = dict(_documents(case))
    if case.resolution.report:
        files["contracts.json"] = store.get(case.resolution.report)
    failures = ((f"walks/{slug(w.check)}.png", w.shot) for w in case.walked if w.shot)
    for name, sha in (*_commands(case, spec), *_pictures(case.visuals.shots), *failures):
        files.setdefault(name, store.get(sha))
    for name, sha in _edits(case.verdict.edits):
        files[name] = store.get(sha)
    censor = case.censor
    return {f"evidence/{name}": censor.data(data) for name, data in files.items()}


def _documents(case: Case) -> Iterator[tuple[str, bytes]]:
    """The results of the steps, as the ledger holds them."""
    steps: dict[str, Value] = {
        "stack": case.stack,
        "plan": case.plan,
        "ui": case.ui,
        "visuals": case.visuals,
        "resolution": case.resolution,
        "tests": case.tests,
        "verdict": case.verdict,
    }
    for name, value in steps.items():
        yield f"{name}.json", as_json(_plain(value))
    yield "changes.json", as_json([_plain(change) for change in case.changes])
    yield "requirements.json", as_json([_plain(clause) for clause in case.verdict.clauses])
    yield "findings.json", as_json([_plain(f) for f in case.resolution.findings_now(case.visuals)])
    yield "walks.json", as_json(_walks(case))
    if case.base is not None:
        made = {"changes_run": case.base.run, "messages": [*case.base.messages, case.message.text]}
        yield "change.json", as_json({**made, "difference": [_plain(c) for c in case.changes_made]})
        yield "edits.json", as_json([_plain(note) for note in case.verdict.edits])
    spent = {"stack": _plain(case.stack.usage), **{change.agent: _plain(change.usage) for change in case.layers}}
    yield "cost.json", as_json({"total_usd": case.verdict.cost_usd, "by_agent": spent})


def _walks(case: Case) -> list[dict[str, Any]]:
    """Every browser check: what was to be done by whom, and what it came to (None = it was not carried out)."""
    done = {w.check: {"passed": w.passed, "seconds": w.seconds, "message": w.message} for w in case.walked}
    return [{**_plain(check), "outcome": done.get(check.id)} for check in case.ui.walks]


def _edits(notes: Iterable[EditNote]) -> Iterator[tuple[str, str]]:
    """(file, artifact hash) of both versions of every file on which a person and the change did not agree."""
    for note in notes:
        if note.outcome in ("conflict", "dropped", "restored"):
            yield from (
                (f"edits/{note.path}.{side}.txt", sha)
                for side, sha in (("yours", note.mine), ("generated", note.generated))
                if sha
            )


def _commands(case: Case, spec: StackSpec) -> Iterator[tuple[str, str]]:
    """(file, artifact hash) of the logs and reports of every command that was run."""
    for run in case.tests.checks:
        folder = f"tests/{slug(run.name)}"
        yield from _log(run, f"{folder}/log.txt")
        outputs = spec.commands[run.name].outputs if run.name in spec.commands else {}
        for name, sha in run.outputs.items():
            path = outputs.get(name, name)
            if not path.endswith("/"):  # a folder is kept as a listing of artifacts: it proves nothing by itself
                yield f"{folder}/{slug(name)}{_suffix(path)}", sha
    by_step = [(change.agent, change.checks) for change in case.layers] + [("visuals", case.visuals.checks)]
    for step, runs in by_step:
        for run in runs:
            yield from _log(run, f"logs/{slug(step)}-{slug(run.name)}.txt")


def _log(run: CommandRun, name: str) -> Iterator[tuple[str, str]]:
    if run.output:
        yield name, run.output


def _pictures(shots: tuple[Shot, ...]) -> Iterator[tuple[str, str]]:
    """(file, artifact hash) of every picture, and of the baseline and difference where there are any."""
    for shot in shots:
        name = f"screens/{slug(shot.page)}-{shot.width}" + ("-dark" if shot.theme == "dark" else "")
        yield f"{name}.png", shot.image
        if shot.baseline and shot.baseline != shot.image:
            yield f"{name}-baseline.png", shot.baseline
        if shot.diff:
            yield f"{name}-diff.png", shot.diff


def _plain(value: Value) -> Any:
    return value.model_dump(mode="json")


def _suffix(path: str) -> str:
    match = re.search(r"\.[a-z]{2,5}$", path)
    return match.group() if match else ".txt"


def slug(text: str) -> str:
    """``text`` as a part of a file name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "x"
