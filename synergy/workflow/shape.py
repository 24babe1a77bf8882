"""What a pipeline is: levels of steps. Every step of a level needs the whole level before it.

Steps name their function by its dotted path, so that only the worker that runs a step imports what it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from synergy.core.errors import BadInput
from synergy.core.types import Value

#: Values that the workflow itself hands to a step, beside those that earlier steps wrote
GIVEN = ("agent", "base", "cost_usd", "message", "rerender", "run_id", "seconds")


@dataclass(frozen=True)
class StepSpec:
    """``function(bench, *reads) -> result``."""

    name: str
    function: str  #: dotted path of a plain function
    reads: str  #: names of the values it takes, in order, separated by spaces
    result: type[Value]
    gives: str = ""  #: the value's name, the step's own when empty; given by several steps, it is read as a tuple
    queue: str = "agents"
    seconds: float = 600.0  #: one attempt may take

    @property
    def value(self) -> str:
        return self.gives or self.name

    @property
    def wants(self) -> tuple[str, ...]:
        return tuple(self.reads.split())

    def load(self) -> Callable[..., Any]:
        return import_string(self.function)  # type: ignore[no-any-return]


class Shape:
    """A pipeline: its steps in order, and who comes after whom."""

    def __init__(self, name: str, version: int, *levels: tuple[StepSpec, ...]) -> None:
        self.engine = f"{name}/{version}"  #: recorded with every run: only this pipeline in this version may go on with it
        self.levels = levels
        self._level = {spec.name: index for index, level in enumerate(levels) for spec in level}
        self._specs = {spec.name: spec for spec in self}
        self._writers: dict[str, tuple[str, ...]] = {}
        for spec in self:
            self._writers[spec.value] = (*self._writers.get(spec.value, ()), spec.name)
        self._sources = {spec.name: [step for value in spec.wants for step in self.writers(value, spec.name)] for spec in self}

    def __iter__(self) -> Iterator[StepSpec]:
        return (spec for level in self.levels for spec in level)

    def spec(self, name: str) -> StepSpec:
        """The step called ``name``; BadInput when there is none."""
        try:
            return self._specs[name]
        except KeyError:
            raise BadInput(f"There is no step {name!r}.", hint=f"Steps: {', '.join(self._specs)}.") from None

    def siblings(self, name: str) -> tuple[str, ...]:
        """All steps of the level of ``name``, itself included."""
        return tuple(spec.name for spec in self.levels[self._level[name]])

    def just_before(self, name: str) -> tuple[StepSpec, ...]:
        """The level that must be done before ``name`` may start."""
        level = self._level[name]
        return self.levels[level - 1] if level else ()

    def before(self, name: str) -> tuple[str, ...]:
        """All steps of all levels before ``name``."""
        return tuple(spec.name for level in self.levels[: self._level[name]] for spec in level)

    def after(self, name: str) -> tuple[StepSpec, ...]:
        """The steps that become ready when the level of ``name`` is done."""
        following = self._level[name] + 1
        return self.levels[following] if following < len(self.levels) else ()

    def need(self, name: str) -> int:
        """How many steps must be done before ``name`` may start."""
        return len(self.just_before(name))

    def sources(self, name: str) -> list[str]:
        """The steps whose results ``name`` reads."""
        return self._sources[self.spec(name).name]

    def writers(self, value: str, reader: str) -> tuple[str, ...]:
        """The steps before ``reader`` that give ``value``."""
        earlier = self.before(reader)
        return tuple(step for step in self._writers.get(value, ()) if step in earlier)


@cache
def _load(module: str) -> Shape:
    shape = import_module(module).PIPELINE
    assert isinstance(shape, Shape)
    return shape


def shape() -> Shape:
    """The pipeline this process works by."""
    return _load(settings.SYNERGY_PIPELINE)
