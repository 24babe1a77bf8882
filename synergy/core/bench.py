"""The bench: what a step may touch. A folder of its own, the artifact store, a way to stop."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from synergy.core.artifacts import ArtifactStore, digest
from synergy.core.errors import Cancelled, Declined, UnsafePath
from synergy.core.spending import Book, Notebook, Order, Paid
from synergy.core.types import ChangeSet, Resolution, UiSpec

MAX_PATH = 240  #: characters of a relative path
MAX_FILES = 5000
EDITS = "edits"  #: ``ChangeSet.agent`` of what a person changed in the generated project
MODEL = "model"  #: ``ChangeSet.agent`` of what a model wrote into it
RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}


def safe_path(path: str) -> PurePosixPath:
    """``path`` as a relative path that stays in its folder on every platform; UnsafePath otherwise."""
    parts = path.split("/")
    bad = (
        not path
        or len(path) > MAX_PATH
        or "\\" in path
        or ":" in path
        or any(ord(c) < 32 or ord(c) == 127 for c in path)
        or any(part in ("", ".", "..") or part.endswith((" ", ".")) or part.startswith(" ") for part in parts)
        or any(part.split(".")[0].lower() in RESERVED for part in parts)
        or parts[0] in (".git", ".ssh")
    )
    if bad:
        raise UnsafePath(f"The file name {path[:80]!r} is not allowed.")
    return PurePosixPath(path)


@dataclass(frozen=True)
class Bench:
    """``root/project`` holds the generated files, the rest of ``root`` is the step's to use and may vanish."""

    root: Path
    store: ArtifactStore
    stopped: Callable[[], bool] = lambda: False
    note: Callable[[str], None] = lambda line: None  #: one line of progress for the person who waits
    project_key: str = ""  #: what outlives a run (visual baselines) is kept under this key
    book: Book = field(default_factory=Notebook)

    @property
    def project(self) -> Path:
        return self.root / "project"

    def check_stop(self) -> None:
        """Raise Cancelled when the run was cancelled."""
        if self.stopped():
            raise Cancelled()

    def pay_once(self, order: Order, call: Callable[[str], Paid]) -> Paid:
        """What ``order`` was answered: from the book when it was paid for before, else what ``call(order.key)`` gives.

        The most it can cost is set aside before the call and the answer is kept before it is returned, so an attempt after this
        one does not pay again. A worker that dies between the provider's answer and the book has paid for nothing: what was set
        aside stays so, and the key is the same then too, for providers that know idempotency keys.

        Raises OverBudget when a limit is in the way, and what ``call`` raises; after ``Declined`` the money is free again.
        """
        self.check_stop()
        known = self.book.reserve(order)
        if known is not None:
            return known
        try:
            paid = call(order.key)
        except Declined:
            self.book.release(order)
            raise
        return self.book.settle(order, paid)

    def apply(self, changes: Iterable[ChangeSet | None]) -> None:
        """Write the change sets into ``project``, in order. Files that already have the right bytes are left alone."""
        for change in changes:
            if change is None:
                continue
            if len(change.files) > MAX_FILES:
                raise UnsafePath(f"{len(change.files)} files are more than the {MAX_FILES} a change may hold.")
            for name in change.removed:
                self._target(name).unlink(missing_ok=True)
            for name, sha in change.files.items():
                self._write(self._target(name), sha, name in change.executable)

    def _target(self, name: str) -> Path:
        """Where ``name`` goes; refuses to pass through a symbolic link."""
        current = self.project
        for part in safe_path(name).parts:
            current = current / part
            if current.is_symlink():
                raise UnsafePath(f"{name!r} leads through a symbolic link.")
        return current

    def _write(self, target: Path, sha: str, executable: bool) -> None:
        if not (target.is_file() and digest(target.read_bytes()) == sha):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
            with os.fdopen(handle, "wb") as file:
                file.write(self.store.get(sha))
        if executable:
            target.chmod(target.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def layers(changes: Iterable[ChangeSet], ui: UiSpec | None = None, resolution: Resolution | None = None) -> tuple[ChangeSet, ...]:
    """All change sets in the order in which they are applied: agents, components, a person's edits, a model's, mediation."""
    given = tuple(changes)
    settled = resolution.changes if resolution else None
    return (
        *(change for change in given if change.agent not in (EDITS, MODEL)),
        *([ui.changes] if ui else []),
        *(change for change in given if change.agent == EDITS),
        *(change for change in given if change.agent == MODEL),
        *([settled] if settled else []),
    )


def merged(changes: Iterable[ChangeSet | None]) -> dict[str, str]:
    """path → SHA-256 after all changes were applied, sorted by path."""
    files: dict[str, str] = {}
    for change in changes:
        if change is not None:
            for name in change.removed:
                files.pop(name, None)
            files.update(change.files)
    return dict(sorted(files.items()))


def tree_hash(files: dict[str, str], prefix: str = "") -> str:
    """One hash over the names and contents of all files below ``prefix``: equal hash = equal tree."""
    return digest("\n".join(f"{sha} {name}" for name, sha in sorted(files.items()) if name.startswith(prefix)).encode())
