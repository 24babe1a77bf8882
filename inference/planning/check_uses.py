"""Are the uses of a plan whole? Names, what they refer to, and that all they bring is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from synergy.core.capabilities import Capability, capabilities
from synergy.core.types import PageKind, Plan, Use

NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


def check_uses(plan: Plan) -> Iterator[str]:
    """What is wrong with the uses of ``plan``, in words."""
    taken = {word for e in plan.entities for word in (e.table, e.slug, e.slug.replace("-", "_"))}
    counts = Counter(use.name for use in plan.uses)
    yield from (f"use {name!r} is there {n} times" for name, n in counts.items() if n > 1)
    for use in plan.uses:
        if not NAME.fullmatch(use.name) or use.slug != use.name.replace("_", "-"):
            yield f"use {use.name}/{use.slug} has no safe name"
        if use.name in taken or use.slug in taken:
            yield f"use {use.name!r} is called like an entity"
        capability = capabilities().get(use.capability)
        if capability is None:
            yield f"use {use.name} is of {use.capability!r}, which is not there"
            continue
        yield from _bound(plan, use, capability)
        yield from _brought(plan, use, capability)
    yield from _strays(plan)


def _bound(plan: Plan, use: Use, capability: Capability) -> Iterator[str]:
    """Entity, parts and fields."""
    entities = {e.name: e for e in plan.entities}
    on = capability.on
    if (use.entity is None) != (on is None) or (use.entity is not None and use.entity not in entities):
        yield f"use {use.name} is put to work on {use.entity!r}"
        return
    if on is None or use.entity is None:
        return
    for role, part in on.parts.items():
        if role not in use.parts and not part.optional:
            yield f"use {use.name} has no {role}"
    yield from (
        f"use {use.name}: {role} is {name!r}, which is not there" for role, name in use.parts.items() if name not in entities
    )
    kinds = {f.name: f.kind for f in entities[use.entity].fields}
    for role, need in on.fields.items():
        name = use.fields.get(role)
        if name is None and not need.optional:
            yield f"use {use.name} has no field for {role}"
        elif name is not None and kinds.get(name) not in need.kinds:
            yield f"use {use.name}: {name!r} cannot be its {role}"


def _brought(plan: Plan, use: Use, capability: Capability) -> Iterator[str]:
    features = {f.id for f in plan.features if f.use == use.name}
    always = {f"{use.slug}.{f.id}" for f in capability.feature if not f.referred}
    if not always <= features <= always | {f"{use.slug}.{f.id}" for f in capability.feature}:
        yield f"use {use.name} has the features {sorted(features)}"
    for what, found, wanted in (
        ("pages", sum(p.use == use.name for p in plan.pages), len(capability.page)),
        ("endpoints", sum(p.use == use.name for p in plan.endpoints), len(capability.endpoint)),
    ):
        if found != wanted:
            yield f"use {use.name} has {found} of {wanted} {what}"


def _strays(plan: Plan) -> Iterator[str]:
    """What says that a use brings it, and no use does."""
    names = {use.name for use in plan.uses}
    bringing = (*(p.use for p in plan.pages), *(f.use for f in plan.features), *(e.use for e in plan.endpoints))
    yield from (f"{name!r} brings something and is no use of this plan" for name in sorted({u for u in bringing if u} - names))
    for page in plan.pages:
        if (page.kind is PageKind.FEATURE) != (page.use is not None):
            yield f"page {page.slug}: {page.kind} and use {page.use!r} do not go together"
