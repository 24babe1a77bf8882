"""Plan messages whose meaning is known, and count what was understood."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

from inference.planning.check import check_plan
from synergy.core.capabilities import capabilities
from synergy.core.types import Plan
from tests.inference.messages.writer import Written


@dataclass
class Judged:
    """What became of some messages."""

    written: list[Written] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  #: plans that are not whole
    missed: list[str] = field(default_factory=list)  #: clear words that no capability of the plan answers
    extra: list[str] = field(default_factory=list)  #: capabilities that nobody asked for
    unkept: list[str] = field(default_factory=list)  #: things that were named and are not kept
    stray: list[str] = field(default_factory=list)  #: things that are kept and that nothing asks for
    found: int = 0
    things: int = 0
    milliseconds: list[float] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.found / (self.found + len(self.missed))

    @property
    def precision(self) -> float:
        return self.found / (self.found + len(self.extra))

    @property
    def strict(self) -> float:
        return self.things / (self.things + len(self.stray))

    @property
    def kept(self) -> float:
        return self.things / (self.things + len(self.unkept))

    def lines(self) -> list[str]:
        by_style = Counter(m.style for m in self.written)
        return [
            f"{len(self.written)} messages ({', '.join(f'{n} {s}' for s, n in by_style.items())}), {len(self.problems)} plans not whole",
            f"capabilities: recall {self.recall:.3f} ({self.found} of {self.found + len(self.missed)}), precision {self.precision:.3f}",
            f"things: recall {self.kept:.3f}, precision {self.strict:.3f}",
            f"milliseconds: median {median(self.milliseconds):.0f}, longest {max(self.milliseconds):.0f}",
        ]


def judge(written: Iterable[Written], plan_for: Callable[[str], Plan]) -> Judged:
    """Plan them all. Time is that of the processor or of the clock, whichever is less: others may be at work."""
    judged = Judged()
    for message in written:
        wall, own = time.perf_counter(), time.process_time()
        try:
            plan = plan_for(message.text)
        except Exception as error:  # noqa: BLE001  # every refusal of a clear message counts
            judged.problems.append(f"{message.number}: {type(error).__name__} {error}")
            continue
        judged.milliseconds.append(1000 * min(time.perf_counter() - wall, time.process_time() - own))
        judged.written.append(message)
        judged.problems += [f"{message.number}: {problem}" for problem in check_plan(plan)]
        _count(judged, message, plan)
    return judged


def _count(judged: Judged, message: Written, plan: Plan) -> None:
    used = {use.capability for use in plan.uses}
    asked = {w.capability for w in message.wanted}
    brought = {name for cap in used for name in capabilities()[cap].with_}
    for wanted in message.wanted:
        if wanted.capability in used:
            judged.found += 1
        else:
            judged.missed.append(
                f"{message.number} {message.style}: {wanted.capability} by “{wanted.words}”, found {sorted(used)}"
            )
    evidence = {use.capability: use.evidence for use in plan.uses}
    judged.extra += [f"{message.number} {message.style}: {name} by “{evidence[name]}”" for name in sorted(used - asked - brought)]
    used_by = {name for use in plan.uses for name in (use.entity, *use.parts.values())}
    referred = {f.target for entity in plan.entities for f in entity.fields}
    expected = ("article",) if "blog" in message.text.lower() else ()
    judged.stray += [
        f"{message.number} {message.style}: {entity.label_plural}"
        for entity in plan.entities
        if entity.archetype not in (*message.kept, *expected) and entity.name not in used_by | referred
    ]
    known = {entity.archetype for entity in plan.entities}
    for name in message.kept:
        if name in known or _answered(name, plan):
            judged.things += 1
        else:
            judged.unkept.append(f"{message.number} {message.style}: {name}, kept {sorted(map(str, known))}")


def _answered(archetype: str, plan: Plan) -> bool:
    """What some capabilities keep by themselves needs no entity: orders of a cart, polls of a vote."""
    return any(archetype in (capabilities()[use.capability].on or _NOTHING).archetypes for use in plan.uses if use.entity is None)


class _NOTHING:
    archetypes: tuple[str, ...] = ()
