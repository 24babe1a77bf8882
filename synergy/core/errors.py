"""Every error Synergy raises on purpose.

SynergyError
├── BadInput            the request cannot be served as it is; the message says what to do     (HTTP 400, exit 2)
├── PermanentError      trying again cannot help
│   ├── NotBuildable    no blueprint, or the message is outside what Synergy builds
│   ├── UnsafePath      a file name that would leave its folder
│   ├── OverBudget      a limit in money, tokens or time is in the way
│   │   └── BudgetSpent all that a run may cost is spent: it rests until a person raises the limit
│   ├── ApprovalNeeded  an error budget is spent: the run rests until a person approves its delivery
│   └── Cancelled       a person cancelled the run
└── TransientError      worth another try after 10, 20, 40 s (``retry_after`` overrides, in seconds)
    ├── ServiceDown     database, broker, provider or browser did not answer
    │   └── Declined    the provider did not take the request: it costs nothing
    └── SandboxError    the sandbox itself failed, not the code inside it
"""

from __future__ import annotations


class SynergyError(Exception):
    """Something went wrong."""

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.hint = hint  #: what the person can do about it
        super().__init__(f"{self.message} {hint}".strip())


class BadInput(SynergyError):
    """The request cannot be served as it is."""


class PermanentError(SynergyError):
    """Trying again cannot help."""


class NotBuildable(PermanentError):
    """Synergy has no blueprint for this."""


class UnsafePath(PermanentError):
    """The file name is not allowed."""


class OverBudget(PermanentError):
    """A limit is in the way."""


class BudgetSpent(OverBudget):
    """All that a run may cost is spent."""


class ApprovalNeeded(PermanentError):
    """A person has to approve it."""


class Cancelled(PermanentError):
    """The run was cancelled."""


class TransientError(SynergyError):
    """Worth another try."""

    def __init__(self, message: str = "", *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class ServiceDown(TransientError):
    """A service did not answer."""


class Declined(ServiceDown):
    """The provider did not take the request: it costs nothing."""


class SandboxError(TransientError):
    """The sandbox could not be started."""
