"""The words of browser checks, read: ``parse('fill Name = "Ada"')`` says what is to be done with what.

The language is described in ``fixtures/capabilities/README.md``; ``visual.walks`` carries it out. Nothing is guessed: an act that
does not fit one of the forms is a BadAct.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from synergy.core.errors import PermanentError
from synergy.core.types import BrowserCheck

GIVEN = ("me", "email", "password", "run")  #: names that are known without ``keep``
FILES = ("png", "jpg", "pdf", "csv", "txt", "md", "json", "svg", "ics")  #: kinds that ``upload`` makes
NEED_TEXT = ("csv", "txt", "md", "json", "svg", "ics")  #: kinds whose content the act says

PLAIN = ("open", "at", "count", "keep", "differs", "equals", "drag", "press", "complete")  #: whose first word is not a text
_NAME = re.compile(r"\$([A-Za-z]\w*)")
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_TEXT = rf"(?:{_QUOTED}|\S.*?)"
_CSS = r"\S.*?"
_KEPT = r"[A-Za-z]\w*"
_THING = rf"(?:(?P<what>button|link|field|heading|css) )?(?P<name>{_TEXT})"

#: verb → what follows it. Groups: what, name (of a control, a text, a selector), value, where (a selector), how.
_FORMS: dict[str, str] = {
    "open": rf"(?:(?P<name>/\S*)|(?P<value>\${_KEPT}))",
    "reload": "",
    "back": "",
    "click": rf"(?P<what>button|link|text|css) (?P<name>{_TEXT})(?: in css (?P<where>{_CSS}))?",
    "fill": rf"(?:(?P<what>css) )?(?P<name>{_TEXT}) =(?: (?P<value>{_TEXT}))?",
    "pick": rf"(?:(?P<what>css) )?(?P<name>{_TEXT}) = (?P<value>{_TEXT})",
    "check": rf"(?:(?P<what>css) )?(?P<name>{_TEXT})",
    "uncheck": rf"(?:(?P<what>css) )?(?P<name>{_TEXT})",
    "choose": rf"(?:(?P<what>css) )?(?P<name>{_TEXT})",
    "complete": rf"css (?P<name>{_CSS})",
    "upload": rf"(?:(?P<what>css) )?(?P<name>{_TEXT}) = (?P<how>[\w-]+\.(?:{'|'.join(FILES)}))(?: (?P<value>{_QUOTED}))?",
    "press": rf"(?P<name>[A-Za-z0-9]+(?:\+[A-Za-z0-9]+)*)(?: on css (?P<where>{_CSS}))?",
    "drag": rf"css (?P<name>{_CSS}) to css (?P<where>{_CSS})",
    "see": rf"{_THING}(?: before (?P<value>{_TEXT}))?(?: in css (?P<where>{_CSS}))?",
    "miss": rf"{_THING}(?: in css (?P<where>{_CSS}))?",
    "count": rf"css (?P<name>{_CSS}) (?P<how>is|>=|<=) (?P<value>\d+)",
    "at": r"(?P<name>/\S*)",
    "keep": rf"(?P<value>{_KEPT}) = (?:(?P<how>address)|css (?P<name>{_CSS}))",
    "differs": rf"css (?P<name>{_CSS}) from \$(?P<value>{_KEPT})",
    "equals": rf"css (?P<name>{_CSS}) to \$(?P<value>{_KEPT})",
    "style": rf"(?P<how>[a-z][a-z-]*) of (?P<what>css|button|link) (?P<name>{_TEXT}) is (?P<value>{_TEXT})",
    "downloads": rf"(?P<name>{_TEXT})",
}
_PATTERNS = {verb: re.compile(rf"{form}\Z", re.DOTALL) for verb, form in _FORMS.items()}
DOES = (
    "open",
    "click",
    "fill",
    "pick",
    "check",
    "uncheck",
    "choose",
    "complete",
    "upload",
    "press",
    "drag",
    "reload",
    "back",
    "keep",
)
PROVES = ("see", "miss", "count", "at", "differs", "equals", "style", "downloads")  #: one of these ends a check


class BadAct(PermanentError):
    """An act that nobody understands."""


@dataclass(frozen=True)
class Words:
    """A text of an act, to the letter if it stood in quotes; else ``*`` is anything, and ``$name`` what was kept by that name."""

    text: str
    quoted: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return () if self.quoted else tuple(_NAME.findall(self.text))

    def filled(self, kept: dict[str, str]) -> str:
        """The text with every ``$name`` replaced. KeyError when it was not kept."""
        return self.text if self.quoted else _NAME.sub(lambda match: kept[match[1]], self.text)

    def pattern(self, kept: dict[str, str]) -> str:
        """A regular expression, for Python and JavaScript alike, that the whole name has to fit."""
        known = self.filled(kept)
        parts = [known] if self.quoted else known.split("*")
        return ".*".join(r"\s+".join(map(_escaped, part.split(" "))) for part in parts)


@dataclass(frozen=True)
class Act:
    """One act. What the parts mean depends on ``verb``; those it does not have are empty."""

    text: str  #: as it was written
    verb: str
    what: str = ""  #: button, link, text, field, heading, css
    name: Words = field(default_factory=lambda: Words(""))
    value: Words = field(default_factory=lambda: Words(""))
    where: str = ""  #: CSS selector
    how: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What must have been kept before."""
        if self.verb == "keep":
            return ()
        own = (self.value.text,) if self.verb in ("differs", "equals") else self.value.names
        return own if self.plain else (*own, *self.name.names)

    @property
    def plain(self) -> bool:
        """Whether ``name`` is a selector, an address or a key, not a text."""
        return self.what == "css" or self.verb in PLAIN


