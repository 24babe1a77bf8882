"""What a message says in words: the technologies it names, those it turns down, and what kind of thing it asks for.

Similarity cannot read "not Django" or "migrate from Rails", nor a misspelt name; this can. The words are data:
``fixtures/stacks/lexicon.toml``.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from synergy.core.stacks import FIXTURES

FILE = FIXTURES / "stacks" / "lexicon.toml"
READ = 6000  #: characters that are looked at
TOKEN = re.compile(r"c\+\+|c#|f#|[\w']+|[,;:.!?()]")
JOINED = re.compile(r"(?<=[a-z])\.(?=js\b|net\b)")
BRIEF = 2  #: words of a message that has no room for context: "React please"
SCOPE = 5  #: tokens a refusal covers at most
FUZZY = 6  #: letters a name must have to be found misspelt
UNSPACED = 0x2E80  #: from here on (Chinese, Japanese, Korean) words are not set apart by spaces


@dataclass(frozen=True)
class Term:
    words: tuple[str, ...]  #: the last may end in "*"
    group: str  #: names, hints, foreign, web, make, other, context
    stacks: tuple[str, ...] = ()

    def matches(self, tokens: Sequence[str], at: int) -> bool:
        piece = tokens[at : at + len(self.words)]
        return len(piece) == len(self.words) and all(
            token.startswith(word[:-1]) if word.endswith("*") else token == word
            for word, token in zip(self.words, piece, strict=True)
        )


@dataclass
class Signals:
    """How many different terms of each group were found. Per stack: a term of two stacks counts for both."""

    names: Counter[str] = field(default_factory=Counter)
    hints: Counter[str] = field(default_factory=Counter)  #: that point to this stack alone
    fits: Counter[str] = field(default_factory=Counter)  #: hints that point to several stacks, this one among them
    against: Counter[str] = field(default_factory=Counter)  #: names, hints and fits of other stacks only
    refused: Counter[str] = field(default_factory=Counter)  #: of its names and hints, those the message turns down
    asks: Counter[str] = field(default_factory=Counter)  #: foreign, elsewhere, web, make, other, opens, context, avoided
    said: dict[str, list[str]] = field(default_factory=dict)  #: per stack the words that point to it alone


@dataclass(frozen=True)
class Lexicon:
    stacks: tuple[str, ...]
    starting: dict[str, list[Term]]  #: by the first three letters, longest first
    misspelt: dict[str, list[Term]]  #: names of one long word, by first letter
    symbols: tuple[Term, ...]  #: words of scripts without spaces, found anywhere
    ambiguous: frozenset[str]
    leads: frozenset[str]
    before: frozenset[str]
    times: frozenset[str]
    spelt: frozenset[str]
    after: frozenset[str]
    turned_down: frozenset[tuple[str, ...]]
    turn: frozenset[str]
    polite: frozenset[str]


def _terms(data: dict[str, Any]) -> list[Term]:
    groups = [(group, entry) for group in ("names", "hints", "foreign", "elsewhere") for entry in data[group]]
    terms = [Term(tuple(w.split()), group, tuple(e.get("stacks", ()))) for group, e in groups for w in e["words"]]
    terms += [Term(tuple(w.split()), group) for group, words in data["asks"].items() if group != "polite" for w in words]
    return terms + [Term((w,), "context") for w in data["ambiguous"]["context"]]


@cache
def digest() -> str:
    """SHA-256 of the lexicon: confidence parameters hold for one lexicon only."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()


@cache
def lexicon() -> Lexicon:
    data = tomllib.loads(FILE.read_text())
    terms, doubt = _terms(data), data["ambiguous"]
    starting: dict[str, list[Term]] = {}
    misspelt: dict[str, list[Term]] = {}
    for term in sorted(terms, key=lambda t: -len(t.words)):
        first = term.words[0]
        starting.setdefault(first[:3], []).append(term)
        plain = len(term.words) == 1 and len(first) >= FUZZY and "*" not in first and first not in doubt["words"]
        if (plain or first == "express") and term.group in ("names", "foreign", "elsewhere"):
            misspelt.setdefault(first[0], []).append(term)
    return Lexicon(
        stacks=tuple(sorted({s for t in terms for s in t.stacks})),
        starting=starting,
        misspelt=misspelt,
        symbols=tuple(t for t in terms if ord(t.words[0][0]) > UNSPACED),
        ambiguous=frozenset(doubt["words"]),
        leads=frozenset(doubt["leads"]),
        before=frozenset(doubt["before"]),
        times=frozenset(doubt["times"]),
        spelt=frozenset(doubt["spelt"]),
        after=frozenset(doubt["after"]),
        turned_down=frozenset(tuple(w.split()) for w in doubt["turned_down"]),
        turn=frozenset(doubt["turn"]) | set(",;:.!?()"),
        polite=frozenset(data["asks"]["polite"]) | set(",.!"),
    )


