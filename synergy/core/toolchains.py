"""The dependencies of a stack, installed once, and its commands, run on a project in the sandbox.

A toolchain is a Python environment and a ``node_modules`` folder, built from the stack's lock files and kept in the cache under
their hash. Commands see both read-only, so a project can neither change them nor needs to install anything.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from synergy.core import tools
from synergy.core.artifacts import digest
from synergy.core.bench import Bench, tree_hash
from synergy.core.errors import BadInput, Cancelled, ServiceDown
from synergy.core.sandboxes.base import Job, Limits, Mount, Sandbox, Server, registry
from synergy.core.spans import span
from synergy.core.stacks import Command, StackSpec
from synergy.core.types import ChangeSet, CommandRun
from synergy.core.untrusted import read_file, read_folder, remove_file

FORMAT = "1"  #: raise it when toolchains are built in another way
VENV, NODE = "/opt/venv", "/opt/node"  #: where they are inside
SCRATCH = (".vite", ".vite-temp", ".tmp", ".cache")  #: folders of node_modules that tools write to
INSTALL_SECONDS = 900.0

Note = Callable[[str], None]


@dataclass(frozen=True)
class Toolchain:
    """Host folders; None where the stack needs none."""

    key: str  #: hash over all locks and interpreters
    venv: Path | None
    modules: Path | None

    def mounts(self, spec: StackSpec) -> tuple[Mount, ...]:
        found: list[Mount] = []
        if self.venv:
            found.append(Mount(host=self.venv, inside=VENV))
            found += _outside_usr(Path(sys.base_prefix), sys.base_prefix)
        if self.modules:
            inside = os.path.join(spec.node_cwd, "node_modules")
            found.append(Mount(host=self.modules, inside=inside))
            found += [Mount(host=None, inside=f"{inside}/{name}") for name in SCRATCH]
            found += _outside_usr(node_prefix(), NODE)
        return tuple(found)

    def env(self, spec: StackSpec) -> dict[str, str]:
        bins = [f"{VENV}/bin"] if self.venv else []
        if self.modules:
            bins += [os.path.join("/work", spec.node_cwd, "node_modules/.bin"), f"{NODE}/bin"]
        return {
            "PATH": ":".join([*bins, "/usr/local/bin:/usr/bin:/bin"]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
            "CI": "1",
        }


def prepare(spec: StackSpec, note: Note = lambda line: None) -> Toolchain:
    """The toolchain of ``spec``, installed now if it is not in the cache. ServiceDown when a package cannot be had."""
    with ThreadPoolExecutor(2) as pool:
        python = pool.submit(_python, spec, note) if spec.python_requirements else None
        node = pool.submit(_node, spec, note) if spec.node_package else None
        venv, modules = python.result() if python else None, node.result() if node else None
    names = [FORMAT, *(folder.name for folder in (venv, modules) if folder)]
    return Toolchain(
        key=digest("\n".join(names).encode()),
        venv=venv / "venv" if venv else None,
        modules=modules / "node_modules" if modules else None,
    )


def inputs_hash(spec: StackSpec, name: str, files: Mapping[str, str], extra_env: Mapping[str, str] | None = None) -> str:
    """One hash over all that the command's result depends on: its definition, its toolchain and the files it reads."""
    command = _command(spec, name)
    trees = [tree_hash(dict(files), prefix) for prefix in command.inputs or ("",)]
    locks = [_python_key(spec), _node_key(spec)]
    return digest("\n".join([command.model_dump_json(), json.dumps(dict(extra_env or {})), *locks, *trees]).encode())


def run_command(
    bench: Bench, spec: StackSpec, name: str, files: Mapping[str, str], extra_env: Mapping[str, str] | None = None
) -> CommandRun:
    """Run the stack's command ``name`` on ``bench.project``, which holds ``files``. Its log and outputs become artifacts.

    A file output is stored as it is; a folder (its path ends with "/") as a JSON object path → SHA-256, see ``restore``.
    A command that fails is a result, not an error. Raises Cancelled, SandboxError, ServiceDown, UnsafePath (a forged output).
    """
    bench.check_stop()
    command = _command(spec, name)
    for output in command.outputs.values():
        remove_file(bench.project, output.rstrip("/"))
    with span(f"sandbox {name}", {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}) as seen:
        outcome = sandbox().run(_job(bench, spec, command, extra_env), stop=bench.stopped)
        seen.set_attributes({"process.exit.code": outcome.returncode, "synergy.killed": outcome.killed or ""})
    if outcome.killed == "cancelled":
        raise Cancelled()
    return CommandRun(
        name=name,
        argv=command.argv,
        returncode=outcome.returncode,
        seconds=round(outcome.seconds, 3),
        output=bench.store.put(outcome.output),
        inputs=inputs_hash(spec, name, files, extra_env),
        outputs=_collect(bench, command),
        killed=outcome.killed,
        peak_mb=outcome.peak_mb,
    )


