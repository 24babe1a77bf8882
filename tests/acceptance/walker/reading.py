"""A check in English becomes a reading: what is to be done, with what and where, and what is to be seen then."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from tests.acceptance.walker import colours, expecting
from tests.acceptance.walker.expecting import Expected, expected
from tests.acceptance.walker.verbs import Hit, Verb, family, hits, split
from tests.acceptance.walker.words import LEXICON, STOP, meaningful, tokens

CHECKING = frozenset(LEXICON["grammar"]["checking"])
PREPOSITION = frozenset(LEXICON["grammar"]["preposition"])
ENDS = frozenset(".;:")
WITHOUT = re.compile(
    r"\b(?:without|before|prior to|instead of)\b[^,.;]*|\bas (?:an? |the )?(?:newly |logged-in |registered |regular )*(?:user|guest|visitor|\w*ministrator)s?\b",
    re.IGNORECASE,
)
AFTERWARDS = re.compile(r"^(.+?),? after ([a-z]+ing\b.+)$", re.IGNORECASE | re.DOTALL)
OPENS = re.compile(r"\bopens?\b|\bdetail(?:ed|s)?\b (?:page|view|information)|clicking|dedicated page|pop-?up", re.IGNORECASE)
ONE = re.compile(r"\b(?:an?|one|specific|selected|each) ", re.IGNORECASE)
PAPER = re.compile(r"report|export|download|print|csv|pdf|sheet|certificate|invoice|statement|backup|summary", re.IGNORECASE)
PIECES = re.compile(r"\btiles?\b|\bpieces?\b|\bblocks?\b|\bsnake|\bplayer|\bcharacter|\bpaddle", re.IGNORECASE)
AFTER = re.compile(r"^\s*(?:after|once|upon|having)\s+([^,]+),\s*(.+)$", re.IGNORECASE | re.DOTALL)
PARENTHESES = re.compile(r"\(([^()]*)\)")
QUOTED = re.compile(r"[\"“”'‘]([A-Za-z0-9][^\"“”‘]{0,60}?)[,.]?[\"“”'’](?![a-z])")
MENU = re.compile(r"\b(?:navigation|nav ?bar|menus?|header links|links)\b", re.IGNORECASE)
WHOLE = re.compile(
    r"\b(?:all|each|every|major|key|required)\b[^.]*\b(?:links?|sections?|pages?|items?)\b|\bsections\b|\blinks\b|navigation (?:flow|functionality|consistency)|"
    r"through the (?:web)?site|between",
    re.IGNORECASE,
)
ROUTE = re.compile(
    r"\b(?:back|return)\w* to (?:the |their |main )*([\w -]+?)(?:[.,;]|$)|\bto the ([\w -]+?) from |navigation from (?:the )?([\w -]+?) to (?:the )?([\w -]+?)(?:[.,;]| and |$)",
    re.IGNORECASE,
)
SMALL = re.compile(
    r"\bresponsive|\bmobile (?:device|view|screen|phone)|small(?:er)? screen|different (?:screen|device)|\b375\b|smartphone",
    re.IGNORECASE,
)
INVALID = re.compile(
    r"\b(?:invalid|incorrect input|incomplete|missing|blank|malformed|wrong (?:data|input)|validation (?:message|warning|error|feedback)|required fields? (?:left )?empty|empty (?:form|fields?)|"
    r"leaving|duplicate|mismatched|form validation|input validation)",
    re.IGNORECASE,
)
GUARDED = re.compile(
    r"\bwithout (?:being )?(?:logging|signing|logged|signed) ?in|\bun(?:authenticated|authori[sz]ed|registered)\b|\bnot (?:logged|signed) in\b|\blogged[ -]out\b|"
    r"\baccess (?:control|restriction)|\bprotected (?:page|route|area)",
    re.IGNORECASE,
)
LIVE = re.compile(r"\bpreview|\bcanvas\b|\bin real[- ]time\b|\bdynamic(?:ally)?\b|\bregenerat", re.IGNORECASE)
PRESENT = re.compile(
    r"\bpresence of (?:an? |the )?((?:[\w-]+ ){0,3}(?:bar|box|form|button|field|icon|comment section|link|filter|logo|footer|menu))\b",
    re.IGNORECASE,
)
VALIDATING = frozenset(LEXICON["grammar"]["validating"])
DIRECTION = re.compile(r"\b(up|down|left|right)\b(?:ward)?", re.IGNORECASE)
BUYING = re.compile(
    r"\bcheckout|\bpayment (?:information|details|form)|\bplace (?:an|the) order|\bshipping (?:and|information|details)",
    re.IGNORECASE,
)
CART = re.compile(r"\b(?:cart|basket|shopping bag)\b", re.IGNORECASE)
SAVED = re.compile(r"\b(?:favou?rites?|wish ?list|bookmarks?|saved (?:items|list))\b", re.IGNORECASE)
BEYOND = (
    (re.compile(r"\bsms\b|text message", re.IGNORECASE), "an SMS cannot be received by a script in the browser"),
    (
        re.compile(r"video stream|video analysis|live video|camera|microphone|webcam|gps", re.IGNORECASE),
        "it needs a camera or another device",
    ),
    (re.compile(r"\bscreen reader|\bvoice\b", re.IGNORECASE), "it needs a person's ears"),
)


@dataclass(frozen=True)
class Check:
    """One check of a message, as it was written."""

    do: str
    expect: str


@dataclass(frozen=True)
class Reading:
    """What a check asks for. Words are keys of ``words.content``, the head of a phrase last."""

    kind: str
    verb: Verb
    topic: tuple[str, ...] = ()  #: what it is done with
    place: tuple[str, ...] = ()  #: where
    named: tuple[str, ...] = ()  #: names as they are written: sections, values
    must: bool = True  #: whether all that is named has to be there, or it was named as an example
    first: tuple[Reading, ...] = ()  #: what is to be done before
    expect: Expected = field(default_factory=Expected)
    colours: colours.Wanted | None = None
    direction: str = ""
    why: str = ""  #: kind "beyond": why a script cannot do it
    text: str = ""

    @property
    def where(self) -> tuple[str, ...]:
        """Topic and place together, for finding the page."""
        return tuple(dict.fromkeys((*self.place, *self.topic)))


def read(check: Check) -> Reading:
    """The reading of a check. Its kind is "beyond" when a script in a browser cannot do it."""
    do = " ".join(check.do.replace("’", "'").split())
    wants = expected(check.expect)
    wanted = colours.wanted(f"{do}. {check.expect}")
    if wanted is not None and re.search("colou?r|background", do, re.IGNORECASE):
        return Reading("colours", family("look"), colours=wanted, expect=wants, text=do)
    for pattern, why in BEYOND:
        if pattern.search(do):
            return Reading("beyond", family("look"), why=why, expect=wants, text=do)
    return _special(do, check, wants) or _deed(do, wants)


def _special(do: str, check: Check, wants: Expected) -> Reading | None:
    """Kinds that words other than verbs tell."""
    names, must = named(do)
    plain = Reading("", family("look"), topic=_topic_of(do), named=names, must=must, expect=wants, text=do)
    if SMALL.search(do):
        return replace(plain, kind="layout")
    if GUARDED.search(do):
        return replace(plain, kind="guard", topic=_topic_of(GUARDED.sub("", do)))
    if match := PRESENT.search(do):
        before = do[: match.start()]
        return replace(plain, kind="present", topic=_words(match[1]), named=(match[1],), place=_places(before))
    if not _acts(do):
        if route := _route(do):
            return replace(plain, kind="route", topic=route[1], place=route[0])
        if MENU.search(do) and (WHOLE.search(do) or (not plain.named and not plain.topic and WHOLE.search(check.expect))):
            return replace(plain, kind="navigation")
    if INVALID.search(do) or (INVALID.search(check.expect) and re.search(r"\bvalidat\w+\b.*\bfields?\b", do)):
        return replace(plain, kind="validation", topic=meaningful(plain.topic, VALIDATING))
    return None


def _deed(do: str, wants: Expected) -> Reading:
    """The kind that the strongest verb tells."""
    first: tuple[Reading, ...] = ()
    if match := AFTER.match(do):
        before = _deed(match[1], Expected())
        first = (before,) if before.kind not in ("content",) else ()
        do = match[2]
    elif match := AFTERWARDS.match(do):
        first, do = (_deed(match[2], Expected()),), match[1]
    names, must = named(do)
    bare = PARENTHESES.sub("", WITHOUT.sub("", do))
    words = split(bare)
    found = _hits(bare)
    main = max(found, key=lambda hit: (hit.rank, -hit.start), default=None)
    if main is None:
        return _ended(Reading("content", family("look"), _topic_of(bare), (), names, must, first, wants, text=do), bare)
    topic, place = _object(words, main, found)
    for hit in found:  # "create and save a template" has one object for both
        if not topic and hit.start > main.start:
            topic, place = _object(words, hit, found)
    others = tuple(
        word for hit in found if hit.start < main.start and hit.verb.rank < main.rank for word in _object(words, hit, found)[0]
    )
    reading = Reading(
        main.verb.kind,
        main.verb,
        topic or _topic_of(bare),
        tuple(dict.fromkeys((*others, *place))),
        names,
        must,
        first,
        wants,
        text=do,
    )
    return _refined(reading, bare)


def _refined(reading: Reading, do: str) -> Reading:
    """What the object of the verb says about the kind."""
    kind, verb = reading.kind, reading.verb
    if (
        verb.name in ("create", "submit")
        and re.search(r"\b(?:new |user )*account\b", do, re.IGNORECASE)
        and verb.name == "create"
    ):
        return replace(reading, kind="register", verb=family("register"))
    if kind in ("create", "submit", "press") and CART.search(do) and verb.name in ("create", "cart"):
        return replace(reading, kind="press", verb=family("cart"))
    if (kind == "create" or verb.name == "submit") and SAVED.search(do):
        return replace(reading, kind="press", verb=family("favourite"))
    if kind in ("submit", "create", "content") and BUYING.search(do):
        return replace(reading, kind="order", verb=family("checkout"))
    if kind == "keys":
        match = DIRECTION.search(do)
        return replace(reading, direction=match[1].lower()) if match else replace(reading, kind="content", verb=family("look"))
    if kind in ("submit", "create") and re.search(r"\bcontact (?:form|section|page|us)\b", do, re.IGNORECASE):
        return replace(reading, kind="submit", verb=family("contact"), topic=("contact",))
    return _shown(_ended(reading, do), do)


def _shown(reading: Reading, do: str) -> Reading:
    """What is only looked at: a page, one record of it, a document."""
    if reading.kind == "content" and ONE.search(do) and OPENS.search(reading.expect.text):
        return replace(reading, kind="detail", verb=family("detail"))
    if reading.kind == "detail" and not ONE.search(do) and "detail" not in do.lower():
        return replace(reading, kind="content", verb=family("look"))
    if reading.kind == "detail" and reading.named and re.search(r"\b(?:tab|section|page|menu|link)\b", do, re.IGNORECASE):
        return replace(reading, kind="content", verb=family("look"))
    if reading.kind in ("report", "edit") and LIVE.search(f"{do} {reading.expect.text}"):
        return replace(reading, kind="live")
    if reading.kind == "report" and not PAPER.search(do):
        return replace(reading, kind="press")
    return reading


def _ended(reading: Reading, do: str) -> Reading:
    if re.search(r"\bgame[ -]?over\b|\bend of the game\b|\blose\b", do, re.IGNORECASE) and reading.kind in (
        "content",
        "press",
        "play",
    ):
        revives = reading.verb.name == "revive"
        return replace(reading, kind="revive" if revives else "over")
    return reading


def _acts(do: str) -> bool:
    """Whether ``do`` has a deed that changes something."""
    return any(hit.rank > 2 for hit in _hits(PARENTHESES.sub("", WITHOUT.sub("", do))))


def _hits(do: str) -> list[Hit]:
    """The deeds; to move something is a deed of games alone."""
    moves = PIECES.search(do) is not None
    return [hit for hit in hits(split(do)) if hit.verb.name != "move" or moves]


def _object(words: list[str], hit: Hit, found: list[Hit]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(what the deed is done with, where), from the words behind it, for a noun from those before it too."""
    end = next((other.start for other in found if other.start >= hit.end and not other.noun), len(words))
    stops = [at for at in range(hit.end, end) if words[at] in ENDS]
    behind = words[hit.end : min([end, *stops])]
    topic, place, at_place = [], [], False
    for word in behind:
        if word in PREPOSITION:
            at_place = bool(topic) or at_place
        elif word not in STOP and word not in ",()":
            (place if at_place else topic).append(word)
    if hit.noun:
        start = max((other.end for other in found if other.end <= hit.start), default=0)
        topic = [w for w in words[start : hit.start] if w not in STOP | CHECKING and w not in ",()"] + topic
        topic = topic or [w for w in words[hit.start : hit.end] if w not in STOP]
    return meaningful(topic, STOP | CHECKING), meaningful(place, STOP | CHECKING)


