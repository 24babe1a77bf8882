"""A sentence as wishes: who wants to do what with which thing. No model, no parser: word lists and the places of small words."""

from __future__ import annotations

from dataclasses import replace

from inference.planning.archetypes import terms
from inference.planning.asks import Ask
from inference.planning.fields import is_field
from inference.planning.inflection import is_plural, singular
from inference.planning.lexicon import lexicon
from inference.planning.phrases import cut_examples, noun_phrases, phrase, phrases_after, split_list
from inference.planning.speakers import ALLOW, ALWAYS_BUILD, MODALS, acting, joined, polite, semi_modal, speakers
from inference.planning.telling import tells
from inference.planning.text import Words, lows, said, words
from inference.planning.wordset import word_set

OPENING = word_set("i we i'd we'd i'm would am looking me us to up have really please")
HAVE = word_set(
    """
    comprise consist contain contains feature features featuring has have having implement include includes including need
    needs offer offers provide provides support supports with
    """
)
PARTS = word_set(
    """
    abilities ability capabilities capability feature features function functionalities functionality functions module
    modules option options page pages panel panels part parts screen screens section sections
    """
)
BUILD = word_set(
    """
    build code construct craft create design develop generate give implement like make need prepare produce program
    prototype scaffold set start want write
    """
)
BOUNDARY = word_set("( , : by called named featuring for in including of on so that to using where which who whose with")
GOES = word_set("appear arrive begin come depart end expire go happen occur start")  #: what things do by themselves
PRONOUNS = word_set("anybody anyone everybody everyone he i it she someone that there they we which who you")


def read_sentence(sentence: str, number: int = 0) -> list[Ask]:
    """All wishes of a sentence."""
    span = polite(words(sentence))
    asks: list[Ask] = []
    for part in speakers(span):
        asks += _part(sentence, part)
    return [replace(ask, sentence=number) for ask in asks]


# --- parts with a subject of their own -------------------------------------------------------------------------------


def _part(sentence: str, part: Words) -> list[Ask]:
    """The wishes of one part: "<subject> can …", "allowing <subject> to …", "build a … for …", "track …", "a … app"."""
    low = lows(part)
    if low[0] in {"when", "if", "while", "once", "because", "as", "since"} or tells(low):
        return []
    if low[0] in {"we're", "i'm"} or low[:2] in (["we", "are"], ["i", "am"]):
        return _place(sentence, part[1 if "'" in low[0] else 2 :])
    wanting = next((i for i in (0, 1, 2) if low[i : i + 1] and low[i] in {"want", "need", "like"}), None)
    if (
        wanting is not None
        and "to" in low[wanting + 2 : wanting + 6]
        and phrase(low[wanting + 1 : low.index("to")])[-1:]
        and (phrase(low[wanting + 1 : low.index("to")])[-1] in lexicon().people)
    ):
        return _allowed(sentence, part[wanting:])
    if low[0] in ALLOW and (allowed := _allowed(sentence, part)):
        return allowed
    modal = next((i for i in range(1, min(len(low), 7)) if low[i] in MODALS or semi_modal(part, i)), None)
    if (
        modal
        and "," not in low[:modal]
        and not (
            low[0] in {"i", "we", "i'd", "we'd"} and low[modal] in {"would", "like", "need", "want"} and not _to_verb(part, modal)
        )
    ):
        return _predicate(sentence, _after_modal(part, modal), _subject(part[:modal]))
    if acting(part, 0):
        return _listed(sentence, part[1:], "modal", _subject(part[:1]))
    if _is_build(part):
        return _application(sentence, part)
    return _plain(sentence, part)


def _to_verb(part: Words, index: int) -> bool:
    """Whether "I need to", "we want to" is followed by something to do with a thing, not by "build"."""
    low = lows(part[index : index + 5])
    after = low[low.index("to") + 1] if "to" in low and low.index("to") + 1 < len(low) else ""
    return bool(lexicon().verb_of(after)) and after not in BUILD | {"get", "have"}


