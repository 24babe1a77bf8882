"""Strings that look like secrets: found in generated files, taken out of messages, logs and evidence.

Only shapes that are hardly ever anything else are known here: a rule that cries wolf is switched off, and then guards nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

REDACTED = "[redacted]"

#: kind → pattern. Group 1 is the secret itself; without a group the whole match is.
PATTERNS: dict[str, re.Pattern[str]] = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----[\sA-Za-z0-9+/=:,.\-\\]{0,8000}"),
    "AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{40,255})\b"),
    "GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,64}"),
    "model provider key": re.compile(r"\bsk-(?:ant-|proj-|or-v1-|svcacct-)?[A-Za-z0-9_-]{20,255}"),
    "payment key": re.compile(r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}\b"),
    "Slack token": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,255}"),
    "webhook address": re.compile(
        r"https://(?:hooks\.slack\.com/services|discord(?:app)?\.com/api/webhooks)/[A-Za-z0-9/_-]{20,255}"
    ),
    "Google key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b"),
    "SendGrid key": re.compile(r"\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}\b"),
    "web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,2000}"),
    "password in an address": re.compile(r"\b[a-z][a-z0-9+]{1,20}://[^\s:/@'\"<>{}$]{1,80}:([^\s:/@'\"<>{}$\[\]]{8,120})@[\w.-]"),
}
#: What manuals write where a password belongs
PLACEHOLDERS = frozenset({"password", "passwort", "changeme", "change-me", "your-password", "postgres", "postgresql", "username"})
#: ``api_key = "…"``, ``"secretToken": "…"``, ``the token is …``. The value is judged by ``_random``.
ASSIGNED = re.compile(
    r"(?i)(?:api[_ -]?key|access[_ -]?key|secret|token|passw(?:or)?d|passwd|pwd|credential)s?[\w-]{0,20}"
    r"[\"']?\s{0,3}(?::=|=>|[:=]|\bis\b)\s{0,3}[\"'`]?([A-Za-z0-9+/_.~!@#%^&*-]{12,200})(?![\w(])"
)


@dataclass(frozen=True)
class Secret:
    """A secret-like string. The value itself is never kept, so that a report cannot leak it."""

    kind: str
    line: int  #: 1-based
    start: int  #: offset in the text
    end: int


def find_secrets(text: str, allowed: Collection[str] = ()) -> list[Secret]:
    """All secret-like strings in ``text``, in order. ``allowed`` values (the documented demo password) are no secrets."""
    spans = sorted({(start, end, kind) for start, end, kind in _spans(text) if text[start:end] not in allowed})
    found: list[Secret] = []
    for start, end, kind in spans:
        if not found or start >= found[-1].end:
            found.append(Secret(kind=kind, line=text.count("\n", 0, start) + 1, start=start, end=end))
    return found


def redact(text: str, allowed: Collection[str] = ()) -> str:
    """``text`` with every secret-like string replaced by ``[redacted]``."""
    pieces, last = [], 0
    for secret in find_secrets(text, allowed):
        pieces += [text[last : secret.start], REDACTED]
        last = secret.end
    return "".join([*pieces, text[last:]])


def _spans(text: str) -> Iterator[tuple[int, int, str]]:
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            group = 1 if pattern.groups else 0
            if match.group(group).lower() not in PLACEHOLDERS:
                yield (*match.span(group), kind)
    for match in ASSIGNED.finditer(text):
        if _random(match.group(1)):
            yield (*match.span(1), "assigned secret")


def _random(value: str) -> bool:
    """Whether ``value`` looks drawn at random rather than written: three classes of characters, mixed, no words in a row."""
    kinds = [any(c.islower() for c in value), any(c.isupper() for c in value), any(c.isdigit() for c in value)]
    changes = sum(_kind(a) != _kind(b) for a, b in pairwise(value))
    return all(kinds) and changes * 3 >= len(value) and "." not in value[1:-1]


def _kind(char: str) -> str:
    return "digit" if char.isdigit() else "upper" if char.isupper() else "lower" if char.islower() else "other"
