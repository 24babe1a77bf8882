"""The requirement ledger: each wish with the features that would cover it, or with the plain reason why nothing does.

"Assumed: …" as a reason marks what stays an assumption even when its features are proved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inference.planning.archetypes import verbs
from inference.planning.grammar import Ask
from inference.planning.inflection import singular
from inference.planning.lexicon import lexicon
from inference.planning.matching import core
from inference.planning.missing import forms, holds, missing_part
from inference.planning.surface import inner
from inference.planning.things import TRADE, Found, Thing, common_features
from synergy.core.types import Clause, ClauseStatus, Entity, Kind

MOST = 150  #: rows for wishes; what follows is said to be left out
WHOLE = ("list", "detail", "create", "edit", "delete")
#: Class of the verb → what is done with an entity.
DONE = {
    "view": ("list", "detail"),
    "search": ("list", "search"),
    "filter": ("list", "filter"),
    "sort": ("list", "sort"),
    "create": ("list", "create"),
    "edit": ("detail", "edit"),
    "delete": ("detail", "delete"),
    "manage": WHOLE,
}
PLAINLY = {"create", "add", "record", "log", "write", "enter", "store", "register", "input", "save", "insert", "new", "define", "keep", "post", "publish", "compose"}
PICKING = {"select", "choose", "pick", "use"}
UNREAD = "Nothing that Synergy can build was recognised in these words."
ACCOUNTS = "There is no page on which accounts are managed; roles are given on the command line."


@dataclass(frozen=True)
class Answer:
    """What becomes of a wish."""

    features: tuple[str, ...] = ()
    reason: str = ""  #: begins with "Assumed" when the wish was interpreted

    @property
    def status(self) -> ClauseStatus:
        return ClauseStatus.ASSUMED if self.features else ClauseStatus.NOT_BUILT


class Ledger:
    """Answers wishes for a plan with these entities."""

    def __init__(self, found: Found, entities: Mapping[int, Entity], ids: frozenset[str]) -> None:
        self.found = found
        self.entities = entities  #: id(thing) → entity
        self.ids = ids  #: of all features of the plan

    def entity(self, thing: Thing | None) -> Entity | None:
        return self.entities.get(id(thing)) if thing else None

    def answer(self, ask: Ask) -> Answer:
        """The features that cover a wish, or why none does."""
        part = missing_part(ask.text)
        if part:
            return Answer(reason=part.reason)
        if ask.thing and ask.thing[-1] in ("user", "account") and ask.action in DONE and not common_features(ask.text):
            return Answer(reason=ACCOUNTS)
        thing = self.found.meant.get(ask.thing) if ask.thing else None
        common = common_features(ask.text)
        if common and (thing is None or not self._names(thing, ask)):
            return self._common(ask, common)
        if thing is None and not ask.action and ask.verb in verbs():
            return self._brought(ask)
        return self._kept(ask, thing) if thing else self._unnamed(ask)

    # --- what every application has -----------------------------------------------------------------------------------

    def _common(self, ask: Ask, ids: tuple[str, ...]) -> Answer:
        if not set(ids) <= self.ids:
            return Answer(("dashboard.stats",), "Assumed: the dashboard is the start page, since everything is behind signing in.")
        if ids[0].startswith("dashboard.") and self._says_more(ask):
            return Answer(ids, "Assumed: the dashboard's figures and charts of what is kept are meant.")
        return Answer(ids)

    def _says_more(self, ask: Ask) -> bool:
        """Whether a wish for figures holds words beyond what the dashboard and the entities are called."""
        known = lexicon()
        feature_words = {w for words in known.features for w in words}
        labels = {w for t in self.found.things for w in (t.label + " " + t.plural).lower().split()}
        empty = known.determiner | known.vague | known.preposition | known.application | known.filler | {"and", "or", "feature", "features", "data"}
        return any(
            not (word & (feature_words | labels | empty)) and not any(known.verbs.get(w) in ("view", "count", "create") or w == "perform" for w in word)
            for word in forms(ask.text)
        )

    # --- what is kept ---------------------------------------------------------------------------------------------------

    def _names(self, thing: Thing, ask: Ask) -> bool:
        """Whether the thing itself is asked for, and not figures about it."""
        return not any(f.startswith("dashboard.") for f in common_features(ask.text)) and thing is not None

    def _kept(self, ask: Ask, thing: Thing) -> Answer:
        entity = self.entity(thing)
        if entity is None:
            return Answer(reason="Only the first 40 things are built.")
        if not ask.verb or ask.verb == "have":
            return Answer(_ids(entity, WHOLE))
        if ask.action in DONE:
            return self._done(ask, thing, entity)
        if ask.verb in verbs():
            return self._brought(ask)
        many = inner(entity.label_plural)
        if ask.verb in TRADE or ask.verb in PICKING or ask.verb in ("connect", "practice", "practise"):
            return Answer(_ids(entity, DONE["view"]), f"Assumed: {many} are kept and can be looked at.")
        return Answer(reason=f"Synergy keeps {many}, but has nothing to {ask.verb} them with.")

    def _done(self, ask: Ask, thing: Thing, entity: Entity) -> Answer:
        actions = DONE[ask.action]
        if ask.action == "filter" and not any(f.kind in (Kind.ENUM, Kind.BOOLEAN, Kind.REF) for f in entity.fields):
            return Answer(reason=f"{entity.label_plural} have no field to filter by.")
        if ask.action in ("view", "manage") and self._state_named(ask, entity):
            actions = (*actions, "filter")
        limits = thing.archetype.limits if thing.archetype else ""
        if ask.action == "create" and limits and ask.verb not in PLAINLY:
            return Answer(_ids(entity, actions), f"Assumed: {limits[:1].lower()}{limits[1:]}")
        if ask.verb in ("approve", "reject", "assign", "complete", "close", "mark", "escalate", "reopen", "resolve", "customize", "configure"):
            return Answer(_ids(entity, actions), f"Assumed: this is done by changing the {inner(entity.label)} in its form.")
        return Answer(_ids(entity, actions))

    @staticmethod
    def _state_named(ask: Ask, entity: Entity) -> bool:
        """ "view open calls": one of the states is named."""
        words = forms(ask.text)
        return any(holds(words, tuple(c.value.split("_"))) for f in entity.fields for c in f.choices)

    def _brought(self, ask: Ask) -> Answer:
        """A verb that is kept as a record: to book, to vote."""
        thing = self.found.by_archetype(verbs()[ask.verb])
        entity = self.entity(thing)
        if entity is None or thing is None or thing.archetype is None:
            return Answer(reason=f"Synergy has nothing to {ask.verb} with.")
        limits = thing.archetype.limits
        return Answer(_ids(entity, ("list", "create")), f"Assumed: {limits[:1].lower()}{limits[1:]}" if limits else "")

    # --- wishes without a thing ------------------------------------------------------------------------------------------

    def _unnamed(self, ask: Ask) -> Answer:
        """ "searching", "browse the website": meant for what the application mainly keeps."""
        main = next((e for t in self.found.things if (e := self.entity(t)) and not (t.archetype and t.archetype.family == "people")), None)
        known = lexicon()
        last = core(ask.thing)[-1] if ask.thing else ""
        general = not ask.thing or last in known.application | known.telling or (last in known.generic and len(core(ask.thing)) == 1)
        if main is None or ask.action not in ("view", "search", "filter", "sort") or not general:
            return Answer(reason=self._why_not(ask))
        ids = _ids(main, DONE[ask.action])
        return Answer(("home.page", *ids) if ask.action == "view" and "home.page" in self.ids else ids)

    def _why_not(self, ask: Ask) -> str:
        fields = {label for e in self.entities.values() for f in e.fields for label in (f.label.lower(), singular(f.label.lower()))}
        if ask.thing and " ".join(core(ask.thing)) in fields:
            return "It is a field of what is kept; there is nothing more to it."
        return UNREAD


def _ids(entity: Entity, actions: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{entity.slug}.{action}" for action in actions)


def wish_rows(asks: Sequence[Ask], ledger: Ledger) -> list[tuple[int, str, Answer]]:
    """(sentence, words, answer) of each wish, each once."""
    rows: dict[tuple[str, tuple[str, ...], tuple[str, ...]], tuple[int, str, Answer]] = {}
    only_heads = all(ask.head for ask in asks)
    for ask in asks:
        if ask.verb == "for" and not only_heads:
            continue
        answer = ledger.answer(ask)
        if ask.head and not answer.features and answer.reason == UNREAD and not only_heads:
            continue
        key = (ask.verb, ask.thing or (ask.text.lower(),), ask.details)
        if key not in rows:
            rows[key] = (ask.sentence, ask.text, answer)
    return list(rows.values())


def numbered(rows: Sequence[tuple[str, Answer]]) -> tuple[Clause, ...]:
    """Clauses R1, R2 … for (words, answer)."""
    found = [
        Clause(id=f"R{number}", text=text, features=answer.features, status=answer.status, reason=answer.reason)
        for number, (text, answer) in enumerate(rows, 1)
    ]
    return tuple(found)
