"""What a gate must do: take one number from the evidence of this run, or say that it could not be measured.

A gate is a file ``slo/gates/<name>.py`` with ``part = Gate(...)`` and a table ``[name]`` in ``slo/slos.toml``.
Not measured = failed: a gate returns a Measure without a value, and a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from slo.evidence import Evidence
from synergy.core.registry import Registry


@dataclass(frozen=True)
class Measure:
    """One number and where it comes from, in words. None = could not be measured."""

    value: float | None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """``evidence`` is the file in the delivery that holds the proof; ``limits`` is the gate's table in slos.toml."""

    evidence: str
    measure: Callable[[Evidence, Mapping[str, float]], Measure]


registry: Registry[Gate] = Registry("slo.gates")


def listed(words: list[str], most: int = 3) -> str:
    """The first words, and how many more there are: a reason must fit a line."""
    rest = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + rest
