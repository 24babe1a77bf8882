"""The backend blueprint: what is rendered is clean, runs, is fully tested, serves the declared contract, on both databases."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import httpx
import psycopg
import pytest

from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import Bench, merged
from synergy.core.errors import BadInput
from synergy.core.stacks import stack
from synergy.core.toolchains import prepare, run_command, serve_command
from synergy.core.types import ChangeSet, Choice, CommandRun, Entity, Kind, Plan, PlanField, Role
from tests.factories import customer, extreme_plan, large_plan, order, owned_plan, plan
from uiagents import facts
from uiagents.agents import backend
from uiagents.agents.base import change_set
from uiagents.openapi import declare
from uiagents.services import run_agent

HERE = Path(__file__).parent


def texts() -> Entity:
    """Nothing to filter by, nothing to draw."""
    one = customer()
    return one.model_copy(update={"fields": tuple(f for f in one.fields if f.kind in facts.TEXTS), "seed": ()})


def loan() -> Entity:
    """No value of its own kind but a choice."""
    one = order()
    fields = tuple(f for f in one.fields if f.kind in (Kind.REF, Kind.ENUM, Kind.DATE))
    seed = tuple({f.name: row[f.name] for f in fields} for row in one.seed)
    return one.model_copy(update={"fields": fields, "seed": seed, "display": "customer"})


PLANS = {
    "plan": plan,
    "choices": lambda: plan(customer(), loan()),
    "public": lambda: plan(access="public_read"),
    "small": lambda: plan(customer()).model_copy(update={"roles": (Role(name="owner", label="Owner", can_delete=True),)}),
    "texts": lambda: plan(texts()),
    "extreme": extreme_plan,
    "extreme public": lambda: extreme_plan("public_read"),
    "large": large_plan,
    "private": lambda: owned_plan("private", "private", "private"),
    "owned": lambda: owned_plan("public", "", "public", access="public_read"),
    "mixed": lambda: owned_plan("", "private", "public", access="public_read"),
}
WORDS = ("title", "description", "summary", "tags", "info")


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder / "backend"


def evidence(change: ChangeSet, name: str) -> CommandRun:
    return next(run for run in change.checks if run.name == name)


def cases(bench: Bench, change: ChangeSet, name: str = "backend-test") -> dict[str, str]:
    """test id → "passed", or what went wrong."""
    run = evidence(change, name)
    found = {}
    for case in ElementTree.fromstring(bench.store.get(run.outputs["junit"])).iter("testcase"):
        result = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        found[f"backend/{case.get('file')}::{case.get('name')}"] = result[0] if result else "passed"
    return found


def contract(node: object, names: bool = True) -> object:
    """``node`` without what means nothing to a client: words, and the order of lists."""
    if isinstance(node, dict):
        below = ("properties", "schemas", "paths", "responses")
        return {k: contract(v, k in below) for k, v in node.items() if names or k not in WORDS}
    if isinstance(node, list):
        return sorted((contract(item, False) for item in node), key=json.dumps)
    return node


def log(bench: Bench, change: ChangeSet) -> str:
    return "\n".join(bench.store.get_text(run.output)[-4000:] for run in change.checks if run.returncode)


# --- rendered --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANS)
def test_rendering_twice_gives_identical_bytes(name):
    assert backend.render(PLANS[name]()) == backend.render(PLANS[name]())


@pytest.mark.parametrize("name", PLANS)
def test_what_is_rendered_is_linted_and_formatted(tmp_path, name):
    folder = written(tmp_path, backend.render(PLANS[name]()))
    ruff = [str(Path(sys.executable).with_name("ruff"))]
    for check in (["check", "--no-cache"], ["format", "--no-cache", "--diff"]):
        done = subprocess.run([*ruff, *check, "."], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_every_entity_has_its_own_modules_and_tests():
    files = backend.render(large_plan())
    for entity in large_plan().entities:
        for path in ("app/models/{}.py", "app/schemas/{}.py", "app/routers/{}.py", "tests/test_{}.py"):
            assert f"backend/{path.format(entity.table)}" in files
    assert max(len(content.splitlines()) for path, content in files.items() if path.startswith("backend/app/auth/")) < 100


def test_no_file_names_a_host_or_hides_code_from_coverage():
    for path, content in backend.render(plan()).items():
        text = content.decode()
        assert not re.search(r"--(extra-)?index-url|find-links", text), path
        assert "pragma: no cover" not in text, path
        if path.endswith(".txt"):
            assert "http://" not in text
            assert "https://" not in text


# --- run -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The agent's work on the sample plan: (bench, plan, change)."""
    from_plan = plan()
    bench = new_bench(tmp_path_factory.mktemp("made"))
    return bench, from_plan, run_agent(bench, "backend", from_plan)


