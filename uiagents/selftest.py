"""The commands with which a part tests itself in the sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from synergy.core.bench import Bench
from synergy.core.spans import carried
from synergy.core.stacks import StackSpec
from synergy.core.toolchains import run_command
from synergy.core.types import CommandRun


def run_commands(bench: Bench, spec: StackSpec, names: tuple[str, ...], files: Mapping[str, str]) -> list[CommandRun]:
    """The stack's commands on ``bench.project``, which holds ``files``, side by side. The longest comes first."""
    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(carried(partial(run_command, bench, spec, files=files)), names))


def tidied(bench: Bench, run: CommandRun, files: Mapping[str, str]) -> dict[str, str]:
    """``files`` (path → SHA-256) with the bytes that a formatting command left, as its output "sources" lists them.

    Files that the command added are not taken: it runs on untrusted text and has only to format what it was given.
    """
    listing: dict[str, str] = json.loads(bench.store.get_text(run.outputs["sources"])) if "sources" in run.outputs else {}
    return {path: listing.get(path, sha) for path, sha in files.items()}
