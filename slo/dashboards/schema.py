"""Hold the dashboards against the types that Grafana itself publishes (``@grafana/schema``), with the TypeScript compiler.

The types are locked in ``requirements/grafana`` and installed, without their scripts, into the cache. Planted defects go through
the same compiler at the same time: a check that does not find them is worth nothing, and says so.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from slo.dashboards.queries import panels
from synergy.core import tools
from synergy.core.errors import PermanentError

LOCKED = Path(__file__).resolve().parents[2] / "requirements" / "grafana"
OPTIONS = ("--noEmit", "--strict", "--skipLibCheck", "--module=esnext", "--moduleResolution=bundler", "--pretty=false")
INSTALL_SECONDS, CHECK_SECONDS = 300, 120
RAW = "@grafana/schema/dist/esm/raw/composable"
#: kind of panel → the module with its types
KINDS = {"timeseries": "TimeSeries", "stat": "Stat", "bargauge": "BarGauge", "text": "Text"}
#: Enumerations of TypeScript take no plain text, JSON has nothing else: ``Plain`` allows exactly their values.
HEAD = """import type { Dashboard } from '@grafana/schema';
type Plain<T> = unknown extends T ? T : T extends string ? `${T}` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
"""
FAULT = re.compile(r"^check\.ts\((\d+),\d+\): error (.*)$", re.MULTILINE)


class SchemaUnusable(PermanentError):
    """The types or their compiler could not be installed or started."""


@dataclass(frozen=True)
class Claim:
    """``value`` fits ``type``. ``planted``: it does not, and this must be found."""

    about: str
    type: str
    value: object
    planted: bool = False


def claims(boards: Mapping[str, Mapping[str, Any]]) -> Iterator[Claim]:
    """A dashboard as a whole, then options and drawing of each panel by its kind. KeyError: a kind of panel not listed above."""
    for name, board in boards.items():
        yield Claim(name, "Dashboard", board)
        for panel in panels(board):
            kind = f"{KINDS[panel['type']]}PanelCfg"
            yield Claim(f"{name}, {panel['title']}, options", f"Partial<{kind}.Options>", panel["options"])
            if custom := panel["fieldConfig"]["defaults"].get("custom") if "fieldConfig" in panel else None:
                yield Claim(f"{name}, {panel['title']}, custom", f"{kind}.FieldConfig", custom)


NO_COLOUR = {"defaults": {"thresholds": {"mode": "absolute", "steps": [{"value": 1}]}}, "overrides": []}
PLANTED = (
    Claim("options: null", "Dashboard", {"schemaVersion": 36, "panels": [{"type": "stat", "options": None}]}, planted=True),
    Claim("no colour", "Dashboard", {"schemaVersion": 36, "panels": [{"type": "stat", "fieldConfig": NO_COLOUR}]}, planted=True),
    Claim("an option that is none", "Partial<StatPanelCfg.Options>", {"graphmode": "none"}, planted=True),
    Claim("a value that is none", "TimeSeriesPanelCfg.FieldConfig", {"showPoints": "sometimes"}, planted=True),
)


def faults(boards: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What does not fit, and planted defects that were not found. SchemaUnusable: it could not be checked."""
    made = [*claims(boards), *PLANTED]
    found: dict[int, list[str]] = {}
    for line, words in FAULT.findall(compiled(source(made))):
        found.setdefault(int(line) - len(head()), []).append(words)
    wrong = [f"{claim.about}: {words}" for at, claim in enumerate(made, 1) if not claim.planted for words in found.get(at, ())]
    return wrong + [f"not found: {claim.about}" for at, claim in enumerate(made, 1) if claim.planted and at not in found]


def head() -> list[str]:
    types = (f"import type * as {n}PanelCfg from '{RAW}/{kind}/panelcfg/x/{n}PanelCfg_types.gen';" for kind, n in KINDS.items())
    return [*HEAD.splitlines(), *types]


def source(made: list[Claim]) -> str:
    """The text for the compiler: one claim is one line."""
    lines = (f"export const c{at}: Plain<{c.type}> = {json.dumps(c.value)};" for at, c in enumerate(made))
    return "\n".join([*head(), *lines, ""])


def compiled(text: str) -> str:
    """What the compiler says about it."""
    folder = installed()
    (folder / "check.ts").write_text(text)
    options = [
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "--module",
        "esnext",
        "--moduleResolution",
        "bundler",
        "--pretty",
        "false",
    ]
    tsc = [str(tools.node().path), str(folder / "node_modules" / "typescript" / "bin" / "tsc"), *options, "check.ts"]
    done = subprocess.run(tsc, cwd=folder, capture_output=True, text=True, timeout=CHECK_SECONDS, check=False)
    unplaced = [line for line in done.stdout.splitlines() if "error" in line and not line.startswith(("check.ts(", " "))]
    if done.stderr or unplaced:
        raise SchemaUnusable(f"The compiler failed: {done.stderr or unplaced[0]}")
    return done.stdout


def installed() -> Path:
    """The folder with the locked packages; they are installed when it is not there. One folder for each lock."""
    digest = hashlib.sha256((LOCKED / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = Path(settings.CACHE_DIR) / f"grafana-{digest}"
    if (folder / "done").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(LOCKED, folder)
    argv = [*tools.npm().argv, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    if done.returncode:
        raise SchemaUnusable(f"npm failed: {done.stderr[-2000:]}", hint="A registry for npm packages must be in reach.")
    (folder / "done").touch()
    return folder