def new_bench(folder: Path) -> Bench:
    (folder / "project").mkdir()
    return Bench(root=folder, store=ArtifactStore(folder / "store"))


@pytest.mark.sandbox
def test_the_agent_tests_itself_and_keeps_the_evidence(made):
    bench, _, change = made
    assert [run.name for run in change.checks] == ["backend-format", "backend-test", "openapi", "backend-lint"]
    assert [run.returncode for run in change.checks] == [0, 0, 0, 0], log(bench, change)
    assert set(cases(bench, change).values()) == {"passed"}
    assert "openapi.json" in change.files


@pytest.mark.sandbox
def test_every_line_of_the_backend_is_covered_and_nothing_is_left_out(made):
    bench, _, change = made
    report = json.loads(bench.store.get(evidence(change, "backend-test").outputs["coverage"]))
    assert report["totals"]["percent_covered"] == 100
    assert not any(file["excluded_lines"] for file in report["files"].values())
    own = {f"backend/{name}" for name in report["files"]}
    assert own == {f for f in change.files if f.endswith(".py") and not f.startswith("backend/tests/")}


@pytest.mark.sandbox
def test_every_feature_with_an_api_is_proved_by_tests_that_ran(made):
    bench, from_plan, change = made
    ran = {name.split("[")[0] for name in cases(bench, change)}
    proved = {proof.feature: proof for proof in change.proofs}
    assert proved.keys() == {f.id for f in from_plan.features if not f.id.startswith("design.")}
    for proof in proved.values():
        assert set(proof.tests) <= ran
        assert proof.tests
        assert set(proof.files) <= change.files.keys()


@pytest.mark.sandbox
def test_the_served_contract_is_the_declared_one(made):
    bench, from_plan, change = made
    served = json.loads(bench.store.get(evidence(change, "openapi").outputs["openapi"]))
    declared = declare(from_plan)
    for part in ("paths", "components"):
        assert contract(served[part]) == contract(declared[part])


@pytest.mark.sandbox
@pytest.mark.parametrize("name", ["extreme", "mixed", "owned", "private", "small", "texts"])
def test_the_most_extreme_plans_pass_their_own_tests(bench, name):
    change = run_agent(bench, "backend", PLANS[name]())
    assert [run.returncode for run in change.checks] == [0, 0, 0, 0], log(bench, change)
    totals = json.loads(bench.store.get(evidence(change, "backend-test").outputs["coverage"]))["totals"]
    assert totals["percent_covered"] == 100


@pytest.mark.sandbox
def test_fields_may_be_called_like_the_arguments_of_a_request(bench):
    named = [("method", Kind.ENUM), ("path", Kind.BOOLEAN), ("body", Kind.STRING), ("headers", Kind.BOOLEAN)]
    choices = (Choice(value="cash", label="Cash"), Choice(value="card", label="Card"))
    fields = tuple(
        PlanField(name=name, label=name.title(), kind=kind, choices=choices if kind is Kind.ENUM else ()) for name, kind in named
    )
    base = customer()
    entity = base.model_copy(update={"fields": (*base.fields, *fields), "seed": ()})
    change = run_agent(bench, "backend", plan(entity))
    assert [run.returncode for run in change.checks] == [0, 0, 0, 0], log(bench, change)


@pytest.mark.sandbox
@pytest.mark.parametrize("name", ["extreme", "private", "mixed"])
def test_types_are_strict(bench, name):
    change = change_set(bench, "backend", backend.render(PLANS[name]()))
    bench.apply((change,))
    run = run_command(bench, stack("fastapi-react"), "backend-types", merged((change,)))
    assert run.returncode == 0, bench.store.get_text(run.output)


@pytest.mark.sandbox
def test_forty_entities_serve_their_contract(bench):
    large = large_plan()
    change = change_set(bench, "backend", backend.render(large))
    bench.apply((change,))
    run = run_command(bench, stack("fastapi-react"), "openapi", merged((change,)))
    assert run.returncode == 0, bench.store.get_text(run.output)
    served = json.loads(bench.store.get(run.outputs["openapi"]))
    assert contract(served["paths"]) == contract(declare(large)["paths"])


