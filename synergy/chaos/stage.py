"""A stage: a whole Synergy of its own to be broken. Real servers, real workers, a fault proxy between each pair of processes.

The process that holds the stage talks to the servers directly and sees everything; workers, beat and web go through the links.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import redis
from django.db import connections

from synergy.celery import app
from synergy.chaos import tools, truth
from synergy.chaos.models import Models
from synergy.chaos.provider import Provider
from synergy.chaos.proxy import Link, Proxy
from synergy.core.errors import ServiceDown
from synergy.core.processes import descendants
from synergy.embedded import postgres, programs, schema, valkey
from synergy.embedded.keeper import secure_folder
from synergy.embedded.process import Child, Service, signal_group, spawn, tail
from synergy.env import redis_db, runtime_dir, stored_secret
from synergy.workflow import db

PIPELINE = "synergy.chaos.pipeline"
ROLES = ("worker", "beat", "web")
START_SECONDS = 60.0
MODEL_SECONDS = 3  #: that a model may take
STARTS = 10  #: a server that was killed may need more than one: the kernel still holds its memory
CHILDREN = 3  #: of a worker, as shipped


@dataclass
class Stage:
    """``start`` first, ``stop`` last. ``home`` is its SYNERGY_HOME, which this process must have been started with."""

    home: Path
    children: dict[str, Child] = field(default_factory=dict)  #: by name: postgres, valkey, worker1, beat, web …
    boots: dict[str, float] = field(default_factory=dict)  #: seconds from start to ready, the latest
    links: dict[tuple[str, str], Link] = field(default_factory=dict)  #: (role, server)

    def __post_init__(self) -> None:
        self.sockets = runtime_dir(self.home)
        self.password = stored_secret(self.home, "valkey")
        self.provider = Provider()
        self.models = Models(lambda request: '{"text": "A word."}')
        self.log = self.home / "steps.log"
        self.temporary = self.home.with_name(self.home.name + "-tmp")  #: what is /tmp to others
        self.truth = truth.Truth(self.log)
        os.environ[truth.ENV] = str(self.log)

    def start(self) -> None:
        for folder in (self.home, self.sockets):
            secure_folder(folder)
        self.temporary.mkdir()
        self.temporary.chmod(0o1777)  # the sandboxes work as other users
        self.log.touch()
        self.proxy = Proxy()
        self.provider.start()
        self.models.start()
        upstream: dict[str, Path | int] = {
            "postgres": self.sockets / ".s.PGSQL.5432",
            "valkey": self.sockets / valkey.SOCKET,
            "provider": self.provider.port,
            "models": self.models.port,
        }
        self.links = {(role, name): self.proxy.link(to) for role in ROLES for name, to in upstream.items()}
        for name in ("postgres", "valkey"):
            self.launch(name)
        schema.migrate(lambda line: None)

    def stop(self) -> None:
        """End everything that was started here."""
        connections.close_all()
        db.connection.close_pool()
        app.close()
        for name in [name for name in self.children if name not in ("postgres", "valkey")]:
            self.kill(name)
        for name in list(self.children):
            child = self.children.pop(name)
            child.ask()
            child.end()
        self.proxy.stop()
        self.provider.stop()
        self.models.stop()
        if self.sockets.parent != self.home:
            shutil.rmtree(self.sockets, ignore_errors=True)

    # --- processes ---

    def service(self, name: str, env: Mapping[str, str]) -> Service:
        if name == "postgres":
            return postgres.service(self.home, self.sockets, volatile=False)
        if name == "valkey":
            return valkey.service(self.home, self.sockets, self.password, volatile=False)
        role = name.rstrip("0123456789")
        given = {**self.environment(role), **env}
        if role == "worker":
            mark = self.sockets / f"{name}.ready"
            return programs.program(
                self.home,
                name,
                (sys.executable, "-m", "synergy.chaos.worker", programs.QUEUES),
                env={**given, "SYNERGY_READY_FILE": str(mark)},
                prepare=lambda: mark.unlink(missing_ok=True),
                ready=lambda child: mark.exists(),
                stop=signal.SIGTERM,
                patience=30,
            )
        made = programs.PROGRAMS[role](self.home, self.sockets)
        return replace(made, env={**made.env, **given})

    def environment(self, role: str) -> dict[str, str]:
        """What a process of that role needs to see the servers through its links."""
        servers = ("postgres", "valkey", "provider", "models")
        database, broker, provider, models = (self.links[role, name].port for name in servers)
        return {
            "SYNERGY_HOME": str(self.home),
            "DATABASE_URL": f"postgresql://synergy@127.0.0.1:{database}/synergy",
            "REDIS_URL": f"redis://:{self.password}@127.0.0.1:{broker}/0",
            "SYNERGY_PIPELINE": PIPELINE,
            "SYNERGY_CONCURRENCY": str(CHILDREN),
            "SYNERGY_PORT": "0",
            tools.PROVIDER_ENV: str(provider),
            "SYNERGY_MODEL_URL": f"http://127.0.0.1:{models}/v1",
            "SYNERGY_MODEL_DEADLINE": str(MODEL_SECONDS),
            "SYNERGY_MODEL_RATE": "60000",
            "OPENROUTER_API_KEY": "chaos",
            truth.ENV: str(self.log),
            "TMPDIR": str(self.temporary),
        }

    def launch(self, name: str, around: Sequence[str] = (), **env: str) -> Child:
        """Start a process and wait until it has answered; a server that is not let in at once is started again."""
        began = time.monotonic()
        service = self.service(name, env)
        service = replace(service, argv=(*around, *service.argv), env={**service.env, **env})
        for _ in range(STARTS):
            child = self.children[name] = spawn(service)
            if self._came_up(service, child, began):
                self.boots[name] = time.monotonic() - began
                return child
            time.sleep(0.1)
        raise ServiceDown(f"{name} did not start.\n{tail(service.log, 20)}")

    def _came_up(self, service: Service, child: Child, began: float) -> bool:
        while time.monotonic() - began < START_SECONDS:
            if child.ended():
                return False
            if service.ready(child):
                return True
            time.sleep(0.01)
        return False

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """A signal for a process and all its children; after SIGKILL it is gone when this returns."""
        child = self.children[name]
        signal_group(child.pid, how)
        if how == signal.SIGKILL:
            while not child.ended():
                time.sleep(0.002)
            del self.children[name]

    def crew(
        self,
        workers: int = 1,
        *,
        beat: bool = True,
        web: bool = False,
        env: Mapping[str, str] | None = None,
        around: Sequence[str] = (),
    ) -> list[str]:
        """Have just these processes, all healthy; the names of the workers.

        With ``env`` or ``around`` (a command before theirs) workers are new ones, and are not used again without them.
        """
        wanted = [f"worker{n}" for n in range(1, workers + 1)]
        others = [name for name, wish in (("beat", beat), ("web", web)) if wish]
        special = bool(env or around)
        for name in [name for name in self.children if name.startswith(ROLES)]:
            stale = name.startswith("worker") and (special or name in self._special)
            if stale or name not in (*wanted, *others) or self.children[name].ended():
                self.kill(name)
        self._special = set(wanted) if special else set()
        for name in (*wanted, *others):
            if name not in self.children:
                self.launch(name, around if name in wanted else (), **((env or {}) if name in wanted else {}))
        return wanted

    _special: set[str] = field(default_factory=set)  #: workers with an environment of their own

    # --- links and servers ---

    def link(self, role: str, server: str, mode: str, amount: float = 0.0) -> None:
        self.proxy.set(self.links[role, server], mode, amount)

    def restart(self, name: str, how: signal.Signals, *, pause: float = 0.0, between: Callable[[], None] = lambda: None) -> None:
        """End a server with a signal and start it again after ``pause`` seconds; it has answered when this returns."""
        child = self.children.pop(name)
        child.process.send_signal(how)
        while not child.ended():
            time.sleep(0.005)
        between()
        time.sleep(pause)
        self.launch(name)
        connections.close_all()

    def relaunch(self, name: str, **env: str) -> None:
        """End a server in good order and start it with this environment."""
        child = self.children.pop(name)
        child.ask()
        child.end()
        self.launch(name, **env)
        connections.close_all()

    def wipe_broker(self) -> None:
        """Forget what the broker wrote to disk."""
        shutil.rmtree(self.home / "valkey")

    def broker(self, number: int = 0) -> redis.Redis:
        """A direct connection to the broker: 0 messages, 1 counters of chords, 2 caches and gates."""
        url = f"unix://:{self.password}@{self.sockets}/{valkey.SOCKET}"
        return redis.Redis.from_url(redis_db(url, number))

    def gave_up(self) -> list[str]:
        """Processes that ended by themselves with an error, and their last words. Nobody starts them again here."""
        ended = [child for child in self.children.values() if child.ended() and child.process.returncode > 0]
        return [f"{c.service.name} ended with {c.process.returncode}: {tail(c.service.log, 1)}" for c in ended]

    def pids(self, name: str) -> list[int]:
        """The process and its children, the process first."""
        parent = self.children[name].pid
        return [parent, *descendants(parent)]


def processes_of(home: Path, *, but: int) -> dict[int, str]:
    """Processes of this machine whose environment or command names ``home``: pid → command. ``but`` one, which looks."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            if int(folder.name) != but and (str(home) in command or str(home).encode() in (folder / "environ").read_bytes()):
                found[int(folder.name)] = command[:120]
    return found
