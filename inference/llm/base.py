"""What the parts of the model path tell each other: which model, what was asked, what came back, and how it went wrong.

Errors (all end with the blueprint's own way of doing it, never with a failed run):

ServiceDown
├── Declined       the provider did not take the request: it costs nothing
│   └── Unusable   and will not, however often it is asked: no credit, a wrong key, an unknown model
└── Unsure         the answer did not come, or not whole: it may have been charged
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from synergy.core.errors import Declined, ServiceDown

MOST_BYTES = 2_000_000  #: of an answer
LOOK = 0.1  #: seconds between two looks at whether the run was cancelled

__all__ = ["LOOK", "MOST_BYTES", "Declined", "Provider", "Reply", "Unsure", "Unusable", "provider"]


class Unsure(ServiceDown):
    """The answer did not come, or not whole: it may have been charged."""


class Unusable(Declined):
    """The provider will not take this request, however often it is asked."""


@dataclass(frozen=True)
class Provider:
    """An OpenAI-compatible endpoint and the models used there. ``fallback`` is cheaper, and asked where ``model`` fails."""

    url: str
    key: str
    model: str
    fallback: str
    rate: int  #: calls a minute
    concurrency: int  #: calls at a time, of all workers together
    deadline: float = 90.0  #: seconds that one answer may take in all, however slowly it drips

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.model, self.fallback)))


def provider() -> Provider | None:
    """The provider that the environment names; None without a key: then everything is built from blueprints."""
    given: Mapping[str, Any] = settings.MODELS
    return Provider(**given) if given["key"] else None


@dataclass(frozen=True)
class Reply:
    """A whole answer. ``cost_usd``: as the provider says; None when it does not."""

    text: str
    model: str
    finish: str  #: stop, length, content_filter …
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
