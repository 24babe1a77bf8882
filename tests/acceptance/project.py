"""A real project, and what happens to it when somebody breaks it: by the real tools, in the real sandbox and browser."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from slo.services import run_tests
from synergy.core.bench import EDITS, Bench, layers, merged, tree_hash
from synergy.core.signing import signer
from synergy.core.types import ChangeSet, Resolution, TestReport, VisualReport
from tests.acceptance.system import System
from tests.slo.samples import Run
from uiagents.conflicts import resolve_conflicts

HERE = Path(__file__).parent
SCRIPT = '<script src="/defects.js" defer></script></body>'


def broken_pages(project: Path, folder: Path) -> Path:
    """A folder with the files of a person who broke the pages of ``project``: by address, as defects.js says."""
    index = (project / "frontend/index.html").read_text()
    assert index.count("</body>") == 1
    for path, text in {
        "frontend/index.html": index.replace("</body>", SCRIPT),
        "frontend/public/defects.js": (HERE / "defects.js").read_text(),
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def own(bench: Bench, name: str) -> Bench:
    """A bench for one step, with an empty project."""
    root = bench.root / name
    shutil.rmtree(root, ignore_errors=True)
    (root / "project").mkdir(parents=True)
    return replace(bench, root=root)


def no_rendering(change: ChangeSet) -> VisualReport:
    raise AssertionError(f"Mediation wanted to change {sorted(change.files)}; nothing here is for it to settle.")


class Broken:
    """The first run, the run with broken pages, and the project with a broken API and broken tests."""

    def __init__(self, system: System, first: dict[str, Any], rejected: dict[str, Any], own_folder: Path) -> None:
        self.system, self.own_folder = system, own_folder
        self._first, self._rejected = first, rejected
        self.bench = Bench(root=own_folder, store=system.store, project_key="seeded-defects")

    @cached_property
    def clean(self) -> Run:
        return self.system.run(self._first, self.bench)

    @cached_property
    def pages(self) -> Run:
        """Pages with the defects of defects.js, as the browser saw them."""
        return self.system.run(self._rejected, self.bench)

    @cached_property
    def api(self) -> Run:
        """A backend that does not keep what the contract promises."""
        clean = self.clean
        schemas, router, stats = (f"backend/app/{name}.py" for name in ("schemas/suppliers", "routers/suppliers", "stats"))
        swaps = {
            schemas: (
                ("    lead_time: int\n", "    lead_time: str\n"),
                ("    reliability: int | None\n", "    score: int | None\n"),
            ),
            router: (
                ('@router.patch("/{id}"', '@router.put("/{id}"'),
                ('@router.get("/{id}", dependencies=[Depends(signed_in)])', '@router.get("/{id}")'),
                (") -> schemas.SupplierPage:", ") -> list[schemas.SupplierOut]:"),
            ),
            stats: (('@router.get("/stats", dependencies=[Depends(signed_in)])\n', ""),),
        }
        changes = edited(clean, {path: text_of(clean, path, *pairs) for path, pairs in swaps.items()})
        place = own(self.bench, "broken-api")

        def compare() -> Any:
            found = resolve_conflicts(place, clean.plan, changes, clean.ui, clean.visuals, no_rendering)
            return found.model_dump(mode="json")

        found = Resolution.model_validate(self.system.once("broken-api", compare))
        return about(clean, changes).but(resolution=found)

    @cached_property
    def tests(self) -> Run:
        """A project with a failing test, with tests that somebody deleted, and with code that nobody tests."""
        clean = self.clean
        untested = "def untested(value):\n" + "".join(f"    value += {n}\n" for n in range(600)) + "    return value\n"
        failing = "\n\ndef test_that_fails():\n    assert 1 == 2\n"
        files = {
            "backend/tests/test_health.py": text_of(clean, "backend/tests/test_health.py") + failing,
            "backend/tests/test_suppliers.py": "def test_nothing():\n    pass\n",
            "backend/app/untested.py": untested,
        }
        changes = edited(clean, files)
        place = own(self.bench, "broken-tests")

        def test() -> Any:
            return run_tests(place, clean.plan, changes, clean.ui, clean.resolution).model_dump(mode="json")

        return about(clean, changes).but(tests=TestReport.model_validate(self.system.once("broken-tests", test)))

    @property
    def parcel(self) -> Path:
        """The first delivery, unpacked."""
        return Path(self._first["paths"]["Project"]).parent

    @property
    def fingerprint(self) -> str:
        """Of the key that the installation signs with."""
        return signer(self.system.home / "secrets").fingerprint

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
