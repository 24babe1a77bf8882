"""Parts are files: a registry finds them by file name in one folder.

A part is a module with ``part = <object>``. ``base.py`` and names that start with "_" are not parts. Only the module that is
asked for is imported, so an unused SDK costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Generic, TypeVar, cast

from synergy.core.errors import BadInput

Part = TypeVar("Part")


class Registry(Generic[Part]):
    """The parts of one package, e.g. ``Registry[Gate]("slo.gates")``."""

    def __init__(self, package: str) -> None:
        self.package = package

    def names(self) -> list[str]:
        """Names of all parts, sorted."""
        spec = find_spec(self.package)
        folders = list(spec.submodule_search_locations or ()) if spec else []
        return sorted(m.name for m in iter_modules(folders) if m.name != "base" and not m.name.startswith("_"))

    def get(self, name: str) -> Part:
        """The part called ``name``; BadInput when there is none (so that user input cannot import anything else)."""
        if name not in self.names():
            raise BadInput(f"There is no {name!r} in {self.package}.", hint=f"Known: {', '.join(self.names())}.")
        return cast(Part, import_module(f"{self.package}.{name}").part)

    def all(self) -> dict[str, Part]:
        return {name: self.get(name) for name in self.names()}
