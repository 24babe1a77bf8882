"""The README of a project says what was planned and what was not built: it is written anew when a model built more of it."""

from __future__ import annotations

from collections.abc import Mapping

from synergy.core.bench import Bench
from synergy.core.stacks import StackSpec
from synergy.core.types import Plan
from uiagents.blueprints import render_file
from uiagents.capabilities import uses

README = "README.md"


def papers(bench: Bench, spec: StackSpec, before: Plan, now: Plan, files: Mapping[str, str]) -> dict[str, str]:
    """The README for ``now``, where ``files`` has the one for ``before``; {} when a person wrote another."""
    old, new = (bench.store.put(_readme(spec, plan)) for plan in (before, now))
    return {README: new} if files.get(README) == old and new != old else {}


def _readme(spec: StackSpec, plan: Plan) -> bytes:
    context = {"plan": plan, "excluded": spec.coverage_excluded, "uses": uses(plan)}
    return render_file(spec.folder / "devops", README, context) or b""
