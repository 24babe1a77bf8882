"""A real project, built once, and what happens to it when somebody breaks it: by the real tools, in the real sandbox and browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pydantic import TypeAdapter

from slo.services import run_tests
from synergy.core.bench import EDITS, Bench, layers, merged, tree_hash
from synergy.core.types import ChangeSet, Message, Plan, Resolution, StackChoice, TestReport, UiSpec, VisualReport
from synergy.workflow.delivery import deliver
from synergy.workflow.parcel import unpack
from tests import factories
from tests.conftest import locked
from tests.slo.samples import Run
from uiagents.services import infer_ui, resolve_conflicts, run_agent
from visual.services import approve, check

AGENTS = ("frontend", "backend", "devops")
HERE = Path(__file__).parent


def build(bench: Bench) -> Run:
    """A clean run of the whole pipeline behind the plan, with approved baselines."""
    plan = factories.plan(factories.customer())
    with ThreadPoolExecutor(len(AGENTS)) as pool:
        changes = tuple(pool.map(lambda agent: run_agent(own(bench, agent), agent, plan), AGENTS))
    ui = infer_ui(own(bench, "ui"), plan, changes)
    visuals = check(own(bench, "visuals"), plan, changes, ui)
    approve(bench.project_key, {shot.image for shot in visuals.shots})
    resolution = resolve_conflicts(own(bench, "conflicts"), plan, changes, ui, visuals, no_rendering)
    tests = run_tests(own(bench, "tests"), plan, changes, ui, resolution)
    choice = StackChoice(inferred=plan.stack, confidence=0.93, abstained=False, built_with=plan.stack, reason="Nearest.")
    return Run(bench=bench, stack=choice, plan=plan, changes=changes, ui=ui, visuals=visuals, resolution=resolution, tests=tests)


def own(bench: Bench, name: str) -> Bench:
    """A bench for one step, with an empty project."""
    root = bench.root / name
    shutil.rmtree(root, ignore_errors=True)
    (root / "project").mkdir(parents=True)
    return replace(bench, root=root)


def no_rendering(change: ChangeSet) -> VisualReport:
    raise AssertionError(f"Mediation wanted to change {sorted(change.files)}; nothing here is for it to settle.")


#: What a run is made of, as JSON between the workers of one test session
KINDS = {
    "stack": TypeAdapter(StackChoice),
    "plan": TypeAdapter(Plan),
    "changes": TypeAdapter(tuple[ChangeSet, ...]),
    "ui": TypeAdapter(UiSpec),
    "visuals": TypeAdapter(VisualReport),
    "resolution": TypeAdapter(Resolution),
    "tests": TypeAdapter(TestReport),
}


class Broken:
    """The clean run and three broken copies of its project: pages, API and tests. Each is made once, by whoever needs it first."""

    def __init__(self, bench: Bench, own_folder: Path) -> None:
        self.bench, self.own_folder = bench, own_folder

    def _once(self, name: str, make: Callable[[], Run]) -> Run:
        """The run called ``name``, made by this worker or taken over from another one."""
        file = self.bench.root / f"{name}.json"
        with locked(self.bench.root / f"{name}.lock"):
            if file.exists():
                values = json.loads(file.read_text())
                return Run(bench=self.bench, **{key: kind.validate_json(values[key]) for key, kind in KINDS.items()})
            run = make()
            file.write_text(json.dumps({key: kind.dump_json(getattr(run, key)).decode() for key, kind in KINDS.items()}))
            return run

    @cached_property
    def clean(self) -> Run:
        def make() -> Run:
            run = build(self.bench)
            self._once("pages", lambda: self._pages(run))  # now: the approved baselines are in this worker's database
            return run

        return self._once("clean", make)

    @cached_property
    def pages(self) -> Run:
        """Pages with the defects of defects.js, as the browser sees them."""
        clean = self.clean
        return self._once("pages", lambda: self._pages(clean))

    @cached_property
    def api(self) -> Run:
        """A backend that does not keep what the contract promises."""
        return self._once("api", self._api)

    @cached_property
    def tests(self) -> Run:
        """A project with a failing test, with tests that somebody deleted, and with code that nobody tests."""
        return self._once("tests", self._tests)

    @cached_property
    def parcel(self) -> Path:
        """The delivery of the clean run, unpacked."""
        run = self.clean
        message = Message(text=run.plan.message)
        delivery = deliver(run.bench, "seeded-defects", message, *run.values().values(), verdict=run.judged())
        unpack(run.bench.store.get(delivery.archive), self.own_folder / "parcel")
        return self.own_folder / "parcel"

    def _pages(self, clean: Run) -> Run:
        script = '<script src="/defects.js" defer></script></body>'
        changes = edited(
            clean,
            {
                "frontend/index.html": text_of(clean, "frontend/index.html", ("</body>", script)),
                "frontend/public/defects.js": (HERE / "defects.js").read_text(),
            },
        )
        return about(clean, changes).but(visuals=check(own(self.bench, "broken-pages"), clean.plan, changes, clean.ui))

    def page(self, check_name: str, page: str) -> Run:
        """The run with what one check found on one page, and everything else as it was."""
        seen = self.pages.visuals
        found = tuple(f for f in seen.findings if (f.check, f.page) == (check_name, page))
        shots = tuple(
            new if new.page == page and check_name in ("pixels", "text", "determinism") else old
            for new, old in zip(seen.shots, self.clean.visuals.shots, strict=True)
        )
        return self.pages.update("visuals", findings=found, shots=shots)

    def conflict(self, kind: str, method: str, path: str) -> Run:
        """The run with the conflicts of one kind about one operation, and no other."""
        found = tuple(c for c in self.api.resolution.conflicts if (c.kind, c.method, c.path) == (kind, method, path))
        return self.api.update("resolution", conflicts=found, similarity_after=1.0)

    def _api(self) -> Run:
        clean = self.clean
        schemas, router, stats = (f"backend/app/{name}.py" for name in ("schemas/customers", "routers/customers", "stats"))
        changes = edited(
            clean,
            {
                schemas: text_of(
                    clean,
                    schemas,
                    ("    newsletter: bool\n    notes: str | None\n", "    newsletter: str\n    remarks: str | None\n"),
                ),
                router: text_of(
                    clean,
                    router,
                    ('@router.patch("/{id}"', '@router.put("/{id}"'),
                    ('@router.get("/{id}", dependencies=[Depends(signed_in)])', '@router.get("/{id}")'),
                    (") -> schemas.CustomerPage:", ") -> list[schemas.CustomerOut]:"),
                ),
                stats: text_of(clean, stats, ('@router.get("/stats", dependencies=[Depends(signed_in)])\n', "")),
            },
        )
        found = resolve_conflicts(own(self.bench, "broken-api"), clean.plan, changes, clean.ui, clean.visuals, no_rendering)
        return about(clean, changes).but(resolution=found)

    def _tests(self) -> Run:
        clean = self.clean
        untested = "def untested(value):\n" + "".join(f"    value += {n}\n" for n in range(400)) + "    return value\n"
        failing = "\n\ndef test_that_fails():\n    assert 1 == 2\n"
        changes = edited(
            clean,
            {
                "backend/tests/test_health.py": text_of(clean, "backend/tests/test_health.py") + failing,
                "backend/tests/test_customers.py": "def test_nothing():\n    pass\n",
                "backend/app/untested.py": untested,
            },
        )
        report = run_tests(own(self.bench, "broken-tests"), clean.plan, changes, clean.ui, clean.resolution)
        return about(clean, changes).but(tests=report)


def edited(clean: Run, files: dict[str, str]) -> tuple[ChangeSet, ...]:
    """The changes of the clean run, and a person's edits."""
    store = clean.bench.store
    return (*clean.changes, ChangeSet(agent=EDITS, files={path: store.put_text(text) for path, text in files.items()}))


def text_of(clean: Run, path: str, *swaps: tuple[str, str]) -> str:
    """A generated file with passages replaced; each must be there exactly once."""
    text = clean.bench.store.get_text(merged(layers(clean.changes, clean.ui))[path])
    for old, new in swaps:
        assert text.count(old) == 1, f"{path} holds {old!r} {text.count(old)} times"
        text = text.replace(old, new)
    return text


def about(clean: Run, changes: tuple[ChangeSet, ...]) -> Run:
    """The clean evidence, said to be about the edited files: what a test replaces is then the only difference."""
    tree = tree_hash(merged(layers(changes, clean.ui)))
    return clean.but(changes=changes).update("tests", project_hash=tree).update("visuals", project_hash=tree)