@pytest.mark.sandbox
def test_it_serves_demo_data_on_a_socket(bench):
    from_plan = plan()
    page = {"frontend/dist/index.html": b"<main>the page</main>"}
    bench.apply((change_set(bench, "backend", backend.render(from_plan) | page),))
    with serve_command(bench, stack("fastapi-react"), "serve") as server:
        transport = httpx.HTTPTransport(uds=str(server.socket))
        with httpx.Client(transport=transport, base_url="http://app") as client:
            assert client.get("/ready").json() == {"status": "ready"}
            assert client.get("/orders/1").text == "<main>the page</main>"
            assert client.get("/api/orders").status_code == 401
            login = {"email": from_plan.demo_email, "password": from_plan.demo_password}
            assert client.post("/api/auth/login", json=login).json()["role"] == "admin"
            orders = client.get("/api/orders", params={"sort": "id"}).json()
    seed = from_plan.entity("Order").seed
    assert [(row["id"], row["title"], row["customer_id"]) for row in orders["items"]] == [
        (number, row["title"], row["customer"]) for number, row in enumerate(seed, start=1)
    ]
    assert orders["items"][0]["created_at"] == "2026-01-05T09:11:00Z"  # the same in every run


# --- seeded defects --------------------------------------------------------------------------------------------------

#: name → (file, what is there, what is put in its place, the test that must fail)
DEFECTS = {
    "renamed field": ("app/schemas/orders.py", "    pieces: int\n", "    pieces: int\n    amount: int = 1\n", "test_contract.py::test_the_served"),
    "no limit": ("app/schemas/orders.py", "Field(ge=1, le=500)", "Field(ge=1, le=5000)", "test_orders.py::test_create_refuses_every_wrong"),
    "open list": ("app/routers/customers.py", '@router.get("", dependencies=[Depends(signed_in)])', '@router.get("")',
                  "test_customers.py::test_list_needs_a_session"),
    "everybody deletes": ("app/auth/access.py", "_require(ROLES.get(user.role, NO_RIGHTS).can_delete)", "_require(True)",
                          "test_auth.py::test_roles_decide"),
    "no csrf": ("app/auth/access.py", "if not hmac.compare_digest(", "if False and not hmac.compare_digest(", "test_auth.py::test_changes_need_the_csrf"),
    "no throttle": ("app/auth/throttle.py", "if count >= limit:", "if count >= limit * 99:", "test_auth.py::test_login_is_throttled_per_account"),
    "wildcards": ("app/crud.py", "autoescape=True", "autoescape=False", "test_crud.py::test_search_takes_words"),
    "path traversal": ("app/spa.py", "file.is_relative_to(root) and file.is_file()", "file.is_file()", "test_static.py::test_nothing_outside"),
    "drifted schema": ("migrations/versions/0001_initial.py", 'sa.Column("pieces", sa.Integer(), nullable=False),', 'sa.Column("pieces", sa.Text()),',
                       "test_database.py::test_the_migrations_make"),
    "plain password": ("app/auth/passwords.py", "return self._hasher.hash(password)", "return password", "test_auth.py::test_register_stores_no_password"),
    "wrong sum": ("app/reports.py", "select(func.sum(self.column))", "select(func.max(self.column))", "test_stats.py::test_stats_count"),
    "fewer headers": ("app/headers.py", '    "X-Frame-Options": "DENY",\n', "", "test_health.py::test_every_answer_has_security"),
    "known key": ("app/config.py", 'info.data.get("app_env") == "production" and value == DEVELOPMENT_KEY', "False", "test_settings.py::test_a_wrong"),
}  # fmt: skip


#: The same for rows that belong to accounts.
OWN_DEFECTS = {
    "everybody's list": ("app/owned.py", "return [*super()._conditions(query), *seen(self.model, self.viewer)]", "return super()._conditions(query)",
                         "test_orders.py::test_own_rows_are_all_that_a_member_sees"),
    "everybody's page": ("app/owned.py", "self.model.id == row_id, *seen(self.model, self.viewer)", "self.model.id == row_id",
                         "test_orders.py::test_own_rows_are_changed"),
    "everybody's references": ("app/owned.py", '                hidden[name] = "does not exist"\n', "                pass\n",
                               "test_orders.py::test_own_rows_refer_to_nothing"),
    "everybody's figures": ("app/reports.py", "select(func.count()).select_from(self.model).where(*seen(self.model, viewer))",
                            "select(func.count()).select_from(self.model)", "test_orders.py::test_own_rows_are_all_that_the_figures"),
    "everybody's chart": ("app/reports.py", "select(self.column, func.count()).where(*seen(self.column.class_, viewer))",
                          "select(self.column, func.count())", "test_orders.py::test_own_rows_are_all_that_the_figures"),
    "everybody's news": ("app/reports.py", "select(model).where(*seen(model, viewer))", "select(model)",
                         "test_customers.py::test_own_rows_are_all_that_the_figures"),
    "changed by anybody": ("app/owned.py", "raise Problem(403, said)", "pass", "test_stories.py::test_own_rows_are_seen_by_others_but_not_changed"),
    "readers change": ("app/owned.py", "(rights.can_write and self.viewer and ", "(self.viewer and ",
                       "test_stories.py::test_own_rows_stay_as_they_are_when_the_role_may_only_read"),
    "given to the demo": ("app/owned.py", "owner=self.viewer)", "owner_id=1)", "test_customers.py::test_own_rows_name_the_account"),
}  # fmt: skip


