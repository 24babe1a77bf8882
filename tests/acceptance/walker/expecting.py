"""What a check expects to see: a confirmation, a place where it appears, fields that are shown, a number, and what a script cannot see."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.acceptance.walker.words import LEXICON, content, key, meaningful, tokens

CONFIRMED = re.compile(
    r"confirmation|success (?:message|notification)|successful(?:ly)? message|acknowledg|message (?:should )?(?:appears?|displays?|is displayed)|"
    r"notification|confirms?\b|confirmed|message is displayed|welcome",
    re.IGNORECASE,
)
OR_ELSE = re.compile(r"\b(?:or|and/or) (?:an? )?e-?mail\b", re.IGNORECASE)
SHOWN = re.compile(
    r"\b(?:appears?|visible|reflected|listed|displayed|shown|added|saved|available|retrievable|accessible|found|published|posted|present)\b(?: \w+){0,4}? "
    r"(?:in|under|on|to|from|within|for)\s+(?:the |a |an |their |its |user's |users' )*((?:[\w'/-]+ ?){1,5})",
    re.IGNORECASE,
)
LISTED = re.compile(
    r"\b(?:appears?|visible|reflected|is listed|displayed in|shown in|retrievable|published|added to|present in|in the list)\b",
    re.IGNORECASE,
)
COUNTED = re.compile(
    r"\b(?:counts?|total|tally|points?|score|hours|average|deducted|number of)\b[^.]*\b(?:updat|increas|deduct|reflect|chang|decreas|reset)",
    re.IGNORECASE,
)
ANSWERED = re.compile(r"\b(?:respon[ds]\w*|repl(?:y|ies)|receive a response|answers?)\b", re.IGNORECASE)
PERSISTS = re.compile(r"\bpersist|reload|reopen|future use|retriev|remain", re.IGNORECASE)
EXACTLY = re.compile(
    r"\b(?:exactly )?(\d+|two|three|four|five|six|seven|eight|nine|ten|twelve)\b (?:new |random\w* |distinct |placed |different )*([a-z]+s)\b",
    re.IGNORECASE,
)
NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12}
MANY = re.compile(r"\b(?:lists?|options|articles|results|records|products|items|entries|rows|table)\b", re.IGNORECASE)
FIGURES = re.compile(r"\bstatistic|summary|chart|graph|figures|trend|total|analysis|metrics", re.IGNORECASE)
LISTS = (
    (re.compile(r"\b(?:such as|like|e\.g\.,?|for example)\s+([^.;()]+)", re.IGNORECASE), False),
    (
        re.compile(
            r"\b(?:including|includes?|complete with|each with|with (?:a|an|their|its|details on|correct details on)|with|containing|contains|fields for(?: the)?)\s+([^.;()]+)",
            re.IGNORECASE,
        ),
        True,
    ),
)
DISPLAYED = re.compile(r"^(?:the |all |their )?([^.;()]+?) (?:is|are) (?:displayed|shown|visible|listed)", re.IGNORECASE)
NO_FIELD = re.compile(
    r"\b(?:no|clear|correct|all|without|errors?|option(?:s)? to|user|message|issues?|is|are|was|own|notification|matching|relevant|the ability|layout|applicable|exactly|any|up-to-date|data)\b|\w+ly\b|\bthat\b|\bwhich\b",
    re.IGNORECASE,
)
UNSEEN = (
    (re.compile(r"\bdeduct\w*|\btotal (?:hours|sales|amount)\b.*\bupdat", re.IGNORECASE), "numbers that change on other pages"),
    (
        re.compile(
            r"\be-?mails?\b(?! (?:platform|template|appears|is successfully|composition|address|draft|section))", re.IGNORECASE
        ),
        "e-mail that is sent",
    ),
    (re.compile(r"\bsms\b|text message", re.IGNORECASE), "SMS that is sent"),
    (
        re.compile(r"\baccura\w+|\bcorrect\w*|\bgenuine|\bverified details|grammatic\w*|\brelevan\w+", re.IGNORECASE),
        "whether what is said is right",
    ),
    (
        re.compile(
            r"\bclear\w*|\bintuitive\w*|\bseamless\w*|\bsmooth\w*|\baccessible layout|\bwithout delays?|\beasily\b", re.IGNORECASE
        ),
        "how it feels",
    ),
    (re.compile(r"sorted by relevance", re.IGNORECASE), "the order by relevance"),
)


KNOWN = frozenset(key(word) for word in LEXICON["fields"]["words"])


@dataclass(frozen=True)
class Expected:
    """What is to be seen when the deed is done."""

    text: str = ""
    confirmed: bool = False  #: a message says that it worked
    listed: bool = False  #: what was made is seen in a list
    shown_in: tuple[str, ...] = ()  #: where: words of that page
    counted: bool = False  #: a number changes
    answered: bool = False  #: somebody answers
    persists: bool = False
    many: bool = False  #: a list is shown
    figures: bool = False  #: numbers or charts are shown
    exactly: tuple[int, str] | None = None  #: (how many, of what)
    fields: tuple[str, ...] = ()  #: what each record shows
    examples: tuple[str, ...] = ()  #: of which half will do
    unseen: tuple[str, ...] = ()  #: what a script cannot judge


def expected(text: str) -> Expected:
    """The reading of the second half of a check."""
    shown = SHOWN.search(text)
    fields, examples = _fields(text)
    return Expected(
        text=text,
        confirmed=bool(CONFIRMED.search(text)),
        listed=bool(LISTED.search(text)),
        shown_in=meaningful(tokens(shown[1])) if shown else (),
        counted=bool(COUNTED.search(text)),
        answered=bool(ANSWERED.search(text)),
        persists=bool(PERSISTS.search(text)),
        many=bool(MANY.search(text)),
        figures=bool(FIGURES.search(text)),
        exactly=_exactly(text),
        fields=fields,
        examples=examples,
        unseen=tuple(said for pattern, said in UNSEEN if pattern.search(text)),
    )


def _exactly(text: str) -> tuple[int, str] | None:
    match = EXACTLY.search(text)
    if match is None or "typically" in text[: match.start()][-12:]:
        return None
    word = match[1].lower()
    return (NUMBERS.get(word) or int(word), match[2].lower())


def enumerated(text: str) -> list[str]:
    """ "a, b and c" → ["a", "b", "c"], without articles and what follows "if"."""
    text = re.sub(r"\bif (?:applicable|available|any)\b|\betc\b\.?", "", text)
    parts = re.split(r",\s*(?:and |or )?|\s+(?:and|or)\s+|/", text)
    cleaned = (re.sub(r"^(?:an?|the|its|their|any|more)\s+", "", part.strip(" .'\"“”")) for part in parts)
    return [part for part in cleaned if part]


def _fields(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(fields that must be shown, fields named as examples)."""
    found: dict[bool, list[str]] = {True: [], False: []}
    for pattern, must in LISTS:
        for match in pattern.finditer(text):
            found[must] += _nouns(match[1])
    if match := DISPLAYED.search(text):
        found[True] += [name for name in _nouns(match[1]) if key(tokens(name)[-1]) in KNOWN]
    unsure = [name for name in found[True] if key(tokens(name)[-1]) not in KNOWN]
    examples = tuple(dict.fromkeys(found[False] + (unsure if len(unsure) > 1 else [])))
    return tuple(name for name in dict.fromkeys(found[True]) if name not in examples and name not in unsure), examples


def _nouns(text: str) -> list[str]:
    """The parts of a list that name a field; [] when it is no list of fields but a clause."""
    parts = enumerated(
        re.split(r",? (?:by|via|for|to|with|aligning|presented|emphasizing|ensuring|explaining|allowing|demonstrating)\b", text)[
            0
        ]
    )
    if len(parts) < 2:
        return []
    return [part for part in parts if len(tokens(part)) <= 3 and not NO_FIELD.search(part) and content(part)]
