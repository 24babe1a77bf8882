"""Which things an application keeps: found in the wishes of a message, merged, named as the person named them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from inference.planning.archetypes import Archetype, archetypes, terms, verbs
from inference.planning.asks import Ask, examples
from inference.planning.fields import field_kind, is_field
from inference.planning.goods import GOODS, is_traded
from inference.planning.inflection import PAST, UNCOUNTABLE, plural, plural_phrase, singular
from inference.planning.labels import capital, head_phrase, label_words, labels_of
from inference.planning.lexicon import lexicon
from inference.planning.matching import Matcher, Nearest, core, is_agent, term_in
from inference.planning.missing import Part, common_features, missing_part
from inference.planning.phrases import Phrase
from inference.planning.qualities import aim_of
from inference.planning.usual import usual_things
from inference.planning.wordset import word_set
from synergy.core.types import Kind

MOST = 40  #: entities of one plan
MOST_ALIKE = 4  #: entities made from one archetype
INPUT = {"input", "enter", "fill", "provide", "supply", "specify", "state"}  #: verbs whose objects are fields of a form
TRADE = {"sell", "offer", "produce", "serve", "teach"}  #: verbs whose objects are kept to be shown
LENT = {"book", "reserve", "rent", "borrow", "lend"}  #: verbs whose objects are kept to be had for a while
SITES = ("place", "company")  #: what an application is for, when its name says so: a museum site does not keep museums
KINDS = word_set("type kind category style size status level format")  #: "diagram types, such as …": the values of a field
#: An application called so reckons with what it is named after, and keeps none of it.
RECKONERS = word_set("calculator converter simulator")
DISPLAYS = word_set("table grid diagram timeline")
KEEPING = {"view", "search", "filter", "sort", "create", "edit", "delete", "manage"}
#: Wishes that a capability answers → whether a noun phrase of it is kept as a thing all the same.
Taken = Mapping[Ask, Callable[[Phrase], bool]]


@dataclass
class Thing:
    """An entity in the making."""

    label: str  #: "Raw material"
    plural: str
    archetype: Archetype | None
    key: str  #: what makes it different from others of its archetype
    assumed: bool = False  #: nobody named it
    needed_by: str = ""  #: the capability that brought it in: its title
    from_name: bool = False  #: found in the name of the application only; a more special word may take its place
    about: Thing | None = None  #: what a record is of: a booking of apartments
    own_rows: bool = True  #: the archetype's seed rows fit it as they are
    details: list[Phrase] = field(default_factory=list)  #: fields the message names
    choices: dict[Phrase, tuple[str, ...]] = field(default_factory=dict)  #: enumerations the message names, with their values


@dataclass
class Found:
    """The things of a message, and which of its phrases mean which."""

    things: list[Thing] = field(default_factory=list)
    meant: dict[Phrase, Thing] = field(default_factory=dict)
    too_many: list[str] = field(default_factory=list)  #: labels beyond the limit
    form: Thing | None = None  #: whose fields a person is said to fill in
    assumed_for: str = ""  #: why things were assumed, when nobody named one

    def of(self, ask: Ask) -> Thing | None:
        """The thing a wish is about: its object, else what its verb brings in, else what else it names."""
        direct = self.meant.get(ask.thing) if ask.thing else None
        if direct is not None:
            return direct
        brought = self.by_archetype(self.brings(ask) or "")
        return brought or next((self.meant[o] for o in ask.others if o in self.meant), None)

    def brings(self, ask: Ask) -> str | None:
        """The archetype of the record that a verb leaves, when its object can have one: reviews of books, not of orders."""
        name = verbs().get(ask.verb) if not ask.action else None
        thing = self.meant.get(ask.thing)
        if name is None or thing is None or thing.archetype is None or thing.archetype.family in ("things", "content"):
            return name
        targets = {to for f in archetypes()[name].fields for to in f.to}
        return name if thing.archetype.name in {*targets, name} else None

    def by_archetype(self, name: str) -> Thing | None:
        return next((t for t in self.things if t.archetype and t.archetype.name == name), None)


def find_things(asks: Sequence[Ask], message: str, nearest: Nearest, taken: Taken | None = None) -> Found:
    """All things ``asks`` speak of, in the order of the message; never none."""
    finder = _Finder(asks, message, nearest, taken or {})
    return finder.run()


class _Finder:
    def __init__(self, asks: Sequence[Ask], message: str, nearest: Nearest, taken: Taken) -> None:
        self.asks = asks
        self.taken = taken
        named = [a for a in asks if a.head and a.direct and not RECKONERS & set(a.thing)]
        self.heads = [head_phrase(a) for a in named]
        self.done = {head_phrase(a) for a in named if a in self.taken}  #: heads that say what a capability does
        self.nearest = nearest
        self.words = set(re.findall(r"[a-z0-9'-]+", message.lower()))
        phrases = [p for a in asks if not a.head for p in (a.thing, *a.others, *a.details) if p] + [h for h in self.heads if h]
        self.matcher = Matcher([p for p in phrases if self._thinkable(p)], nearest, self.words)
        self.found = Found()
        self.loose: list[tuple[Ask, Phrase]] = []

    def run(self) -> Found:
        for head in self.heads:
            if head and " ".join(head) in terms():
                self._read_head(head)
        for ask in self.asks:
            if not ask.head:
                self._read(ask)
        self._place_loose()
        self._actors()
        for head in self.heads:
            self._read_head(head)
        if not self.found.things:
            self._assume()
        extra = self.found.things[MOST:]
        self.found.too_many = [thing.plural for thing in extra]
        self.found.things = self.found.things[:MOST]
        self.found.meant = {p: t for p, t in self.found.meant.items() if t not in extra}
        return self.found

    # --- wishes ---------------------------------------------------------------------------------------------------------

    def _read(self, ask: Ask) -> None:
        if ask in self.taken:
            self._read_taken(ask, self.taken[ask])
            return
        if self._is_loose(ask):
            self.loose += [(ask, phrase) for phrase in (ask.details or (ask.thing,))]
            return
        part = missing_part(ask.text)
        brings = ask.verb in verbs() and not ask.action and (part is None or part.keeps)
        exact = bool(ask.thing) and " ".join(core(ask.thing)) in terms()
        if (part and not (part.keeps and exact)) or (common_features(ask.text) and not exact):
            if brings:
                self._brought(ask)
            self._others(ask, part)
            return
        if ask.thing and not self._is_display(ask):
            thing = self._thing(ask.thing, keep=self._keeps(ask), people=bool(ask.action or part) or not ask.verb)
            self._details(ask, thing)
        if brings:
            self._brought(ask)
        self._others(ask, part)

    def _read_taken(self, ask: Ask, kept: Callable[[Phrase], bool]) -> None:
        """A wish that a capability answers: only what it is put to work on is a thing."""
        thing = self._thing(ask.thing, keep=True, people=False) if ask.thing and kept(ask.thing) else None
        self._details(ask, thing, kept)
        for phrase in filter(kept, ask.others):
            self._thing(phrase, keep=False, people=False)

    def _others(self, ask: Ask, part: Part | None) -> None:
        """Things further on in a wish: "log hours for a case", but not "raise awareness for clean water"."""
        if aim_of(ask):
            return
        for other in ask.others:
            known = bool(term_in(core(other)))  # what only sounds like something that is known is none: "on the water"
            if known and (part is None or part.keeps) and not (len(other) == 1 and lexicon().verb_of(other[0])):
                self._thing(other, keep=False, people=ask.verb == "connect")

    def _details(self, ask: Ask, thing: Thing | None, kept: Callable[[Phrase], bool] = bool) -> None:
        """A list after a thing names its fields, unless it names things of its own."""
        if not ask.details:
            return
        if thing and ask.thing[-1] in KINDS:
            thing.choices[ask.thing] = tuple(capital(" ".join(d)) for d in ask.details)
            return
        fieldish = sum(is_field(d) for d in ask.details) * 2 >= len(ask.details)
        if thing and (fieldish or ask.verb == "have"):
            thing.details += [d for d in ask.details if d not in thing.details]
        elif not fieldish:
            for detail, example in zip(ask.details, examples(ask), strict=True):
                if example not in self.taken and kept(detail) and not missing_part(" ".join(detail)):
                    self._thing(detail, keep=ask not in self.taken, people=True)

    def _actors(self) -> None:
        """Who acts is kept too when what is kept belongs to them: companies that post jobs."""
        targets = {to for t in self.found.things if t.archetype for f in t.archetype.fields for to in f.to}
        for subject in dict.fromkeys(a.subject for a in self.asks if a.subject):
            name = terms().get(" ".join(subject))
            if name in targets and subject[-1] not in lexicon().audience | lexicon().administrator:
                self._thing(subject, keep=False, people=True)

    def _is_loose(self, ask: Ask) -> bool:
        """ "input information such as model and fabric", "enter a credit status": fields of something named elsewhere."""
        if ask.verb not in INPUT or not ask.thing:
            return False
        if ask.details:
            return core(ask.thing)[-1] in lexicon().generic
        inner = core(ask.thing)
        return " ".join(inner) not in terms() and " ".join(ask.thing) not in terms()

    def _place_loose(self) -> None:
        """Fields without an owner go to who enters them, to what is created, or to the first thing."""
        for ask, phrase in self.loose:
            person = self.found.meant.get(ask.subject) or next(
                (t for t in self.found.things if t.label.lower() == " ".join(ask.subject)), None
            )
            made = next(
                (
                    t
                    for a in self.asks
                    if a.action in ("create", "edit") and a.sentence >= ask.sentence - 1 and (t := self.found.of(a))
                ),
                None,
            )
            owner = self._mentioned(ask) or person or made or next(iter(self.found.things), None)
            self.found.form = self.found.form or owner
            if owner and core(phrase)[-1] not in lexicon().generic and phrase not in owner.details:
                owner.details.append(phrase)

    def _mentioned(self, ask: Ask) -> Thing | None:
        """The thing whose name is part of a listed field: the "shirt model" is one of a shirt."""
        listed = {word for detail in ask.details for word in detail}
        return next((t for t in self.found.things if t.label.lower() in listed), None)

    def _keeps(self, ask: Ask) -> bool:
        """Whether the wish would make sense only for something the application stores."""
        return (
            ask.action in KEEPING or ask.verb in TRADE or ask.verb in LENT or (not ask.verb and ask.direct) or ask.verb == "have"
        )

    def _thinkable(self, phrase: Phrase) -> bool:
        """Whether a phrase can be a thing at all."""
        inner, known = core(phrase), lexicon()
        if not inner or " ".join(inner) in terms():
            return bool(inner)
        last = inner[-1]
        if last in PAST or is_agent(last):
            return False
        if len(inner) == 1 and known.verb_of(last) == last and plural(last) not in self.words:
            return False
        return not (
            last in known.never
            or last in known.telling
            or last in known.generic
            or last in known.application
            or (last in known.people and not term_in(inner))
        )

    def _thing(self, phrase: Phrase, *, keep: bool, people: bool) -> Thing | None:
        """The thing a noun phrase means. ``keep``: also one that no archetype fits; ``people``: also persons."""
        if phrase not in self.found.meant:
            thing = self._fresh(phrase, keep=keep, people=people) if self._names_a_thing(phrase) else None
            if thing is None:
                return None
            self.found.meant[phrase] = thing
        return self.found.meant[phrase]

    def _is_display(self, ask: Ask) -> bool:
        """ "show an amortization table": how something is shown, where nobody speaks of tables."""
        return ask.action == "view" and ask.thing[-1] in DISPLAYS and plural(ask.thing[-1]) not in self.words

    def _names_a_thing(self, phrase: Phrase) -> bool:
        inner = core(phrase)
        known = " ".join(inner) in terms()
        listed = known and len(inner) < len(phrase)  # "guest list"
        if not self._thinkable(phrase) or (inner[-1] in lexicon().audience and not listed):
            return False
        return known or not is_field(inner) or (plural(inner[-1]) in self.words and field_kind(inner) in (Kind.STRING, Kind.URL))

    def _fresh(self, phrase: Phrase, *, keep: bool, people: bool) -> Thing | None:
        shortened = self._shortened(core(phrase))
        if shortened is not None:
            return shortened
        name = GOODS if is_traded(phrase, self.asks) else self.matcher.archetype(phrase)
        if name and archetypes()[name].family == "people" and not people:
            return None
        if name:
            return self._from_archetype(phrase, archetypes()[name])
        return self._from_words(core(phrase)) if keep and self._countable(phrase) else None

    def _shortened(self, inner: Phrase) -> Thing | None:
        """ "requests", after leave requests were spoken of; "cards" after flashcards."""
        if len(inner) != 1:
            return None
        name = self.matcher.archetype(inner) if inner[0] in terms() else ""
        longer = (t for t in self.found.things if not name or (t.archetype and t.archetype.name == name != terms()[inner[0]]))
        return next((t for t in longer if _ends_in(singular(t.label.lower().split()[-1]), inner[0], " " in t.label)), None)

    def _countable(self, phrase: Phrase) -> bool:
        """A plural of it stands in the message: "raw materials" are kept, "speed" is not."""
        inner = core(phrase)
        return (
            len(inner) <= 3
            and inner[-1] not in UNCOUNTABLE
            and plural(inner[-1]) in self.words
            and (inner[-1] not in lexicon().verbs or len(inner) == 1)
        )

    def _brought(self, ask: Ask) -> None:
        """The record that a verb leaves: to book an apartment → bookings of apartments."""
        name = self.found.brings(ask)
        if name and self.found.by_archetype(name) is None:
            archetype = archetypes()[name]
            about = self.found.meant.get(ask.thing)
            self.found.things.append(Thing(archetype.label, archetype.plural, archetype, "", about=about))

    # --- making things ----------------------------------------------------------------------------------------------------

    def _from_archetype(self, phrase: Phrase, archetype: Archetype) -> Thing:
        inner = core(phrase)
        term = term_in(inner)
        lexical = terms().get(" ".join(term)) == archetype.name
        self._modifiers(inner, term if lexical else (), archetype)
        words = label_words(inner, term if lexical else (), archetype)
        text = " ".join(words)
        apart = (
            text in archetype.variants
            or " ".join(term) in archetype.variants
            or (not lexical and archetype.family in ("things", "content"))
        )
        key = text if apart else ""
        same = [t for t in self.found.things if t.archetype is archetype]
        label, many = labels_of(words, archetype, variant=text in archetype.variants)
        named = next((t for t in same if t.from_name), None)
        if named is not None and lexical:
            named.from_name = False
            if key or named.label == archetype.label:
                named.label, named.plural, named.key = label, many, key
            return named
        alone = archetype.family in ("people", "records")
        for thing in same:
            if alone or thing.key == key or (thing.own_rows and not key) or thing.key.split()[-1:] == list(words[-1:]):
                return thing
        if len(same) >= MOST_ALIKE:
            return same[0]
        thing = Thing(label, many, archetype, key, own_rows=lexical)
        self.found.things.append(thing)
        return thing

    def _modifiers(self, inner: Phrase, term: Phrase, archetype: Archetype) -> None:
        """ "employee attendance" speaks of employees too, when an attendance belongs to one."""
        targets = {to for f in archetype.fields for to in f.to}
        for word in inner[: len(inner) - len(term)] if term else ():
            name = terms().get(word)
            if name in targets and name is not None and not self.found.by_archetype(name):
                owner = archetypes()[name]
                label, many = labels_of((word,), owner, variant=False)
                self.found.things.append(Thing(label, many, owner, ""))

    def _from_words(self, inner: Phrase) -> Thing:
        key = inner[-1]
        for thing in self.found.things:
            if (
                thing.archetype is None
                and thing.key == key
                and (thing.label.lower().split()[:-1] == list(inner[:-1]) or len(inner) == 1)
            ):
                return thing
        text = " ".join(inner)
        thing = Thing(capital(text), capital(plural_phrase(text)), None, key)
        self.found.things.append(thing)
        return thing

    # --- the application's own name ----------------------------------------------------------------------------------------

    def _read_head(self, head: Phrase) -> None:
        """ "family recipe site": its name tells what it keeps, when it ends in a known noun or little else is named."""
        if not head or head in self.found.meant:
            return
        exact = " ".join(head) in terms()
        term = term_in(head)
        if not exact and len(self.found.things) >= 2 and (not term or term != head[-len(term) :]):
            return
        name = self.matcher.archetype(head) if self._thinkable(head) else None
        if name in SITES or (name and head in self.done and self._is_done_to_others(archetypes()[name])):
            return
        if name and self.found.by_archetype(name) is None:
            before = len(self.found.things)
            self.found.meant[head] = self._from_archetype(head, archetypes()[name])
            self.found.meant[head].from_name = True
            self.found.things[:] = self.found.things[before:] + self.found.things[:before]

    def _is_done_to_others(self, archetype: Archetype) -> bool:
        """A "movie review site" keeps no reviews besides those that its movies get."""
        kept = any(t.archetype and t.archetype.family in ("things", "content") for t in self.found.things)
        return kept and bool(archetype.verbs)

    # --- nothing was named ---------------------------------------------------------------------------------------------------

    def _assume(self) -> None:
        names, why = usual_things(self.asks, self.words)
        for name in names:
            archetype = archetypes()[name]
            self.found.things.append(Thing(archetype.label, archetype.plural, archetype, "", assumed=True))
        self.found.assumed_for = why


def _ends_in(last: str, word: str, several: bool) -> bool:
    """Whether ``word`` is the last one of a name, or the end of its last one."""
    return last == word if several else len(word) > 3 and last != word and last.endswith(word)
