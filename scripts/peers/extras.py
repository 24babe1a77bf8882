"""The peers' packages, in an environment of their own so that they cannot disturb Synergy's."""

from __future__ import annotations

import sys
from pathlib import Path

from progress import Failed, say, step

from synergy.core import tools

LOCK = Path(__file__).resolve().parents[2] / "requirements" / "bench.txt"


def extras(place: Path) -> Path | None:
    """The interpreter of an environment in ``place`` that has what the lock names; None when it could not be installed."""
    python, stamp, log = place / "venv" / "bin" / "python", place / "venv" / "lock", place / "install.log"
    if stamp.exists() and stamp.read_text() == LOCK.read_text():
        return python
    uv = tools.uv().path
    try:
        step("Environment for the peers", [uv, "venv", "--clear", "--python", sys.executable, place / "venv"], log=log, limit=60)
        sync = [uv, "pip", "sync", "--require-hashes", "--python", python, LOCK]
        step("Packages of the peers", sync, log=log, limit=900, optional=True)
    except Failed as failed:
        say(f"{failed} failed. The whole output: {log}\n{failed.tail}")
        return None
    stamp.write_text(LOCK.read_text())
    return python
