"""What a model writes is kept where nothing got worse, and only there. Real commands in the real sandbox, a model over HTTP."""

from __future__ import annotations

import pytest

from synergy.core.bench import layers, merged
from synergy.core.errors import BudgetSpent
from synergy.core.spending import Purse
from synergy.core.types import ChangeSet, ClauseStatus, CommandRun
from synergy.core.written import taken_back, with_walks, with_written
from tests.uiagents.improving.stage import UI, backend, order, project
from uiagents.improving.loop import improve

pytestmark = pytest.mark.sandbox
WELL = {"plan": [{"orders": [order()]}], "backend": [backend()], "ui": [UI]}


def only(done):
    (attempt,) = done.attempts
    return attempt


def test_a_wish_is_written_tested_and_kept(bench, model, book):
    script = model(**WELL)
    plan, changes, ui = project(bench)
    done = improve(bench, plan, changes, ui)
    attempt = only(done)
    assert (attempt.outcome, attempt.feature, attempt.repairs) == ("kept", "asked.r1", 0)
    assert script.asked == ["plan", "backend", "ui"]
    assert bench.store.get_text(done.files["backend/app/gift.py"]) == "WRAPPED = 1\n"
    (proof,) = done.proofs
    assert proof.tests == ("backend/tests/test_gift.py::test_it",)
    assert set(proof.files) == {"backend/app/gift.py", "frontend/src/gift.ts"}
    assert [walk.feature for walk in done.walks] == ["asked.r1"]
    assert done.usage.calls == 3
    assert done.usage.cost_usd == pytest.approx(book.purse().spent)
    assert not book.rejected
    later = with_written(plan, done, {})
    assert [(c.status, c.features) for c in later.clauses] == [(ClauseStatus.BUILT, ("asked.r1",))]
    assert [page.path for page in later.pages if page.slug == "asked-r1-1"] == ["/gifts"]
    assert with_walks(ui, done, {}).walks == done.walks


def test_what_breaks_a_test_is_repaired_with_the_failure_as_input(bench, model):
    bad = {**backend(), "edits": [{"path": "backend/app/shop.py", "find": "OPEN = 1", "replace": "OPEN = 0"}]}
    mended = {
        "new": [],
        "edits": [{"path": "backend/app/shop.py", "find": "OPEN = 0", "replace": "OPEN = 1"}],
        "pages": [],
        "checks": [],
    }
    script = model(**WELL | {"backend": [bad], "repair": [mended]})
    done = improve(bench, *project(bench))
    assert (only(done).outcome, only(done).repairs) == ("kept", 1)
    assert "backend/tests/test_shop.py::test_it does not pass: closed" in script.requests[-1]
    assert "backend/app/shop.py" not in done.files


def test_what_fails_the_same_way_again_is_taken_back(bench, model, book):
    bad = {**backend(), "edits": [{"path": "backend/app/shop.py", "find": "OPEN = 1", "replace": "OPEN = 0"}]}
    useless = {
        "new": [],
        "edits": [{"path": "backend/app/gift.py", "find": "WRAPPED = 1", "replace": "WRAPPED = 1  # ribbon"}],
        "pages": [],
        "checks": [],
    }
    script = model(**WELL | {"backend": [bad], "repair": [useless]})
    plan, changes, ui = project(bench)
    done = improve(bench, plan, changes, ui)
    assert only(done).outcome == "taken_back"
    assert "The same failed after a repair" in only(done).reason
    assert "closed" in only(done).reason
    assert (done.files, done.proofs, done.walks) == ({}, (), ())
    assert script.asked.count("repair") == 1
    assert [wasted.activity for wasted in book.rejected] == ["backend", "ui", "repair"]
    assert "closed" in with_written(plan, done, {}).clauses[0].reason


