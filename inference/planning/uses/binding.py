"""Claims become bindings: which entity a capability is put to work on, which others it needs, which of its options were named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from inference.planning.archetypes import archetypes
from inference.planning.asks import Ask
from inference.planning.things import MOST, Found, Thing
from inference.planning.uses.claims import Claims
from inference.planning.uses.texts import is_noun
from synergy.core.capabilities import Capability, Part, capabilities

PREFERRED, FAMILY, ANY = range(3)  #: how well an entity fits, best first


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
        for ask, claim in sorted(clear, key=lambda pair: self._named(pair[0], pair[1].capability) is None):
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
            thing = self._named(ask, capability)
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
        names = (
            n for n in part.archetypes for t in self.found.things if t.archetype and t.archetype.name == n and t not in taken
        )
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

    def _named(self, ask: Ask, capability: Capability) -> Thing | None:
        """What the wish itself names and the capability is for."""
        named = [self.found.meant.get(phrase) for phrase in (ask.thing, *ask.others, *ask.details) if phrase]
        return next((t for t in named if t and rank(capability, t) is not None), None)

    def _other(self, ask: Ask, capability: Capability) -> Thing | None:
        """What the neighbours name, else what the capability is for above all, else what joins the plan for it."""
        on, near = capability.on, self._near(ask, capability)
        if on is None:
            return None
        ranked = [(rank(capability, t), t) for t in self.found.things if not t.needed_by]
        fitting = [t for r, t in sorted(((r, t) for r, t in ranked if r is not None and r <= FAMILY), key=lambda pair: pair[0])]
        close = [t for t in near if rank(capability, t) != ANY]
        first = next((t for t in (*close, *fitting, *near) if not self._own_object(ask, capability) or t not in near), None)
        first = first or next(iter(fitting), None)
        if first is None and on.add:
            return self._added(on.add, capability)
        return first or next((t for t in self.found.things if on.any and not _is_people(t)), None)

    def _own_object(self, ask: Ask, capability: Capability) -> bool:
        """Whether the wish names what it is about, and that is nothing the application keeps: "apply for *programs*"."""
        return (
            bool(ask.thing)
            and ask.direct
            and bool(ask.verb)
            and ask.thing not in self.found.meant
            and not is_noun(capability, ask.thing)
        )

    def _near(self, ask: Ask, capability: Capability) -> list[Thing]:
        """What the other wishes of the sentence name and the capability is for, what it is for above all first."""
        same = [other for other in self.asks if other.sentence == ask.sentence]
        place = next((i for i, other in enumerate(same) if other is ask or other.text == ask.text), 0)
        near = sorted((o for o in same if o is not ask and not o.head), key=lambda o: abs(same.index(o) - place))
        things = [t for o in near if (t := self._named(o, capability))]
        return sorted(things, key=lambda t: rank(capability, t) != PREFERRED)

    # --- what comes along ---------------------------------------------------------------------------------------------------

    def _along(self) -> None:
        for binding in self.bindings:  # grows while it is read: what comes along may bring more
            for name in binding.capability.with_:
                capability = capabilities().get(name)
                if capability is None or any(b.capability is capability for b in self.bindings):
                    continue
                on, thing = capability.on, binding.thing
                if on is not None and (thing is None or rank(capability, thing) is None):
                    thing = self._other(Ask(text="", sentence=-1), capability)
                made = self._new(capability, thing if on is not None else None)
                if made is not None:
                    made.along = binding.capability.title


def rank(capability: Capability, thing: Thing) -> int | None:
    """How well the capability can be put to work on ``thing``; None when it cannot. A part of it is not its entity."""
    on, known = capability.on, thing.archetype
    if on is None or (known is not None and any(known.name in part.archetypes for part in on.parts.values())):
        return None
    if known is not None and known.name in on.archetypes:
        return PREFERRED
    if (known.family if known else "things") in on.families:
        return FAMILY
    return ANY if on.any else None


def _is_people(thing: Thing) -> bool:
    return thing.archetype is not None and thing.archetype.family == "people"
