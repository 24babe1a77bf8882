# ruff: noqa: T201  # it talks to a person
"""A bench for whoever writes a capability: a project with it, and its own tests, types, build and browser run on it.

``python -m tests.capabilities.workshop reviews [archetype] [--public] [--files FOLDER] [--quick] [--only backend|frontend|walks]``
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synergy.settings")
django.setup()

from inference.planning.archetypes import archetypes  # noqa: E402
from inference.planning.planner import make_plan  # noqa: E402
from synergy.core.artifacts import ArtifactStore  # noqa: E402
from synergy.core.bench import Bench, layers, merged  # noqa: E402
from synergy.core.capabilities import Capability, On, Words, capability  # noqa: E402
from synergy.core.stacks import stack  # noqa: E402
from synergy.core.toolchains import run_command  # noqa: E402
from synergy.core.types import (  # noqa: E402
    ChangeSet,
    Endpoint,
    Entity,
    Feature,
    Message,
    Page,
    PageKind,
    Plan,
    StackChoice,
    UiSpec,
    Use,
)
from uiagents import react  # noqa: E402
from uiagents.agents import backend  # noqa: E402
from uiagents.agents.frontend import SCHEMA  # noqa: E402
from uiagents.capabilities import uses  # noqa: E402
from uiagents.selftest import tidied  # noqa: E402
from uiagents.services import infer_ui, run_agent  # noqa: E402

STACK = StackChoice(
    inferred="fastapi-react", confidence=1, abstained=False, by_hand=True, built_with="fastapi-react", reason="Chosen by hand."
)


def plan_with(*names: str, archetype: str = "", public: bool = False) -> Plan:
    """A plan with these capabilities, each put to work on what suits it best."""
    wanted = [archetype] if archetype else []
    for name in names:
        on = capability(name).on
        wanted += [_first(on), *(p.archetypes[0] for p in on.parts.values() if not p.optional)] if on else ["article"]
    many = [archetypes()[name].plural.lower() for name in dict.fromkeys(wanted)]
    kind = "website where visitors browse" if public else "system with login to manage"
    text = f"A {kind} {', '.join(many[:-1])}{' and ' if many[1:] else ''}{many[-1]}."
    for on in (found.on for found in map(capability, names) if found.on and found.on.apart):
        text += f" Members add, view and edit their own {archetypes()[archetype or _first(on)].plural.lower()}."
    plan = _bare(make_plan(Message(text=text), STACK, lambda kind, texts, k: [[] for _ in texts]))
    for name in names:
        for use in bind(capability(name), plan, archetype):
            if use.name not in {known.name for known in plan.uses}:  # the planner may have found it in the words
                plan = with_use(plan, use)
    return plan


def _bare(plan: Plan) -> Plan:
    """``plan`` without what its own words asked for."""
    kept = {name: tuple(part for part in getattr(plan, name) if not part.use) for name in ("pages", "features", "endpoints")}
    return plan.model_copy(update={**kept, "uses": ()})


def _first(on: On) -> str:
    return (
        on.add
        or next(iter(on.archetypes), "")
        or next(a.name for a in archetypes().values() if a.family in on.families or on.any)
    )


def bind(found: Capability, plan: Plan, archetype: str = "") -> list[Use]:
    """The use of ``found``, and of what comes with it."""
    entity = _entity(found.on, plan, archetype) if found.on else None
    table = f"{entity.table}_{found.name.replace('-', '_')}" if entity else found.name.replace("-", "_")
    parts, fields = {}, {}
    for role, part in (found.on.parts if found.on else {}).items():
        other = next((e for a in part.archetypes for e in plan.entities if e.archetype == a), None)
        if other:
            parts[role] = other.name
    for role, need in (found.on.fields if found.on and entity else {}).items():
        field = next((f for n in need.names for f in entity.fields if f.name == n and f.kind in need.kinds), None)
        field = field or (None if need.only else next((f for f in entity.fields if f.kind in need.kinds), None))
        if field:
            fields[role] = field.name
        elif not need.optional:
            raise SystemExit(f"{entity.label} has no field for {role}.")
    options = {name: next(iter(values)) for name, values in found.options.items()}
    use = Use(
        capability=found.name, name=table, slug=table.replace("_", "-"), entity=entity.name if entity else None, parts=parts,
        fields=fields, options=options, evidence="words",
    )  # fmt: skip
    return [use, *(u for name in found.with_ for u in bind(capability(name), plan, archetype))]


def _entity(on: On, plan: Plan, archetype: str) -> Entity:
    for name in (archetype, *on.archetypes):
        for entity in plan.entities:
            if entity.archetype == name:
                return entity
    return next(e for e in plan.entities if on.any or archetypes()[e.archetype or ""].family in on.families)


def with_use(plan: Plan, use: Use) -> Plan:
    """``plan`` with the pages, features and endpoints that the use brings."""
    found, words = capability(use.capability), Words(plan.entities, use)
    as_list = next((e.auth for e in plan.endpoints if e.entity == use.entity and e.paginated), plan.access == "private")

    def closed(access: str) -> bool:
        if access == "as_site":
            return plan.access == "private"
        return as_list if access == "as_list" else access != "public"

    pages = tuple(
        Page(
            slug=words.fill(p.slug), path=words.fill(p.path), sample=words.fill(p.sample or p.path), title=words.fill(p.title),
            kind=PageKind.FEATURE, public=not closed(p.access), use=use.name,
        )
        for p in found.page
    )  # fmt: skip
    features = tuple(
        Feature(
            id=f"{use.slug}.{f.id}", label=words.fill(f.label), pages=tuple(map(words.fill, f.pages)), use=use.name, api=f.api
        )
        for f in found.feature
    )
    endpoints = tuple(
        Endpoint(method=e.method, path=words.fill(e.path), operation=words.fill(e.operation), auth=closed(e.access), use=use.name)
        for e in found.endpoint
    )
    return plan.model_copy(
        update={
            "uses": (*plan.uses, use),
            "pages": (*plan.pages, *pages),
            "features": (*plan.features, *features),
            "endpoints": (*plan.endpoints, *endpoints),
        }
    )


# --- the bench -------------------------------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="+")
    parser.add_argument("--on", default="", help="archetype to put it to work on")
    parser.add_argument("--public", action="store_true")
    parser.add_argument("--files", type=Path, help="write the project here and keep it")
    parser.add_argument("--only", choices=["backend", "frontend", "walks"])
    parser.add_argument("--quick", action="store_true", help="only the capability's own tests, the contract, types and lint")
    given = parser.parse_args()
    plan = plan_with(*given.names, archetype=given.on, public=given.public)
    print(plan.title, "·", ", ".join(e.label_plural for e in plan.entities), "·", ", ".join(u.name for u in plan.uses))
    root = given.files or Path(tempfile.mkdtemp(prefix="workshop-"))
    shutil.rmtree(root / "project", ignore_errors=True)
    bench = Bench(root=root, store=ArtifactStore(root / "artifacts"), project_key="workshop")
    return quick(bench, plan, given.only) if given.quick else check(bench, plan, given.only)


def quick(bench: Bench, plan: Plan, only: str | None) -> int:
    """The capability's own tests, and what is cheap beside them. With ``--only walks`` the build and the browser alone."""
    spec = stack(plan.stack)
    bound = uses(plan)
    api = ["tests/test_contract.py", "tests/test_database.py", *(f"tests/test_{u.name}.py" for u in bound if u.shapes)]
    pages = [f"src/features/{u.slug}" for u in bound]
    commands = dict(spec.commands)
    for name, argv in (
        ("backend-test", ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *api]),
        ("frontend-unit", ["vitest", "run", *pages]),
    ):
        commands[name] = commands[name].model_copy(update={"argv": tuple(argv), "outputs": {}})
    spec = spec.model_copy(update={"commands": commands})
    files = react.shell_files(plan, spec.folder / "adapter") | react.scope_files(plan) | backend.render(plan)
    kept = {path: bench.store.put(content) for path, content in files.items()}
    bench.apply([ChangeSet(agent="workshop", files=kept)])
    made = [run_command(bench, spec, name, kept) for name in ("frontend-api", "frontend-format", "backend-format")]
    kept[SCHEMA] = made[0].outputs["schema"]
    for run in made[1:]:
        kept = tidied(bench, run, kept)
    bench.apply([ChangeSet(agent="workshop", files=kept)])
    wanted = {
        "backend": ["backend-test", "backend-lint"],
        "frontend": ["frontend-unit", "frontend-types", "frontend-lint"],
        "walks": [],
    }
    names = [name for side, names in wanted.items() if only in (None, side) for name in names]
    failed = _tell(bench, [*made, *(run_command(bench, spec, name, kept) for name in names)])
    if only in (None, "walks"):
        change = ChangeSet(agent="workshop", files=kept)
        walks = tuple(walk for use in bound for walk in use.walks())
        ui = UiSpec(scopes=(), components=(), changes=ChangeSet(agent="ui", files={}), walks=walks)
        failed += _walk(bench, plan.model_copy(update={"pages": _own_pages(plan)}), (change,), ui)
    return failed


