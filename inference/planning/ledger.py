"""The requirement ledger: each wish with the features that would cover it, or with the plain reason why nothing does.

"Assumed: …" as a reason marks what stays an assumption even when its features are proved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from inference.planning.archetypes import verbs
from inference.planning.asks import Ask, examples
from inference.planning.general import general_answer, opens_account
from inference.planning.inflection import singular
from inference.planning.labels import head_phrase
from inference.planning.lexicon import lexicon
from inference.planning.matching import core
from inference.planning.missing import common_features, forms, holds, interpreted_part, missing_part
from inference.planning.phrases import Phrase
from inference.planning.qualities import aim_of, qualities_in, quality_of
from inference.planning.surface import inner
from inference.planning.text import lows, words
from inference.planning.things import INPUT, TRADE, Found, Thing
from synergy.core.types import Clause, ClauseStatus, Entity

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
PLAINLY = {
    "create",
    "add",
    "record",
    "log",
    "write",
    "enter",
    "store",
    "register",
    "input",
    "save",
    "insert",
    "new",
    "define",
    "keep",
    "post",
    "publish",
    "compose",
}
CIRCUMSTANCE = re.compile(
    r"\b(?:when(?:ever)?|once|after|before|until|if|while|as soon as|of (?:who|whoever)|who(?:ever)? (?:is|are|has|have))\b.*",
    re.I | re.S,
)
OWN_PROFILE = re.compile(r"\b(?:their|your|own|my)\b.*\b(?:personal (?:details|information|data|info)|profiles?|account)\b", re.I)
OWNS = re.compile(r"\b(?:their|his|her|my|your|personal)\b", re.I)
OWN = re.compile(r"\b(?:their|his|her|my|your) own\b|\bown\b", re.I)
FIGURES = ("dashboard.", "home.")  #: features asked for by "sales statistics": not the sales, but what is worked out of them
PICKING = {"select", "choose", "pick", "use"}
UNREAD = "Nothing that Synergy can build was recognised in these words."
ACCOUNTS = "There is no page on which accounts are managed; roles are given on the command line."


@dataclass(frozen=True)
class Answer:
    """What becomes of a wish."""

    features: tuple[str, ...] = ()
    reason: str = ""  #: begins with "Assumed" when the wish was interpreted
    gates: tuple[str, ...] = ()  #: that measure it, when it is a quality
    measured: bool = True  #: False: a quality or an aim that nothing measures
    ours: bool = False  #: the message left it open, and this was decided

    @property
    def status(self) -> ClauseStatus:
        if not self.measured:
            return ClauseStatus.NOT_MEASURED
        if self.gates:
            return ClauseStatus.ASSUMED
        return ClauseStatus.ASSUMED if self.features or self.reason.startswith("Assumed") else ClauseStatus.NOT_BUILT


class Ledger:
    """Answers wishes for a plan with these entities."""

    def __init__(
        self, found: Found, entities: Mapping[int, Entity], ids: frozenset[str], used: Mapping[Ask, Answer] | None = None
    ) -> None:
        self.found = found
        self.used = used or {}  #: wishes that capabilities answer
        self.entities = entities  #: id(thing) → entity
        self.ids = ids  #: of all features of the plan

    def entity(self, thing: Thing | None) -> Entity | None:
        return self.entities.get(id(thing)) if thing else None

    def answer(self, ask: Ask) -> Answer:
        """The features that cover a wish, or why none does."""
        return self.used.get(ask) or self._measured(ask) or self._answer(ask)

    def _answer(self, ask: Ask) -> Answer:
        """The same for what no capability answers."""
        part = missing_part(ask.text)
        if part:
            return Answer(reason=part.why)
        if ask.head:
            return self._name(ask)
        accounts = _of_accounts(ask)
        if accounts:
            return accounts
        narrower = interpreted_part(ask.text)
        if narrower:
            entity = self.entity(self.found.of(ask))
            return Answer(_ids(entity, ("list", "sort")) if entity else (), f"Assumed: {narrower.reason}")
        if OWN_PROFILE.search(ask.text) and ask.action in ("view", "manage", "edit"):
            return Answer(("account.profile",))
        thing = self.found.meant.get(ask.thing) if ask.thing else None
        common = _common_of(ask)
        if common and (thing is None or common[0].startswith(FIGURES)):
            return self._common(ask, common)
        if thing is None and self.found.brings(ask):
            return self._brought(ask)
        return self._kept(ask, thing) if thing else self._field(ask) or self._filled(ask) or self._general(ask)

    def _measured(self, ask: Ask) -> Answer | None:
        """What the application is to be, not to do. An aim for something that it keeps is more: to promote products."""
        if ask.head:
            return None
        thing = self.found.meant.get(ask.thing) if ask.thing else None
        kept = thing is not None and not (thing.archetype and thing.archetype.family == "people")
        found = (None if kept and ask.action else quality_of(ask.text)) or aim_of(ask, kept=kept)
        return Answer(reason=found.reason, gates=found.gates, measured=bool(found.gates)) if found else None

    def _name(self, ask: Ask) -> Answer:
        """The application's own name: "recipe site", "dashboard"."""
        entity = self.entity(self.found.meant.get(head_phrase(ask)))
        common = common_features(ask.text)
        if entity is None and common:
            return self._common(ask, common)
        if entity is None:
            return Answer(reason=UNREAD)
        more = [
            w
            for w in lows(words(ask.text))
            if w not in entity.label.lower().split() and lexicon().verb_of(w) and w.endswith(("ing", "al"))
        ]
        return Answer(_ids(entity, WHOLE), f"Assumed: {inner(entity.label_plural)} are meant." if more else "")

    # --- what every application has -----------------------------------------------------------------------------------

    def _common(self, ask: Ask, ids: tuple[str, ...]) -> Answer:
        if not set(ids) <= self.ids:
            return Answer(
                ("dashboard.stats",), "Assumed: the dashboard is the start page, since everything is behind signing in."
            )
        if ids[0].startswith("dashboard.") and self._says_more(ask):
            return Answer(ids, "Assumed: the dashboard's figures and charts of what is kept are meant.")
        return Answer(ids)

    def _says_more(self, ask: Ask) -> bool:
        """Whether a wish for figures holds words beyond what the dashboard and the entities are called."""
        known = lexicon()
        feature_words = {w for words in known.features for w in words}
        labels = {w for t in self.found.things for w in (t.label + " " + t.plural).lower().split()}
        empty = (
            known.determiner
            | known.vague
            | known.preposition
            | known.application
            | known.filler
            | {"and", "or", "feature", "features", "data"}
        )
        return any(
            not (word & (feature_words | labels | empty))
            and not any(known.verbs.get(w) in ("view", "count", "create") or w == "perform" for w in word)
            for word in forms(ask.text)
        )

    # --- what is kept ---------------------------------------------------------------------------------------------------

    def _kept(self, ask: Ask, thing: Thing) -> Answer:
        entity = self.entity(thing)
        if entity is None:
            return Answer(reason="Only the first 40 things are built.")
        if not ask.verb or ask.verb == "have":
            return self._done(replace(ask, verb="manage"), thing, entity)
        if ask.action in DONE:
            return self._done(ask, thing, entity)
        many = inner(entity.label_plural)
        if ask.thing in thing.choices:
            return Answer(_ids(entity, ("create", "filter")))
        if self.found.brings(ask) and ask.verb not in TRADE:
            return self._brought(ask)
        return self._other_verb(ask.verb, entity, many)

    @staticmethod
    def _other_verb(verb: str, entity: Entity, many: str) -> Answer:
        """A verb that no class of features knows."""
        if verb not in lexicon().verbs:
            return Answer(reason=UNREAD)
        if verb == "review":
            return Answer(_ids(entity, ("detail", "edit")), f"Assumed: {many} are looked at and changed in a form.")
        if verb in TRADE or verb in PICKING or verb in ("connect", "practice", "practise"):
            return Answer(_ids(entity, DONE["view"]), f"Assumed: {many} are kept and can be looked at.")
        return Answer(reason=f"Synergy keeps {many}, but has nothing to {verb} them with.")

    def _done(self, ask: Ask, thing: Thing, entity: Entity) -> Answer:
        actions = DONE[ask.action]
        if ask.action == "filter" and not entity.filterable:
            return Answer(reason=f"{entity.label_plural} have no field to filter by.")
        if entity.owned and (OWN.search(ask.text) or OWNS.search(ask.text)):
            return Answer(_ids(entity, (*actions, "own")))
        if OWN.search(ask.text):
            return Answer(
                _ids(entity, actions),
                f"Assumed: {inner(entity.label_plural)} do not belong to accounts; who is signed in sees all.",
            )
        if re.search(r"\bpanels?\b", ask.text, re.I):
            return Answer(_ids(entity, actions), f"Assumed: the pages of {inner(entity.label_plural)} are meant.")
        if ask.action in ("view", "manage") and self._state_named(ask, entity):
            actions = (*actions, "filter")
        limits = thing.archetype.limits if thing.archetype else ""
        if ask.action == "create" and limits and ask.verb not in PLAINLY:
            return Answer(_ids(entity, actions), f"Assumed: {limits[:1].lower()}{limits[1:]}")
        if ask.verb in (
            "approve",
            "reject",
            "assign",
            "complete",
            "close",
            "mark",
            "escalate",
            "reopen",
            "resolve",
            "customize",
            "configure",
        ):
            return Answer(_ids(entity, actions), f"Assumed: this is done by changing the {inner(entity.label)} in its form.")
        return Answer(_ids(entity, actions))

    @staticmethod
    def _state_named(ask: Ask, entity: Entity) -> bool:
        """ "view open calls": one of the states is named."""
        words = forms(ask.text)
        return any(holds(words, tuple(c.label.lower().split())) for f in entity.fields for c in f.choices)

    def _brought(self, ask: Ask) -> Answer:
        """A verb that is kept as a record: to book, to vote."""
        thing = self.found.by_archetype(verbs()[ask.verb])
        entity = self.entity(thing)
        if entity is None or thing is None or thing.archetype is None:
            return Answer(reason=f"Synergy has nothing to {ask.verb} with.")
        limits = thing.archetype.limits
        return Answer(_ids(entity, ("list", "create")), f"Assumed: {limits[:1].lower()}{limits[1:]}" if limits else "")

    def _field(self, ask: Ask) -> Answer | None:
        """ "action step recording": what is spoken of is a field of something that is kept."""
        told = not ask.verb or ask.action in ("create", "edit", "view", "manage")
        said = [set(map(_spelt, words)) for words in (core(ask.thing), ask.thing)] if told and ask.thing else []
        for entity in self.entities.values():
            name = set(entity.label.lower().split())
            for f in entity.fields:
                own = {_spelt(singular(w)) for w in f.label.lower().split()} - name - {"at", "by", "on"}
                if any(words and words - name == own for words in said):
                    actions = ("detail", "create", "edit") if ask.action != "view" else ("detail",)
                    kept = f"Assumed: it is kept as a field of {inner(entity.label_plural)}."
                    return Answer(_ids(entity, actions), "" if ask.action in ("create", "edit") else kept)
        return None

    def _filled(self, ask: Ask) -> Answer | None:
        """ "input personal information", "a form-filling function": the form of what people fill in."""
        entity = self.entity(self.found.form)
        general = bool(ask.thing) and core(ask.thing)[-1] in lexicon().generic and ask.verb in INPUT
        if entity is None or not (general or any(w & {"form"} for w in forms(ask.text))):
            return None
        return Answer(_ids(entity, ("create",)), f"Assumed: the form of {inner(entity.label_plural)} is meant.")

    # --- wishes without a thing ------------------------------------------------------------------------------------------

    def _general(self, ask: Ask) -> Answer:
        """What a wish without a thing of its own is meant for: the application, one's own data, what is mainly kept."""
        kept = [(t, e) for t in self.found.things if (e := self.entity(t))]
        things = [t for t, _ in kept if not (t.archetype and t.archetype.family == "people")]
        main = self.entity(min(things, key=self._is_of_another, default=None))
        actor = self.entity(next((t for t in self.found.things if t.label.lower() == " ".join(ask.subject)), None))
        found = general_answer(ask, main or next((e for _, e in kept), None), actor, public="home.page" in self.ids)
        if found is None:
            return Answer(reason=UNREAD)
        entity, actions, ids, reason = found
        return Answer((*ids, *(_ids(entity, actions) if entity else ())), reason)

    def _is_of_another(self, thing: Thing) -> bool:
        """A loan of books comes after the books."""
        targets = {to for f in (thing.archetype.fields if thing.archetype else ()) for to in f.to}
        others = (t.archetype for t in self.found.things if t.archetype and t is not thing)
        return any(a.name in targets and a.family in ("things", "content") and not a.sorts for a in others)


