"""``make observe``: real Prometheus and Alertmanager watch a real Synergy; every alert must fire, be delivered, and end.

An installation of its own in a temporary folder builds a project, then runs are written that break each level: five alerts, and
the pages of four error budgets. They go the whole way: metrics, shipped rules, routes, ``/internal/alerts``, the outbox, and
targets of four kinds, which refuse the first delivery. ``--factor``: how many times shorter windows and waits are; ``--no-build``
leaves the project out, ``--keep`` the folder in. Code 1 when anything is missing. All that was started ends, after Ctrl-C too.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from progress import say

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")

from synergy.drill import sinks  # noqa: E402  # the repository must be on the path first

HOME = Path(os.environ.get("SYNERGY_HOME") or ROOT / "var")
CACHE = Path(os.environ.get("SYNERGY_CACHE") or HOME / "cache")
FOLDER = Path(tempfile.mkdtemp(prefix="synergy-observe-"))
SINKS = sinks.Sinks()
sinks.environment(FOLDER / "home", CACHE, SINKS, secrets.token_urlsafe(24))

import django  # noqa: E402

django.setup()

from synergy.core.errors import SynergyError  # noqa: E402
from synergy.drill.play import Drill  # noqa: E402
from synergy.drill.scaled import FACTOR  # noqa: E402

INTERRUPTED = 130


def leave(number: int, frame: FrameType | None) -> None:
    """SIGTERM and a closed terminal end like Ctrl-C."""
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description="Every alert fires, is delivered, and ends.")
    parser.add_argument("--factor", type=float, default=FACTOR, help="how many times shorter windows and waits are")
    parser.add_argument("--no-build", action="store_true", help="without the real build")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs")
    given = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    code = INTERRUPTED
    try:
        code = Drill(FOLDER, SINKS, given.factor, not given.no_build).play()
    except SynergyError as error:
        code = 3
        say(f"{error.message}\n{error.hint}")
    except KeyboardInterrupt:
        say("Stopped.")
    finally:
        SINKS.stop()
        if given.keep or code not in (0, INTERRUPTED):
            say(f"Logs: {FOLDER}")
        else:
            shutil.rmtree(FOLDER, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
