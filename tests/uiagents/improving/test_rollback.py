"""What a browser finds wrong with a model's work takes it back; what was wrong without it, too, does not."""

from __future__ import annotations

import pytest

from synergy.core.bench import MODEL, layers, merged
from synergy.core.types import (
    BrowserCheck,
    Clause,
    ClauseStatus,
    Feature,
    Finding,
    Page,
    PageKind,
    Walked,
)
from synergy.core.written import Attempt, Improved, with_walks, with_written
from tests.factories import plan
from tests.uiagents.interface import CLIENT, SPEC, Project
from uiagents import conflicts
from uiagents.services import resolve_conflicts

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]
NEW = "frontend/src/gift.ts"


@pytest.fixture(autouse=True)
def commands(monkeypatch):
    monkeypatch.setattr(conflicts, "stack", lambda slug: SPEC)


class Site:
    """A project in which a model wrote two features; ``faults`` are seen for as long as a feature is there."""

    def __init__(self, bench, faults=(), *, always=()):
        self.bench, self.faults, self.always = bench, dict(faults), tuple(always)
        self.project = Project.of(plan())
        _, plan_, changes, ui, _, _ = self.project.arguments(bench, plan())
        self.changes, self.ui, client = changes, ui, changes[0].files[CLIENT]
        changed = bench.store.put_text(bench.store.get_text(client) + "// a gift\n")
        attempts = (
            Attempt(clause="R8", outcome="kept", feature="asked.r8", before={NEW: ""}),
            Attempt(clause="R9", outcome="kept", feature="asked.r9", before={CLIENT: client}),
        )
        self.written = Improved(
            agent=MODEL,
            files={NEW: bench.store.put_text("export const gift = 1;\n"), CLIENT: changed},
            attempts=attempts,
            features=tuple(Feature(id=f"asked.r{n}", label="Gifts", pages=(f"asked-r{n}-1",), api=False) for n in (8, 9)),
            pages=tuple(
                Page(slug=f"asked-r{n}-1", path=f"/g{n}", sample=f"/g{n}", title="Gifts", kind=PageKind.FEATURE) for n in (8, 9)
            ),
            walks=tuple(
                BrowserCheck(id=f"asked.r{n}.1", feature=f"asked.r{n}", title="A gift", acts=("open /", "see gift"))
                for n in (8, 9)
            ),
        )
        clauses = tuple(Clause(id=f"R{n}", text="gifts", status=ClauseStatus.NOT_BUILT) for n in (8, 9))
        self.plan = with_written(plan_.model_copy(update={"clauses": clauses}), self.written, {})
        self.walking = with_walks(ui, self.written, {})
        self.rendered = []

    def report(self, there=("asked.r8", "asked.r9")):
        walked = tuple(
            Walked(check=f"{f}.1", feature=f, passed=f not in self.faults, seconds=1, message=self.faults.get(f, ""))
            for f in there
        )
        findings = tuple(Finding(check="axe", severity="serious", page=p, message="No name.") for p in self.always)
        findings += tuple(
            Finding(check="axe", severity="serious", page=f"{f.replace('.', '-')}-1", message=why)
            for f, why in self.faults.items()
            if f in there and why.startswith("axe")
        )
        return self.project.report().model_copy(update={"walked": walked, "findings": findings})

    def rerender(self, change, dropped=None):
        self.rendered.append(change)
        return self.report([f for f in ("asked.r8", "asked.r9") if f not in (dropped or {})])

    def resolve(self):
        changes = (*self.changes, self.written)
        return resolve_conflicts(self.bench, self.plan, changes, self.walking, self.report(), self.rerender)

    def files(self, result):
        return merged(layers((*self.changes, self.written), self.walking, result))


def test_a_sound_project_is_not_rendered_again(bench):
    site = Site(bench)
    result = site.resolve()
    assert (result.dropped, result.changes, site.rendered) == ({}, None, [])


def test_what_fails_its_check_goes_with_all_that_came_after_it(bench):
    site = Site(bench, {"asked.r8": "see gift: nothing like it"})
    result = site.resolve()
    assert list(result.dropped) == ["asked.r8", "asked.r9"]
    assert "nothing like it" in result.dropped["asked.r8"]
    assert site.files(result) == merged(layers(site.changes, site.ui))
    assert result.walked == ()
    again = with_written(site.plan.model_copy(update={"features": (), "pages": ()}), site.written, result.dropped)
    assert (again.features, again.pages) == ((), ())


def test_what_came_before_stays(bench):
    site = Site(bench, {"asked.r9": "axe: no name"})
    result = site.resolve()
    assert list(result.dropped) == ["asked.r9"]
    assert NEW in site.files(result)
    assert site.files(result)[CLIENT] == site.changes[0].files[CLIENT]
    assert [w.check for w in result.walked] == ["asked.r8.1"]


def test_what_was_found_on_a_page_that_went_is_no_fault_any_more(bench):
    site = Site(bench, {"asked.r9": "axe: no name"})
    assert {f.page for f in site.report().findings} == {"asked-r9-1"}
    assert site.resolve().findings_now(site.report()) == ()


def test_a_fault_that_was_there_without_it_takes_nothing_back(bench):
    site = Site(bench, always=["orders-list"])
    result = site.resolve()
    assert result.dropped == {}
    assert len(site.rendered) == 1
    assert NEW in site.files(result)


def test_the_readers_of_the_project_are_told(bench):
    """Clauses of what was taken back are open again, with the reason."""
    site = Site(bench, {"asked.r8": "see gift: nothing like it"})
    first = plan().model_copy(
        update={"clauses": (Clause(id="R8", text="gifts", status=ClauseStatus.NOT_BUILT, reason="Unknown."),)}
    )
    clause = with_written(first, site.written, site.resolve().dropped).clauses[0]
    assert clause.status is ClauseStatus.NOT_BUILT
    assert clause.reason.startswith("Unknown. What a model wrote was taken back")
