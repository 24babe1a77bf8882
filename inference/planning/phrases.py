"""Noun phrases and lists: "search, filter and book selected apartments" → search apartment, filter apartment, book apartment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from inference.planning.archetypes import terms, verbs
from inference.planning.inflection import is_plural, singular
from inference.planning.lexicon import lexicon
from inference.planning.text import Word, Words, lows, said
from inference.planning.wordset import word_set

Phrase = tuple[str, ...]
LONGEST = 4  #: words of a noun phrase that are kept
PARTICLES = {
    ("log", "in"): "login",
    ("sign", "in"): "login",
    ("log", "out"): "logout",
    ("sign", "out"): "logout",
    ("sign", "up"): "register",
    ("look", "up"): "search",
    ("look", "for"): "search",
    ("search", "for"): "search",
    ("keep", "track"): "track",
    ("clock", "in"): "clock",
    ("clock", "out"): "clock",
    ("check", "in"): "check in",
    ("check", "out"): "check out",
    ("fill", "out"): "fill",
    ("fill", "in"): "fill",
    ("work", "out"): "exercise",
    ("set", "up"): "create",
    ("follow", "up"): "manage",
    ("find", "out"): "view",
    ("read", "up"): "read",
    ("cast", "votes"): "vote",
    ("register", "for"): "enroll",
    ("registering", "for"): "enroll",
    ("take", "part"): "join",
    ("ask", "for"): "request",
    ("clocking", "in"): "clock",
    ("logging", "in"): "login",
    ("keep", "record"): "record",
    ("keep", "records"): "record",
    ("keeping", "track"): "track",
    ("signing", "up"): "register",
}
#: Gerunds that are things as often as acts: only with an object of their own they are verbs.
NOUN_ING = word_set(
    """
    booking training pricing listing building meeting wedding clothing shipping marketing housing rating learning banking
    billing accounting gaming engineering parking catering consulting testing staffing setting spending saving offering
    painting reading writing winning voting earning recording cooking filing packing
    """
)
#: Base forms that are hardly ever nouns: they open a wish even in a list of things.
ONLY_VERBS = word_set(
    """
    display browse manage create add remove delete submit handle organize organise maintain provide enter save write generate send
    upload import share explore present showcase describe select choose compare receive view edit update
    """
)
VERB_ENDS = ("ate", "ize", "ise", "ify")  #: of verbs nobody listed: digitize, authenticate
NOUN_ENDS = word_set(
    """
    candidate certificate estate date state rate plate template climate affiliate associate corporate private prize size
    exercise franchise merchandise expertise enterprise premise promise chocolate delegate graduate roommate classmate
    teammate update mandate rebate senate wise otherwise concise precise appropriate separate accurate immediate
    """
)
STOP = word_set(
    """
    that which who whose where when while if so because based using via through without as
    according until before after during upon whether is are has have was were can should
    """
)
ASIDE = {
    "based",
    "so",
    "because",
    "while",
    "according",
    "whereas",
}  #: what follows up to the next comma is no element of the list
BARE = {
    "search",
    "filter",
    "sort",
    "edit",
    "delete",
}  #: classes that stand alone in a list of features: "with search and sorting"
PARTS = {"functionality", "feature", "function", "capability", "page", "section", "module", "screen", "panel", "tab", "option"}
CONDITIONS = {"when", "if", "whenever"}
DIRECTIONS = {"up", "down", "left", "right", "in", "out", "on", "off"}
EXAMPLES = (
    ("such", "as"),
    ("including",),
    ("like",),
    ("namely",),
    ("for", "example"),
    ("for", "instance"),
    ("e.g",),
    ("i.e",),
    (":",),
)


@dataclass(frozen=True)
class Item:
    """One element of a list, with the verb it has or shares."""

    verb: str
    acts: Words  #: the words of the verb
    body: Words  #: the words of the object
    thing: Phrase = ()
    others: tuple[Phrase, ...] = ()
    details: tuple[Phrase, ...] = ()
    direct: bool = True

    def said(self, sentence: str) -> str:
        if not self.acts or not self.body:
            return said(sentence, self.body or self.acts)
        near = 0 <= self.body[0].start - self.acts[-1].end <= 1
        return said(sentence, [*self.acts, *self.body]) if near else f"{said(sentence, self.acts)} {said(sentence, self.body)}"


def phrase(low: Sequence[str]) -> Phrase:
    """The noun phrase in ``low`` without determiners and vague adjectives; every noun in the singular, at most four words."""
    known = lexicon()
    skipped = known.determiner | known.vague | known.filler | {"others", ",", "(", ")", ":"}
    kept = [word.removesuffix("'s").removesuffix("s'") for word in low]
    kept = [word for word in kept if word and word not in skipped and not _related(word)]
    return tuple(singular(word) for word in kept)[-LONGEST:]


def _related(word: str) -> bool:
    return word.endswith(("-related", "-based", "-friendly", "-oriented", "-driven"))


def phrases_after(span: Words) -> list[Phrase]:
    """The noun phrases of a list: "name, description and price"."""
    found = (thing for segment in _segments(span) if (thing := noun_phrases(segment)[0]))
    return list(dict.fromkeys(found))


def cut_examples(span: Words) -> tuple[Words, Words]:
    """(what stands before "such as", "including" …, what follows); the second is empty when there are no examples."""
    low = lows(span)
    for index in range(1, len(low) - 1):
        for opener in EXAMPLES:
            if tuple(low[index : index + len(opener)]) == opener and low[index - 1] not in {"to", "and", "can", "or"}:
                before = span[:index]
                while before and before[-1].low in {",", "(", "and"}:
                    before = before[:-1]
                return before, span[index + len(opener) :]
    return span, []


def split_list(span: Words, mode: str) -> list[Item]:
    """The items of a list. Verbs without an object share the next one; things without a verb share the last known verb."""
    items: list[Item] = []
    waiting: list[Item] = []
    for number, segment in enumerate(_segments(span)):
        if all(word.low in DIRECTIONS for word in segment) or segment[0].low in {"when", "if", "while", "once"}:
            continue
        item = _meant(_item(segment, mode, first=number == 0, bare=bool(waiting) or not items), items)
        if item.verb and not item.thing and item.verb in verbs() and not lexicon().verbs.get(item.verb):
            items += [*waiting, item]  # "voting and viewing results": voting stands for itself
            waiting = []
        elif item.verb and not item.thing:
            waiting.append(item)
        elif item.verb and item.acts:
            items += [replace(item, verb=w.verb, acts=w.acts) for w in waiting] + [item]
            waiting = []
        elif items and _is_detail(item) and "by" in lows(items[-1].body):
            items[-1] = replace(items[-1], body=[*items[-1].body, *item.body])  # "search by date and price"
        elif items and items[-1].details and _is_detail(item):
            items[-1] = replace(items[-1], details=(*items[-1].details, item.thing), body=[*items[-1].body, *item.body])
        else:
            items += waiting
            waiting = []
            items.append(_sharing(item, items))
    return [item for item in items + waiting if item.verb or item.thing or _says_something(item.body)]


def _meant(item: Item, before: list[Item]) -> Item:
    """ "create tasks and assign them": the thing is the one before."""
    if not item.verb or not item.body or item.body[0].low not in {"it", "them"}:
        return item
    return replace(item, thing=next((other.thing for other in reversed(before) if other.thing), ()))


def _says_something(body: Words) -> bool:
    """Whether words without a thing are worth a row of the ledger: "about us page"."""
    known = lexicon()
    return any(len(w.low) > 2 and w.low not in known.determiner | known.vague | known.filler | known.preposition for w in body)


def _sharing(item: Item, before: list[Item]) -> Item:
    """``item`` with the verb of its neighbour, when it has none and that verb says what to do."""
    last = before[-1] if before else None
    if item.verb or last is None or not last.acts or not lexicon().verbs.get(last.verb):
        return item
    return replace(item, verb=last.verb, acts=last.acts, direct=False)


def _is_detail(item: Item) -> bool:
    return not item.verb and len(item.thing) <= 2 and bool(item.body) and not is_plural(item.body[-1].low)


def _segments(span: Words) -> Iterator[Words]:
    """Cut at commas, "and", "or" and around parentheses; what is in parentheses stays with what stands before it."""
    current: list[Word] = []
    depth, aside = 0, False
    for word in span:
        depth += (word.low == "(") - (word.low == ")")
        aside = word.low != "," and (aside or bool(current and word.low in ASIDE))
        if depth == 0 and not aside and word.low in {",", "and", "or", "plus", ":"}:
            if current:
                yield current
            current = []
        else:
            current.append(word)
    if current:
        yield current


def _item(segment: Words, mode: str, *, first: bool, bare: bool) -> Item:
    inside = _inside(segment)
    if inside:
        segment = segment[: next(i for i, w in enumerate(segment) if w.low == "(")]
    while segment and segment[0].low in {"to", "also", "both", "then", "it", *lexicon().filler}:
        segment = segment[1:]
    verb, size = _verb(segment, mode, first=first, bare=bare)
    if not verb and mode == "nominal":
        verb, size = _of_others(segment)
    body = segment[size:]
    lists = inside or _with(body)
    if verb:
        thing, others, direct = noun_phrases(body)
        return Item(verb, segment[:size], body, thing, others, lists, direct)
    act, inner = _act(segment)
    thing, others, direct = noun_phrases(inner)
    return Item(act, [], segment, thing, others, lists, direct)


def _of_others(segment: Words) -> tuple[str, int]:
    """(verb, words up to it) of "shelter staff reviewing applications", where somebody does it; ("", 0) else."""
    known = lexicon()
    for index in range(1, min(4, len(segment) - 1)):
        verb = known.verb_of(segment[index].low) if segment[index].low.endswith("ing") else ""
        if verb and singular(segment[index - 1].low) in known.people:
            return verb, index + 1
    return "", 0


def _act(segment: Words) -> tuple[str, Words]:
    """(verb, its object) of "client management", "management of clients", "obituary publishing feature"; ("", segment) else."""
    known = lexicon()
    while len(segment) > 1 and singular(segment[-1].low) in PARTS and " ".join(phrase(lows(segment))) not in terms():
        segment = segment[:-1]
    low = lows(segment)
    while len(low) > 1 and low[-1] in DIRECTIONS:
        low.pop()
    if not low or " ".join(phrase(low)) in terms():
        return "", segment
    if low[0] in known.acts and low[1:2] in (["of"], ["for"]) and low[0] not in known.generic - {"management", "administration"}:
        return known.acts[low[0]], segment[2:]
    if len(low) > 1 and low[-1] in known.acts:
        return known.acts[low[-1]], segment[: len(low) - 1]
    base = known.verb_of(low[-1]) if low[-1].endswith("ing") and low[-1] not in NOUN_ING else ""
    return (base, [w for w in segment[: len(low) - 1] if w.low not in known.people]) if base and len(low) > 1 else ("", segment)


def _inside(segment: Words) -> tuple[Phrase, ...]:
    """The list in parentheses: "orders (customer, date, total)"."""
    low = lows(segment)
    if "(" not in low[1:]:
        return ()
    return tuple(phrases_after(segment[low.index("(") + 1 : low.index(")") if ")" in low else len(low)]))


def _with(body: Words) -> tuple[Phrase, ...]:
    """The first element of "products with name, price …"; the others follow as items of the list."""
    low = lows(body)
    return tuple(phrases_after(body[low.index("with") + 1 :])) if "with" in low[1:-1] else ()


def _verb(segment: Words, mode: str, *, first: bool, bare: bool) -> tuple[str, int]:
    """(base form, words it takes) of the verb that opens the segment; ("", 0) when it opens with a thing."""
    low = lows(segment[:3])
    if tuple(low[:2]) in PARTICLES:
        return PARTICLES[(low[0], low[1])], 3 if low[2:3] == ["of"] else 2
    if low[:1] == ["get"] and low[1:2] and low[1].endswith("ed") and lexicon().verb_of(low[1]):
        return lexicon().verb_of(low[1]), 2  # "get notified about news"
    whole = " ".join(phrase(lows(segment)))
    if low[1:2] and low[1] in CONDITIONS and (lexicon().verb_of(low[0]) or singular(low[0]) == low[0]):
        return lexicon().verb_of(low[0]) or low[0], 1  # "warn when a budget is exceeded"
    if not segment or (not first and len(segment) > 1 and whole in terms()):
        return "", 0  # "employees and leave requests"
    opens = _opens_modal(segment, whole, first=first, bare=bare) if mode == "modal" else _opens_nominal(segment, whole)
    return (lexicon().verb_of(low[0]) or low[0], 1) if opens else ("", 0)


def _opens_modal(segment: Words, whole: str, *, first: bool, bare: bool) -> bool:
    """Whether the segment opens with a verb, where base forms are expected: "users can *search* …"."""
    known, word, alone = lexicon(), segment[0].low, len(segment) == 1
    base = known.verb_of(word)
    if not base:
        strange = singular(word) == word and word not in known.determiner | known.vague | known.people
        verbal = word.endswith(VERB_ENDS) and word not in NOUN_ENDS
        return (first or verbal) and not alone and strange and whole not in terms()
    if word != base and word.endswith("s"):  # "recognizes animals and sends alerts"
        shown = not alone and segment[1].low in known.determiner  # "shows a table"
        return not alone and (shown or singular(word) not in terms() or is_plural(segment[-1].low))
    thing_like = singular(word) in terms() or (word in known.never and not known.verbs.get(base))
    return (word == base or word.endswith("ing")) and not (alone and not bare and thing_like)


def _opens_nominal(segment: Words, whole: str) -> bool:
    """Whether the segment opens with a verb, where nouns and gerunds are expected: "functions for *searching* …"."""
    known, word, alone = lexicon(), segment[0].low, len(segment) == 1
    base = known.verb_of(word)
    if word in {"opening", "closing"} and not alone and singular(segment[1].low) in {"hour", "time", "day"}:
        return False
    if alone and base == word and known.verbs.get(base) in BARE:
        return True
    if base == word and word in ONLY_VERBS and not alone:
        return True
    if not base or not word.endswith("ing") or whole in terms():
        return False
    opens_object = not alone and (
        segment[1].low in known.determiner | known.vague or is_plural(segment[-1].low) or len(segment) > 2
    )
    return word not in NOUN_ING or alone or opens_object


def noun_phrases(body: Words) -> tuple[Phrase, tuple[Phrase, ...], bool]:
    """(the thing, further noun phrases, whether the thing came without a preposition)."""
    known, chunks = lexicon(), [("", list[str]())]
    for index, word in enumerate(body):
        if (
            word.low in {"that", "which"}
            and 0 < index <= 2
            and phrase(lows(body[:index]))[-1:]
            and _says_nothing(phrase(lows(body[:index])), "of")
        ):
            chunks.append(("of", []))  # "content that introduces solutions": the solutions are meant
            continue
        if word.low in STOP and index:
            break
        if not chunks[-1][1] and chunks[-1][0] in {"to", "of"} and known.verb_of(word.low) and index + 1 < len(body):
            chunks[-1] = ("of", [])  # "the form to submit an order": the order is meant
            continue
        participle = index > 0 and word.low.endswith("ing") and bool(known.verb_of(word.low)) and is_plural(body[index - 1].low)
        if word.low in known.preposition or participle:
            chunks.append((word.low, []))
        else:
            chunks[-1][1].append(word.low)
    found = [(before, phrase(low)) for before, low in chunks]
    found = [(before, thing) for before, thing in found if thing]
    if not found:
        return (), (), False
    (before, thing), rest = found[0], found[1:]
    about = rest and rest[0][0] in {"of", "about", "on", "regarding", "for", "in", "to"} and _says_nothing(thing, rest[0][0])
    if about and not (rest[0][0] == "for" and rest[0][1][-1] in known.people):
        thing, rest = rest[0][1], rest[1:]
    return thing, tuple(other for _, other in rest), not before


def _says_nothing(thing: Phrase, link: str) -> bool:
    """ "list of prizes", "information about tools": the second noun is meant."""
    if link == "to":
        return thing[-1] in {"introduction", "access", "guide", "subscription"}
    return thing[-1] in lexicon().generic and len(thing) <= (1 if link in {"for", "in"} else 2)
