"""The evidence of a clean run, made by hand: every gate is green, so that a test can turn exactly one of them red."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from slo.evidence import Evidence
from slo.gates.base import registry
from slo.levels import levels
from slo.services import judge
from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import Bench, layers, merged, tree_hash
from synergy.core.revisions import Base
from synergy.core.types import (
    BrowserCheck,
    ChangeSet,
    CommandRun,
    Conflict,
    CoverageHalf,
    Finding,
    Plan,
    Proof,
    Resolution,
    Shot,
    StackChoice,
    TestCase,
    TestReport,
    UiSpec,
    Verdict,
    VisualReport,
    Walked,
)
from tests import factories

BACKEND_TEST = "backend/tests/test_app.py"
FRONTEND_TEST = "frontend/src/app.test.tsx"
FILES = {
    "backend/app/main.py": "def hello():\n    return 1\n",
    BACKEND_TEST: "from app.main import hello\n\ndef test_hello():\n    assert hello() == 1\n",
    "frontend/src/app.tsx": "export const App = () => null;\n",
    FRONTEND_TEST: "test('App', () => {});\n",
    "README.md": "# Bakery Orders\n",
    "Makefile": "verify:\n\t@echo verified\n",
}
UI_TEST = "frontend/src/components/table.test.tsx"
UI_FILES = {"frontend/src/components/table.tsx": "export const Table = () => null;\n", UI_TEST: "test('Table', () => {});\n"}


@dataclass(frozen=True)
class Run:
    """All values of one run. ``but`` makes a copy with other values."""

    bench: Bench
    stack: StackChoice
    plan: Plan
    changes: tuple[ChangeSet, ...]
    ui: UiSpec
    visuals: VisualReport
    resolution: Resolution
    tests: TestReport
    cost_usd: float = 0.0
    seconds: float = 24.5
    base: Base | None = None

    def but(self, **values: Any) -> Run:
        return replace(self, **values)

    def update(self, step: str, **values: Any) -> Run:
        """The same run with other fields in the value of one step."""
        return replace(self, **{step: getattr(self, step).model_copy(update=values)})

    def values(self) -> dict[str, Any]:
        names = ("stack", "plan", "changes", "ui", "visuals", "resolution", "tests")
        return {name: getattr(self, name) for name in names}

    def judged(self) -> Verdict:
        return judge(self.bench, **self.values(), cost_usd=self.cost_usd, seconds=self.seconds, base=self.base)

    def red(self, gate: str) -> str:
        """What one gate says against the run; empty when it is green."""
        evidence = Evidence(
            **self.values(), cost_usd=self.cost_usd, seconds=self.seconds, read=self.bench.store.get, base=self.base
        )
        level = levels()[gate]
        measure = registry.get(gate).measure(evidence, level.limits)
        said = measure.reason if measure.value is not None else f"Not measured. {measure.reason}"
        return "" if level.kept(measure.value) else said or "red"

    def with_file(self, path: str, text: str) -> Run:
        """The same run on a project with one more or another file; tests and pictures are of that project."""
        change = ChangeSet(agent="edits", files={path: self.bench.store.put_text(text)})
        changes = (*self.changes, change)
        tree = tree_hash(merged(layers(changes, self.ui, self.resolution)))
        return replace(self.update("tests", project_hash=tree).update("visuals", project_hash=tree), changes=changes)


def clean_run(bench: Bench, plan: Plan | None = None) -> Run:
    """A run in which everything went well."""
    plan = plan or factories.plan()
    store = bench.store
    sets = {
        "frontend": {k: v for k, v in FILES.items() if k.startswith("frontend/")},
        "backend": {k: v for k, v in FILES.items() if k.startswith("backend/")},
        "devops": {k: v for k, v in FILES.items() if "/" not in k},
    }
    tests = {"frontend": FRONTEND_TEST, "backend": BACKEND_TEST}
    changes = tuple(
        ChangeSet(
            agent=agent,
            files=put(store, files),
            proofs=tuple(
                Proof(feature=f.id, files=(next(iter(files)),), tests=(f"{tests[agent]}::{f.id}",)) for f in plan.features
            )
            if agent in tests
            else (),
        )
        for agent, files in sets.items()
    )
    components = ChangeSet(agent="ui", files=put(store, UI_FILES))
    ui = UiSpec(scopes=("orders",), components=(), changes=components, walks=tuple(walk(f.id) for f in plan.features))
    tree = tree_hash(merged(layers(changes, ui)))
    cases = [TestCase(id=f"{path}::{f.id}", outcome="passed", seconds=0.01) for path in tests.values() for f in plan.features]
    return Run(
        bench=bench,
        stack=StackChoice(
            inferred="fastapi-react", confidence=0.93, abstained=False, built_with="fastapi-react", reason="Nearest."
        ),
        plan=plan,
        changes=changes,
        ui=ui,
        visuals=visuals(store, plan, tree),
        resolution=Resolution(
            operations=16, conflicts=(), similarity_before=1.0, similarity_after=1.0, report=store.put_text('{"operations": []}')
        ),
        tests=TestReport(
            cases=tuple(cases),
            coverage=(
                CoverageHalf(name="backend", covered=990, total=1000, report=store.put_text('{"half": "backend"}')),
                CoverageHalf(name="frontend", covered=980, total=1000, report=store.put_text('{"half": "frontend"}')),
            ),
            checks=(command(store, "backend-tests"), command(store, "frontend-tests")),
            project_hash=tree,
        ),
    )


def put(store: ArtifactStore, files: dict[str, str]) -> dict[str, str]:
    return {path: store.put_text(text) for path, text in files.items()}


def command(store: ArtifactStore, name: str) -> CommandRun:
    outputs = {"junit": store.put_text(f"<testsuite name='{name}'/>"), "coverage": store.put_text(f'{{"of": "{name}"}}')}
    return CommandRun(
        name=name,
        argv=("run", name),
        returncode=0,
        seconds=3.2,
        output=store.put_text(f"{name}: ok\n"),
        inputs="0" * 64,
        outputs=outputs,
    )


def visuals(store: ArtifactStore, plan: Plan, tree: str) -> VisualReport:
    return VisualReport(
        browser="Chromium 156.0",
        fonts="f" * 64,
        axe="4.12.1",
        pages=len(plan.pages),
        widths=(375, 768, 1920),
        shots=tuple(
            Shot(page=p.slug, width=w, height=1080, image=store.put(f"picture {p.slug} {w}".encode()), text="t")
            for p in plan.pages
            for w in (375, 768, 1920)
        ),
        findings=(finding("axe", "moderate", "login"),),
        controls=120,
        calls=(),
        checks=(command(store, "build"),),
        seconds=6.0,
        project_hash=tree,
        walked=tuple(Walked(check=f.id, feature=f.id, passed=True, seconds=0.4) for f in plan.features),
    )


def walk(feature: str) -> BrowserCheck:
    return BrowserCheck(id=feature, feature=feature, title=f"It does {feature}", acts=("open /orders", "see Wedding cake"))


def finding(check: str, severity: str, page: str = "orders-list", **more: Any) -> Finding:
    return Finding(check=check, severity=severity, page=page, message=f"{check} finding", **more)


def conflict(**values: Any) -> Conflict:
    standard = {
        "kind": "field",
        "method": "GET",
        "path": "/api/orders",
        "detail": "due is due_on",
        "sides": ("declared", "static"),
        "similarity": 0.5,
        "resolved": True,
        "similarity_after": 0.9,
    }
    return Conflict(**{**standard, **values})