def _topic_of(text: str) -> tuple[str, ...]:
    """What a sentence is about when no verb says it: all its words but those of checking."""
    return meaningful(split(PARENTHESES.sub("", WITHOUT.sub("", text))), STOP | CHECKING)


def _words(text: str) -> tuple[str, ...]:
    return meaningful(tokens(text))


def _places(text: str) -> tuple[str, ...]:
    words = split(text)
    found = hits(words)
    return tuple(dict.fromkeys(word for hit in found for part in _object(words, hit, found) for word in part))


def _route(do: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """(from where, to where) of a check that goes from one page to another."""
    if match := ROUTE.search(do):
        back, to, start, end = match.groups()
        if start and end:
            return _words(start), _words(end)
        target = _words(back or to or "")
        source = re.search(r"from (?:the |a )?([\w -]+?)(?:[.,;(]|$| using| back)", do)
        return (_words(source[1]) if source else ()), target or ("home",)
    return None


def named(text: str) -> tuple[tuple[str, ...], bool]:
    """(names in quotes or listed in brackets, whether all must be there)."""
    names = [match[1].strip(" ,.") for match in QUOTED.finditer(text)]
    must = True
    for match in PARENTHESES.finditer(text):
        inside = match[1]
        example = re.match(r"\s*(?:e\.?g\.?|such as|like|for example)[,:]?\s*", inside, re.IGNORECASE)
        parts = expecting.enumerated(inside[example.end() :] if example else inside)
        if len(parts) > 1:
            names += parts
            must = must and not example
    return tuple(dict.fromkeys(names)), must
