"""A change message and the plan before → the next plan. What the change does not speak of stays: names, seeds, slugs, colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from inference.planning.additions import Additions, add_to
from inference.planning.change import Giving, NewRole, Opening, Other, Painting, Removal, Renaming, Wish, read_change
from inference.planning.check import check_plan
from inference.planning.difference import changed, plan_diff
from inference.planning.draft import Answered, Draft
from inference.planning.edits import give, open_or_close, remove, rename, role
from inference.planning.ledger import Answer, clause_of
from inference.planning.matching import Nearest
from inference.planning.named import entity_named
from inference.planning.painting import paint
from inference.planning.planner import make_plan
from inference.planning.surface import inner
from synergy.core.errors import BadInput, PermanentError
from synergy.core.types import Clause, ClauseStatus, Message, Plan, Revision, StackChoice

EXAMPLES = (
    "Say for example: add reviews to products; remove the invoices; call customers clients; "
    "add a phone number to customers; make it public; use a navy background."
)
Planner = Callable[[str], Plan]
OPEN = (ClauseStatus.NOT_BUILT, ClauseStatus.NOT_MEASURED)


def revise(
    message: Message,
    old: Plan,
    earlier: Sequence[str],
    stack: StackChoice,
    nearest: Nearest,
    *,
    by_hand: bool = False,
    writing: bool = False,
) -> Plan:
    """The plan ``old`` with the change that ``message`` asks for.

    ``earlier``: all messages before, the first one first. ``by_hand``: a person's edits come with it, so the plan may stay as it
    is; so it may when somebody is ``writing`` what the planner leaves open. Raises BadInput when nothing of the change is
    understood, when it contradicts itself, or when it changes nothing.
    """
    wishes = read_change(message.text)
    draft = Draft(old)
    later = []
    for wish in wishes:
        if isinstance(wish, Other) or (isinstance(wish, Giving) and not _gives(draft, wish)):
            later.append(wish)
        else:
            _apply(draft, wish, earlier)
    if later:
        add_to(draft, tuple(w.text for w in later), _planned(earlier, message, stack, nearest))
    draft.check_contradictions()
    new = _whole(draft, message, old)
    changes = plan_diff(old, new)
    left_open = any(answer.status in OPEN for _, answer in draft.answered)
    if not changed(changes) and not by_hand and not (writing and left_open):
        raise _nothing(draft, old)
    return new.model_copy(update={"history": (*old.history, Revision(message=message.text, changes=changes))})


def _apply(draft: Draft, wish: Wish, earlier: Sequence[str]) -> None:
    if isinstance(wish, Removal):
        remove(draft, wish)
    elif isinstance(wish, Renaming):
        rename(draft, wish)
    elif isinstance(wish, Giving):
        give(draft, wish)
    elif isinstance(wish, Opening):
        open_or_close(draft, wish)
    elif isinstance(wish, NewRole):
        role(draft, wish)
    elif isinstance(wish, Painting):
        paint(draft, wish, earlier)


def _gives(draft: Draft, wish: Giving) -> bool:
    """Whether fields are named for something that is there, and not things of their own: reviews, comments."""
    return entity_named(draft.plan, wish.owner) is not None and give(draft, wish, only_look=True)


def _planned(earlier: Sequence[str], message: Message, stack: StackChoice, nearest: Nearest) -> Additions:
    """How the planner reads the wishes that are left: with all that was asked for before, without them, and by themselves."""

    def planner(text: str) -> Plan:
        return make_plan(Message(text=text, stack=message.stack), stack, nearest, anything=True)

    return Additions(before=said_before(earlier), planner=planner)


def said_before(messages: Sequence[str]) -> str:
    """The first message, and of every change what the planner reads; what was taken away or painted is in the plan."""
    first, *changes = messages
    rest = [w.text for change in changes for w in read_change(change) if isinstance(w, Other | Giving)]
    return ". ".join(part.rstrip(" .") for part in (first, *rest))


def _whole(draft: Draft, message: Message, old: Plan) -> Plan:
    """The plan with its ledger: the earlier clauses that are still true, then those of the change."""
    new = draft.finished()
    ids = {f.id for f in new.features}
    clauses = [*_still(old, draft, ids), *_asked(old, draft.answered, ids)]
    words = f"{old.message.rstrip(' .')}. {message.text}"
    new = new.model_copy(update={"message": words, "clauses": tuple(clauses)})
    problems = check_plan(new)
    if problems:
        raise PermanentError(
            f"The changed plan is not whole: {'; '.join(problems[:3])}.", hint="This is a fault of Synergy; please report it."
        )
    return new


def _still(old: Plan, draft: Draft, ids: set[str]) -> Iterable[Clause]:
    """The earlier clauses without what is gone; one that has lost all it was about is gone itself."""
    for clause in old.clauses:
        left = tuple(f for f in clause.features if f in ids)
        if (clause.features and not left) or draft.outdated(clause):
            continue
        yield draft.still(clause).model_copy(update={"features": left})


def _asked(old: Plan, answered: Sequence[Answered], ids: set[str]) -> Iterable[Clause]:
    last = max((int(c.id[1:]) for c in old.clauses if c.id[1:].isdigit()), default=0)
    for number, (text, answer) in enumerate(answered, last + 1):
        left = tuple(f for f in answer.features if f in ids)
        settled = (
            replace(answer, features=left) if left or not answer.features else Answer(reason=answer.reason or "It is not there.")
        )
        yield clause_of(number, text, settled)


def _nothing(draft: Draft, old: Plan) -> BadInput:
    """Why nothing changes, and what to do."""
    open_ = [answer.reason for _, answer in draft.answered if answer.status in OPEN and answer.reason]
    there = ", ".join(inner(e.label_plural) for e in old.entities)
    if open_:
        return BadInput(
            f"Nothing of this change can be built. {' '.join(dict.fromkeys(open_))}", hint=f"It keeps: {there}. {EXAMPLES}"
        )
    if draft.answered:
        return BadInput("This changes nothing: the project is like this already.", hint=f"It keeps: {there}. {EXAMPLES}")
    return BadInput("Nothing was understood that could be changed.", hint=f"It keeps: {there}. {EXAMPLES}")