def _after_modal(part: Words, modal: int) -> Words:
    index = modal + 1
    skip = {"also", "be", "able", "allowed", "to", "then", "either", "only", "easily", "not", "like", "have", "the", "ability"}
    low = lows(part)
    while index < len(low) and low[index] in {"also", "then", *lexicon().filler}:
        index += 1
    if low[index : index + 3] == ["have", "the", "ability"] or low[index : index + 2] in (["be", "able"], ["be", "allowed"]):
        while index < len(low) and low[index] in skip:
            index += 1
    while index < len(low) and low[index] in {"also", "to", "then", "only", *lexicon().filler}:
        index += 1
    return part[index:]


def _subject(part: Words) -> tuple[str, ...]:
    """Who acts; empty when that is the application."""
    found, known = noun_phrases(part)[0], lexicon()
    people = bool(found) and found[-1] in known.people and is_plural(part[-1].low)  # "editors", but "the editor" is a program
    if not found or (not people and found[-1] in known.application | known.telling | PRONOUNS | PARTS | {"be", "is", "are"}):
        return ()
    return found


def _allowed(sentence: str, part: Words) -> list[Ask]:
    """ "allowing students to manage …", "helps users practise …" """
    low = lows(part)
    to = next((i for i, w in enumerate(low) if w == "to" or (i > 1 and lexicon().verb_of(w) == w)), None)
    if len(low) > 2 and low[1].endswith("ing") and lexicon().verb_of(low[1]) and "to" not in low[:7]:
        return _listed(sentence, part[1:], "nominal", ())  # "allow setting budgets"
    if to is None or to > 6:
        return []
    rest = part[to + 1 :] if low[to] == "to" else part[to:]
    if lows(rest[:3]) == ["be", "able", "to"]:
        rest = rest[3:]
    return _predicate(sentence, rest, _subject(part[1:to]))


# --- what follows a subject ------------------------------------------------------------------------------------------


def _predicate(sentence: str, rest: Words, subject: tuple[str, ...]) -> list[Ask]:
    if not rest:
        return []
    low, person = lows(rest), bool(subject)
    if low[0] in ALLOW and ("to" in low[:7] or low[0].startswith("help")):
        return _allowed(sentence, rest)
    if low[0] == "be" and len(low) > 1:
        return _passive(sentence, rest, subject)
    giving = low[0] in {"provide", "offer", "support", "contain", "include"} or low[0] == "submit"
    if low[0] in HAVE and not (person and giving):
        return _had(sentence, rest[1:], subject)
    return _listed(sentence, rest, "modal", subject)


def _passive(sentence: str, rest: Words, subject: tuple[str, ...]) -> list[Ask]:
    """ "be optimized for speed": a quality, or something done to the thing before."""
    verb = lexicon().verb_of(rest[1].low) or rest[1].low
    text = f"{' '.join(subject)} {said(sentence, rest)}".strip()
    return [Ask(text=text, verb=verb, thing=subject or noun_phrases(rest[2:])[0], direct=False)]


def _had(sentence: str, rest: Words, subject: tuple[str, ...]) -> list[Ask]:
    """ "have functionalities for a, b and c", "include a dashboard"; with a thing as subject its fields."""
    known, body = lexicon(), rest
    if subject and subject[-1] not in known.people:
        return [
            Ask(
                text=f"{' '.join(subject)}: {said(sentence, rest)}",
                verb="have",
                thing=subject,
                details=tuple(phrases_after(rest)),
            )
        ]
    low = lows(body)
    lead = next((i for i, w in enumerate(low[:6]) if w in PARTS), None)
    if (
        lead is not None
        and lead + 1 < len(low)
        and low[lead + 1] in {"for", "to", "of", "such", "like", "including", ":", "that", "which", "where"}
    ):
        body = body[lead + 1 :]
        while body and body[0].low in {"for", "such", "as", "of", "like", "including", ":", "that", "which", "where"}:
            body = body[1:]
        if body and body[0].low == "to":
            return _listed(sentence, body[1:], "modal", ())
        if low[lead + 1] in {"that", "which"} and body:
            return _predicate(sentence, _finite(body), ())
    if low[:2] == ["access", "to"]:
        return _listed(sentence, body, "modal", subject)
    return _listed(sentence, body, "nominal", ())


def _finite(rest: Words) -> Words:
    """ "displays a summary" → "display a summary": the verb after "that" in its base form."""
    base = lexicon().verb_of(rest[0].low) if rest else ""
    return [rest[0]._replace(low=base), *rest[1:]] if base else rest


