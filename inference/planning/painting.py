"""Other colours for a plan that is there: what the change names takes the place of what was asked for before."""

from __future__ import annotations

from collections.abc import Sequence

from inference.planning.archetypes import archetypes
from inference.planning.change import Painting, word_list
from inference.planning.colors import read_design
from inference.planning.draft import Draft
from inference.planning.palette import make_tokens
from inference.planning.planner import USUAL_HUE
from inference.planning.text import sentences
from synergy.core.types import Plan

Asked = dict[str, tuple[str, str]]  #: part of the design → (words, ``#rrggbb``)


def paint(draft: Draft, wish: Painting, earlier: Sequence[str]) -> None:
    """Give the parts that the wish names their new colours; all others stay."""
    named = {role: (words, color) for role, words, color in wish.design.roles}
    for role, (words, _) in named.items():
        if role != "components":  # header, buttons and links are one part of the design, and people name them one by one
            draft.did("paint", f"colour of {role}", f"makes the {role} {words}")
    before = {role: asked for role, asked in asked_before(earlier).items() if role in draft.plan.tokens.asked}
    before |= draft.painted
    hue = _hue(draft.plan, asked_before(earlier))
    notes = tuple(n for n in draft.plan.tokens.adjusted if n.startswith("Two colours were named") and not _about(n, named))
    twice = "components" in named and "components" in draft.repainted
    others = [before["components"][0]] if twice else []
    others += [words for role, words, color in wish.design.roles if (words, color) != named[role]]
    draft.painted = before | named
    draft.tokens = make_tokens(draft.painted, hue, notes)
    draft.repainted |= set(named)
    said = [n for n in draft.tokens.adjusted if n not in draft.plan.tokens.adjusted]
    said += [f"{color} has no place in the design." for color in wish.design.unclear]
    if set(wish.text.lower().split()) & word_list("frame") and "components" in named:
        said.append("this is the colour of all components.")
    said += [f"components have one colour, so it is not {words}." for words in others]
    draft.answer(wish.text, "design.colors", reason=f"Assumed: {' '.join(said)}" if said else "")


def asked_before(messages: Sequence[str]) -> Asked:
    """The colours that all messages so far name; a later one takes the place of an earlier one."""
    designs = (read_design(sentence) for message in messages for sentence in sentences(message))
    return {role: (words, color) for design in designs if design for role, words, color in design.roles}


def _about(note: str, named: Asked) -> bool:
    return any(f" {role}:" in note for role in named)


def _hue(plan: Plan, asked: Asked) -> float:
    """The hue that the plan's own colours came from: the one that gives them again."""
    known = {role: value for role, value in asked.items() if role in plan.tokens.asked}
    hues = [archetypes()[e.archetype].hue for e in plan.entities if e.archetype in archetypes()]
    fits = (h for h in (*hues, USUAL_HUE) if make_tokens(known, h).light == plan.tokens.light)
    return next(fits, hues[0] if hues else USUAL_HUE)
