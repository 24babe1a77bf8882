"""A message as it may be stored, shown and read: one line of plain characters, or a refusal that says what to do."""

from __future__ import annotations

import re
import unicodedata

from inference.planning.lexicon import lexicon
from synergy.core.errors import BadInput
from synergy.core.secrets import redact

LONGEST = 20_000  #: characters
FOREIGN = 0.34  #: share of letters outside the Latin alphabet from which a message cannot be read
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
BULLET = re.compile(r"[^\S\n]*\n[^\S\n]*(?:[-*•·▪–]|\d{1,2}[.)])\s+")
PARAGRAPH = re.compile(r"(?<=[^\s.!?:;,])[^\S\n]*\n[^\S\n]*\n\s*")
TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
ADDRESS = re.compile(r"(?:https?://|www\.)\S+$", re.I)
CODE = re.compile(
    r"^\s*(?:def |class \w+\s*[:({]|import \w|from [\w.]+ import |#include|function\b|const |let \w+ =|var |public |private |"
    r"return\b|(?:if|for|while|switch) ?\(|</?[a-z][^>]*>|@\w+\(|<\?php|SELECT .* FROM |INSERT INTO |CREATE TABLE )|"
    r"[;{}]\s*$|\)\s*[:{]\s*$|=>|[!=]=|^\s*[\w.]+\([^)]*\)\s*$|^\s*[\w.]+ [-+*/]?= \S")  # fmt: skip
CODE_HINT = "Say in words what the application should keep or do; code of its own is written by Synergy."
EXAMPLE = "For example: Track orders, customers and invoices for a bakery."


def clean_message(text: str, *, any_language: bool = False) -> str:
    """``text`` in NFC without control, bidi, zero-width and tag characters or terminal codes, white space collapsed.

    Lines of a list are joined with semicolons, secret-like strings become ``[redacted]``. Raises BadInput for what cannot be
    built from: empty, longer than 20,000 characters, binary, without a word, or in a language the planner does not read.
    """
    if len(text) > LONGEST:
        size = f"{len(text):,} characters"
        raise BadInput(f"The message has {size}; at most {LONGEST:,} are read.", hint="Say what matters most in a page or two.")
    if _is_binary(text):
        raise BadInput("This is not text: it holds binary data.", hint="Send the message as plain text in UTF-8.")
    plain = "".join(map(_kept, unicodedata.normalize("NFC", ANSI.sub("", text))))
    joined = PARAGRAPH.sub(". ", BULLET.sub("; ", plain.strip()))
    line = " ".join(joined.split())
    line = redact(re.sub(r"([:;.,!?]);\s", r"\1 ", line))  # what is pasted by mistake is never stored
    if not line:
        raise BadInput("The message is empty.", hint=f"Say in a sentence what the application should keep or do. {EXAMPLE}")
    if not any(c.isalpha() for c in line):
        raise BadInput("The message holds no words, only signs or digits.", hint=f"Describe the application in words. {EXAMPLE}")
    if ADDRESS.match(line):
        raise BadInput(
            "This is only an address, and Synergy opens no pages.", hint=f"Say what the application should do. {EXAMPLE}"
        )
    if _is_code(plain):
        raise BadInput("This looks like source code, not like the description of an application.", hint=CODE_HINT)
    if not any_language:
        check_language(line)
    return line


def _kept(char: str) -> str:
    """The character, a space or line break for white space, nothing for what cannot be seen."""
    if char in "\n\u2028\u2029\x0b\x0c\r\x85":
        return "\n" if char != "\r" else ""
    if char == "\t" or unicodedata.category(char) == "Zs":
        return " "
    return "" if unicodedata.category(char) in {"Cc", "Cf", "Cn", "Co", "Cs"} or "\ufe00" <= char <= "\ufe0f" else char


def _is_binary(text: str) -> bool:
    stray = sum(1 for c in text if (c < " " and c not in "\t\n\r\x0b\x0c\x1b") or c == "\ufffd" or "\ud800" <= c <= "\udfff")
    return "\x00" in text or stray > max(2, len(text) // 50)


def _is_code(text: str) -> bool:
    """Whether at least half of the lines are those of a program."""
    lines = [part for part in text.splitlines() if part.strip()]
    return len(lines) >= 3 and sum(bool(CODE.search(part)) for part in lines) * 2 >= len(lines)


def check_language(line: str) -> None:
    """Refuse what is not English; a few foreign words among English ones are names."""
    letters = [c for c in line if c.isalpha()]
    foreign = sum("LATIN" not in unicodedata.name(c, "") for c in letters)
    if foreign > FOREIGN * len(letters):
        raise BadInput("Synergy reads English so far, and most of this message is in another script.", hint=EXAMPLE)
    language = foreign_language(line)
    if language:
        raise BadInput(f"Synergy reads English so far, and this looks like {language}.", hint=EXAMPLE)


def foreign_language(line: str) -> str:
    """The language whose small words fill the message more than English ones do, or ""."""
    tokens = [token.lower() for token in TOKEN.findall(line)][:400]
    known = lexicon().languages
    counts = {name: sum(token in small for token in tokens) for name, small in known.items()}
    english = counts.pop("English")
    name, best = max(counts.items(), key=lambda pair: pair[1])
    return name if best >= 2 and best > 1.5 * english and best >= len(tokens) * 0.15 else ""