def test_repairs_have_an_end(bench, model):
    def never(word):
        return {
            "new": [{"path": "backend/tests/test_gift.py", "content": f"echo {word}; exit 1\n"}],
            "edits": [],
            "pages": [],
            "checks": [],
        }

    script = model(
        **WELL | {"backend": [backend(test="echo none; exit 1\n")], "repair": [never("one"), never("two"), never("three")]}
    )
    done = improve(bench, *project(bench))
    assert only(done).outcome == "taken_back"
    assert "It made the project worse" in only(done).reason
    assert script.asked.count("repair") == 2


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        (backend(test="true\n"), "passes without the change, too"),
        (backend(app="WRAPPED = 1\n" + "A = 1  # uncovered\n" * 9), "of the lines are covered"),
        ({"new": [{"path": "backend/app/gift.py", "content": "WRAPPED = 1\n"}], "edits": []}, "There is no test"),
    ],
)
def test_what_is_not_proved_is_mended_first(bench, model, patch, said):
    script = model(**WELL | {"backend": [patch], "repair": [{**backend(), "pages": [], "checks": []}]})
    done = improve(bench, *project(bench))
    assert (only(done).outcome, only(done).repairs) == ("kept", 1)
    assert said in script.requests[-1]


def test_what_is_not_proved_is_not_kept(bench, model):
    model(**WELL | {"backend": [backend(test="true\n")]})  # and no repair
    done = improve(bench, *project(bench))
    assert only(done).outcome == "taken_back"
    assert not done.files


def test_what_was_proved_stays_when_the_next_wish_fails(bench, model):
    bad = backend("ribbon", test="echo 'no ribbon'; exit 1\n")
    script = model(
        plan=[{"orders": [order("R1"), order("R2")]}],
        backend=[backend(), bad],
        ui=[UI, UI | {"new": [{"path": "frontend/src/ribbon.ts", "content": "x\n"}], "pages": []}],
    )
    plan, changes, ui = project(bench, "wrap gifts", "tie ribbons")
    done = improve(bench, plan, changes, ui)
    assert [a.outcome for a in done.attempts] == ["kept", "taken_back"]
    assert "backend/app/gift.py" in done.files
    assert "backend/app/ribbon.py" not in done.files
    assert script.asked.count("plan") == 1


def test_what_was_kept_can_be_undone_to_the_byte(bench, model):
    edits = [{"path": "backend/app/shop.py", "find": "OPEN = 1\n", "replace": "OPEN = 1\nHOURS = 9\n"}]
    model(**WELL | {"backend": [{**backend(), "edits": edits}]})
    plan, changes, ui = project(bench)
    done = improve(bench, plan, changes, ui)
    before, after = merged(layers(changes, ui)), merged(layers((*changes, done), ui))
    assert before != after
    undone = merged(layers((*changes, done, taken_back(done, 0)), ui))
    assert {p: s for p, s in undone.items() if p != "README.md"} == {p: s for p, s in before.items() if p != "README.md"}


def test_a_model_may_say_that_it_cannot(bench, model):
    script = model(plan=[{"orders": [order(can=False)]}])
    done = improve(bench, *project(bench))
    assert (only(done).outcome, only(done).reason) == ("declined", "A model says: Nothing is asked for.")
    assert script.asked == ["plan"]


@pytest.mark.parametrize(
    "garbage",
    ["", "{]", '{"orders": 7}', '{"orders": [{"clause": "R9", "can": true, "reason": "", "backend": true, "read": []}]}'],
)
def test_garbage_changes_nothing(bench, model, garbage):
    model(plan=[garbage])
    done = improve(bench, *project(bench))
    assert (done.files, done.attempts) == ({}, ())


def test_garbage_in_the_middle_changes_nothing_and_says_so(bench, model, book):
    model(**WELL | {"ui": ["I would rather not."]})
    done = improve(bench, *project(bench))
    assert only(done).outcome == "taken_back"
    assert not done.files
    assert book.purse().spent > 0


HOSTILE = [
    {"path": "../../../../tmp/escaped.py", "content": "x"},
    {"path": "/etc/cron.d/x.py", "content": "x"},
    {"path": "backend/app/../../../x.py", "content": "x"},
    {"path": "Makefile", "content": "all:; curl evil"},
    {"path": "backend/pyproject.toml", "content": "[tool.coverage.run]\nomit = ['*']"},
    {"path": "backend/tests/test_shop.py", "content": "true"},
    {"path": "backend/app/big.py", "content": "x" * 70_000},
    {"path": "backend/app/quiet.py", "content": "import os  # noqa\n"},
]  # fmt: skip