# --- the application itself ------------------------------------------------------------------------------------------


def _is_build(part: Words) -> bool:
    """ "build a …", "I need a …", "a … website that …", "todo app"."""
    known, low = lexicon(), lows(part)
    if low[0] in {"i", "we", "i'd", "we'd"}:
        return any(w in BUILD | {"looking"} for w in low[1:5])
    if low[0] in ALWAYS_BUILD:
        return True
    if set(low[1:4]) & {"has", "have", "includes", "contains", "offers", "provides"}:
        return False
    end = next((i for i, w in enumerate(low) if w in BOUNDARY and i > 0), len(low))
    names_it = any(w in known.application | known.telling for w in low[:end])
    if low[0] in BUILD and len(low) > 1:
        return names_it
    return names_it and not (known.verb_of(low[0]) == low[0] and end > 1 and low[0] not in known.telling)


def _application(sentence: str, part: Words) -> list[Ask]:
    low = lows(part)
    start = 0
    while start < len(low) and _before_name(low[start], first=start == 0):
        start += 1
    if low[start : start + 1] == ["is"]:
        start += 1
    body = part[start:]
    end = next((i for i, w in enumerate(lows(body)) if w in BOUNDARY and i > 0), len(body))
    if lows(body[end : end + 1]) == ["of"]:
        end = next((i for i, w in enumerate(lows(body)) if w in BOUNDARY - {"of"} and i > 0), len(body))
    asks = [Ask(text=said(sentence, body[:end]), thing=tuple(lows(body[:end])), head=True)] if end else []
    return asks + _purpose(sentence, body[end:])


def _before_name(word: str, *, first: bool) -> bool:
    """ "I would like to build me a …" """
    return word in BUILD | OPENING | lexicon().determiner or (first and word in {"this", "it", "it's", "is"})


def _purpose(sentence: str, rest: Words) -> list[Ask]:
    """What follows the application's name: to, that, where, for, with."""
    if not rest:
        return []
    word, body = rest[0].low, rest[1:]
    if not body:
        return []
    if word == "to":
        return _predicate(sentence, body, ())
    if word in {"that", "which", "who"}:
        return _predicate(sentence, _finite(body), ())
    if word in {",", "where", "so", "(", "and"}:
        return _part(sentence, joined(body)) if joined(body) else []
    if word in {"with", "including", "featuring", ":"}:
        return _had(sentence, body, ())
    if word == "for":
        return _for(sentence, body)
    end = next((i for i, w in enumerate(lows(body)) if w in BOUNDARY), len(body))
    return _purpose(sentence, body[end:])


def _for(sentence: str, body: Words) -> list[Ask]:
    """ "for publishing articles", "for users to vote", "for a bakery that sells …" """
    low = lows(body)
    acts = [w for w in low if w in lexicon().acts or (w.endswith("ing") and lexicon().verb_of(w))]
    if len(low) > 1 and (low[0] in acts or (low[1] in acts and "," in low)):
        return _listed(sentence, body, "nominal", ())
    to = next((i for i, w in enumerate(low[:6]) if w == "to" and i), None)
    if to and "," not in low[:to] and to + 1 < len(low) and lexicon().verb_of(low[to + 1]):
        subject = () if low[0] in {"a", "an", "the", "my", "our"} else _subject(body[:to])  # "for a company to …" is no role
        return [*_place(sentence, body[:to]), *_predicate(sentence, body[to + 1 :], subject)]
    end = next((i for i, w in enumerate(low) if w in BOUNDARY and i > 0), len(body))
    if (
        is_plural(body[end - 1].low)
        and low[end : end + 1] != [":"]
        and (low[end : end + 1] == [","] or "and" in low[:end] or singular(low[end - 1]) in terms())
    ):
        return _listed(sentence, body, "nominal", ())  # "for trucks, drivers and trips"
    return [*_place(sentence, body[:end]), *_purpose(sentence, body[end:])]


def _place(sentence: str, span: Words) -> list[Ask]:
    """For whom or what the application is: no wish of its own, but it may tell what is kept."""
    found = tuple(w for w in lows(span) if w not in lexicon().determiner)
    return [Ask(text=said(sentence, span), verb="for", thing=found, head=True, direct=False)] if found else []


