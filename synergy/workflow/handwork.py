"""A project that a person edited, as a folder or a zip: which files are theirs. Nothing of it is run, and nothing is written."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import EDITS, MAX_FILES, safe_path
from synergy.core.errors import BadInput
from synergy.core.types import ChangeSet
from synergy.workflow.verifier import MANIFEST

FILE_BYTES = 2_000_000  #: of one file
ALL_BYTES = 100_000_000  #: of all files together
ENTRIES = 50_000  #: of a zip, with all that is not read
#: Made by installing, building and running a project, or private to a machine: never part of it.
MADE = {
    ".git", ".venv", "venv", ".reports", "node_modules", "dist", "coverage", "htmlcov", "__pycache__", ".pytest_cache",
    ".ruff_cache", ".mypy_cache", ".vite", ".cache", ".idea", ".vscode", ".DS_Store", ".env",
}  # fmt: skip
MADE_ENDS = (".pyc", ".db", ".sqlite", ".sqlite3", ".db-wal", ".db-shm", ".log", ".tsbuildinfo", ".swp", "~")
WHOLE = 0.5  #: share of the delivered files from which on missing ones count as deleted


@dataclass(frozen=True)
class Found:
    """The files of an edited project: path → artifact hash."""

    files: Mapping[str, str]
    executable: frozenset[str]


def collect(place: Path, store: ArtifactStore) -> Found:
    """The files of the folder or zip at ``place`` but what is made by running them.

    The folder of a whole delivery stands for the project in it. Raises BadInput when it cannot be an edited project, UnsafePath
    for a name that leads out of it.
    """
    if place.is_dir():
        inside = place / "project" if (place / MANIFEST).is_file() and (place / "project").is_dir() else place
        return _kept(_in_folder(inside), store, str(place))
    if not place.is_file():
        raise BadInput(f"{place} is no folder and no zip.", hint="Name the folder of the edited project.")
    with place.open("rb") as handle:
        return from_zip(handle, store, str(place))


def from_zip(handle: IO[bytes], store: ArtifactStore, name: str = "The upload") -> Found:
    """The same for an open zip."""
    try:
        with zipfile.ZipFile(handle) as archive:
            return _kept(_in_zip(archive, name), store, name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # broken, packed in an odd way, or with a password
        raise BadInput(f"{name} is no zip that can be read.", hint="Send the edited project as a plain zip.") from error


@dataclass(frozen=True)
class _File:
    path: str
    size: int
    executable: bool
    read: Callable[[], bytes]


def _in_folder(folder: Path) -> Iterator[_File]:
    for current, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in MADE)
        for name in sorted(names):
            file = Path(current) / name
            if not file.is_symlink() and file.is_file():
                path = file.relative_to(folder).as_posix()
                yield _File(path, file.stat().st_size, os.access(file, os.X_OK), file.read_bytes)


def _in_zip(archive: zipfile.ZipFile, name: str) -> Iterator[_File]:
    entries = archive.infolist()
    if len(entries) > ENTRIES:
        raise BadInput(
            f"{name} holds {len(entries):,} entries; at most {ENTRIES:,} are read.", hint="Leave out node_modules and .venv."
        )
    files = [e for e in entries if not e.is_dir() and not stat.S_ISLNK(e.external_attr >> 16)]
    root = _root([e.filename for e in files])
    for entry in files:
        if entry.filename.startswith(root):
            executable = bool(entry.external_attr >> 16 & stat.S_IXUSR)
            yield _File(entry.filename[len(root) :], entry.file_size, executable, _reader(archive, entry))


def _reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        with archive.open(entry) as handle:
            return handle.read(FILE_BYTES + 1)

    return read


def _root(names: list[str]) -> str:
    """The folder of the project within a zip: ``project/`` of a delivery, or the one folder that holds everything."""
    delivery = next((n.removesuffix(MANIFEST) for n in names if PurePosixPath(n).name == MANIFEST and n.count("/") < 2), None)
    if delivery is not None and any(n.startswith(f"{delivery}project/") for n in names):
        return f"{delivery}project/"
    tops = {n.partition("/")[0] for n in names}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in n for n in names) and not {"backend", "frontend"} & tops else ""


def _kept(files: Iterator[_File], store: ArtifactStore, name: str) -> Found:
    found: dict[str, str] = {}
    executable: set[str] = set()
    total = 0
    for file in files:
        parts = PurePosixPath(file.path).parts
        if MADE & set(parts) or file.path.endswith(MADE_ENDS):
            continue
        path = str(safe_path(file.path))
        data = file.read() if file.size <= FILE_BYTES else b""
        total += len(data)
        if file.size > FILE_BYTES or len(data) > FILE_BYTES or total > ALL_BYTES or len(found) >= MAX_FILES:
            raise BadInput(
                f"{name} holds too much to be an edited project: {path}.",
                hint=f"At most {MAX_FILES:,} files of {FILE_BYTES // 1_000_000} MB each are read.",
            )
        found[path] = store.put(data)
        if file.executable:
            executable.add(path)
    return Found(found, frozenset(executable))


def as_edits(found: Found) -> ChangeSet:
    """All that was found, to be laid over a project that is generated anew."""
    return ChangeSet(agent=EDITS, files=dict(found.files), executable=tuple(sorted(found.executable)))


def since(
    found: Found, delivered: Mapping[str, str], generated: Mapping[str, str], before: ChangeSet | None
) -> tuple[ChangeSet | None, tuple[str, ...]]:
    """(all edits that are to survive, the paths that were edited since the delivery).

    ``delivered``: path → SHA-256 as it was handed over; ``generated``: the same without edits; ``before``: edits that were in it.
    What is missing in a copy of the whole project was deleted; in a folder with a few files only it was not.
    """
    own = {path: sha for path, sha in found.files.items() if delivered.get(path) != sha}
    there = sum(path in found.files for path in delivered)
    gone = [path for path in delivered if path not in found.files] if there >= WHOLE * len(delivered) else []
    old = before or ChangeSet(agent=EDITS, files={})
    files = {path: sha for path, sha in {**old.files, **own}.items() if path not in gone and generated.get(path) != sha}
    removed = tuple(sorted({path for path in (*old.removed, *gone) if path in generated and path not in own}))
    executable = tuple(sorted(path for path in {*old.executable, *found.executable} if path in files))
    edits = old.model_copy(update={"files": files, "removed": removed, "executable": executable})
    return (edits if files or removed else None), tuple(sorted((*own, *gone)))


def hashes(manifest: bytes) -> dict[str, str]:
    """path → SHA-256 of the project's files, out of the manifest of a delivery."""
    listed = json.loads(manifest)["files"]
    return {name.removeprefix("project/"): entry["sha256"] for name, entry in listed.items() if name.startswith("project/")}
