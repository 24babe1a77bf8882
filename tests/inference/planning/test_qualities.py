"""What an application is to be, and not to do: measured by a gate, or said to be measured by nothing."""

import pytest

from inference.planning.asks import Ask
from inference.planning.check import check_plan
from inference.planning.qualities import aim_of, qualities, qualities_in, quality_of
from slo.levels import levels
from synergy.core.types import ClauseStatus


@pytest.mark.parametrize(
    ("words", "gates"),
    [
        ("responsive", ("rendering",)),
        ("a responsive design that works on mobile and desktop", ("rendering",)),
        ("be mobile-friendly", ("rendering",)),
        ("work on all devices", ("rendering",)),
        ("be accessible for people with disabilities", ("accessibility",)),
        ("accessible with a screen reader", ("accessibility",)),
        ("WCAG compliance", ("accessibility",)),
        ("be well tested", ("tests", "coverage")),
        ("fast", ()),
        ("load quickly", ()),
        ("be optimized for speed and navigation", ()),
        ("an intuitive user interface", ()),
        ("content should be accurate and timely", ()),
        ("easy to use", ()),
        ("responsive and fast", ()),  # no gate measures all of it
    ],
)
def test_a_quality_knows_what_measures_it(words, gates):
    found = quality_of(words)
    assert found is not None
    assert found.gates == gates
    assert bool(found.reason) is not bool(gates)


@pytest.mark.parametrize(
    "words",
    [
        "browse recipes", "a fast search for recipes", "an intuitive interface to book rooms", "view reviews", "track the quality of products",
        "design shirts", "send push notifications to phones", "scan codes with the phone camera", "manage devices", "search engine for recipes",
        "security incidents", "quality inspections",
    ],
)  # fmt: skip
def test_what_is_to_be_done_is_no_quality(words):
    assert quality_of(words) is None


def test_an_aim_is_no_function():
    assert aim_of(Ask("attract customers", verb="attract"))
    assert aim_of(Ask("raise awareness for clean water", verb="raise"))
    assert aim_of(Ask("raise a ticket", verb="raise")) is None
    assert aim_of(Ask("improve a recipe", verb="improve")) is None


def test_qualities_of_different_kinds_are_told_apart():
    assert qualities_in("responsive, fast and accessible") == ["responsive", "fast", "accessible"]
    assert qualities_in("secure, fast and stable") == ["secure, fast and stable"]
    assert qualities_in("search, fast and stable") == ["search, fast and stable"]


def test_every_gate_that_is_named_is_there():
    assert {gate for quality in qualities() for gate in quality.gates} <= set(levels())


def test_the_ledger_counts_qualities_by_themselves(plan_for):
    plan = plan_for(
        "A recipe website. Users browse recipes. It should be responsive, fast and accessible. It should attract new cooks."
    )
    rows = {c.text: c for c in plan.clauses}
    assert rows["be responsive"].gates == ("rendering",)
    assert (rows["be responsive"].status, rows["be responsive"].features) == (ClauseStatus.ASSUMED, ())
    assert rows["accessible"].gates == ("accessibility",)
    assert rows["fast"].status is ClauseStatus.NOT_MEASURED
    assert rows["attract new cooks"].status is ClauseStatus.NOT_MEASURED
    assert all(c.reason.startswith("Not measured") for c in plan.clauses if c.status is ClauseStatus.NOT_MEASURED)
    assert check_plan(plan) == []


@pytest.mark.parametrize(
    ("defect", "says"),
    [
        ({"status": ClauseStatus.NOT_MEASURED, "reason": "", "gates": ()}, "does not say why"),
        ({"gates": ("rendering",), "features": ("design.colors",)}, "measured by gates"),
        ({"gates": ("rendering",), "status": ClauseStatus.NOT_BUILT, "reason": "No."}, "measured by gates"),
    ],
)
def test_a_clause_that_is_called_measured_wrongly_is_noticed(plan_for, defect, says):
    plan = plan_for("Track workouts. It should be responsive.")
    wrong = plan.clauses[0].model_copy(update=defect)
    assert any(says in problem for problem in check_plan(plan.model_copy(update={"clauses": (wrong, *plan.clauses[1:])})))


def test_what_is_kept_may_be_called_like_an_aim(plan_for):
    plan = plan_for("A shop website with products. Managers promote products on the site.")
    assert all(c.status is not ClauseStatus.NOT_MEASURED for c in plan.clauses)
