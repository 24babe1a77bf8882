"""The delivery files: container image, compose, CI, Makefile, README; checked before anybody needs them."""

from __future__ import annotations

import time

from synergy.core.bench import Bench
from synergy.core.stacks import stack
from synergy.core.toolchains import run_command
from synergy.core.types import ChangeSet, CommandRun, Plan
from uiagents import packaging
from uiagents.agents.base import change_set, with_checks
from uiagents.blueprints import render_tree
from uiagents.capabilities import uses

DRY_RUN = "devops-test"


class Devops:
    name = "devops"

    def write(self, bench: Bench, plan: Plan) -> ChangeSet:
        """The files at the root of the project. They are checked against our rules here, and dry-run in the sandbox."""
        spec = stack(plan.stack)
        files = render(plan)
        change = change_set(bench, self.name, files)
        bench.apply((change,))
        return with_checks(change, rules(bench, plan, files), run_command(bench, spec, DRY_RUN, change.files))


def render(plan: Plan) -> dict[str, bytes]:
    spec = stack(plan.stack)
    return render_tree(spec.folder / "devops", {"plan": plan, "excluded": spec.coverage_excluded, "uses": uses(plan)})


def rules(bench: Bench, plan: Plan, files: dict[str, bytes]) -> CommandRun:
    """The rules of ``packaging`` as evidence: one line for each breach, code 1 when there is one."""
    started = time.monotonic()
    found = packaging.breaches(plan, files)
    log = "\n".join(found) or f"{len(packaging.RULES)} rules kept by {len(files)} files."
    return CommandRun(
        name="devops-rules",
        argv=("packaging", *(rule.__name__ for rule in packaging.RULES)),
        returncode=1 if found else 0,
        seconds=round(time.monotonic() - started, 3),
        output=bench.store.put_text(log + "\n"),
    )


part = Devops()