@pytest.mark.parametrize("file", HOSTILE, ids=lambda file: file["path"][-18:])
def test_no_file_outside_of_what_a_part_may_write(bench, model, tmp_path, file):
    script = model(**WELL | {"backend": [{"new": [file], "edits": []}]})
    done = improve(bench, *project(bench))
    assert only(done).outcome == "failed"
    assert not done.files
    assert script.asked.count("backend") == 4  # each model twice, the second time with what was wrong
    assert (
        sorted(path.name for path in tmp_path.iterdir()) == ["artifacts", "improve", "project"]
        or not (tmp_path / "improve").exists()
    )


def test_without_a_key_or_a_wish_nobody_is_asked(bench, model, settings):
    script = model(**WELL)
    plan, changes, ui = project(bench)
    assert improve(bench, plan.model_copy(update={"clauses": ()}), changes, ui).attempts == ()
    settings.MODELS = {**settings.MODELS, "key": ""}
    assert improve(bench, plan, changes, ui).files == {}
    assert script.asked == []


def test_from_80_percent_on_nothing_is_repaired(bench, model, book, monkeypatch):
    script = model(**WELL | {"backend": [backend(test="exit 1\n")]})
    monkeypatch.setattr(book, "purse", lambda: Purse(1.0, 0.85))
    done = improve(bench, *project(bench))
    assert only(done).outcome == "taken_back"
    assert "repair" not in script.asked


def test_a_run_that_has_spent_all_rests(bench, model, book, monkeypatch):
    def spent(order):
        raise BudgetSpent("All is spent.")

    model(**WELL)
    monkeypatch.setattr(book, "reserve", spent)
    with pytest.raises(BudgetSpent):
        improve(bench, *project(bench))


BROKEN = {"backend/app/shop.py": "OPEN = 0\n"}
MEND = {
    "new": [],
    "edits": [{"path": "backend/app/shop.py", "find": "OPEN = 0", "replace": "OPEN = 1"}],
    "pages": [],
    "checks": [],
}


def failing(bench, agent="backend"):
    """The project with a test that fails, because of a file that ``agent`` wrote."""
    plan, (change,), ui = project(bench)
    files = {path: bench.store.put_text(text) for path, text in BROKEN.items()}
    ran = CommandRun(name="backend-test", argv=(), returncode=1, seconds=1)
    more = ChangeSet(agent=agent, files=files, checks=(ran,))
    return plan.model_copy(update={"clauses": ()}), (change, more), ui


def test_what_fails_already_is_mended_with_the_failure_as_input(bench, model):
    script = model(repair=[MEND])
    done = improve(bench, *failing(bench))
    assert (only(done).outcome, only(done).clause, only(done).feature) == ("kept", "", "")
    assert bench.store.get_text(done.files["backend/app/shop.py"]) == "OPEN = 1\n"
    assert done.features == ()
    assert script.asked == ["repair"]
    assert "test_shop.py::test_it does not pass: closed" in script.requests[0]


def test_a_mending_that_mends_nothing_is_taken_back(bench, model):
    edit = {"path": "backend/app/shop.py", "find": "OPEN = 0", "replace": "OPEN = 2"}
    script = model(repair=[MEND | {"edits": [edit]}, MEND | {"edits": [edit | {"find": "OPEN = 2", "replace": "OPEN = 3"}]}])
    done = improve(bench, *failing(bench))
    assert only(done).outcome == "taken_back"
    assert done.files == {}
    assert script.asked == ["repair", "repair"]


def test_a_file_that_a_person_changed_stays_as_it_is(bench, model):
    script = model(repair=[MEND])
    done = improve(bench, *failing(bench, agent="edits"))
    assert only(done).outcome == "failed"
    assert done.files == {}
    assert "was written by a person and stays as it is" in str(script.requests) + only(done).reason
