"""The service levels from ``slos.toml``, with what the environment overrides."""

from __future__ import annotations

import operator
import tomllib
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Literal

from pydantic import Field

from synergy.core.errors import BadInput
from synergy.core.types import Value
from synergy.env import env_str

FILE = Path(__file__).with_name("slos.toml")
Comparison = Literal["<", "<=", ">", ">=", "=="]
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


class Level(Value):
    """One gate's service level. ``limits`` holds the numbers its measurement needs beside the threshold."""

    title: str
    comparison: Comparison
    threshold: float
    unit: str
    limits: dict[str, float] = Field(default_factory=dict)

    def kept(self, value: float | None) -> bool:
        """Whether ``value`` keeps the level; what was not measured (None, or not a number) does not."""
        return value is not None and COMPARE[self.comparison](value, self.threshold)  # NaN compares false with everything


def written(file: Path = FILE) -> dict[str, Level]:
    """All service levels by gate, in the order of the file and as it has them."""
    known = {"title", "comparison", "threshold", "unit"}
    return {
        name: Level(
            **{key: value for key, value in table.items() if key in known},
            limits={key: value for key, value in table.items() if key not in known},
        )
        for name, table in tomllib.loads(file.read_text()).items()
    }


def levels() -> dict[str, Level]:
    """All service levels that runs are held to: ``SYNERGY_SLO_<NAME>`` overrides the threshold of gate <name>."""
    return {
        name: level.model_copy(update={"threshold": _threshold(f"SYNERGY_SLO_{name.upper()}", level.threshold)})
        for name, level in written().items()
    }


def _threshold(variable: str, default: float) -> float:
    """The number in ``variable`` or ``default``; BadInput when it is no number, for a gate must not fall back in silence."""
    text = env_str(variable)
    try:
        value = float(text) if text else float(default)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise BadInput(f"{variable}={text!r} is not a number.")
    return value