def parse(text: str) -> Act:
    """The act that ``text`` is. BadAct when it is none."""
    verb, _, rest = text.partition(" ")
    if verb not in _PATTERNS:
        raise BadAct(f"{text!r} is no act: there is no word {verb!r}.", hint=f"Known: {', '.join(_PATTERNS)}.")
    match = _PATTERNS[verb].match(rest)
    if match is None or "\n" in text:
        raise BadAct(f"{text!r} is no act.", hint=f"See what {verb!r} takes in fixtures/capabilities/README.md.")
    parts = {name: value or "" for name, value in match.groupdict().items()}
    act = Act(
        text=text,
        verb=verb,
        what=parts.get("what", ""),
        name=_words(parts.get("name", "")),
        value=_words(parts.get("value", "")),
        where=parts.get("where", ""),
        how=parts.get("how", ""),
    )
    texts = (act.value,) if act.plain else (act.name, act.value)
    if any('"' in words.text and not words.quoted for words in texts):
        raise BadAct(f'{text!r} is no act: a text with quotes in it stands in quotes itself, as in "say \\"hi\\"".')
    if verb == "upload" and (act.how.rpartition(".")[2] in NEED_TEXT) != act.value.quoted:
        raise BadAct(f"{text!r} is no act: text files need their content in quotes after the name, others have none.")
    return act


def parse_check(check: BrowserCheck) -> tuple[Act, ...]:
    """All acts of a check. BadAct names the check; it is raised too when it begins without a page, proves nothing, or uses what
    was not kept."""
    try:
        acts = tuple(parse(text) for text in check.acts)
        _sensible(acts)
    except BadAct as error:
        raise BadAct(f"Check {check.id}: {error.message}", hint=error.hint) from None
    return acts


def parse_checks(checks: Iterable[BrowserCheck]) -> dict[str, tuple[Act, ...]]:
    """Id → acts. BadAct for the first check that is not understood, or when two have the same id."""
    found: dict[str, tuple[Act, ...]] = {}
    for check in checks:
        if check.id in found:
            raise BadAct(f"Two checks are called {check.id}.")
        found[check.id] = parse_check(check)
    return found


def quoted(text: str) -> str:
    """``text`` to be taken to the letter in an act, in one line."""
    return '"' + " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _sensible(acts: tuple[Act, ...]) -> None:
    if not acts or acts[0].verb != "open":
        raise BadAct("it does not begin with opening a page.")
    if acts[-1].verb not in PROVES:
        raise BadAct(f"it ends with {acts[-1].text!r}, which proves nothing.", hint=f"End with one of: {', '.join(PROVES)}.")
    known = set(GIVEN)
    for act in acts:
        lost = [name for name in act.names if name not in known]
        if lost:
            raise BadAct(f"{act.text!r} uses ${lost[0]}, which was not kept before.")
        if act.verb == "keep":
            known.add(act.value.text)


def _words(text: str) -> Words:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return Words(re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text[1:-1]), quoted=True)
    return Words(text)


def _escaped(text: str) -> str:
    """For regular expressions of Python and of JavaScript, where not everything may be escaped."""
    return re.sub(r"[.*+?^${}()|\[\]\\/]", lambda match: "\\" + match[0], text)
