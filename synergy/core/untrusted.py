"""Read what untrusted code wrote: links are never followed, and nothing is bigger than it may be."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

from synergy.core.errors import UnsafePath

MAX_FILE = 64 << 20  #: bytes
MAX_TOTAL = 256 << 20  #: bytes of a whole folder
MAX_ENTRIES = 2000


def read_file(root: Path, name: str, limit: int = MAX_FILE) -> bytes | None:
    """The regular file ``name`` below ``root``; None when there is none, UnsafePath when it is a link, a device or too big."""
    handle = _open(root, name, os.O_RDONLY | os.O_NONBLOCK)
    if handle is None:
        return None
    with os.fdopen(handle, "rb") as file:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            raise UnsafePath(f"{name!r} is not a regular file.")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise UnsafePath(f"{name!r} is bigger than {limit >> 20} MB.")
    return data


def read_folder(root: Path, name: str) -> dict[str, bytes]:
    """Every regular file below ``root/name`` by its path relative to ``root``; links and devices are left out."""
    handle = _open(root, name, os.O_RDONLY | os.O_DIRECTORY)
    if handle is None:
        return {}
    found: dict[str, bytes] = {}
    total = 0
    try:
        for folder, _, files, at in os.fwalk(".", dir_fd=handle, follow_symlinks=False):
            for file in sorted(files):
                if not stat.S_ISREG(os.stat(file, dir_fd=at, follow_symlinks=False).st_mode):
                    continue
                path = str(PurePosixPath(name, folder, file))
                found[path] = read_file(root, path) or b""
                total += len(found[path])
                if total > MAX_TOTAL or len(found) > MAX_ENTRIES:
                    raise UnsafePath(f"{name!r} holds more than {MAX_ENTRIES} files or {MAX_TOTAL >> 20} MB.")
    finally:
        os.close(handle)
    return dict(sorted(found.items()))


def remove_file(root: Path, name: str) -> None:
    """Delete the file ``name`` below ``root`` if it is there."""
    path = PurePosixPath(name)
    folder = _open(root, str(path.parent), os.O_RDONLY | os.O_DIRECTORY)
    if folder is None:
        return
    try:
        if not stat.S_ISDIR(os.stat(path.name, dir_fd=folder, follow_symlinks=False).st_mode):
            os.unlink(path.name, dir_fd=folder)
    except FileNotFoundError:
        pass
    finally:
        os.close(folder)


def _open(root: Path, name: str, flags: int) -> int | None:
    """Open ``name`` below ``root`` one folder at a time, so that no part of the way can be a link."""
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    parts = PurePosixPath(name).parts
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        wanted = flags if last else os.O_RDONLY | os.O_DIRECTORY
        try:
            following = os.open(part, wanted | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=current)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnsafePath(f"{name!r} cannot be read: {error.strerror}.") from error
        finally:
            os.close(current)
        current = following
    return current