@contextmanager
def serve_command(bench: Bench, spec: StackSpec, name: str, extra_env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Serve ``bench.project`` with the stack's command ``name`` for as long as the context lasts."""
    bench.check_stop()
    with sandbox().serve(_job(bench, spec, _command(spec, name), extra_env)) as server:
        yield server


def restore(bench: Bench, listing: str) -> None:
    """Write a folder output of an earlier command (the artifact that lists it) back into ``bench.project``."""
    bench.apply((ChangeSet(agent="restore", files=json.loads(bench.store.get_text(listing))),))


def sandbox() -> Sandbox:
    """The sandbox that all untrusted code runs in."""
    return registry.get("bubblewrap")


def node_prefix() -> Path:
    """The folder with the ``bin/node`` that runs the JavaScript tools."""
    return tools.node().path.resolve().parent.parent


def _command(spec: StackSpec, name: str) -> Command:
    try:
        return spec.commands[name]
    except KeyError:
        raise BadInput(f"The stack {spec.slug} has no command {name!r}.") from None


def _job(bench: Bench, spec: StackSpec, command: Command, extra_env: Mapping[str, str] | None) -> Job:
    chain = prepare(spec, bench.note)
    return Job(
        argv=command.argv,
        project=bench.project,
        cwd=command.cwd,
        env={**chain.env(spec), **command.env, **(extra_env or {})},
        mounts=chain.mounts(spec),
        limits=Limits(seconds=command.seconds, memory_mb=command.memory_mb),
    )


def _collect(bench: Bench, command: Command) -> dict[str, str]:
    """The declared outputs that were really written, as artifacts."""
    kept: dict[str, str] = {}
    for name, path in command.outputs.items():
        if path.endswith("/"):
            listing = {file: bench.store.put(data) for file, data in read_folder(bench.project, path.rstrip("/")).items()}
            if listing:
                kept[name] = bench.store.put_text(json.dumps(listing, sort_keys=True))
        elif (data := read_file(bench.project, path)) is not None:
            kept[name] = bench.store.put(data)
    return kept


def _outside_usr(folder: Path, inside: str) -> list[Mount]:
    """A mount for ``folder``, unless the sandbox has it anyway because it is below /usr."""
    return [] if folder.is_relative_to("/usr") else [Mount(host=folder, inside=inside)]


# --- installing ------------------------------------------------------------------------------------------------------


def _python_key(spec: StackSpec) -> str:
    if not spec.python_requirements:
        return ""
    lock = (spec.folder / spec.python_requirements).read_bytes()
    about = f"{FORMAT} {sys.version} {sys.base_prefix} {platform.machine()} "
    return digest(about.encode() + lock)


def _node_key(spec: StackSpec) -> str:
    if not spec.node_package:
        return ""
    folder = spec.folder / spec.node_package
    about = f"{FORMAT} {platform.machine()} {platform.libc_ver()[0]} "
    return digest(about.encode() + (folder / "package.json").read_bytes() + (folder / "package-lock.json").read_bytes())


def _python(spec: StackSpec, note: Note) -> Path:
    def install(folder: Path) -> None:
        uv, lock = str(tools.uv().path), str(spec.folder / spec.python_requirements)
        venv = str(folder / "venv")
        _install([uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, "--no-project", venv], folder)
        # wheels only: a source package would run its own code here, outside the sandbox
        options = ["--quiet", "--require-hashes", "--no-build", "--compile-bytecode", "--link-mode", "copy"]
        _install([uv, "pip", "sync", *options, "--python", f"{venv}/bin/python", lock], folder)

    return _built(f"python-{_python_key(spec)[:16]}", f"Python packages of {spec.title}", install, note)


def _node(spec: StackSpec, note: Note) -> Path:
    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(spec.folder / spec.node_package / name, folder / name)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
        _install([*tools.npm().argv, "ci", *options], folder)
        for name in SCRATCH:
            (folder / "node_modules" / name).mkdir(exist_ok=True)

    return _built(f"node-{_node_key(spec)[:16]}", f"JavaScript packages of {spec.title}", install, note)


def _built(name: str, title: str, install: Callable[[Path], None], note: Note) -> Path:
    """The cache folder ``name``, filled by ``install`` once, however many processes ask for it at the same time."""
    cache = Path(settings.CACHE_DIR) / "toolchains"
    folder = cache / name
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return folder
        note(f"Installing the {title}; this happens once …")
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=".new-", dir=cache, ignore_cleanup_errors=True) as new:
            built = Path(new, name)
            built.mkdir()
            built.chmod(0o755)
            install(built)
            os.replace(built, folder)
        note(f"Installed the {title} in {time.monotonic() - started:.0f} s.")
    return folder


def _install(argv: list[str], folder: Path) -> None:
    """Run a package installer. What it writes may be read by the unprivileged user inside the sandbox."""
    env = {**os.environ, "VIRTUAL_ENV": "", "PATH": f"{node_prefix()}/bin:{os.environ.get('PATH', '')}"}
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            env=env,
            umask=0o022,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServiceDown(f"Packages could not be installed: {error}.", hint="Check the package index and the disk.") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-1500:]
        raise ServiceDown(f"Packages could not be installed:\n{said}", hint="Check the package index and the disk.")
