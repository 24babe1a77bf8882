"""What a model is asked about a wish that the blueprint leaves open, and what it may answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeVar

from inference.llm.ask import Question
from inference.llm.prompts import prompt
from synergy.core.stacks import StackSpec
from synergy.core.types import Clause, Plan, Value

PLAN, BACKEND, UI, REPAIR = "plan", "backend", "ui", "repair"  #: activities, as the ledger calls them
MOST_READ = 12  #: files that a model may ask for, for one wish
READ_BYTES = 60_000  #: of all files it is shown at a time
UNREAD = ("requirements", "package-lock", "schema.d.ts", ".json", ".svg", "conftest.py")  #: what is listed to nobody

T = TypeVar("T", bound=Value)


class Order(Value):
    """Whether and how a wish can be built. ``read``: the files that must be seen to build it."""

    clause: str
    can: bool
    reason: str
    backend: bool
    read: tuple[str, ...]


class Orders(Value):
    orders: tuple[Order, ...]


class NewFile(Value):
    path: str
    content: str


class Edit(Value):
    """``find`` stands exactly once in the file; ``replace`` takes its place."""

    path: str
    find: str
    replace: str


class Patch(Value):
    new: tuple[NewFile, ...]
    edits: tuple[Edit, ...]


class PageDraft(Value):
    """``path`` as the router has it ("/rides/:id"), ``sample`` a real address with the demo rows ("/rides/1")."""

    path: str
    sample: str
    title: str
    public: bool


class CheckDraft(Value):
    """What a person does in a browser to see that it works, in the words of ``synergy.core.acts``."""

    title: str
    who: Literal["visitor", "member", "owner"]
    acts: tuple[str, ...]


class UiPatch(Patch):
    pages: tuple[PageDraft, ...]
    checks: tuple[CheckDraft, ...]


def which(spec: StackSpec, plan: Plan, wishes: Sequence[Clause], files: Iterable[str]) -> Question[Orders]:
    """Which of ``wishes`` can be built, and what has to be read for each."""
    listed = [path for path in sorted(files) if _readable(spec, path)]
    data = {"files": "\n".join(listed), "plan": outline(plan), "wishes": "\n".join(f"{c.id}: {c.text}" for c in wishes)}
    return Question(PLAN, prompt("write-plan"), data, Orders, max_tokens=2000, check=_known({c.id for c in wishes}, set(listed)))


def write(
    activity: str,
    spec: StackSpec,
    plan: Plan,
    wish: Clause,
    shown: Mapping[str, str],
    answer: type[T],
    check: Callable[[T], str],
    **more: str,
) -> Question[T]:
    """Write one part (``backend``, ``ui``) of what ``wish`` asks for, or repair it. ``shown``: path → text."""
    house = (spec.folder / "writing" / f"{UI if activity == UI else BACKEND}.md").read_text()
    if activity == REPAIR:
        house += (spec.folder / "writing" / f"{UI}.md").read_text()
    files = {path: text for path, text in sorted(shown.items()) if text}
    data = {"plan": outline(plan), **files, "wish": wish.text, **more}
    return Question(activity, f"{prompt(f'write-{activity}')}\n\n{house.strip()}", data, answer, max_tokens=8000, check=check)


def outline(plan: Plan) -> str:
    """The plan in as few words as it takes to write code for it."""
    things = {
        e.slug: {
            "class": e.name,
            "table": e.table,
            "owned": e.owned,
            "demo rows": len(e.seed),
            "fields": {f.name: f"{f.kind}{'' if f.required else '?'}{f' → {f.target}' if f.target else ''}" for f in e.fields},
        }
        for e in plan.entities
    }
    said = {
        "title": plan.title,
        "for visitors": plan.access == "public_read",
        "roles": [role.name for role in plan.roles],
        "things": things,
        "pages": [page.path for page in plan.pages],
        "endpoints": [f"{e.method} {e.path}" for e in plan.endpoints],
    }
    return json.dumps(said, ensure_ascii=False)


def _readable(spec: StackSpec, path: str) -> bool:
    roots = tuple(root for part in spec.writing.values() for root in part.roots)
    return path.startswith(roots) and not any(word in path for word in UNREAD)


def _known(wishes: set[str], files: set[str]) -> Callable[[Orders], str]:
    def wrong(answer: Orders) -> str:
        lines = [f"{order.clause!r} is no wish." for order in answer.orders if order.clause not in wishes]
        for order in answer.orders:
            lines += [f"{path!r} is not in the list of files." for path in order.read if path not in files]
            if len(order.read) > MOST_READ:
                lines.append(f"{order.clause}: at most {MOST_READ} files can be read.")
        return " ".join(lines[:10])

    return wrong
