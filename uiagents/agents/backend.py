"""The backend: FastAPI, SQLAlchemy and Alembic, rendered from the plan and tested as it stands."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping

from synergy.core.bench import Bench
from synergy.core.stacks import stack
from synergy.core.types import ChangeSet, Entity, Feature, Plan, Proof
from uiagents import openapi, rows
from uiagents.agents.base import change_set, with_checks
from uiagents.blueprints import render_file, render_tree
from uiagents.capabilities import uses
from uiagents.selftest import run_commands, tidied

TESTS = "backend/tests/"
SELF_TEST = ("backend-test", "openapi", "backend-lint")  #: the longest first
ACCOUNTS = ("backend/app/auth/router.py", "backend/app/auth/sessions.py", "backend/app/auth/models.py")
FIGURES = ("backend/app/stats.py", "backend/app/reports.py")
#: feature → what its tests are called in which modules, and the files that build it
COMMON: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "auth.login": ("login", ("test_auth",), (*ACCOUNTS, "backend/app/auth/throttle.py", "backend/app/auth/passwords.py")),
    "auth.register": ("register", ("test_auth",), (*ACCOUNTS, "backend/app/auth/passwords.py")),
    "auth.roles": ("roles", ("test_auth", "test_database"), ("backend/app/auth/roles.py", "backend/app/auth/access.py")),
    "account.profile": ("profile", ("test_auth",), ACCOUNTS),
    "dashboard.stats": ("stats", ("test_stats", "test_reports"), FIGURES),
    "dashboard.charts": ("charts", ("test_stats", "test_reports"), FIGURES),
}


class Backend:
    name = "backend"

    def write(self, bench: Bench, plan: Plan) -> ChangeSet:
        """``backend/**``, the declared contract and the example environment. The self-test runs in the sandbox."""
        spec = stack(plan.stack)
        files = render(plan)
        written = change_set(bench, self.name, files, proofs=proofs(plan, files))
        bench.apply((written,))
        (tidy,) = run_commands(bench, spec, ("backend-format",), written.files)
        change = written.model_copy(update={"files": tidied(bench, tidy, written.files)})
        return with_checks(change, tidy, *run_commands(bench, spec, SELF_TEST, change.files))


def render(plan: Plan) -> dict[str, bytes]:
    """All files of the backend, sorted by path."""
    spec = stack(plan.stack)
    bound = uses(plan)
    modelled = [use for use in bound if use.shapes]
    folder, context = spec.folder, {"plan": plan, "uses": bound}
    files = render_tree(folder / "backend", context, each={"entity": plan.entities, "use": modelled}, prefix="backend/")
    for use in bound:
        files |= use.files(spec.slug, context, "backend/")
    files |= {
        "backend/app/seed.json": _json(rows.seed_tables(plan)),
        "backend/tests/samples.json": _json(rows.sample_tables(plan)),
        "openapi.json": openapi.document(plan),
    }
    example = render_file(folder / "devops", ".env.example", {"plan": plan})  # the tests of the settings read it
    return dict(sorted((files | ({".env.example": example} if example else {})).items()))


def proofs(plan: Plan, files: Mapping[str, bytes]) -> Iterator[Proof]:
    """For every planned feature with an API: the files that build it, and the tests that are named after it."""
    for feature in plan.features:
        entity = plan.entity(feature.entity) if feature.entity else None
        word, modules, built = _entity_proof(entity, feature) if entity else COMMON.get(feature.id, ("", (), ()))
        tests = tuple(test for module in modules for test in _tests(files, f"{TESTS}{module}.py", f"test_{word}_"))
        if tests:
            yield Proof(feature=feature.id, files=built, tests=tests)
    for use in uses(plan):
        yield from use.api_proofs(files)


def _entity_proof(entity: Entity, feature: Feature) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    own = tuple(f"backend/app/{part}/{entity.table}.py" for part in ("models", "routers", "schemas"))
    action = feature.id.rpartition(".")[2]
    rules = "backend/app/owned.py" if action == "own" else "backend/app/crud.py"
    return action, (f"test_{entity.table}",), (rules, *own)


def _tests(files: Mapping[str, bytes], path: str, prefix: str) -> Iterator[str]:
    """Ids of the test functions in ``path`` whose name starts with ``prefix``. A parametrised one stands for all of its cases."""
    for node in ast.parse(files[path]).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith(prefix):
            yield f"{path}::{node.name}"


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


part = Backend()