def _common_of(ask: Ask) -> tuple[str, ...]:
    """What every application has and the wish asks for. Signing in that only tells when something is to happen is not asked for:
    "a short tour *when they first sign in*"."""
    found = common_features(ask.text)
    told = bool(found) and found[0].startswith("auth.") and not common_features(CIRCUMSTANCE.sub("", ask.text))
    return () if told else found


def _of_accounts(ask: Ask) -> Answer | None:
    """ "create an account" is for everybody; "manage users" is not there."""
    if opens_account(ask):
        return Answer(("auth.register",))
    managed = ask.thing[-1:] in (("user",), ("account",)) and ask.action in DONE and not common_features(ask.text)
    return Answer(reason=ACCOUNTS) if managed else None


def _spelt(word: str) -> str:
    """One spelling for both sides of the ocean, one word for when something is due."""
    return "due" if word == "deadline" else word.replace("colour", "color")


def _ids(entity: Entity, actions: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{entity.slug}.{action}" for action in actions)


_Key = tuple[str, Phrase, tuple[Phrase, ...]]
_Row = tuple[int, str, Answer]


def wish_rows(asks: Sequence[Ask], ledger: Ledger) -> list[_Row]:
    """(sentence, words, answer) of each wish, each once."""
    rows: dict[_Key, _Row] = {}
    only_heads = all(ask.head for ask in asks) and not ledger.found.assumed_for and not ledger.found.meant
    spoken = {id(ledger.found.meant[a.thing]) for a in asks if not a.head and a.thing in ledger.found.meant}
    for ask in asks:
        named = ledger.found.meant.get(head_phrase(ask)) if ask.head else None
        if (ask.verb == "for" or (id(named) in spoken and ask not in ledger.used)) and not only_heads:
            continue
        for part, whole in _parts(ask, ledger):
            _note(rows, part, ledger.answer(whole), only_heads=only_heads)
    return list(rows.values())


def _parts(ask: Ask, ledger: Ledger) -> list[tuple[Ask, Ask]]:
    """(a row's wish, the wish that is answered in it). One whose examples are things or uses of their own becomes several:
    "content, including news and success stories"."""
    found = ledger.found
    thing = found.meant.get(ask.thing)
    own = thing.details if thing else []
    used = any(example in ledger.used for example in examples(ask))
    listed = used or [d for d in ask.details if d not in own and (d in found.meant or _is_wish(" ".join(d)))]
    if not listed or (missing_part(ask.text) and not used) or (thing and ask.thing in thing.choices):
        each = qualities_in(ask.text)
        return [(part, part) for text in each for part in [replace(ask, text=text)]] if len(each) > 1 else [(ask, ask)]
    host = replace(ask, text=re.split(r" \(|, including| with ", ask.text)[0], details=())
    return [(host, ask if ask in ledger.used else host), *((example, example) for example in examples(ask))]


def _is_wish(text: str) -> bool:
    return bool(common_features(text)) or missing_part(text) is not None


def _note(rows: dict[_Key, _Row], ask: Ask, answer: Answer, *, only_heads: bool) -> None:
    """Add a row unless the same wish has one, or it is only the name of the application."""
    unread_name = ask.head and not answer.features and missing_part(ask.text) is None and not only_heads
    said = () if answer.measured and not answer.gates else (ask.text.lower(),)
    key = (ask.verb, said or ask.thing or (ask.text.lower(),), ask.details)
    if not unread_name and key not in rows:
        rows[key] = (ask.sentence, ask.text, answer)


def numbered(rows: Sequence[tuple[str, Answer]]) -> tuple[Clause, ...]:
    """Clauses R1, R2 … for (words, answer)."""
    return tuple(clause_of(number, text, answer) for number, (text, answer) in enumerate(rows, 1))


def clause_of(number: int, text: str, answer: Answer) -> Clause:
    return Clause(
        id=f"R{number}",
        text=text,
        ours=answer.ours,
        features=answer.features,
        status=answer.status,
        reason=answer.reason,
        gates=answer.gates,
    )
