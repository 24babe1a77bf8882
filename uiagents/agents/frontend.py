"""The frontend: frame, component library, typed client, account pages; rendered from the plan and tested as it stands."""

from __future__ import annotations

from synergy.core.bench import Bench, merged
from synergy.core.stacks import stack
from synergy.core.types import ChangeSet, Plan, Proof
from uiagents import openapi, react
from uiagents.agents.base import change_set, with_checks
from uiagents.selftest import run_commands, tidied

CONTRACT = "openapi.json"  #: the backend agent delivers it; here the client's types are made from it
SCHEMA = "frontend/src/api/schema.d.ts"
SELF_TEST = ("frontend-unit", "frontend-types")  #: the longest first

_SRC = "frontend/src/"
_APP = f"{_SRC}App.test.tsx::"
_COLOURS = f"{_SRC}styles/colours.test.ts::Colours > "
_THEME = f"{_SRC}lib/state.test.tsx::Theme > "
_LIBRARY = (f"{_SRC}components/Button.tsx", f"{_SRC}styles/tokens.css", f"{_SRC}styles/base.css")

#: feature → the files that build it, the tests that prove it
PROOFS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "auth.login": (
        (f"{_SRC}pages/LoginPage.tsx", f"{_SRC}auth/session.tsx", f"{_SRC}api/client.ts"),
        (f"{_APP}Signing in > leads to the start page", f"{_APP}Signing in > says what is missing and what the server refuses"),
    ),
    "auth.register": (
        (f"{_SRC}pages/RegisterPage.tsx", f"{_SRC}auth/session.tsx", f"{_SRC}api/client.ts"),
        (f"{_APP}Registering > creates an account and signs in",),
    ),
    "auth.roles": (
        (f"{_SRC}auth/permissions.ts", f"{_SRC}auth/guards.tsx"),
        (f"{_APP}Guards > know what every role may do", f"{_APP}Guards > tell those who may not write"),
    ),
    "account.profile": (
        (f"{_SRC}pages/AccountPage.tsx",),
        (
            f"{_APP}Account > shows who is signed in, and saves the profile",
            f"{_APP}Account > changes the password when the old one is right",
        ),
    ),
    "design.colors": (
        _LIBRARY,
        (f"{_COLOURS}are those of the plan", f"{_COLOURS}are on the page and its controls", f"{_COLOURS}keep their contrast"),
    ),
    "design.theme": (
        (f"{_SRC}lib/theme.ts", f"{_SRC}components/ThemeToggle.tsx", f"{_SRC}styles/tokens.css"),
        (f"{_THEME}goes round from the device's own to light and dark", f"{_THEME}is remembered on this device"),
    ),
}


class Frontend:
    name = "frontend"

    def write(self, bench: Bench, plan: Plan) -> ChangeSet:
        """``frontend/**`` without the pages of entities, which the ``ui`` step adds. The self-test runs in the sandbox."""
        spec = stack(plan.stack)
        written = change_set(bench, self.name, react.shell_files(plan, spec.folder / "adapter"))
        contract = ChangeSet(agent=self.name, files={CONTRACT: bench.store.put(openapi.document(plan))})
        bench.apply((written, contract))
        api, tidy = run_commands(bench, spec, ("frontend-api", "frontend-format"), merged((written, contract)))
        types = {SCHEMA: api.outputs["schema"]} if "schema" in api.outputs else {}
        change = written.model_copy(update={"files": tidied(bench, tidy, written.files) | types, "proofs": proofs(plan)})
        checks = run_commands(bench, spec, SELF_TEST, merged((change, contract)))
        return with_checks(change, api, tidy, *checks)


def proofs(plan: Plan) -> tuple[Proof, ...]:
    """Which files build the planned features of this part, and which tests prove them."""
    return tuple(Proof(feature=f.id, files=PROOFS[f.id][0], tests=PROOFS[f.id][1]) for f in plan.features if f.id in PROOFS)


part = Frontend()