def _own_pages(plan: Plan) -> tuple[Page, ...]:
    """The pages that the capabilities bring or stand on, and the way in."""
    on = {slug for feature in plan.features if feature.use for slug in feature.pages}
    return tuple(p for p in plan.pages if p.use or p.slug in on or p.kind in (PageKind.LOGIN, PageKind.REGISTER))


def check(bench: Bench, plan: Plan, only: str | None) -> int:
    """Run everything and say what failed. Returns the number of failures."""
    failed = 0
    served_by = run_agent(bench, "backend", plan)
    if only != "frontend":
        failed += _tell(bench, served_by.checks)
    if only != "backend":
        frontend = run_agent(bench, "frontend", plan)
        changes = (frontend, served_by)
        ui = infer_ui(bench, plan, changes)
        failed += _tell(bench, ui.changes.checks)
        files = merged(layers(changes, ui))
        failed += _tell(
            bench, [run_command(bench, stack(plan.stack), name, files) for name in ("frontend-lint", "backend-types")]
        )
        failed += _walk(bench, plan, changes, ui) if only != "frontend" else 0
        proved = {p.feature for p in ui.changes.proofs}
        walked = {w.feature for w in ui.walks}
        for feature in plan.features:
            if feature.use and (feature.id not in proved or feature.id not in walked):
                failed += 1
                print(
                    "  NOT PROVED",
                    feature.id,
                    "page test" if feature.id not in proved else "",
                    "check" if feature.id not in walked else "",
                )
    served = {p.feature for p in served_by.proofs}
    for feature in plan.features:
        if feature.use and feature.api and feature.id not in served:
            failed += 1
            print("  NOT PROVED by the backend:", feature.id)
    print("files:", bench.project)
    return failed


