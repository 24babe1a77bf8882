"""A message as it comes in."""

from __future__ import annotations

from inference.llm.base import provider
from inference.planning.clean import clean_message


def read_message(text: str) -> str:
    """``text``, cleaned. In another language than English it is taken where there is a model that can restate it.

    Raises BadInput: empty, too long, no text, or in a language that nobody here reads.
    """
    return clean_message(text, any_language=provider() is not None)
