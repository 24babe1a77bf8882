"""The checks of what every project has: each is understood, passes on a sound project, and fails on its own defect."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from synergy.core.acts import parse_checks
from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import Bench
from synergy.core.plans import Plan
from tests.factories import extreme_plan, large_plan, only_refs, owned_plan, plan
from tests.uiagents.built import built, served
from tests.uiagents.sites import mixed_site, public_site
from uiagents.walks import base_checks, walks_of
from visual.beside import ground
from visual.browser import session
from visual.walks import SCRIPT, Walker

PLANS = {
    "plan": plan,
    "public": public_site,
    "mixed": lambda: mixed_site("Order"),
    "extreme": extreme_plan,
    "large": large_plan,
    "refs": lambda: plan(*plan().entities, only_refs()),
    "owned": lambda: owned_plan("private", "private", "public"),
}


@pytest.mark.parametrize("name", PLANS)
def test_all_acts_are_understood(name):
    checks = walks_of(PLANS[name]())
    assert set(parse_checks(checks)) == {check.id for check in checks}
    assert len(checks) > 10


@pytest.mark.parametrize("name", ["plan", "public", "mixed", "owned"])
def test_every_feature_has_a_check(name):
    made = PLANS[name]()
    assert {f.id for f in made.features} - {check.feature for check in base_checks(made)} == set()


def test_what_the_demo_rows_cannot_show_has_no_check():
    made = plan(*plan().entities, only_refs())
    assert "links.search" not in {check.feature for check in base_checks(made)}


# --- in the browser --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with session((SCRIPT,)) as running:
        yield running


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The built bakery, and its plan."""
    root = tmp_path_factory.mktemp("walked")
    bench = Bench(root=root, store=ArtifactStore(root / "artifacts"))
    bench.project.mkdir()
    made = plan()
    built(bench, made)
    return bench, made


def walked(browser, bench: Bench, made: Plan, *ids: str, patience: float = 5.0, again: bool = True) -> dict[str, str]:
    """Carry out the named checks (all unless told); id → what was wrong, for those that failed."""
    checks = [check for check in walks_of(made) if not ids or check.id in ids]
    assert len(checks) == len(ids) or not ids

    async def work(chromium, proxy):
        return await Walker(chromium, ground(made), checks, patience=patience, again=again).run()

    with served(bench, made) as socket:
        walks = browser.run(socket, work, lambda: None, 240)
    assert all(walk.picture.startswith(b"\x89PNG") for walk in walks if not walk.result.passed)
    return {walk.result.check: walk.result.message for walk in walks if not walk.result.passed}


@pytest.fixture
def walk(browser, project):
    return partial(walked, browser, *project)


@pytest.fixture
def planted(project):
    """Change files of the built project: a pattern below ``project`` and what to replace in them. All is put back afterwards."""
    bench, _ = project
    before: dict[Path, str] = {}

    def plant(files: str, *changes: tuple[str, str]) -> None:
        hits = 0
        for file in bench.project.glob(files):
            text = file.read_text()
            changed = text
            for old, new in changes:
                changed, count = re.subn(old, new, changed)
                hits += count
            if changed != text:
                before.setdefault(file, text)
                file.write_text(changed)
        assert hits, f"nothing in {files} to plant a defect in"

    yield plant
    for file, text in before.items():
        file.write_text(text)


@pytest.mark.browser
@pytest.mark.sandbox
def test_a_sound_project_passes_all(walk):
    assert walk() == {}


CRUD, AUTH, REPORTS = "backend/app/crud.py", "backend/app/auth/router.py", "backend/app/reports.py"
SCRIPTS, STYLES = "frontend/dist/assets/*.js", "frontend/dist/assets/*.css"
AGAIN = r"    sessions.start\(db, response, user, request.app.state.settings\)\n(    return UserOut.model_validate\(user\)\n\n\n@router.post\(\"/login\"\))"

