"""The frontend as templates write it, and the agent that tests it in the sandbox."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from synergy.core.bench import merged
from synergy.core.stacks import FIXTURES, stack
from synergy.core.types import CommandRun
from tests.factories import customer, extreme_plan, large_plan, order, plan
from tests.uiagents.sites import owned_site, public_site, rendered
from uiagents import react
from uiagents.agents import frontend
from uiagents.contracts import path_of
from uiagents.selftest import tidied
from uiagents.services import run_agent
from uiagents.typescript import calls_in

ADAPTER = stack("fastapi-react").folder / "adapter"
SRC = "frontend/src/"
PLANS = {
    "plan": plan,
    "one": lambda: plan(customer()),
    "public": public_site,
    "extreme": extreme_plan,
    "large": large_plan,
    "owned": owned_site,
}
NUMBER_OF_COLOURS = re.compile(r"#[0-9a-fA-F]{3,8}\b")


@pytest.fixture(scope="module", params=PLANS)
def files(request):
    return rendered(PLANS[request.param]())


def lock() -> dict:
    return json.loads((ADAPTER / "package-lock.json").read_text())["packages"]


def package() -> dict:
    return json.loads((ADAPTER / "package.json").read_text())


# --- rendering -------------------------------------------------------------------------------------------------------


def test_the_same_plan_gives_the_same_bytes(files):
    made = next(make for make in PLANS.values() if rendered(make()).keys() == files.keys())
    assert rendered(made()) == files


def test_every_file_is_below_the_frontend(files):
    assert all(path.startswith("frontend/") for path in files)


def test_no_markup_is_made_of_words_and_no_style_or_script_is_inline(files):
    for path, text in files.items():
        if path.endswith((".tsx", ".ts", ".html")):
            assert "dangerouslySetInnerHTML" not in text, path
            assert not re.search(r"\bstyle=|\binnerHTML\b|\beval\(|new Function\(", text), path
    assert re.findall(r"<script[^>]*>", files["frontend/index.html"]) == ['<script type="module" src="/src/main.tsx">']


def test_colours_come_from_the_tokens_alone(files):
    for path, text in files.items():
        if path.startswith(f"{SRC}styles/") and path.endswith(".css") and not path.endswith(("tokens.css", "print.css")):
            assert not NUMBER_OF_COLOURS.search(text), path


def test_hostile_words_are_escaped_in_the_document():
    page = rendered(extreme_plan())["frontend/index.html"]
    assert page.count("<script") == 1
    assert "&lt;/script&gt;" in page


@pytest.mark.parametrize("make", PLANS.values(), ids=PLANS)
def test_the_client_makes_every_planned_call_literally_and_no_other(make):
    made = make()
    client = rendered(made)[f"{SRC}api/client.ts"]
    called = {call.key for call in calls_in("client.ts", client)}
    assert called == {(e.method, path_of(e.path)) for e in made.endpoints}


def test_no_file_imports_a_name_twice(files):
    for path, text in files.items():
        if path.endswith((".ts", ".tsx")):
            names = [
                n.split()[-1]
                for found in re.findall(r"^import (?:type )?\{([^}]*)\}", text, re.MULTILINE)
                for n in found.split(",")
                if n.strip()
            ]
            assert len(names) == len(set(names)), path


def test_a_date_below_a_title_and_dated_records_share_one_import():
    polls = customer().model_copy(update={"fields": (*customer().fields, order().field("due_on")), "subtitle": "due_on"})
    votes = order().model_copy(update={"status": None})
    pages = rendered(plan(polls, votes))[f"{SRC}scopes/customers/pages.tsx"]
    assert 'import { formatCount, formatDate } from "../../lib/format";' in pages


def test_only_the_client_speaks_to_the_server(files):
    for path, text in files.items():
        if path.endswith((".ts", ".tsx")) and "/test" not in path and ".test." not in path and not path.endswith("client.ts"):
            assert not calls_in(path, text), path


def test_pages_are_open_only_to_those_they_are_for():
    private, public = rendered(plan())[f"{SRC}registry.tsx"], rendered(public_site())[f"{SRC}registry.tsx"]
    assert 'path: "/orders", element: <OrderListPage />, access: "session"' in private
    assert 'path: "/orders", element: <OrderListPage />, access: "public"' in public
    for registry in (private, public):
        assert 'path: "/orders/:id/edit", element: <OrderEditPage />, access: "write"' in registry


def test_changes_are_offered_by_ownership_only_where_rows_belong_to_accounts():
    owned, shared = rendered(owned_site()), rendered(plan())
    assert "permissionsFor(record, user).delete" in owned[f"{SRC}scopes/orders/pages.tsx"]
    assert '"My orders"' in owned[f"{SRC}scopes/orders/pages.tsx"]
    assert '"My ' not in owned[f"{SRC}scopes/stories/pages.tsx"]
    assert "Added by" in owned[f"{SRC}scopes/stories/StoriesSummary.tsx".replace("Stories", "Story")]
    assert not any("permissionsFor" in text or "owner_id" in text for text in shared.values())


def test_a_navigation_with_many_entries_has_headings():
    assert 'group: "Activity"' in rendered(large_plan(9))[f"{SRC}registry.tsx"]
    assert "group:" not in re.sub(r"group\?:", "", rendered(plan())[f"{SRC}registry.tsx"])


def test_an_entity_called_dashboard_has_a_folder_of_its_own():
    entity = customer().model_copy(update={"name": "Dashboard", "slug": "dashboard", "table": "dashboards"})
    assert f"{SRC}scopes/dashboard-records/DashboardForm.tsx" in rendered(plan(entity))


def test_every_icon_of_the_domains_is_in_the_set_and_an_unknown_one_becomes_a_box():
    wanted = {tomllib.loads(f.read_text()).get("icon", "box") for f in (FIXTURES / "domains").glob("*.toml")}
    assert wanted <= react.icons()
    assert react.icon(customer().model_copy(update={"icon": "unheard-of"})) == "box"


def test_a_planned_colour_is_on_the_page():
    tokens = rendered(plan())[f"{SRC}styles/tokens.css"]
    assert "--background: #ffffff;" in tokens
    assert "--primary: #000080;" in tokens


# --- packages --------------------------------------------------------------------------------------------------------


def test_every_package_is_pinned_and_the_lock_agrees():
    wanted = package()["dependencies"] | package()["devDependencies"]
    for name, version in wanted.items():
        exact = version.rpartition("@")[2]
        assert re.fullmatch(r"\d+\.\d+\.\d+", exact), name
        assert lock()[f"node_modules/{name}"]["version"] == exact


def test_the_lock_names_no_registry_and_covers_every_platform():
    packages = lock()
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert all("integrity" in entry for name, entry in packages.items() if name)
    for entry in packages.values():
        for optional in entry.get("optionalDependencies", {}):
            assert any(name.endswith(f"node_modules/{optional}") for name in packages), optional


def test_the_commands_that_people_and_the_makefile_use_are_there():
    assert {"dev", "build", "lint", "types", "test", "api", "verify"} <= package()["scripts"].keys()


# --- proofs ----------------------------------------------------------------------------------------------------------


def test_every_proof_names_a_test_that_is_written():
    files = rendered(plan())
    for proof in frontend.proofs(plan()):
        assert all(f in files for f in proof.files), proof.feature
        for test in proof.tests:
            path, name = test.split("::")
            group, _, case = name.partition(" > ")
            assert f'describe("{group}"' in files[path], test
            assert f'test("{case}"' in files[path], test


def test_the_shell_proves_what_belongs_to_everybody():
    proved = {proof.feature for proof in frontend.proofs(plan())}
    assert proved == {"auth.login", "auth.register", "auth.roles", "account.profile", "design.colors", "design.theme"}


# --- the agent -------------------------------------------------------------------------------------------------------


def test_formatting_may_change_files_but_not_add_any(bench):
    listing = bench.store.put_text(json.dumps({"a.ts": "new", "evil.ts": "x"}))
    run = CommandRun(name="format", argv=(), returncode=0, seconds=0, outputs={"sources": listing})
    assert tidied(bench, run, {"a.ts": "old", "b.css": "same"}) == {"a.ts": "new", "b.css": "same"}
    assert tidied(bench, run.model_copy(update={"outputs": {}}), {"a.ts": "old"}) == {"a.ts": "old"}


@pytest.mark.sandbox
def test_the_agent_writes_a_frontend_that_passes_its_own_checks(bench):
    change = run_agent(bench, "frontend", plan())
    failed = {run.name: bench.store.get_text(run.output) for run in change.checks if run.returncode}
    assert not failed
    assert [run.name for run in change.checks] == ["frontend-api", "frontend-format", "frontend-unit", "frontend-types"]
    types = bench.store.get_text(change.files[frontend.SCHEMA])
    assert "OrderOut" in types
    assert frontend.CONTRACT not in change.files
    assert merged((change,)).keys() >= {"frontend/package.json", "frontend/package-lock.json", "frontend/index.html"}
