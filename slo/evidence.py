"""All that was measured in a run, bundled for the gates, and whether it is about the files that are delivered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from synergy.core.bench import layers, merged, tree_hash
from synergy.core.revisions import Base
from synergy.core.types import ChangeSet, Finding, Plan, Resolution, StackChoice, TestReport, UiSpec, VisualReport, Walked

WIDTHS = (375, 768, 1920)  #: pixels at which every page must have been seen


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The results of all steps of one run."""

    stack: StackChoice
    plan: Plan
    changes: tuple[ChangeSet, ...]
    ui: UiSpec
    visuals: VisualReport
    resolution: Resolution
    tests: TestReport
    cost_usd: float
    seconds: float
    read: Callable[[str], bytes]  #: artifact hash → bytes
    base: Base | None = None  #: the delivery that the run changes

    @property
    def files(self) -> dict[str, str]:
        """The project as it is delivered: path → artifact hash."""
        return merged(layers(self.changes, self.ui, self.resolution))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the browser found: pages that were rendered again after mediation count as they are now."""
        return self.resolution.findings_now(self.visuals)

    @property
    def walked(self) -> dict[str, Walked]:
        """What the planned browser checks came to, by id: after mediation, as they are now."""
        planned = {check.id: check.feature for check in self.ui.walks}
        found = self.resolution.walked_now(self.visuals)
        return {w.check: w for w in found if planned.get(w.check) == w.feature}

    def unwalked(self) -> str:
        """Why the browser checks say nothing about this project; empty when they do."""
        if not self.ui.walks:
            return "There is no check to be done in the browser."
        return self._elsewhere() or ("" if self.walked else "No check was done in the browser.")

    def untested(self) -> str:
        """Why the tests say nothing about this project; empty when they do."""
        if self.tests.project_hash != tree_hash(self.files):
            return "The tests ran on other files than those that are delivered."
        return "" if self.tests.cases else "No test ran."

    def uncounted(self) -> str:
        """Why nothing is known about the coverage of this project; empty when it is."""
        halves = self.tests.coverage
        missing = [half.name for half in halves if not half.report]
        if missing or not halves:
            return self.untested() or f"No usable coverage report of: {', '.join(missing) or 'any half'}."
        return self.untested()

    def _elsewhere(self) -> str:
        """Why the browser has not seen what is delivered; empty when it has."""
        settled = self.resolution.changes
        if self.visuals.project_hash not in (tree_hash(self.files), tree_hash(merged(layers(self.changes, self.ui)))):
            return "Other files were rendered than those that are delivered."
        if settled and (settled.files or settled.removed) and not self.resolution.rerendered:
            return "What mediation changed was not rendered again."
        return ""

    def unseen(self) -> str:
        """Why the pictures say nothing about this project; empty when they do."""
        if why := self._elsewhere():
            return why
        seen = {(shot.page, shot.width) for shot in self.visuals.shots}
        missing = [f"{page.slug} at {width}" for page in self.plan.pages for width in WIDTHS if (page.slug, width) not in seen]
        return f"Not rendered: {', '.join(missing[:3])}{' …' if len(missing) > 3 else ''}." if missing else ""