def _tell(bench: Bench, checks) -> int:
    for run in checks:
        print(f"{run.name:18} {'ok' if not run.returncode else 'FAILED'}  {run.seconds:5.1f} s", flush=True)
        if run.returncode and run.output:
            print(bench.store.get_text(run.output)[-7000:])
    return sum(bool(run.returncode) for run in checks)


def _walk(bench: Bench, plan: Plan, changes: tuple[ChangeSet, ...], ui) -> int:
    from visual import services

    services.approved, services.offer = (lambda key: {}), (lambda key, looks: None)  # no database here
    look, started = services.check, time.monotonic()
    report = look(bench, plan, changes, ui)
    for finding in report.findings:
        print(
            "  finding",
            finding.severity,
            finding.page,
            finding.width or "",
            finding.check,
            finding.rule,
            finding.message[:300],
            finding.target[:120],
        )
    bad = [w for w in report.walked if not w.passed]
    for walked in bad:
        print("  CHECK FAILED", walked.check, walked.message)
    print(
        f"browser            {len(report.walked)} checks, {len(bad)} failed, {len(report.findings)} findings  {time.monotonic() - started:5.1f} s"
    )
    print("screenshots:", bench.root / "evidence" / "screenshots")
    return len(bad) + sum(f.severity in ("serious", "critical") for f in report.findings)


if __name__ == "__main__":
    sys.exit(main())