def _plain(sentence: str, part: Words) -> list[Ask]:
    """ "Track orders and customers", "Features: a, b", "each book has a title and an author"."""
    low, known = lows(part), lexicon()
    colon = next((i for i, w in enumerate(low[:6]) if w == ":"), None)
    if colon:
        host = phrase(low[:colon])
        listed = phrases_after(part[colon + 1 :])
        fields = sum(is_field(d) for d in listed) * 2 >= len(listed) and "with" not in low[colon:]
        if (
            not fields
            or not host
            or host[-1] in PARTS | known.people | known.generic
            or host[-1] in {"requirement", "requirements"}
        ):
            people = bool(host) and host[-1] in known.people
            name = Ask(text=said(sentence, part[:colon]), thing=tuple(low[:colon]), head=True)
            named = [name] if host and not people and not set(low[:colon]) & PARTS else []
            return named + _listed(sentence, part[colon + 1 :], "modal", host if people else ())
        return [Ask(text=said(sentence, part), verb="have", thing=host, details=tuple(listed))]
    if low[0] in {"i", "we"} and low[1:2] and low[1] in {"run", "own", "operate", "lead"}:
        return _place(sentence, part[2:])
    if low[0] in {"i", "we"} and len(low) > 1:
        return _listed(sentence, part[1:], "modal", ())
    goes = next((i for i, w in enumerate(low[1:4], 1) if w in GOES and is_plural(low[i - 1])), None)
    if goes and phrase(low[:goes]):
        return [Ask(text=said(sentence, part), verb="automate", thing=phrase(low[:goes]), direct=False)]
    have = next(
        (
            i
            for i, w in enumerate(low[1:5], 1)
            if w in {"has", "have", "includes", "include", "contains", "needs", "need", "gets"}
        ),
        None,
    )
    if have:
        return _predicate(sentence, part[have:], _subject(part[:have]))
    finite = next(
        (i for i, w in enumerate(low[1:4], 1) if known.verb_of(w) and w.endswith("s") and low[i - 1] in known.people | {"it"}),
        None,
    )
    if finite and low[0] not in known.verbs:
        return _listed(sentence, _finite(part[finite:]), "modal", _subject(part[:finite]))
    return _listed(sentence, part, "modal" if known.verb_of(low[0]) == low[0] else "nominal", ())


# --- lists of wishes -------------------------------------------------------------------------------------------------


def _listed(sentence: str, span: Words, mode: str, subject: tuple[str, ...]) -> list[Ask]:
    """The wishes of "search, filter and book apartments", "spinning the wheel, displaying prizes" …

    ``mode``: "modal" = base forms, "nominal" = gerunds and nouns.
    """
    span, examples = cut_examples(span)
    if not span:
        return _listed(sentence, examples, mode, subject) if examples else []
    examples, rest = _resumed(examples) if mode == "modal" else (examples, [])
    items = split_list(span, mode)
    asks = [
        Ask(
            text=item.said(sentence),
            verb=item.verb,
            thing=item.thing,
            others=item.others,
            details=item.details,
            subject=subject,
            direct=item.direct,
        )
        for item in items
    ]
    further = _listed(sentence, rest, mode, subject) if rest else []
    if not examples:
        return asks + further
    listing = span[-1].low in PARTS or not asks or not asks[-1].thing or examples[0].low.endswith("ing")
    if listing:
        asks = asks[:-1] if asks and (not asks[-1].thing or asks[-1].thing[-1] in PARTS) else asks
        inner = "modal" if lexicon().verb_of(examples[0].low) == examples[0].low else "nominal"
        return asks + _listed(sentence, examples, inner, subject) + further
    listed = tuple(phrases_after(examples))
    text = f"{asks[-1].text} ({said(sentence, examples)})" if len(items) > 1 else said(sentence, [*span, *examples])
    return [*asks[:-1], replace(asks[-1], details=asks[-1].details + listed, text=text), *further]


def _resumed(examples: Words) -> tuple[Words, Words]:
    """("flowcharts and mind maps", "use an editor"): where the list of examples ends and the list of wishes goes on."""
    known = lexicon()
    for index in range(1, len(examples) - 2):
        word, verb, after = (examples[index + i].low for i in range(3))
        if word == "and" and known.verb_of(verb) == verb and after in known.determiner:
            return examples[:index], examples[index + 1 :]
    return examples, []
