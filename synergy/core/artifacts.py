"""The content-addressed store: bytes under their SHA-256, written once, never changed."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from synergy.core.errors import PermanentError, ServiceDown


def digest(data: bytes) -> str:
    """SHA-256 of ``data`` in hex."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class ArtifactStore:
    """Artifacts as files: ``root/ab/cdef…``. Writing is atomic, so a killed writer leaves no half file."""

    root: Path

    def path(self, sha: str) -> Path:
        if len(sha) != 64 or not set(sha) <= set("0123456789abcdef"):
            raise PermanentError(f"{sha!r} is not the address of an artifact.")
        return self.root / sha[:2] / sha[2:]

    def put(self, data: bytes) -> str:
        """Store ``data`` and return its address. Storing the same bytes twice writes once."""
        sha = digest(data)
        target = self.path(sha)
        if target.exists():
            return sha
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                os.replace(name, target)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            hint = f"Check the disk under {self.root}."
            raise ServiceDown(f"An artifact could not be written: {error.strerror}.", hint=hint) from error
        return sha

    def sweep(self, older_than: float) -> int:
        """Remove what killed writers left half, untouched for ``older_than`` seconds; how many files there were."""
        found = [file for file in self.root.glob("??/.new-*") if time.time() - file.stat().st_mtime >= older_than]
        for file in found:
            file.unlink(missing_ok=True)
        return len(found)

    def get(self, sha: str) -> bytes:
        """The bytes at ``sha``; PermanentError when they are gone or were changed on disk."""
        try:
            data = self.path(sha).read_bytes()
        except FileNotFoundError as error:
            raise PermanentError(f"Artifact {sha} is missing from the store.") from error
        if digest(data) != sha:
            raise PermanentError(f"Artifact {sha} was changed on disk.")
        return data

    def put_text(self, text: str) -> str:
        return self.put(text.encode())

    def get_text(self, sha: str) -> str:
        return self.get(sha).decode()
