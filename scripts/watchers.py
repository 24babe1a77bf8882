"""``make watchers``: Prometheus, promtool, Alertmanager and amtool, where the system has none. Nothing is installed or started.

Debian's packages are downloaded with apt, which checks their signatures, and unpacked into the cache. This needs no root. Where
apt knows no packages yet, it gets its lists into a folder of ours. Code 1 when they could not be got; ``--quiet``: no advice, and
one try a day.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import progress
from progress import Failed

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")

from django.conf import settings  # noqa: E402  # the repository must be on the path first

from synergy.core import tools  # noqa: E402

PACKAGES = ("prometheus", "prometheus-alertmanager")
LOG = settings.LOGS_DIR / "setup.log"
#: One quick try: without a network nobody shall wait. As root apt would work as a user who may not write into our folders.
APT = ("apt-get", "-q", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=8", "-o", "APT::Sandbox::User=root")
PAUSE = 24 * 3600.0  #: seconds until ``--quiet`` tries again what failed


def missing() -> list[tools.ToolMissing]:
    """What is not here."""
    found = []
    for name in tools.WATCHERS:
        try:
            tools.watcher(name)
        except tools.ToolMissing as error:
            found.append(error)
    return found


def get(folder: Path) -> None:
    """Fill ``folder``. Raises Failed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="watchers-", dir=folder.parent) as name:
        here = Path(name)
        download(here)
        for package in here.glob("*.deb"):
            progress.step(f"Unpacking {package.name.partition('_')[0]}", ["dpkg", "-x", package, here / "new"], log=LOG, limit=60)
        shutil.rmtree(folder, ignore_errors=True)
        (here / "new").rename(folder)


def download(folder: Path) -> None:
    """The packages, into ``folder``. Raises Failed."""
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True)
    own = ("-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={folder}", "-o", "Debug::NoLocking=true")
    try:
        fetch("Prometheus and Alertmanager from Debian", (*APT, "download", *PACKAGES), folder, optional=True)
    except Failed:
        progress.step("List of the system's packages", (*APT, *own, "update"), log=LOG, limit=120)
        fetch("Prometheus and Alertmanager from Debian", (*APT, *own, "download", *PACKAGES), folder)


def fetch(title: str, argv: Sequence[str], folder: Path, *, optional: bool = False) -> None:
    """``apt-get download`` puts what it gets into the folder it is run in."""
    progress.step(title, ("env", "-C", folder, *argv), log=LOG, limit=120, optional=optional)


def main() -> int:
    quiet = "--quiet" in sys.argv
    if not missing():
        return 0
    mark = settings.CACHE_DIR / "watchers.failed"
    if quiet and mark.exists() and time.time() - mark.stat().st_mtime < PAUSE:
        return 0
    try:
        if not (shutil.which("apt-get") and shutil.which("dpkg")):
            raise Failed("apt", "This is no Debian.")
        get(settings.CACHE_DIR / "watchers")
        mark.unlink(missing_ok=True)
    except (Failed, OSError) as error:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        if quiet:
            return 0
        progress.say(f"{error}\n{getattr(error, 'tail', '')}")
    left = missing()
    for problem in left:
        progress.say(f"{problem.message} {problem.hint}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
