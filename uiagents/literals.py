"""Text as a literal of the language it is written into: what a message says can never become code.

Every function takes any value and returns markup, which marks it as escaped.
"""

from __future__ import annotations

import html as html_entities
import json
import re
import unicodedata
from collections.abc import Callable

from markupsafe import Markup

JSX_PLAIN = re.compile(r"[\w .,:;!?()/+*%@–—…-]*\Z")
MARKDOWN = re.compile(r"([\\`*_\[\]<>|#~])")
SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
ZERO_WIDTH_JOINER = "\u200d"  #: holds emoji together


def py(value: object) -> Markup:
    """A Python literal, quoted the way formatters do: ``"x"``, or ``'say "x"'`` where that saves backslashes."""
    if isinstance(value, dict):
        return _literal("{" + ", ".join(f"{py(k)}: {py(v)}" for k, v in value.items()) + "}")
    if isinstance(value, list):
        return _literal("[" + ", ".join(map(py, value)) + "]")
    if isinstance(value, tuple):
        return _literal("(" + ", ".join(map(py, value)) + ("," if len(value) == 1 else "") + ")")
    if value is None or isinstance(value, bool | int | float):
        return _literal(repr(value))
    words = str(value)
    quote = "'" if words.count('"') > words.count("'") else '"'
    return _literal(quote + _escape(words, quote, lambda c: f"\\U{ord(c):08x}") + quote)


def js(value: object) -> Markup:
    """A JSON (and so JavaScript, TypeScript) literal that is also safe inside ``<script>``."""
    if isinstance(value, dict):
        return _literal("{" + ", ".join(f"{js(str(k))}: {js(v)}" for k, v in value.items()) + "}")
    if isinstance(value, list | tuple):
        return _literal("[" + ", ".join(map(js, value)) + "]")
    if value is None or isinstance(value, bool | int | float):
        return _literal(json.dumps(value, allow_nan=False))
    return _literal('"' + _escape(str(value), '"', lambda c: json.dumps(c)[1:-1]).replace("<", "\\u003c") + '"')


def jsx(value: object) -> Markup:
    """The child text of a JSX element: bare words where that is safe, else ``{"…"}``."""
    words = str(value)
    return _literal(words if words == words.strip() and JSX_PLAIN.match(words) else f"{{{js(words)}}}")


def html(value: object) -> Markup:
    """Text or a quoted attribute value of HTML, on one line."""
    return _literal(html_entities.escape(_line(value), quote=True))


def md(value: object) -> Markup:
    """Words in a line of Markdown, also in a table cell. No markup, no HTML."""
    return _literal(MARKDOWN.sub(r"\\\1", _line(value).replace("&", "&amp;")))


def yaml(value: object) -> Markup:
    """A double-quoted YAML scalar; numbers and truth values stay what they are."""
    if value is None or isinstance(value, bool | int | float):
        return _literal(json.dumps(value))
    return _literal('"' + _escape(str(value), '"', lambda c: f"\\U{ord(c):08X}") + '"')


def _escape(words: str, quote: str, unseen: Callable[[str], str]) -> str:
    """``words`` with quotes, backslashes and whatever cannot be seen escaped. Lone surrogates become U+FFFD."""

    def one(c: str) -> str:
        if c == quote:
            return "\\" + c
        if c in SHORT:
            return SHORT[c]
        if unicodedata.category(c) == "Cs":
            return "\ufffd"
        return c if c.isprintable() else unseen(c)

    return "".join(map(one, words))


def _line(value: object) -> str:
    """Text on one line without control, direction and other unseen characters."""
    words = "".join(c if c.isprintable() or c == ZERO_WIDTH_JOINER else " " for c in str(value))
    return " ".join(words.split())


def _literal(source: str) -> Markup:
    return Markup(source)  # noqa: S704  # the functions above made it safe for its place
