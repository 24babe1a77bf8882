"""Sentences and words of a message, with their places in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

SENTENCES = 400  #: of one message; what follows is not read
SHORT_FORMS = (
    (re.compile(r"\b(?:e\.g\.|i\.e\.|eg\.)", re.I), "such as"),
    (re.compile(r",?\s*\b(?:etc\b\.?|and so on|and so forth|and more)(?=\s*[.,;!?)]|\s*$)", re.I), ""),
    (re.compile(r"\band/or\b", re.I), "or"),
    (re.compile(r"\bw/(?=\s|\w)"), "with "),
)
END = re.compile(r"(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bNo)(?<!\bvs)[.!?]+(?=\s|$)|;|\s[•·▪–—]\s|(?<=\w)\s?[–—]\s")
WORD = re.compile(r"#?[^\W_](?:[\w'’+#.&-]*[\w+#])?(?:s['’](?=\s))?|[,:()/&]|\s-\s")


class Word(NamedTuple):
    text: str
    low: str
    start: int
    end: int


Words = Sequence[Word]


def sentences(text: str) -> list[str]:
    """The sentences of a cleaned message; a semicolon or a dash ends one too."""
    for pattern, instead in SHORT_FORMS:
        text = pattern.sub(instead, text)
    parts = (re.sub(r"^[\s,*•-]+", "", part).strip() for part in END.split(text))
    return [part for part in parts if part][:SENTENCES]


def words(sentence: str) -> list[Word]:
    """Words and the signs that matter (comma, colon, parentheses); a slash counts as a comma, "&" as "and"."""
    found = []
    for match in WORD.finditer(sentence):
        raw = match.group()
        low = {"/": ",", "&": "and", "-": ",", "": ","}.get(raw.strip(), raw.lower().replace("’", "'"))
        found.append(Word(raw, low, match.start(), match.end()))
    return found


def said(sentence: str, span: Words) -> str:
    """The words of ``span`` as they were written."""
    return sentence[span[0].start : span[-1].end].strip(" ,") if span else ""


def lows(span: Words) -> list[str]:
    return [word.low for word in span]
