"""A small project whose tests are shell scripts, so that a model can be right and wrong in it within a second.

``backend/tests/test_*.py`` are scripts that pass when they end well; a line of the application with "uncovered" in it is not covered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from inference.llm.prompts import prompt
from synergy.core.bench import Bench
from synergy.core.spending import Notebook, Order
from synergy.core.stacks import Command, StackSpec, Writing
from synergy.core.types import ChangeSet, Clause, ClauseStatus, Plan, UiSpec
from tests.factories import plan as small_plan

CASES = """
mkdir -p .reports; cases=''; code=0
for file in ${TESTS:-tests/test_*.py}; do
  name=$(basename "$file" .py)
  if said=$(sh "$file" 2>&1); then failure=''; else code=1; failure="<failure message='$said'/>"; fi
  cases="$cases<testcase classname='tests.$name' name='test_it' time='0.1'>$failure</testcase>"
done
printf '%s' "<testsuite>$cases</testsuite>" > .reports/junit.xml
"""
COVER = """
lines=''
for file in app/*.py; do
  lines="$lines${lines:+,}$(awk -v name="$file" '/uncovered/ { no = no (no ? "," : "") NR; next } { yes = yes (yes ? "," : "") NR }
    END { printf "\\"%s\\":{\\"executed_lines\\":[%s],\\"missing_lines\\":[%s]}", name, yes, no }' "$file")"
done
printf '{"meta":{},"files":{%s}}' "$lines" > .reports/coverage.json
"""
JUNIT, COVERAGE = "backend/.reports/junit.xml", "backend/.reports/coverage.json"
CONTRACT = {"paths": {}, "components": {"schemas": {}}}
FILES = {
    "README.md": "# Shop\n",
    "openapi.json": json.dumps(CONTRACT),
    "backend/app/shop.py": "OPEN = 1\n",
    "backend/tests/test_shop.py": "grep -q 'OPEN = 1' app/shop.py || { echo closed; exit 1; }\n",
    "frontend/src/page.ts": "export const page = 1;\n",
}

SPEC = StackSpec(
    slug="fastapi-react",
    title="Sample",
    sentence="-",
    paragraph="-",
    commands={
        "backend-test": Command(
            argv=("sh", "-c", f"{CASES}{COVER}exit $code"),
            cwd="backend",
            inputs=("backend/",),
            outputs={"junit": JUNIT, "coverage": COVERAGE},
        ),
        "backend-proof": Command(
            argv=("sh", "-c", CASES), cwd="backend", inputs=("backend/",), outputs={"junit": JUNIT}
        ),
        "frontend-types": Command(
            argv=("sh", "-c", "! grep -rn WRONG ."), cwd="frontend/src", inputs=("frontend/",)
        ),
        "openapi": Command(argv=("false",), inputs=("backend/",)),
        "tidy": Command(argv=("true",)),
    },
    writing={
        "backend": Writing(
            roots=("backend/app/", "backend/tests/"), tidy="tidy", checks=("backend-test",), proof="backend-proof"
        ),
        "ui": Writing(roots=("frontend/src/",), tidy="tidy", checks=("frontend-types",), proof="backend-proof"),
    },
)  # fmt: skip

CHECK = {"title": "It can be seen", "who": "visitor", "acts": ["open /", "see it"]}
UI: dict[str, Any] = {
    "new": [{"path": "frontend/src/gift.ts", "content": "export const gift = 1;\n"}],
    "edits": [],
    "pages": [{"path": "/gifts", "sample": "/gifts", "title": "Gifts", "public": True}],
    "checks": [CHECK],
}


def backend(name: str = "gift", app: str = "WRAPPED = 1\n", test: str = "") -> dict[str, Any]:
    """A backend patch: a module, and a test that looks for its words."""
    script = test or f"grep -q 'WRAPPED = 1' app/{name}.py || {{ echo 'nothing is wrapped'; exit 1; }}\n"
    new = {f"backend/app/{name}.py": app, f"backend/tests/test_{name}.py": script}
    return {"new": [{"path": path, "content": text} for path, text in new.items()], "edits": []}


def order(clause: str = "R1", *, can: bool = True) -> dict[str, Any]:
    return {"clause": clause, "can": can, "reason": "Nothing is asked for.", "backend": True, "read": ["backend/app/shop.py"]}


@dataclass
class Script:
    """What a model answers: one answer an activity, or one after the other; the last stays."""

    answers: Mapping[str, list[Any]]
    asked: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __call__(self, request: dict[str, Any]) -> str:
        system = request["messages"][0]["content"]
        activity = next(name for name in ("plan", "backend", "ui", "repair") if system.startswith(prompt(f"write-{name}")))
        known = self.answers.get(activity, [])
        number = self.asked.count(activity)
        self.asked.append(activity)
        self.requests.append(request["messages"][1]["content"])
        answer = known[min(number, len(known) - 1)] if known else ""
        return answer if isinstance(answer, str) else json.dumps(answer)


class Rejecting(Notebook):
    """Remembers what was of no use."""

    def __init__(self, budget_usd: float = 5.0) -> None:
        super().__init__(budget_usd)
        self.rejected: list[Order] = []

    def reject(self, order: Order) -> None:
        self.rejected.append(order)


def wishes(*texts: str) -> tuple[Clause, ...]:
    return tuple(
        Clause(id=f"R{n}", text=text, status=ClauseStatus.NOT_BUILT, reason="Not recognised.") for n, text in enumerate(texts, 1)
    )


def project(bench: Bench, *texts: str) -> tuple[Plan, tuple[ChangeSet, ...], UiSpec]:
    """The plan with these open wishes, the files of the agents, and an interface without anything."""
    files = {path: bench.store.put_text(text) for path, text in FILES.items()}
    plan = small_plan().model_copy(update={"clauses": wishes(*(texts or ("wrap gifts",)))})
    ui = UiSpec(scopes=(), components=(), changes=ChangeSet(agent="ui", files={}))
    return plan, (ChangeSet(agent="backend", files=files),), ui


def text_of(bench: Bench) -> Callable[[str], str]:
    return bench.store.get_text
