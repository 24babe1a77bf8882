"""Claims become bindings: which entity a capability is put to work on, which others it needs, which of its options were named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from inference.planning.archetypes import archetypes
from inference.planning.asks import Ask
from inference.planning.things import MOST, Found, Thing
from inference.planning.uses.claims import Claims
from synergy.core.capabilities import Capability, On, Part, capabilities


@dataclass
class Binding:
    """A use in the making."""

    capability: Capability
    thing: Thing | None  #: None: the application as a whole
    parts: dict[str, Thing] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)  #: role → name of a field of the thing
    asks: list[Ask] = field(default_factory=list)  #: what asked for it; empty when it came along with another
    along: str = ""  #: title of the capability it came along with
    broken: str = ""  #: why it cannot be put to work after all

    @property
    def options(self) -> dict[str, str]:
        """The value of each option that the words chose; the first value where none did."""
        text = " ".join(ask.text for ask in self.asks)
        return {name: _chosen(values, text) for name, values in self.capability.options.items()}


def _chosen(values: dict[str, str], text: str) -> str:
    named = (value for value, words in values.items() if words and re.search(rf"\b(?:{words})\b", text, re.I))
    return next(named, next(iter(values)))


def bind(asks: Sequence[Ask], claims: Claims, found: Found) -> tuple[list[Binding], dict[Ask, list[Binding]]]:
    """(uses in the making, the ones that answer each claimed wish). What is needed and not there joins ``found.things``."""
    binder = _Binder(asks, claims, found)
    return binder.run()


class _Binder:
    def __init__(self, asks: Sequence[Ask], claims: Claims, found: Found) -> None:
        self.asks, self.claims, self.found = asks, claims, found
        self.bindings: list[Binding] = []
        self.answered: dict[Ask, list[Binding]] = {}

    def run(self) -> tuple[list[Binding], dict[Ask, list[Binding]]]:
        clear = [(ask, c) for ask, found in self.claims.items() for c in found if c.clear]
        # Who names its entity goes first: "a leaderboard" is then that of the workouts whose leaderboard was spoken of.
        for ask, claim in sorted(clear, key=lambda pair: self._named(pair[0], pair[1].capability.on) is None):
            self._claim(ask, claim.capability)
        for ask, found in self.claims.items():
            for claim in found:
                same = [b for b in self.bindings if b.capability is claim.capability and not claim.clear]
                self.answered.setdefault(ask, []).extend(same[:1])
        self._along()
        return self.bindings, {ask: bindings for ask, bindings in self.answered.items() if bindings}

    # --- one claim --------------------------------------------------------------------------------------------------------

    def _claim(self, ask: Ask, capability: Capability) -> None:
        same = [b for b in self.bindings if b.capability is capability]
        if capability.on is None or (capability.exclusive and same):
            binding = same[0] if same else self._new(capability, None)
        else:
            thing = self._named(ask, capability.on)
            if thing is None and same:
                binding = same[0]
            else:
                thing = thing or self._other(ask, capability)
                binding = next((b for b in same if b.thing is thing), None) or self._new(capability, thing)
        if binding is not None:
            binding.asks.append(ask)
            self.answered.setdefault(ask, []).append(binding)

    def _new(self, capability: Capability, thing: Thing | None) -> Binding | None:
        """A binding with its parts; None when something that it cannot do without is not there."""
        if capability.on is not None and thing is None:
            return None
        binding = Binding(capability, thing)
        for role, part in (capability.on.parts if capability.on else {}).items():
            other = self._part(part, binding, capability)
            if other is not None:
                binding.parts[role] = other
            elif not part.optional:
                return None
        self.bindings.append(binding)
        return binding

    def _part(self, part: Part, binding: Binding, capability: Capability) -> Thing | None:
        taken = [binding.thing, *binding.parts.values()]
        names = (n for n in part.archetypes for t in self.found.things if t.archetype and t.archetype.name == n and t not in taken)
        name = next(names, None)
        if name is not None:
            return next(t for t in self.found.things if t.archetype and t.archetype.name == name and t not in taken)
        if part.optional:
            return None
        added = self._added(part.archetypes[0], capability)
        if added is not None and part.refers:
            added.about = binding.thing
        return added

    def _added(self, archetype: str, capability: Capability) -> Thing | None:
        if len(self.found.things) >= MOST or archetype not in archetypes():
            return None
        known = archetypes()[archetype]
        thing = Thing(known.label, known.plural, known, "", assumed=True, needed_by=capability.title)
        self.found.things.append(thing)
        return thing

    # --- which entity -------------------------------------------------------------------------------------------------------

    def _named(self, ask: Ask, on: On | None) -> Thing | None:
        """What the wish itself names and the capability is for."""
        named = [self.found.meant.get(phrase) for phrase in (ask.thing, *ask.others) if phrase]
        return next((t for t in named if t and on and fits(on, t)), None)

    def _other(self, ask: Ask, capability: Capability) -> Thing | None:
        """What the neighbours name, else what the capability is for above all, else what joins the plan for it."""
        on = capability.on
        if on is None:
            return None
        near = (t for other in self._neighbours(ask) if (t := self._named(other, on)))
        first = next(near, None) or next(self._preferred(on), None)
        if first is not None:
            return first
        if on.add:
            return self._added(on.add, capability)
        return next((t for t in self.found.things if on.any and not _is_people(t)), None)

    def _neighbours(self, ask: Ask) -> list[Ask]:
        """The other wishes of the sentence, the nearest first."""
        same = [other for other in self.asks if other.sentence == ask.sentence]
        place = next((i for i, other in enumerate(same) if other is ask or other.text == ask.text), 0)
        return sorted((o for o in same if o is not ask and not o.head), key=lambda o: abs(same.index(o) - place))

    def _preferred(self, on: On) -> Iterable[Thing]:
        for name in on.archetypes:
            yield from (t for t in self.found.things if t.archetype and t.archetype.name == name)
        yield from (t for t in self.found.things if t.archetype and t.archetype.family in on.families)
        yield from (t for t in self.found.things if t.archetype is None and _fits_unknown(on))

    # --- what comes along ---------------------------------------------------------------------------------------------------

    def _along(self) -> None:
        for binding in self.bindings:  # grows while it is read: what comes along may bring more
            for name in binding.capability.with_:
                capability = capabilities().get(name)
                if capability is None or any(b.capability is capability for b in self.bindings):
                    continue
                on, thing = capability.on, binding.thing
                if on is not None and (thing is None or not fits(on, thing)):
                    thing = next(iter(self._preferred(on)), None) or (self._added(on.add, capability) if on.add else None)
                made = self._new(capability, thing if on is not None else None)
                if made is not None:
                    made.along = binding.capability.title


def fits(on: On, thing: Thing) -> bool:
    """Whether the capability can be put to work on ``thing``."""
    if on.any:
        return True
    if thing.archetype is None:
        return _fits_unknown(on)
    return thing.archetype.name in on.archetypes or thing.archetype.family in on.families


def _fits_unknown(on: On) -> bool:
    """Whether it fits what is made from words alone: a thing like any other."""
    return on.any or "things" in on.families


def _is_people(thing: Thing) -> bool:
    return thing.archetype is not None and thing.archetype.family == "people"
