"""What a change was to leave as it was: proved by pixels, without the frame, or by places and words; a drift is always found."""

from __future__ import annotations

import pytest

from synergy.core.revisions import Base
from synergy.core.types import PageKind, StackChoice
from tests import factories
from tests.visual.test_services import app, project  # noqa: F401  # the fixture
from visual.baselines import approve
from visual.steady import by_hand, by_model

CHOICE = StackChoice(inferred="tiny", confidence=0.9, abstained=False, built_with="tiny", reason="By hand.")
RED = ("#00408a", "#8a0040")
LINK = ('<a href="/orders">Orders</a></nav>', '<a href="/orders">Orders</a><a href="/login">Customers</a></nav>')
TINY = "<style>main p { letter-spacing: 0.3px; }</style>"

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.django_db]


@pytest.fixture
def before(project):  # noqa: F811
    """The project once it was delivered and approved, as what a change starts from."""
    report = project()
    approve("bakery", {s.image for s in report.shots})
    return based(project, report)


def based(made, report, **values):
    given = {"run": "1", "messages": ("x",), "stack": CHOICE, "plan": made.plan, "clauses": (), "generated": {}}
    seen = {"browser": report.browser, "fonts": report.fonts, "shots": report.shots}
    return Base(**{**given, **seen, **values})


def told(report):
    """(page, how it was compared) → whether it stayed."""
    pairs = sorted({(k.page, k.by) for k in report.kept})
    return {pair: all(k.same for k in report.kept if (k.page, k.by) == pair) for pair in pairs}


def painted(plan):
    light = plan.tokens.light.model_copy(update={"primary": RED[1]})
    return plan.model_copy(update={"tokens": plan.tokens.model_copy(update={"light": light})})


def with_icon(plan):
    """Another navigation, and the same pages."""
    first, *others = plan.entities
    return plan.model_copy(update={"entities": (first.model_copy(update={"icon": "star"}), *others)})


def test_what_is_not_touched_is_the_same_to_the_pixel(project, before):  # noqa: F811
    report = project(base=before)
    assert report.findings == ()
    assert told(report) == {("login", "pixels"): True, ("orders", "pixels"): True}
    assert len(report.kept) == len(report.shots) == 8
    assert {s.expected for s in report.shots} == {""}


def test_a_drift_on_an_untouched_page_is_found(project, before):  # noqa: F811
    report = project(app(extra=TINY), base=before)
    assert told(report) == {("login", "pixels"): True, ("orders", "pixels"): False}
    found = [f for f in report.findings if f.check == "unchanged"]
    assert {(f.page, f.severity) for f in found} == {("orders", "serious")}
    assert "pixels differ" in found[0].message
    words = project(app("Twelve orders wait!"), base=before)
    assert {k.reason for k in words.kept if not k.same} == {"Its words are others."}


def test_colours_that_change_on_purpose_leave_places_and_words(project, before):  # noqa: F811
    plan = painted(project.plan)
    report = project(app().replace(*RED), base=before, plan=plan)
    assert told(report) == {("login", "outline"): True, ("orders", "outline"): True}
    assert {f.severity for f in report.findings} <= {"info"}
    assert all("but for colours" in s.expected for s in report.shots)
    drifted = project(app(extra=TINY).replace(*RED), base=before, plan=plan)
    assert told(drifted) == {("login", "outline"): True, ("orders", "outline"): False}


def test_navigation_that_changes_leaves_the_content(project, before):  # noqa: F811
    plan = with_icon(project.plan)
    report = project(app().replace(*LINK), base=before, plan=plan)
    assert told(report) == {("login", "content"): True, ("orders", "content"): True}
    assert not [f for f in report.findings if f.severity != "info"]
    assert any(s.text_changed for s in report.shots)
    drifted = project(app(extra=TINY).replace(*LINK), base=before, plan=plan)
    assert told(drifted) == {("login", "content"): True, ("orders", "content"): False}


def test_a_page_that_the_change_is_about_may_change_and_waits_for_approval(project, before):  # noqa: F811
    pages = tuple(p.model_copy(update={"title": "All orders"}) if p.slug == "orders" else p for p in project.plan.pages)
    plan = project.plan.model_copy(update={"pages": pages})
    report = project(app("Everything is another."), base=before, plan=plan)
    assert told(report) == {("login", "content"): True}
    assert {f.severity for f in report.findings} <= {"info"}
    assert {s.expected for s in report.shots if s.page == "orders"} == {"The change is about what this page shows."}


def test_a_drift_of_the_delivery_before_does_not_become_the_measure(project, before):  # noqa: F811
    """The last delivery was rejected for a drift: who builds on it is held to what was approved."""
    drifted = project(app(extra=TINY), base=before)
    again = project(app(extra=TINY), base=based(project, drifted))
    assert told(again)["orders", "pixels"] is False


def test_a_change_that_waits_for_approval_is_the_measure_of_the_next(project, before):  # noqa: F811
    painted_plan = painted(project.plan)
    waiting = project(app().replace(*RED), base=before, plan=painted_plan)
    second = project(app().replace(*RED), base=based(project, waiting, plan=painted_plan), plan=painted_plan)
    assert told(second) == {("login", "pixels"): True, ("orders", "pixels"): True}
    assert not [f for f in second.findings if f.severity != "info"]
    back = project(base=based(project, waiting, plan=painted_plan), plan=painted_plan)
    assert told(back)["orders", "pixels"] is False


def test_with_another_browser_only_words_can_be_compared(project, before):  # noqa: F811
    base = before.model_copy(update={"browser": "Chromium 1"})
    assert told(project(app(extra=TINY), base=base)) == {("login", "words"): True, ("orders", "words"): True}
    assert told(project(app("Other words."), base=base))["orders", "words"] is False


@pytest.mark.parametrize(
    ("paths", "pages"),
    [
        (("README.md", "backend/tests/test_x.py", "frontend/src/scopes/orders/orders.test.tsx"), set()),
        (("frontend/src/scopes/customers/text.ts",), {"customers-list", "customers-new", "customers-detail", "customers-edit"}),
        (("frontend/src/scopes/dashboard/pages.tsx",), {"dashboard"}),
    ],
)
def test_files_that_were_edited_by_hand_excuse_the_pages_that_show_them(paths, pages):
    plan = factories.plan()
    base = Base(run="1", messages=("x",), stack=CHOICE, plan=plan, clauses=(), generated={}, by_hand=paths)
    assert by_hand(base, plan) == pages
    shared = base.model_copy(update={"by_hand": ("frontend/src/styles/base.css",)})
    assert by_hand(shared, plan) == {page.slug for page in plan.pages}
    assert any(page.kind is PageKind.LOGIN for page in plan.pages)


@pytest.mark.parametrize(
    ("paths", "pages", "frame"),
    [
        ((), set(), False),
        (
            ("backend/app/features/rides.py", "frontend/src/features/rides/RidesPage.tsx", "frontend/src/test/features.ts"),
            set(),
            False,
        ),
        (("frontend/src/registry.tsx",), set(), True),
        (
            ("frontend/src/scopes/customers/text.ts",),
            {"customers-list", "customers-new", "customers-detail", "customers-edit"},
            False,
        ),
        (("frontend/src/components/Card.test.tsx",), set(), False),
    ],
)
def test_files_that_a_model_wrote_excuse_only_the_pages_that_show_them(paths, pages, frame):
    plan = factories.plan()
    assert by_model(paths, plan) == (pages, frame)
    assert by_model((*paths, "frontend/src/components/Card.tsx"), plan) == ({page.slug for page in plan.pages}, frame)
