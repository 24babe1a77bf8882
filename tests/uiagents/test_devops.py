"""The delivery files: what is rendered keeps the rules, and every rule is shown to fail on a seeded breach."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
import yaml

from synergy.core.stacks import stack
from synergy.core.types import Clause, ClauseStatus
from tests.factories import NASTY, extreme_plan, plan
from uiagents import packaging
from uiagents.agents import devops
from uiagents.services import run_agent


@pytest.mark.sandbox
@pytest.mark.parametrize("made", [plan(), extreme_plan("public_read")], ids=["plan", "extreme"])
def test_the_agent_checks_what_it_writes(bench, made):
    change = run_agent(bench, "devops", made)
    assert [(run.name, run.returncode) for run in change.checks] == [("devops-rules", 0), ("devops-test", 0)], [
        bench.store.get_text(run.output) for run in change.checks
    ]
    assert set(packaging.REQUIRED) <= change.files.keys()
    assert "6 rules kept" in bench.store.get_text(change.checks[0].output)
    assert "python -m pytest --cov" in bench.store.get_text(change.checks[1].output)


@pytest.mark.parametrize("made", [plan(), extreme_plan()], ids=["plan", "extreme"])
def test_rendering_twice_gives_identical_bytes(made):
    assert devops.render(made) == devops.render(made)


def test_no_text_of_the_message_becomes_markup():
    readme = devops.render(extreme_plan())["README.md"].decode()
    assert "second line" in readme  # its line break is gone
    assert not re.search(r"(?<!\\)<(?!http://localhost)", readme.replace("-<", ""))
    assert not re.search(r"^R\d", readme, re.MULTILINE)
    for name in ("docker-compose.yml", ".github/workflows/ci.yml"):
        assert NASTY not in str(yaml.safe_load(devops.render(extreme_plan())[name]))


def test_the_readme_says_what_was_built_assumed_and_not_built():
    clauses = (
        Clause(id="R1", text="keep orders", features=("orders.list",), status=ClauseStatus.ASSUMED),
        Clause(id="R2", text="an admin role", status=ClauseStatus.ASSUMED, reason="Assumed: somebody must be able to delete."),
        Clause(id="R3", text="send a fax", status=ClauseStatus.NOT_BUILT, reason="Nothing here sends a fax."),
    )
    readme = devops.render(plan().model_copy(update={"clauses": clauses}))["README.md"].decode()
    assert "| R1 | keep orders | orders.list | planned |" in readme
    assert "| R2 | an admin role |  | Assumed: somebody must be able to delete. |" in readme
    not_built, _, assumed = readme.partition("### Not built")[2].partition("### Assumed")
    assert "**send a fax**: Nothing here sends a fax." in not_built
    assert "an admin role" in assumed.partition("##")[0]
    assert "keep orders" not in not_built


def test_the_readme_lists_what_coverage_leaves_out():
    listed = packaging.breaches(plan(), devops.render(plan()))
    assert listed == []
    spec = stack(plan().stack)
    readme = devops.render(plan())["README.md"].decode()
    for globs in spec.coverage_excluded.values():
        assert all(f"- `{glob}`" in readme for glob in globs)


def test_the_makefile_can_be_parsed_and_explains_itself(tmp_path):
    (tmp_path / "Makefile").write_bytes(devops.render(plan())["Makefile"])
    done = subprocess.run(["make", "help"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0
    assert {"make start", "make verify"} <= {line.split("  ")[0] for line in done.stdout.splitlines()}


def test_verify_says_that_it_failed_and_ends_with_an_error(tmp_path):
    text = devops.render(plan())["Makefile"].decode()
    text = re.sub(r"^(setup|lint|types|test|build):.*\n(\t.*\n)*", lambda m: f"{m[1]}:\n\t@true\n", text, flags=re.MULTILINE)
    (tmp_path / "Makefile").write_text(text)
    good = verify(tmp_path)
    assert (good.returncode, good.stdout.startswith("verify: PASSED")) == (0, True)
    (tmp_path / "Makefile").write_text(text.replace("types:\n\t@true", "types:\n\t@false"))
    bad = verify(tmp_path)
    assert bad.returncode == 2
    assert bad.stdout.splitlines()[-1].startswith("verify: FAILED")


def verify(folder):
    """``make verify`` as a person runs it."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}  # we may be under make
    return subprocess.run(["make", "verify"], cwd=folder, env=own, capture_output=True, text=True)


#: what is broken → (file, what is there, what is put in its place, what is said)
BREACHES = {
    "unknown instruction": ("Dockerfile", "WORKDIR /srv", "WORKDIRE /srv", "WORKDIRE is not an instruction"),
    "latest image": ("Dockerfile", "FROM node:20-bookworm-slim", "FROM node:latest", "node:latest is not pinned"),
    "no tag": ("Dockerfile", "FROM node:20-bookworm-slim", "FROM node", "node is not pinned"),
    "root": ("Dockerfile", "\nUSER app\n", "\nUSER root\n", "runs as root"),
    "no user": ("Dockerfile", "\nUSER app\n", "\n", "runs as root"),
    "no health check": ("Dockerfile", "HEALTHCHECK", "# HEALTHCHECK", "no health check"),
    "shell command": ("Dockerfile", 'CMD ["uvicorn"', "CMD uvicorn", "shell that would swallow"),
    "one stage": ("Dockerfile", "FROM", "LABEL from=", "not separate stages"),
    "broken compose": ("docker-compose.yml", "services:", "services: [", "there are no services"),
    "no health condition": ("docker-compose.yml", "service_healthy", "service_started", "does not wait until db is healthy"),
    "unpinned database": ("docker-compose.yml", "postgres:17-bookworm", "postgres", "image of db is not pinned"),
    "rights": (".github/workflows/ci.yml", "contents: read", "contents: write", "may do more than read"),
    "unpinned action": (".github/workflows/ci.yml", "actions/checkout@v4", "actions/checkout@main", "is not pinned"),
    "own command": (".github/workflows/ci.yml", "make verify", "make test", "does not run make verify"),
    "no target": ("Makefile", "\nverify:", "\ncheck:", "no target verify"),
    "spaces": ("Makefile", "\tcd frontend && npm run dev", "    cd frontend && npm run dev", "indented by spaces"),
    "no start": ("README.md", "make start", "make run", "make start is not mentioned"),
    "lost clause": ("README.md", "| R2 |", "| R9 |", "R2 is not in the ledger"),
    "silence": ("README.md", "- **send a fax**", "- nothing", "does not say that R3 was not built"),
    "secret in git": (".gitignore", ".env\n", "", ".env is not ignored"),
    "secret in image": (".dockerignore", "**/.env\n", "", ".env is not ignored"),
    "real secret": (".env.example", "# SECRET_KEY=", "SECRET_KEY=", "SECRET_KEY is set"),
}


@pytest.mark.parametrize("name", BREACHES)
def test_a_seeded_breach_is_said(bench, name):
    path, before, after, said = BREACHES[name]
    files = devops.render(plan())
    text = files[path].decode()
    assert before in text
    files[path] = text.replace(before, after).encode()
    run = devops.rules(bench, plan(), files)
    assert run.returncode == 1
    assert said in bench.store.get_text(run.output)


@pytest.mark.parametrize("name", packaging.REQUIRED)
def test_a_missing_file_is_said(name):
    files = devops.render(plan())
    del files[name]
    assert packaging.breaches(plan(), files) == [f"{name} is missing."]
