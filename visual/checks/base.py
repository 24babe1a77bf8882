"""What a visual check is: it looks at a page as it is drawn, tries what is on it, or judges its picture."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from synergy.core.registry import Registry
from synergy.core.types import Finding, Page, Shot

if TYPE_CHECKING:
    from visual.browser import Tab
    from visual.room import Room

Severity = Literal["info", "minor", "moderate", "serious", "critical"]
Theme = Literal["light", "dark"]


@dataclass(kw_only=True)
class View:
    """A page drawn at one width in one theme, at rest."""

    page: Page
    width: int  #: pixels
    theme: Theme
    tab: Tab
    not_found: str = ""  #: content of the page that a wrong address gives; "" when there is none

    def finding(self, check: str, severity: Severity, message: str, *, rule: str = "", target: str = "") -> Finding:
        return Finding(
            check=check, severity=severity, page=self.page.slug, width=self.width, rule=rule, message=message, target=target
        )


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A picture and what it was compared with."""

    shot: Shot
    unstable: str = ""  #: how two pictures of the same page differ
    changed: str = ""  #: where it differs from its baseline
    resized: str = ""  #: how its size differs from its baseline's


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of trying the controls of a page."""

    controls: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class Check:
    """A part. Each hook that is given is called for every view, every page or every picture."""

    scripts: tuple[str, ...] = ()  #: JavaScript that runs in every document before its own
    view_scripts: tuple[str, ...] = ()  #: the same, only where ``view`` looks: for what is big
    view: Callable[[View], Awaitable[list[Finding]]] | None = None
    explore: Callable[[Room], Awaitable[Tried]] | None = None  #: after all views, pages side by side
    finish: Callable[[Room], Awaitable[Tried]] | None = None  #: after all explorations, one page at a time: may destroy data
    picture: Callable[[Judged], list[Finding]] | None = None


registry: Registry[Check] = Registry("visual.checks")
