"""``make setup``: from a bare clone to a machine that can build. Standard library only; quick when nothing changed.

1. a virtual environment (``.venv``), 2. uv into it, with hashes, 3. the locked Python packages, then ``provide.py``: Node,
bubblewrap and a browser where the system has none. Runs as root and as a normal user. Everything goes into ``.venv`` and
SYNERGY_HOME, except that root on Debian gets the browser from the system's packages.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from progress import Failed, say, skip, step

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "setup.json"
LOG = Path(os.environ.get("SYNERGY_HOME") or ROOT / "var") / "logs" / "setup.log"
LOCKS = ROOT / "requirements"
OLDEST = (3, 11)
TOOL_SETTINGS = ("SYNERGY_NODE", "SYNERGY_BWRAP", "SYNERGY_CHROMIUM", "PATH")


def main() -> int:
    if sys.version_info[:2] < OLDEST:
        say(f"Python {'.'.join(map(str, OLDEST))} or newer is needed, this is {sys.version.split()[0]}.")
        say("Install it, then: make setup PYTHON=python3.11")
        return 1
    wanted = fingerprint()
    if up_to_date(wanted):
        return 0
    began = time.monotonic()
    say("Setting up Synergy")
    try:
        make_venv()
        install_packages()
        found = VENV / "found.json"
        subprocess.run([PYTHON, ROOT / "scripts" / "provide.py", found], check=True)
    except Failed as failed:
        say(f"\n{failed} failed. The whole output: {LOG}\n{failed.tail}")
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    STAMP.write_text(json.dumps({"wanted": wanted, "found": json.loads(found.read_text())}))
    say(f"Ready after {time.monotonic() - began:.1f} s.")
    return 0


def fingerprint() -> str:
    """Changes when a lock, a script of the set-up, the interpreter or where tools are looked for changes."""
    files = [*sorted(LOCKS.rglob("*.txt")), *sorted(LOCKS.rglob("*.json")), *sorted((ROOT / "scripts").glob("*.py"))]
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(file.read_bytes())
    digest.update(json.dumps({name: os.environ.get(name, "") for name in TOOL_SETTINGS}).encode())
    return digest.hexdigest()


def up_to_date(wanted: str) -> bool:
    """Whether the last set-up was for the same locks and what it found is still there."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    return bool(stamp["wanted"] == wanted and PYTHON.exists() and all(Path(path).exists() for path in stamp["found"]))


def make_venv() -> None:
    if PYTHON.exists() and works(PYTHON):
        skip("Virtual environment", str(VENV.relative_to(ROOT)))
        return
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        step("Virtual environment", [sys.executable, "-m", "venv", VENV], log=LOG, limit=180, optional=True)
    except Failed:
        # Debian keeps ensurepip in a package of its own; a pip from elsewhere can fill an empty environment
        shutil.rmtree(VENV, ignore_errors=True)
        step("Virtual environment without pip", [sys.executable, "-m", "venv", "--without-pip", VENV], log=LOG, limit=60)


def pip() -> list[Path | str]:
    """A pip that installs into the virtual environment."""
    if works(PYTHON, "-m", "pip"):
        return [PYTHON, "-m", "pip"]
    if works(sys.executable, "-m", "pip"):
        return [sys.executable, "-m", "pip", "--python", PYTHON]
    raise Failed("pip", "This Python has neither ensurepip nor pip. Run: apt-get install python3-venv")


def install_packages() -> None:
    uv = VENV / "bin" / "uv"
    lock = LOCKS / "uv.txt"
    if not (uv.exists() and version_of(uv) in lock.read_text()):
        step("uv", [*pip(), "install", "--quiet", "--require-hashes", "-r", lock], log=LOG, limit=300)
    env = {**os.environ, "VIRTUAL_ENV": str(VENV)}
    packages = (LOCKS / "dev.txt").read_text().count("==")
    sync = [uv, "pip", "sync", "--require-hashes", "--python", PYTHON, LOCKS / "dev.txt"]
    try:
        step(f"{packages} Python packages", sync, log=LOG, limit=1200, env=env, optional=True)
    except Failed:
        # a machine whose package index is only in pip's configuration
        slow = [*pip(), "install", "--require-hashes", "-r", LOCKS / "dev.txt"]
        step(f"{packages} Python packages, with pip", slow, log=LOG, limit=1800)


def works(*argv: Path | str) -> bool:
    return subprocess.run([*argv, "--version"], capture_output=True, check=False).returncode == 0


def version_of(uv: Path) -> str:
    """ "uv==0.13.9", as the lock writes it."""
    done = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False)
    words = done.stdout.split()
    return f"uv=={words[1]}" if len(words) > 1 else "uv is broken"


if __name__ == "__main__":
    sys.exit(main())
