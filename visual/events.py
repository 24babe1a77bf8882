"""What a tab reports besides pictures: errors, failed requests, and signs that a press did something."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Failure:
    """A request that got no answer, or an answer that is an error."""

    method: str
    url: str
    status: int  #: 0 = no answer
    reason: str


@dataclass
class Events:
    """What a tab did besides drawing. Checks take what is theirs and leave the rest."""

    console: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    requests: int = 0
    writes: int = 0  #: requests other than GET
    signs: list[str] = field(default_factory=list)  #: dialog, download, popup, file chooser

    def forget(self) -> None:
        """Start anew: what was before is of no interest any more."""
        self.console, self.failures, self.signs = [], [], []
        self.requests = self.writes = 0

    def take_console(self) -> list[str]:
        """Errors since the last call."""
        taken, self.console = self.console, []
        return taken

    def take_failures(self) -> list[Failure]:
        """Failed requests since the last call."""
        taken, self.failures = self.failures, []
        return taken