#: Defects that leave each other alone: what is wrong → (the check that finds it, the act that fails, where, (what, by what is it replaced)…)
ROUNDS = {
    "reading": {
        "a search finds everything": ("orders.search", "miss link", CRUD, (r"if query.q:", "if False:")),
        "a filter is ignored": ("orders.filter", "miss link", CRUD, (r"for name, value in wanted.items\(\) if value", "for name, value in () if value")),
        "the order is ignored": ("orders.sort", "see ", CRUD, (r"self.sort\[sort.removeprefix\(\"-\"\)\]", "self.sort['id']")),
        "a figure is wrong": ("dashboard.stats", "see ", REPORTS, (r"value=count, unit", "value=count + 1, unit")),
        "a chart is wrong": ("dashboard.charts", "see \"New 2\"", REPORTS, (r"counts.get\(value, 0\)", "0")),
        "records are mixed up": ("orders.detail", "see ", CRUD, (r"db.get\(self.model, row_id\)", "db.get(self.model, row_id % 5 + 1)")),
        "any password will do": ("auth.login", "see wrong", AUTH, (r"not passwords.matches\(known, body.password\) or user is None", "user is None")),
        "buttons have another colour": ("design.colors", "style background-color of button", STYLES, (r"--primary:\s*(#000080|navy)", "--primary:#800000")),
        "the theme switch is dead": ("design.theme", "style background-color of css body is #0b1020", STYLES, (r":root\[data-theme=\"?dark\"?\]", ":root[data-nothing=dark]")),
    },
    "writing": {
        "a new record is not stored": ("orders.create", "see ", CRUD, (r"commit\(db, self.model, body.model_dump\(\)\)", "db.flush()")),
        "a change is not stored": ("orders.edit", "see ", CRUD, (r"        row.change\(changes\)\n", "")),
        "every page is the first": ("orders.paginate", "see ", CRUD, (r"total = .*", "total = 60")),
        "who registers is forgotten": ("auth.register", "see ", AUTH, (AGAIN, r"\1")),
        "a profile is not stored": ("account.profile", "", AUTH, (r"    commit\(db, User, \{\"email\": user.email\}, user.id\)\n", "    db.flush()\n")),
        "the ground has another colour": ("design.colors", "style background-color of css body", STYLES, (r"--background:\s*#fff(?:fff)?(?![0-9a-f])", "--background:#f0f0f0")),
        "the theme is forgotten": ("design.theme", "", SCRIPTS, (r"localStorage\.setItem", "localStorage.getItem")),
    },
    "worse": {
        "newcomers may delete": ("auth.roles.member", "miss button Delete", SCRIPTS, (r"delete:\s*!1", "delete:!0")),
        "a deleted record stays": ("orders.delete", "see does not exist", CRUD, (r"        db.delete\(row\)\n", "")),
        "a search finds nothing": ("customers.search", "see link", CRUD, (r"\.icontains\(query.q, autoescape=True\)", " == 'x'")),
        "visitors see an account": ("auth.roles.visitor", "at /login", SCRIPTS, (r"/login\$\{", "/register${")),
    },
    "dead": {
        "a list shows nothing": ("orders.list", "see link", CRUD, (r"limit\(query.page_size\)", "limit(0)")),
        "a new record is refused": ("customers.create", "miss button", CRUD, (r"        row = self.model\(\*\*body", "        raise Problem(500, 'no')\n        row = self.model(**body")),
    },
}  # fmt: skip


@pytest.mark.browser
@pytest.mark.sandbox
def test_rows_that_belong_to_accounts_pass_all_and_a_leak_fails(browser, tmp_path):
    bench, made = Bench(root=tmp_path, store=ArtifactStore(tmp_path / "artifacts")), owned_plan("private", "private", "public")
    bench.project.mkdir()
    built(bench, made)
    assert walked(browser, bench, made) == {}
    owned = bench.project / "backend/app/owned.py"
    owned.write_text(owned.read_text().replace("or rights_of(viewer).can_delete", "or viewer"))
    failed = walked(browser, bench, made, "customers.own", "orders.own", "stories.own", patience=2.0, again=False)
    assert set(failed) == {"customers.own", "orders.own"}
    assert all(message.startswith("see does not exist") for message in failed.values())


@pytest.mark.browser
@pytest.mark.sandbox
@pytest.mark.parametrize("round_", ROUNDS)
def test_each_defect_fails_its_check(walk, planted, round_):
    for _, _, files, *changes in ROUNDS[round_].values():
        planted(files, *changes)
    found = walk(*(check for check, *_ in ROUNDS[round_].values()), patience=2.0, again=False)
    for defect, (check, act, *_) in ROUNDS[round_].items():
        assert found.get(check, "").startswith(act), f"{defect}: {found}"
        assert check in found, defect
