"""Whether words are a request for an application at all, and what becomes of what they do not want."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inference.planning.asks import Ask
from inference.planning.clean import EXAMPLE
from inference.planning.ledger import Answer
from inference.planning.lexicon import lexicon
from inference.planning.surface import Access
from inference.planning.things import Found
from inference.planning.unwanted import Unwanted
from synergy.core.errors import BadInput
from synergy.core.types import ClauseStatus

QUESTION = re.compile(
    r"^(?:what|why|how|who|whose|when|where|which|is|are|do|does|did|can you (?:tell|explain|say))\b[^.!?]*\?$", re.I
)
HINT = f"Say in a sentence what the application should keep or do. {EXAMPLE}"


def check_request(text: str, asks: Sequence[Ask], found: Found, answers: Sequence[Answer]) -> None:
    """BadInput when nothing in ``text`` says what to build: neither a thing to keep, nor something to do, nor an application.

    Without ``answers`` nothing is asked of the words.
    """
    if not answers or found.assumed_for or not all(thing.assumed for thing in found.things):
        return
    if any(answer.features or answer.status is ClauseStatus.ASSUMED for answer in answers):
        return
    if QUESTION.match(text.strip()):
        raise BadInput("This is a question. Synergy builds applications; it does not answer.", hint=HINT)
    known = lexicon()
    if any(word in known.application | known.telling for ask in asks if ask.head for word in ask.thing):
        return
    raise BadInput("Nothing in these words says what an application should keep or do.", hint=HINT)


def unwanted_answer(words: Unwanted, access: Access) -> Answer:
    """What the ledger says of something that is not wanted."""
    if words.rule:
        return Answer(reason="What somebody is not to do is not read: the roles alone decide who adds, changes and deletes.")
    if words.accounts and access == "public_read":
        why = "Assumed: visitors see everything that is open without an account; adding and changing needs one."
        return Answer(("home.page",), why)
    if words.accounts:
        return Answer(reason="Everything here is behind signing in: say that it is public when visitors are to see it.")
    return Answer(reason="Assumed: it is left out.")
