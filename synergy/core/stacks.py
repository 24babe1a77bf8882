"""A stack is a folder: ``fixtures/stacks/<slug>/`` with ``stack.toml``, ``exemplars.txt`` and, with a blueprint, templates."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import Field

from synergy.core.errors import BadInput
from synergy.core.types import Value

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


class Command(Value):
    """A command of the generated project, run in the sandbox. ``{socket}`` in argv becomes the socket to listen on."""

    argv: tuple[str, ...]
    cwd: str = ""
    env: dict[str, str] = Field(default_factory=dict)
    seconds: float = 120.0  #: limit
    memory_mb: int = 3072
    inputs: tuple[str, ...] = ()  #: prefixes of the project files it reads: "backend/"
    outputs: dict[str, str] = Field(default_factory=dict)  #: "junit" → "backend/.reports/junit.xml": kept as artifacts


class Writing(Value):
    """Where a model may write one part of a project (``backend``, ``ui``), and what checks that part."""

    roots: tuple[str, ...]  #: prefixes of the paths that it may write
    shown: tuple[str, ...] = ()  #: files that it always sees
    open: tuple[str, ...] = ()  #: files of the tests that it may edit; all others are read only
    tidy: str  #: command that formats
    checks: tuple[str, ...]  #: commands of the self-test
    proof: str  #: command that runs the tests named in $TESTS (relative to its folder) and writes a "junit"


class StackSpec(Value):
    slug: str
    title: str
    sentence: str  #: what it is, in one sentence (embedded)
    paragraph: str  #: the same with its words of art (embedded)
    blueprint: bool = False
    ui: str = ""  #: the page set it uses: ``fixtures/ui/<ui>/``
    python_requirements: str = ""  #: hashed lock of the dependency cache, relative to the stack's folder
    node_package: str = ""  #: folder with package.json and package-lock.json, relative to the stack's folder
    node_cwd: str = ""  #: where node_modules goes in the project
    health: str = "/health"
    commands: dict[str, Command] = Field(default_factory=dict)
    writing: dict[str, Writing] = Field(default_factory=dict)  #: part → where; {} = a model writes nothing here
    coverage_excluded: dict[str, tuple[str, ...]] = Field(default_factory=dict)  #: half → globs left out

    @property
    def folder(self) -> Path:
        return FIXTURES / "stacks" / self.slug

    def writer_of(self, path: str) -> tuple[str, str] | None:
        """(command, its output) that writes the project file ``path``; None when there is none."""
        written = ((name, output, p) for name, command in self.commands.items() for output, p in command.outputs.items())
        return next(((name, output) for name, output, p in written if p == path), None)

    def exemplars(self) -> list[str]:
        """Messages that ask for this stack, one a line."""
        lines = (self.folder / "exemplars.txt").read_text().splitlines()
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


@cache
def stacks() -> dict[str, StackSpec]:
    """All stacks by slug."""
    files = sorted((FIXTURES / "stacks").glob("*/stack.toml"))
    return {f.parent.name: StackSpec(slug=f.parent.name, **tomllib.loads(f.read_text())) for f in files}


def stack(slug: str) -> StackSpec:
    """The stack called ``slug``; BadInput when there is none."""
    try:
        return stacks()[slug]
    except KeyError:
        raise BadInput(f"There is no stack {slug!r}.", hint=f"Known stacks: {', '.join(stacks())}.") from None