def outcomes_of(folder: Path, made: Plan, defects: dict[str, tuple[str, str, str, str]]) -> dict[str, str]:
    """What the tests of ``made`` say when it has ``defects``: those in the files that shall find them."""
    bench, files = new_bench(folder), backend.render(made)
    asked = {f"backend/tests/{test.split('::')[0]}" for *_, test in defects.values()}
    for name in [n for n in files if n.startswith("backend/tests/test_") and n not in asked]:
        del files[name]
    for name, (path, before, after, _) in defects.items():
        text = files[f"backend/{path}"].decode()
        assert before in text, name
        files[f"backend/{path}"] = text.replace(before, after).encode()
    change = change_set(bench, "backend", files)
    bench.apply((change,))
    run = run_command(bench, stack("fastapi-react"), "backend-test", change.files)
    assert run.returncode
    return cases(bench, change.model_copy(update={"checks": (run,)}))


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """Two projects with all defects between them (where one would hide another, they are apart): what their tests said."""
    found = {}
    for number, names in enumerate((list(DEFECTS)[::2], list(DEFECTS)[1::2])):
        outcomes = outcomes_of(tmp_path_factory.mktemp(f"broken{number}"), plan(), {name: DEFECTS[name] for name in names})
        found |= {name: outcomes for name in names}
    return found


@pytest.mark.sandbox
@pytest.mark.parametrize("name", OWN_DEFECTS)
def test_a_seeded_defect_of_owned_rows_fails_the_generated_tests(tmp_path, name):
    outcomes = outcomes_of(tmp_path, owned_plan("private", "private", "public"), {name: OWN_DEFECTS[name]})
    failed = [case for case, outcome in outcomes.items() if outcome in ("failure", "error")]
    assert any(f"backend/tests/{OWN_DEFECTS[name][3]}" in case for case in failed), failed


@pytest.mark.sandbox
@pytest.mark.parametrize("name", DEFECTS)
def test_a_seeded_defect_fails_the_generated_tests(broken, name):
    failed = [case for case, outcome in broken[name].items() if outcome in ("failure", "error")]
    assert any(f"backend/tests/{DEFECTS[name][3]}" in case for case in failed), failed


@pytest.mark.sandbox
def test_a_failing_self_test_is_recorded_not_hidden(bench, monkeypatch):
    small = PLANS["small"]()
    files = backend.render(small)
    files["backend/app/crud.py"] = files["backend/app/crud.py"].replace(b"raise Problem(404", b"raise Problem(500")
    monkeypatch.setattr(backend, "render", lambda made: files)
    change = run_agent(bench, "backend", small)
    assert [run.returncode for run in change.checks] == [0, 1, 0, 0]
    assert cases(bench, change)["backend/tests/test_customers.py::test_detail_of_an_unknown_row_is_not_found"] == "failure"


def test_an_unknown_agent_is_bad_input(bench):
    with pytest.raises(BadInput, match="backend"):
        run_agent(bench, "../../evil", plan())


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made_from", [plan(customer(), order()), extreme_plan()], ids=["plan", "extreme"])
def test_the_same_project_runs_on_postgresql(tmp_path, postgres, worker_id, made_from):
    """Our own plan, so it may run outside the sandbox: only there is the database's socket."""
    folder = written(tmp_path, backend.render(made_from))
    name = f"generated_{worker_id}_{os.getpid()}"
    with psycopg.connect(host=str(postgres), user="synergy", dbname="synergy", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            env = {
                "PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "SEED": "1", "PASSWORD_TIME_COST": "1",
                "DATABASE_URL": f"postgres://synergy@/{name}?host={postgres}", "STATIC_DIR": str(tmp_path / "none"),
            }  # fmt: skip
            venv = prepare(stack("fastapi-react")).venv
            argv = [f"{venv}/bin/python", str(HERE / "on_postgres.py")]
            done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr[-4000:]
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
