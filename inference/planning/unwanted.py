"""What a message does not want, cut out of its sentences before they are read as wishes: "no cart", "I do not need a blog"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inference.planning.missing import WORD
from inference.planning.wordset import word_set

#: "We do not want …", "There should be no …", "Please don't add …": the whole of it, up to what is wanted instead.
REFUSED = re.compile(
    r"^(?:(?:please|but|and|so|also)[ ,]+)*"
    r"(?:(?:i|we|it|the \w+|there|you)\s+)?"
    r"(?:(?:do|does|did|must|should|shall|need|will|would|could)(?:n['\u2019]?t| not)|never|"
    r"(?:should|must|shall|need) (?:be|have|contain|include) no)\s+"
    r".+?(?=\s*(?:,?\s*\b(?:but|instead|just|only|rather)\b)|$)",
    re.I,
)
#: "No cart", ", no payment and no accounts", "with no login", "without ads": the thing alone.
NONE = re.compile(
    r"(?:(?:^|,\s*|\b(?:and|or|but|with|has|have)\s+)no|(?:\b(?:and|or|but)\s+)?\bwithout(?: any| an?| the)?)\s+"
    r"(?!(?:longer|one|matter|more than|less than|need|fuss|code|later)\b|problem)"
    r"[a-z][\w'-]*(?: (?!(?:and|or|but|just|only|so|that|when|which|is|are|can|should)\b)[\w'-]+){0,2}",
    re.I,
)
#: "Members cannot delete posts", "nobody may see it": a rule, not a wish.
NOT_ALLOWED = r"can ?not|can['\u2019]t|may not|must not|mustn['\u2019]t|(?:is|are) not allowed to|should not|shouldn['\u2019]t"
FORBIDDEN = re.compile(
    rf"^(?:[\w'-]+ ){{1,4}}?(?:{NOT_ALLOWED})\s+\S|^(?:nobody|no one|no \w+) (?:can|may|should|must|is allowed to)\s+\S", re.I
)
ENTERED = word_set(
    "account accounts login registration sign-in sign-up password passwords authentication logging signing registering"
)
LINK = re.compile(r"^[\s,]*(?:(?:and|or|but|with|has|have)\s+)?(?=no\b|without\b)", re.I)


@dataclass(frozen=True)
class Unwanted:
    """Words that are no wish."""

    text: str
    rule: bool = False  #: somebody is not to do something
    accounts: bool = False  #: it is signing in that is not wanted


def wanted_part(sentence: str) -> tuple[str, tuple[Unwanted, ...]]:
    """(what is left of a sentence to be read as wishes, what it does not want)."""
    rule = FORBIDDEN.match(sentence)
    if rule and not REFUSED.match(sentence):
        return _before_but(sentence), (Unwanted(_first_half(sentence), rule=True),)
    refused = REFUSED.match(sentence)
    if refused:
        rest = re.sub(r"^[\s,]*(?:but|instead|just|only|rather)\s*", "", sentence[refused.end() :], flags=re.I)
        return rest.strip(" ,"), (_unwanted(sentence[: refused.end()]),)
    found = tuple(_unwanted(LINK.sub("", match.group())) for match in NONE.finditer(sentence))
    rest = re.sub(r"\s*,\s*(?=,|$)|^\s*,\s*|(?:\s*,)?\s+(?:and|or|but|with)\s*$", "", NONE.sub("", sentence))
    return " ".join(rest.split()) if found else sentence, found


def _unwanted(text: str) -> Unwanted:
    return Unwanted(text.strip(), accounts=bool(set(WORD.findall(text.lower())) & ENTERED))


def _first_half(sentence: str) -> str:
    return re.split(r",?\s+but\b", sentence, maxsplit=1, flags=re.I)[0]


def _before_but(sentence: str) -> str:
    """What follows "but", when it is a wish after all: "Nobody may add recipes, but editors may"."""
    parts = re.split(r",?\s+but\s+", sentence, maxsplit=1, flags=re.I)
    return parts[1] if len(parts) > 1 else ""
