"""Rules for the files a project is delivered with. Each takes the plan and the files, and says in words what is broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from synergy.core.types import ClauseStatus, Plan
from uiagents.literals import md

Files = Mapping[str, bytes]
Rule = Callable[[Plan, Files], Iterator[str]]

REQUIRED = (
    ".dockerignore",
    ".env.example",
    ".github/workflows/ci.yml",
    ".gitignore",
    "Dockerfile",
    "Makefile",
    "README.md",
    "docker-compose.yml",
)
TARGETS = ("setup", "start", "dev", "test", "lint", "types", "build", "verify")
INSTRUCTIONS = re.compile(r"(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|RUN|USER|VOLUME|WORKDIR)\Z")
PINNED = re.compile(r"[a-z0-9./-]+:(?!latest\b)[\w.-]*\d[\w.-]*\Z")  #: an image with a version in its tag
ACTION = re.compile(r"[\w./-]+@v?\d[\w.]*\Z")


def breaches(plan: Plan, files: Files) -> list[str]:
    """Every broken rule, in words; empty when all are kept."""
    missing = [f"{name} is missing." for name in REQUIRED if name not in files]
    return missing or [line for rule in RULES for line in rule(plan, files)]


def dockerfile(plan: Plan, files: Files) -> Iterator[str]:
    """Several stages, pinned images, no root, a health check, and nothing from the developer's machine."""
    steps = [line.split(None, 1) for line in _logical_lines(files["Dockerfile"].decode())]
    names = [step[0].upper() for step in steps]
    images = [step[1].split()[0] for step in steps if step[0].upper() == "FROM"]
    last = len(names) - 1 - names[::-1].index("FROM") if "FROM" in names else 0
    users = [step[1] for step in steps[last:] if step[0].upper() == "USER"]
    yield from (f"Dockerfile: {name} is not an instruction." for name in names if not INSTRUCTIONS.match(name))
    yield from (f"Dockerfile: the image {image} is not pinned to a version." for image in images if not PINNED.match(image))
    if len(images) < 2:
        yield "Dockerfile: build and run-time are not separate stages."
    if not users or users[-1] in ("root", "0"):
        yield "Dockerfile: it runs as root."
    if "HEALTHCHECK" not in names[last:]:
        yield "Dockerfile: there is no health check."
    if "CMD" not in names[last:] or not steps[len(names) - 1 - names[::-1].index("CMD")][1].startswith("["):
        yield "Dockerfile: CMD is missing or runs in a shell that would swallow signals."


def compose(plan: Plan, files: Files) -> Iterator[str]:
    """Parses; every service has a pinned image or is built here; whoever needs another waits until it is healthy."""
    found = _yaml(files, "docker-compose.yml")
    services = found.get("services") or {}
    if not services:
        yield "docker-compose.yml: there are no services."
    for name, service in services.items():
        if "build" not in service and not PINNED.match(str(service.get("image", ""))):
            yield f"docker-compose.yml: the image of {name} is not pinned to a version."
        for needed, how in (service.get("depends_on") or {}).items():
            if how.get("condition") != "service_healthy" or "healthcheck" not in services.get(needed, {}):
                yield f"docker-compose.yml: {name} does not wait until {needed} is healthy."


def workflow(plan: Plan, files: Files) -> Iterator[str]:
    """Parses, may only read, uses pinned actions, and runs the same command as a developer."""
    found = _yaml(files, ".github/workflows/ci.yml")
    steps = [step for job in (found.get("jobs") or {}).values() for step in job.get("steps", [])]
    if found.get("permissions") != {"contents": "read"}:
        yield "ci.yml: it may do more than read."
    for step in steps:
        if "uses" in step and not ACTION.match(step["uses"]):
            yield f"ci.yml: {step['uses']} is not pinned."
    if not any(step.get("run") == "make verify" for step in steps):
        yield "ci.yml: it does not run make verify."


def makefile(plan: Plan, files: Files) -> Iterator[str]:
    """Has the targets that the README promises, indented by tabs."""
    text = files["Makefile"].decode()
    for target in TARGETS:
        if not re.search(rf"^{target}:", text, re.MULTILINE):
            yield f"Makefile: there is no target {target}."
    if re.search(r"^ +\S", text, re.MULTILINE):
        yield "Makefile: a line is indented by spaces."


def readme(plan: Plan, files: Files) -> Iterator[str]:
    """Says how to start, how to sign in, every clause of the ledger, and once more what was not built."""
    text = files["README.md"].decode()
    for needed in ("make start", "make verify", plan.demo_email):
        if needed not in text:
            yield f"README.md: {needed} is not mentioned."
    _, _, not_built = text.partition("### Not built")
    for clause in plan.clauses:
        if f"| {md(clause.id)} | {md(clause.text)} |" not in text:
            yield f"README.md: {clause.id} is not in the ledger."
        if clause.status is ClauseStatus.NOT_BUILT and md(clause.text) not in not_built.partition("### Assumed")[0]:
            yield f"README.md: it does not say that {clause.id} was not built."


def secrets(plan: Plan, files: Files) -> Iterator[str]:
    """No real secret in the example, and the files that may hold one are ignored."""
    for name in (".gitignore", ".dockerignore"):
        if not re.search(r"^(\*\*/)?\.env$", files[name].decode(), re.MULTILINE):
            yield f"{name}: .env is not ignored."
    for line in files[".env.example"].decode().splitlines():
        if line and not line.startswith("#"):
            yield f".env.example: {line.split('=')[0]} is set, not explained."


RULES: tuple[Rule, ...] = (dockerfile, compose, workflow, makefile, readme, secrets)


def _yaml(files: Files, name: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(files[name])
    except yaml.YAMLError as error:
        return {"error": str(error)}
    return found if isinstance(found, dict) else {}


def _logical_lines(text: str) -> Iterator[str]:
    """Instructions of a Dockerfile, continued lines joined, without comments."""
    joined = re.sub(r"\\\n", " ", text)
    return (line for line in joined.splitlines() if line.strip() and not line.startswith("#"))
