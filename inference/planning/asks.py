"""One wish of a message."""

from __future__ import annotations

from dataclasses import dataclass, replace

from inference.planning.inflection import plural_phrase
from inference.planning.lexicon import lexicon


@dataclass(frozen=True)
class Ask:
    """One wish of a message."""

    text: str  #: its words
    verb: str = ""  #: base form, "" when it only names a thing
    thing: tuple[str, ...] = ()  #: the noun phrase it is about, lower case, without determiners and vague adjectives
    others: tuple[tuple[str, ...], ...] = ()  #: noun phrases further on: "log hours for a *case*"
    details: tuple[tuple[str, ...], ...] = ()  #: what was listed for it: "tools, including *name*, *price*"
    subject: tuple[str, ...] = ()  #: who: ("administrator",); empty when it is the application or not said
    head: bool = False  #: names the application itself
    direct: bool = True  #: False: the thing was found after a preposition or borrowed from a neighbour
    sentence: int = 0

    @property
    def action(self) -> str:
        """Class of the verb: view, search, create …; "" without a known class."""
        return lexicon().verbs.get(self.verb, "")


def examples(ask: Ask) -> list[Ask]:
    """What is listed for a wish, each as a wish of its own: "word games, such as *crosswords*"."""
    return [replace(ask, text=plural_phrase(" ".join(d)), verb="", thing=d, details=()) for d in ask.details]
