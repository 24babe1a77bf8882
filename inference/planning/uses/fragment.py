"""Uses with names that are theirs alone, and what they add to a plan: pages, features, endpoints."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from inference.planning.names import BROWSER, FRAMEWORK, LENGTH, PYTHON, SCRIPT, SLUGS, SQL, TABLES, snake
from inference.planning.surface import Access
from inference.planning.uses.binding import Binding
from synergy.core.capabilities import Access as Who
from synergy.core.capabilities import Capability, Words, capability
from synergy.core.types import Endpoint, Entity, Feature, Kind, Page, PageKind, Use

RESERVED = PYTHON | SCRIPT | SQL | FRAMEWORK | BROWSER | TABLES | SLUGS
OWN = "site"  #: before the name of a use of the application as a whole that is taken


@dataclass
class Fragment:
    """What uses add to a plan."""

    uses: list[Use] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    features: list[Feature] = field(default_factory=list)
    endpoints: list[Endpoint] = field(default_factory=list)


def literal_slugs(bindings: Iterable[Binding]) -> set[str]:
    """First parts of addresses that capabilities have for themselves: "/cart" → cart. No entity may get them as its slug."""
    paths = [
        path.removeprefix("/api/").strip("/").partition("/")[0]
        for b in bindings
        for path in (*(p.path for p in b.capability.page), *(e.path for e in b.capability.endpoint))
    ]
    return {part for part in paths if part and "{" not in part}


def make_fragment(
    bindings: Sequence[Binding],
    entities: Mapping[int, Entity],
    access: Access,
    closed: Collection[str],
    pages: Sequence[Page],
    endpoints: Sequence[Endpoint],
) -> tuple[Fragment, list[tuple[Binding, Use]]]:
    """(what is added to the plan, each binding with its use). ``entities``: id(thing) → entity; ``pages`` and ``endpoints``
    are those that are there already: a use whose addresses are taken is left out and its binding marked as broken."""
    maker = _Maker(entities, access, closed, pages, endpoints)
    pairs = [(b, use) for b in bindings if not b.broken and (use := maker.add(b)) is not None]
    maker.fragment.features = [maker.linked(f) for f in maker.fragment.features]
    return maker.fragment, pairs


def refill(
    uses: Iterable[Use],
    entities: Sequence[Entity],
    access: Access,
    closed: Collection[str],
    pages: Sequence[Page],
    endpoints: Sequence[Endpoint],
) -> Fragment:
    """What uses that have their names already add to a plan with these entities; without those whose addresses are taken."""
    maker = _Maker({id(entity): entity for entity in entities}, access, closed, pages, endpoints)
    for use in uses:
        maker.bring(capability(use.capability), use)
    maker.fragment.features = [maker.linked(f) for f in maker.fragment.features]
    return maker.fragment


class _Maker:
    def __init__(
        self,
        entities: Mapping[int, Entity],
        access: Access,
        closed: Collection[str],
        pages: Sequence[Page],
        endpoints: Sequence[Endpoint],
    ) -> None:
        self.entities, self.access, self.closed = entities, access, closed
        self.plan_entities = tuple(entities.values())
        self.fragment = Fragment()
        self.page_slugs, self.paths = {p.slug for p in pages}, {p.path for p in pages}
        self.operations = {e.operation for e in endpoints}
        self.addresses = {(e.method, e.path) for e in endpoints}

    def add(self, binding: Binding) -> Use | None:
        """The use of ``binding``, with what it brings; None when its addresses are taken."""
        on, entity = binding.capability.on, self.entities.get(id(binding.thing))
        if on is not None and on.shared and entity is not None and entity.owned == "private":
            binding.broken = "others do not see these records"
            return None
        if on is not None and on.apart and entity is not None and (reason := self._open(entity)):
            binding.broken = reason
            return None
        use = self._use(binding)
        if not self.bring(binding.capability, use):
            binding.broken = "another page has its address"
            return None
        return use

    def _open(self, entity: Entity) -> str:
        """Why strangers cannot hand in such a record."""
        if entity.owned != "private":
            return "everybody would see these records"
        seen = {e.name for e in self.plan_entities if self.access == "public_read" and e.name not in self.closed}
        hidden = [f for f in entity.fields if f.kind is Kind.REF and f.required and f.target not in seen]
        return f"visitors cannot see the {hidden[0].label.lower()} that such a record must have" if hidden else ""

    def bring(self, capability: Capability, use: Use) -> bool:
        """Add what ``use`` brings; False when its addresses are taken."""
        words = Words(self.plan_entities, use)
        pages = [self._page(capability, i, words, use) for i in range(len(capability.page))]
        endpoints = [self._endpoint(capability, i, words, use) for i in range(len(capability.endpoint))]
        if not self._free(pages, endpoints):
            return False
        self.page_slugs |= {p.slug for p in pages}
        self.paths |= {p.path for p in pages}
        self.operations |= {e.operation for e in endpoints}
        self.addresses |= {(e.method, e.path) for e in endpoints}
        self.fragment.uses.append(use)
        self.fragment.pages += pages
        self.fragment.endpoints += endpoints
        self.fragment.features += [
            Feature(
                id=f"{use.slug}.{f.id}",
                label=words.fill(f.label),
                pages=tuple(words.fill(slug) for slug in f.pages),
                use=use.name,
                api=f.api,
            )
            for f in capability.feature
            if not f.referred or self._referred(use)
        ]
        return True

    def _referred(self, use: Use) -> bool:
        """Whether records of another kind refer to the entity of ``use``."""
        return any(f.target == use.entity for e in self.plan_entities if e.name != use.entity for f in e.fields)

    def linked(self, feature: Feature) -> Feature:
        """Without pages that this plan does not have: a private application has no home page."""
        return feature.model_copy(update={"pages": tuple(slug for slug in feature.pages if slug in self.page_slugs)})

    def _free(self, pages: Sequence[Page], endpoints: Sequence[Endpoint]) -> bool:
        own = {p.slug for p in pages} & self.page_slugs or {p.path for p in pages} & self.paths
        served = {e.operation for e in endpoints} & self.operations or {(e.method, e.path) for e in endpoints} & self.addresses
        return not (own or served)

    # --- names ------------------------------------------------------------------------------------------------------------

    def _use(self, binding: Binding) -> Use:
        entity = self.entities.get(id(binding.thing))
        name = self._name(binding.capability.name.replace("-", "_"), entity)
        return Use(
            capability=binding.capability.name,
            name=name,
            slug=name.replace("_", "-"),
            entity=entity.name if entity else None,
            parts={role: self.entities[id(thing)].name for role, thing in binding.parts.items()},
            fields=binding.fields,
            options=dict(binding.options),
            evidence=binding.asks[0].text if binding.asks else "",
        )

    def _name(self, capability: str, entity: Entity | None) -> str:
        """``tools_reviews``; for the application as a whole the capability's own name, unless that is taken."""
        front = snake(entity.table)[: max(LENGTH - len(capability) - 1, 8)].strip("_") if entity else ""
        tries = [f"{front}_{capability}"] if front else [capability, f"{OWN}_{capability}"]
        tries += [f"{tries[-1]}_{number}" for number in range(2, 50)]
        return next(name for name in tries if self._is_free(name))

    def _is_free(self, name: str) -> bool:
        joined = name.replace("_", "")
        taken = {n for e in self.plan_entities for n in (e.table, e.slug.replace("-", "_"), e.name.lower())}
        used = {use.name for use in self.fragment.uses}
        return name not in RESERVED | taken | used and joined not in taken

    # --- pages and endpoints --------------------------------------------------------------------------------------------------

    def _page(self, capability: Capability, number: int, words: Words, use: Use) -> Page:
        draft = capability.page[number]
        path = words.fill(draft.path)
        return Page(
            slug=words.fill(draft.slug),
            path=path,
            sample=words.fill(draft.sample) if draft.sample else path,
            title=words.fill(draft.title),
            kind=PageKind.FEATURE,
            public=self._public(draft.access, use),
            use=use.name,
        )

    def _endpoint(self, capability: Capability, number: int, words: Words, use: Use) -> Endpoint:
        draft = capability.endpoint[number]
        return Endpoint(
            method=draft.method,
            path=words.fill(draft.path),
            operation=words.fill(draft.operation),
            auth=not self._public(draft.access, use),
            use=use.name,
        )

    def _public(self, who: Who, use: Use) -> bool:
        if who == "as_list":
            return self.access == "public_read" and use.entity not in self.closed
        return who == "public" or (who == "as_site" and self.access == "public_read")
