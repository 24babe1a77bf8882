"""Stacks that nobody prepared: a model chooses a known one, or describes a new one, which waits until a person approves it.

An approved description is found by similarity. How sure that is, is measured on texts whose stack is known: those that describe
it, each held against the others, and the exemplars of all other stacks. (What was outside so far may well be the new one.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import connection
from django.utils import timezone

from inference.confidence import THRESHOLD
from inference.llm.ask import Answer, Question, help_with
from inference.llm.prompts import prompt
from inference.models import StackProposal
from inference.passages import embedder, nearest, sync_passages
from inference.stack import DEFAULT, READ, built_with
from synergy.core.bench import Bench
from synergy.core.stacks import stack, stacks
from synergy.core.types import Message, StackChoice, Value

ACTIVITY = "stack"
KIND = "approved stacks"  #: of passages
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
EXEMPLARS = (10, 15)
SUPPORT = 5  #: describing texts that must be as near as the message

SIMILARITIES = """
WITH own AS (SELECT id, vector FROM inference_passage WHERE kind = %(kind)s AND key = %(slug)s AND model = %(model)s),
ours AS (SELECT max(1 - (a.vector <=> b.vector)) AS near FROM own a JOIN own b ON a.id <> b.id GROUP BY a.id),
others AS (SELECT max(1 - (e.vector <=> o.vector)) AS near FROM inference_exemplar e CROSS JOIN own o
    WHERE e.model = %(model)s AND e.label <> 'outside' GROUP BY e.id)
SELECT ARRAY(SELECT near FROM ours ORDER BY near DESC), ARRAY(SELECT near FROM others ORDER BY near DESC)
"""


class Described(Value):
    known: str
    slug: str
    title: str
    sentence: str
    paragraph: str
    exemplars: tuple[str, ...]
    reason: str


def wrong(answer: Described) -> str:
    """What is wrong with an answer; "" = nothing."""
    if answer.known:
        return "" if answer.known in stacks() else f"There is no stack {answer.known[:40]!r} in the list."
    lengths = {"title": 80, "sentence": 300, "paragraph": 1200, "slug": 40}
    off = [(name, most) for name, most in lengths.items() if not 2 <= len(getattr(answer, name)) <= most]
    lines = [f"`{name}` needs 2 to {most} characters." for name, most in off]
    if not SLUG.match(answer.slug) or answer.slug in stacks():
        lines.append(f"{answer.slug[:40]!r} is no id of a new stack.")
    texts = {text.strip() for text in answer.exemplars if 10 <= len(text) <= 400}
    if not EXEMPLARS[0] <= len(texts) == len(answer.exemplars) <= EXEMPLARS[1]:
        lines.append("`exemplars` needs ten to fifteen different messages of 10 to 400 characters.")
    return " ".join(lines)


def described(bench: Bench, message: Message, choice: StackChoice) -> StackChoice:
    """``choice``, which abstains, with what a model makes of it: a known stack, or one that waits for a person.

    Raises BudgetSpent and Cancelled.
    """
    known = "\n".join(f"{slug}: {spec.title}. {spec.sentence}" for slug, spec in stacks().items())
    data = {"stacks": known, "message": message.text[: READ * 4]}
    answer = help_with(bench, Question(ACTIVITY, prompt(ACTIVITY), data, Described, max_tokens=3000, check=wrong))
    if answer is None:
        return choice
    return _chosen(choice, answer) if answer.value.known else _proposed(message, choice, answer)


def _chosen(choice: StackChoice, answer: Answer[Described]) -> StackChoice:
    """A known stack. How sure it is stays what the classifier measured: below the threshold its gate says so."""
    spec = stack(answer.value.known)
    measured = next((c.confidence for c in choice.candidates if c.slug == spec.slug), 0.0)
    instead = "" if spec.blueprint else f", which has no blueprint yet; built with {stack(DEFAULT).title}"
    reason = f"A model chose {spec.title}{instead} ({measured:.2f} by itself): {answer.value.reason[:300]}"
    update = {
        "inferred": spec.slug,
        "confidence": measured,
        "abstained": False,
        "built_with": built_with(spec.slug),
        "reason": f"{reason} Confirm it with --stack {spec.slug}.",
        "usage": choice.usage + answer.usage,
    }
    return choice.model_copy(update=update)


def _proposed(message: Message, choice: StackChoice, answer: Answer[Described]) -> StackChoice:
    """A new stack is kept for a person to decide about; the run does not go on by itself."""
    said = answer.value
    texts = {"title": said.title, "sentence": said.sentence, "paragraph": said.paragraph, "exemplars": list(said.exemplars)}
    proposal, _ = StackProposal.objects.get_or_create(
        slug=said.slug, defaults={**texts, "message": message.text[:4000], "model": answer.model}
    )
    reason = f"{choice.reason} A model says that it asks for {said.title}: {said.reason[:300]} That stack is {proposal.state}"
    waits = " for approval in the admin." if proposal.state == StackProposal.State.WAITING else "."
    return choice.model_copy(update={"reason": reason + waits, "usage": choice.usage + answer.usage})


# --- what a person approved --------------------------------------------------------------------------------------------


def decide(slugs: Iterable[str], by: str, *, approved: bool) -> int:
    """Approve proposals, or reject them; how many were decided. What is approved is embedded, what is rejected is not found."""
    state = StackProposal.State.APPROVED if approved else StackProposal.State.REJECTED
    rows = StackProposal.objects.filter(slug__in=list(slugs)).exclude(state=state)
    changed = rows.update(state=state, decided_at=timezone.now(), decided_by=by[:150])
    found = StackProposal.objects.filter(state=StackProposal.State.APPROVED)
    sync_passages(KIND, {p.slug: [p.sentence, p.paragraph, *p.exemplars] for p in found})
    return changed


def recognised(message: Message, choice: StackChoice) -> StackChoice | None:
    """The approved stack that a message asks for; None when none is near enough to be sure."""
    near = next(iter(nearest(KIND, [message.text[:READ]], 1)[0]), None)
    if near is None:
        return None
    confidence = sureness(near.key, near.similarity)
    if confidence < THRESHOLD:
        return None
    proposal = StackProposal.objects.get(slug=near.key)
    reason = (
        f"{proposal.title} was inferred ({confidence:.2f}): it is close to “{near.text[:200]}”, which {proposal.decided_by} "
        f"approved. It has no blueprint; built with {stack(DEFAULT).title}."
    )
    update = {"inferred": near.key, "confidence": confidence, "abstained": False, "built_with": DEFAULT, "reason": reason}
    return choice.model_copy(update=update)


def sureness(slug: str, similarity: float) -> float:
    """P(a text that near to an approved stack asks for it), in [0, 1].

    It is the share of its own among the texts whose stack is known and that are at least as near, with one of each kind added
    (Laplace's rule of succession). Where fewer than five of its own are as near, the fifth nearest of them sets the mark.
    """
    with connection.cursor() as cursor:
        cursor.execute(SIMILARITIES, {"kind": KIND, "slug": slug, "model": embedder().id})
        ours, others = cursor.fetchone()
    if len(ours) < SUPPORT:
        return 0.0
    mark = min(similarity, ours[SUPPORT - 1])
    own, strange = (sum(near >= mark for near in known) for known in (ours, others))
    return float((own + 1) / (own + strange + 2))