@dataclass(frozen=True)
class Mention:
    term: Term
    at: int
    refused: bool


def tokens_of(text: str) -> list[str]:
    """Lower-case words and punctuation; "Next.js" is one word, "row-level" two."""
    plain = JOINED.sub("", text[:READ].lower().replace("’", "'"))
    return TOKEN.findall(re.sub(r"[-_/]+", " ", plain))


def distance(a: str, b: str, limit: int) -> int:
    """Edits (insert, delete, replace, swap of neighbours) that turn ``a`` into ``b``; more than ``limit`` when over it."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _misspelt(token: str, words: Lexicon) -> list[Term]:
    """Names that ``token`` may be a misspelling of: same first letter, one letter off (two in long names of stacks)."""
    if len(token) < FUZZY - 1 or token in words.spelt:
        return []
    near = []
    for term in words.misspelt.get(token[0], ()):
        limit = 2 if term.group == "names" and len(term.words[0]) > FUZZY + 1 else 1
        if distance(token, term.words[0], limit) <= limit:
            near.append(term)
    return near


def _refused(tokens: Sequence[str], at: int, words: Lexicon) -> bool:
    """Whether the term at ``at`` is turned down: "not X", "instead of X", "from X to Y"."""
    for i in range(at - 1, max(at - 1 - SCOPE, -1), -1):
        if (tokens[i],) in words.turned_down or tuple(tokens[max(i - 1, 0) : i + 1]) in words.turned_down:
            return True
        if tuple(tokens[max(i - 2, 0) : i + 1]) in words.turned_down:
            return True
        if tokens[i] == "from" and "to" in tokens[at : at + SCOPE]:
            return True
        if tokens[i] in words.turn:
            return False
    return False


def mentions(tokens: Sequence[str], words: Lexicon) -> Iterator[Mention]:
    """Every term in the text; where terms overlap the longest counts."""
    at = 0
    while at < len(tokens):
        found = [t for t in words.starting.get(tokens[at][:3], ()) if t.matches(tokens, at)]
        step = max((len(t.words) for t in found), default=1)
        for term in [t for t in found if len(t.words) == step] or _misspelt(tokens[at], words):
            yield Mention(term, at, _refused(tokens, at, words))
        at += step


def _doubtful(mention: Mention, words: Lexicon) -> bool:
    return len(mention.term.words) == 1 and mention.term.words[0] in words.ambiguous


def _technical(mention: Mention, tokens: Sequence[str], words: Lexicon) -> bool:
    """Whether an English word is meant as the name of a technology, by where it stands and what stands beside it."""
    before = tokens[mention.at - 1] if mention.at else ""
    after = tokens[mention.at + 1] if mention.at + 1 < len(tokens) else ""
    leads = mention.term.words[0] in words.leads and words.polite.issuperset(tokens[: mention.at]) and after[:1].isalnum()
    dated = before == "in" and mention.term.words[0] in words.times
    return (before in words.before and not dated) or after in words.after or after.isdigit() or (leads and after != "of")


def read(text: str) -> Signals:
    """The signals of a message; only its first 6000 characters are looked at."""
    words, tokens = lexicon(), tokens_of(text)
    found = list(mentions(tokens, words))
    tech = ("names", "hints", "foreign", "elsewhere", "context")
    sure = len(tokens) <= BRIEF or any(m.term.group in tech and not _doubtful(m, words) for m in found)
    signals = Signals()
    counted: set[tuple[Term, bool]] = set()
    for mention in found:
        doubtful = _doubtful(mention, words) and not sure and not _technical(mention, tokens, words)
        late = mention.term.group == "opens" and not words.polite.issuperset(tokens[: mention.at])
        if doubtful or late or (mention.term, mention.refused) in counted:
            continue
        counted.add((mention.term, mention.refused))
        _count(signals, mention, words)
    lowered = text[:READ].lower()
    signals.asks.update(t.group for t in words.symbols if t.words[0] in lowered)
    return signals


def _count(signals: Signals, mention: Mention, words: Lexicon) -> None:
    term = mention.term
    if not term.stacks:
        signals.asks["avoided" if mention.refused and term.group in ("foreign", "elsewhere") else term.group] += 1
        return
    if mention.refused:
        signals.refused.update(term.stacks)
        return
    kind = signals.names if term.group == "names" else signals.hints if len(term.stacks) == 1 else signals.fits
    kind.update(term.stacks)
    if len(term.stacks) == 1:
        signals.said.setdefault(term.stacks[0], []).append(" ".join(term.words).rstrip("*"))
    signals.against.update(s for s in words.stacks if s not in term.stacks)
