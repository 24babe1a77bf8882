"""A delivered project, started in a private folder and in the sandbox, as its README says; and the demo account that it names."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import Bench
from synergy.core.errors import PermanentError
from synergy.core.stacks import StackSpec, stacks
from synergy.core.toolchains import run_command, serve_command
from tests.acceptance.walker.ground import Account

ACCOUNT = re.compile(r"([\w.+-]+@[\w-]+(?:\.[\w-]+)+)\W+(?:\w+\W+){0,6}?password\W+([^\s*`]+)", re.IGNORECASE)
DEEP = ("*/README.md", "*/*/README.md", "*/*/*/README.md")
SAME = 120  #: characters of a message by which its delivery is known


class NotStarted(PermanentError):
    """The project was not found, or does not build or start."""


@dataclass(frozen=True)
class Delivered:
    """A delivered project: its folder and the account to look around with."""

    folder: Path
    account: Account | None


def find(deliveries: Path, name: str, message: str) -> Delivered:
    """The newest project below ``deliveries`` that says it was made from this message, or that lies in the message's own folder."""
    wanted = _plain(message)[:SAME]
    found = []
    for readme in (file for pattern in DEEP for file in deliveries.glob(pattern)):
        if not (readme.parent / "Makefile").is_file():
            continue
        own = name in readme.relative_to(deliveries).parts
        if own or wanted in _plain(readme.read_text(errors="replace")):
            found.append((readme.stat().st_mtime, readme))
    if not found:
        raise NotStarted(f"There is no delivery for {name} below {deliveries}.")
    readme = max(found)[1]
    return Delivered(readme.parent, account(readme.read_text(errors="replace")))


def account(readme: str) -> Account | None:
    """The demo account that a README names."""
    match = ACCOUNT.search(readme)
    return Account(match[1], match[2]) if match else None


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[>*_`]", " ", text).split())


@contextmanager
def started(delivered: Delivered) -> Iterator[Path]:
    """The socket of the running project. NotStarted when it does not build or start."""
    with tempfile.TemporaryDirectory(prefix="walker-", ignore_cleanup_errors=True) as private:
        root = Path(private)
        shutil.copytree(delivered.folder, root / "project", ignore=shutil.ignore_patterns("node_modules", ".venv", "dist"))
        bench = Bench(root, ArtifactStore(root / "artifacts"))
        spec = _stack(delivered.folder)
        for name in (name for name, command in spec.commands.items() if "dist" in command.outputs):
            run = run_command(bench, spec, name, {})
            if run.returncode:
                raise NotStarted(f"The project does not build: {bench.store.get(run.output).decode(errors='replace')[-800:]}")
        serving = next(name for name, command in spec.commands.items() if any("{socket}" in word for word in command.argv))
        with serve_command(bench, spec, serving) as server:
            yield server.socket


def _stack(folder: Path) -> StackSpec:
    """How the project is built and served: its delivery names the stack."""
    manifest = folder.parent / "manifest.json"
    slug = json.loads(manifest.read_text())["stack"]["built_with"] if manifest.is_file() else ""
    known = {name: spec for name, spec in stacks().items() if spec.blueprint}
    return known.get(slug) or next(iter(known.values()))
