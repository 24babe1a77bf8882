"""A real project, built once, and what happens to it when somebody breaks it: by the real tools, in the real sandbox and browser."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from slo.services import run_tests
from synergy.core.bench import EDITS, Bench, layers, merged, tree_hash
from synergy.core.types import ChangeSet, Message, Resolution, StackChoice, TestReport, VisualReport
from synergy.workflow.delivery import deliver
from synergy.workflow.parcel import unpack
from tests import factories
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
    (root / "project").mkdir(parents=True)
    return replace(bench, root=root)


def no_rendering(change: ChangeSet) -> VisualReport:
    raise AssertionError(f"Mediation wanted to change {sorted(change.files)}; nothing here is for it to settle.")


@dataclass
class Broken:
    """The clean run and three broken copies of its project: pages, API and tests. Each is looked at once, when asked for."""

    clean: Run

    def _edited(self, files: dict[str, str], removed: tuple[str, ...] = ()) -> tuple[ChangeSet, ...]:
        store = self.clean.bench.store
        edits = ChangeSet(agent=EDITS, files={path: store.put_text(text) for path, text in files.items()}, removed=removed)
        return (*self.clean.changes, edits)

    def _text(self, path: str, *swaps: tuple[str, str]) -> str:
        """A generated file with passages replaced; each must be there exactly once."""
        text = self.clean.bench.store.get_text(merged(layers(self.clean.changes, self.clean.ui))[path])
        for old, new in swaps:
            assert text.count(old) == 1, f"{path} holds {old!r} {text.count(old)} times"
            text = text.replace(old, new)
        return text

    def _run(self, changes: tuple[ChangeSet, ...]) -> Run:
        """The clean evidence, said to be about the edited files: what a test replaces is then the only difference."""
        tree = tree_hash(merged(layers(changes, self.clean.ui)))
        run = self.clean.but(changes=changes)
        return run.update("tests", project_hash=tree).update("visuals", project_hash=tree)

    @cached_property
    def parcel(self) -> Path:
        """The delivery of the clean run, unpacked."""
        run = self.clean
        message = Message(text=run.plan.message)
        delivery = deliver(run.bench, "seeded-defects", message, *run.values().values(), verdict=run.judged())
        unpack(run.bench.store.get(delivery.archive), run.bench.root / "delivery" / "parcel")
        return run.bench.root / "delivery" / "parcel"

    @cached_property
    def pages(self) -> Run:
        """Pages with the defects of defects.js, as the browser sees them."""
        script = '<script src="/defects.js" defer></script></body>'
        changes = self._edited(
            {
                "frontend/index.html": self._text("frontend/index.html", ("</body>", script)),
                "frontend/public/defects.js": (HERE / "defects.js").read_text(),
            }
        )
        clean = self.clean
        return self._run(changes).but(visuals=check(own(clean.bench, "broken-pages"), clean.plan, changes, clean.ui))

    def page(self, check_name: str, page: str) -> Run:
        """The run with what one check found on one page, and everything else as it was."""
        seen = self.pages.visuals
        found = tuple(f for f in seen.findings if (f.check, f.page) == (check_name, page))
        shots = tuple(
            new if new.page == page and check_name in ("pixels", "text", "determinism") else old
            for new, old in zip(seen.shots, self.clean.visuals.shots, strict=True)
        )
        return self.pages.update("visuals", findings=found, shots=shots)

    @cached_property
    def api(self) -> Run:
        """A backend that does not keep what the contract promises."""
        schemas, router = "backend/app/schemas/customers.py", "backend/app/routers/customers.py"
        changes = self._edited(
            {
                schemas: self._text(
                    schemas,
                    ("    newsletter: bool\n    notes: str | None\n", "    newsletter: str\n    remarks: str | None\n"),
                ),
                router: self._text(
                    router,
                    ('@router.delete("/{id}", status_code=204, dependencies=[Depends(may_delete)])\n', ""),
                    ('@router.patch("/{id}"', '@router.put("/{id}"'),
                    ('@router.get("/{id}", dependencies=[Depends(signed_in)])', '@router.get("/{id}")'),
                    (") -> schemas.CustomerPage:", ") -> list[schemas.CustomerOut]:"),
                ),
            }
        )
        return self._run(changes).but(resolution=self._resolved("broken-api", changes))

    def _resolved(self, name: str, changes: tuple[ChangeSet, ...]) -> Resolution:
        clean = self.clean
        return resolve_conflicts(own(clean.bench, name), clean.plan, changes, clean.ui, clean.visuals, no_rendering)

    def conflict(self, kind: str, method: str, path: str) -> Run:
        """The run with the conflicts of one kind about one operation, and no other."""
        found = tuple(c for c in self.api.resolution.conflicts if (c.kind, c.method, c.path) == (kind, method, path))
        return self.api.update("resolution", conflicts=found, similarity_after=1.0)

    @cached_property
    def tests(self) -> Run:
        """A project with a failing test, with tests that somebody deleted, and with code that nobody tests."""
        untested = "def untested(value):\n" + "".join(f"    value += {n}\n" for n in range(400)) + "    return value\n"
        failing = "\n\ndef test_that_fails():\n    assert 1 == 2\n"
        changes = self._edited(
            {
                "backend/tests/test_health.py": self._text("backend/tests/test_health.py") + failing,
                "backend/tests/test_customers.py": "def test_nothing():\n    pass\n",
                "backend/app/untested.py": untested,
            }
        )
        clean = self.clean
        report: TestReport = run_tests(own(clean.bench, "broken-tests"), clean.plan, changes, clean.ui, clean.resolution)
        return self._run(changes).but(tests=report)
