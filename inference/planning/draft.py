"""A plan while it is being changed: its parts can be replaced, and what hangs on them is worked out anew at the end."""

from __future__ import annotations

from collections.abc import Iterable

from inference.planning import surface
from inference.planning.archetypes import archetypes
from inference.planning.ledger import Answer
from inference.planning.surface import Access, inner
from inference.planning.uses.fragment import refill
from synergy.core.errors import BadInput
from synergy.core.types import Clause, Entity, Kind, Page, Plan, PlanField, Role, Use

Answered = tuple[str, Answer]  #: the words of a wish, and what becomes of it
CONTRADICTION = "The change contradicts itself: it {one} and it {other}."


class Draft:
    """``plan`` is the one before; everything else is as it is to be."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.entities: dict[str, Entity] = {e.name: e for e in plan.entities}
        self.roles: tuple[Role, ...] = plan.roles
        self.uses: tuple[Use, ...] = plan.uses
        self.access: Access = plan.access
        self.title = plan.title
        self.tokens = plan.tokens
        self.answered: list[Answered] = []
        self.painted: dict[str, tuple[str, str]] = {}  #: part of the design → (words, colour), when this change paints
        self.repainted: set[str] = set()  #: roles of colours that have another one now
        self._done: dict[tuple[str, str], tuple[str, str]] = {}  #: what (thing, part) was done → (kind, words)
        self._closed = {e.name for e in plan.entities if plan.access == "public_read" and not _seen(plan, e)}

    # --- what was done -------------------------------------------------------------------------------------------------

    def answer(self, text: str, *features: str, reason: str = "") -> None:
        self.answered.append((text, Answer(features, reason)))

    def did(self, kind: str, thing: str, words: str, part: str = "") -> None:
        """Remember what is done with a thing (or a part of it); BadInput when the same message did something else with it."""
        for known, (before, said) in self._done.items():
            same = known == (thing, part)
            gone = known[0] == thing and "remove" in (kind, before) and (not part or not known[1]) and kind != before
            if (same and (before, said) != (kind, words)) or gone:
                raise BadInput(CONTRADICTION.format(one=said, other=words), hint="Say which of both you want.")
        self._done[thing, part] = kind, words

    def check_contradictions(self) -> None:
        """BadInput when what was taken away is back."""
        for (thing, part), (kind, said) in self._done.items():
            back = thing in self.entities and not part
            if kind == "remove" and back and thing in {e.name for e in self.plan.entities}:
                raise BadInput(CONTRADICTION.format(one=said, other="needs them"), hint="Say which of both you want.")
        if not self.entities:
            raise BadInput("Nothing would be left to keep.", hint="Name what the project is to keep instead.")

    def outdated(self, clause: Clause) -> bool:
        """Whether an earlier clause is about something that this change decided anew."""
        access = self.access != self.plan.access and clause.features[:1] in (("home.page",), ("auth.login",))
        assumed_access = access and clause.reason.startswith("Assumed: it reads like")
        colours = bool(self.repainted) and "design.colors" in clause.features and self._all_repainted(clause)
        return assumed_access or colours

    def still(self, clause: Clause) -> Clause:
        """An earlier clause as it is now: of two colours that it names, one may have given way."""
        gone = [self.plan.tokens.asked[role] for role in self._named_in(clause) if role in self.repainted]
        if not gone:
            return clause
        reason = f"Assumed: a later change gave another colour than {' and '.join(gone)}."
        return clause.model_copy(update={"reason": reason})

    def _all_repainted(self, clause: Clause) -> bool:
        if clause.reason.startswith("Assumed: no colours"):
            return True
        asked = self._named_in(clause)
        return bool(asked) and set(asked) <= self.repainted

    def _named_in(self, clause: Clause) -> list[str]:
        """The parts of the design that an earlier clause gives a colour."""
        if clause.features != ("design.colors",):
            return []
        return [role for role, words in self.plan.tokens.asked.items() if words.lower() in clause.text.lower()]

    # --- changing ------------------------------------------------------------------------------------------------------

    def put(self, entity: Entity) -> None:
        self.entities[entity.name] = entity

    def with_field(self, entity: Entity, old: PlanField, new: PlanField) -> None:
        self.put(entity.model_copy(update={"fields": tuple(new if f.name == old.name else f for f in entity.fields)}))

    def drop_uses(self, gone: set[str]) -> None:
        """Take capabilities away."""
        self.uses = tuple(u for u in self.uses if u.name not in gone)

    # --- the plan ------------------------------------------------------------------------------------------------------

    def finished(self) -> Plan:
        """The plan, its clauses aside. Parts that nobody touched are the very same."""
        entities = ordered(self.entities.values())
        closed = [e.name for e in entities if self._is_closed(e)]
        if len(closed) == len(entities):  # a site on which visitors see nothing
            self.access, closed = "private", []
        pages = surface.pages(entities, self.access, self.title, closed)
        endpoints = surface.endpoints(entities, self.access, closed)
        brought = refill(self.uses, entities, self.access, closed, pages, endpoints)
        features = (*surface.features(entities, self.access), *brought.features)
        label = "Roles: " + ", ".join(role.label for role in self.roles)
        return self.plan.model_copy(
            update={
                "name": self.title,
                "title": self.title,
                "summary": self._summary(entities),
                "access": self.access,
                "entities": entities,
                "roles": self.roles,
                "pages": (*pages, *brought.pages),
                "features": tuple(f.model_copy(update={"label": label}) if f.id == "auth.roles" else f for f in features),
                "endpoints": (*endpoints, *brought.endpoints),
                "tokens": self.tokens,
                "uses": tuple(brought.uses),
            }
        )

    def _is_closed(self, e: Entity) -> bool:
        """Whether visitors of a public site do not see it: as before, else when it tells something about people."""
        if self.access == "private":
            return False
        if self.plan.access == "public_read" and e.name in {known.name for known in self.plan.entities}:
            return e.name in self._closed
        if e.owned == "private":
            return True
        archetype = archetypes().get(e.archetype or "")
        if archetype is not None:
            return archetype.personal or archetype.confidential
        return any(f.kind in (Kind.EMAIL, Kind.PHONE) for f in e.fields)

    def _summary(self, entities: tuple[Entity, ...]) -> str:
        """The sentence about what is kept; as it was when that is as it was."""

        def labels(of: tuple[Entity, ...]) -> list[str]:
            return [e.label_plural for e in of]

        if labels(entities) == labels(self.plan.entities) and self.access == self.plan.access:
            return self.plan.summary
        names = [inner(label) for label in labels(entities)][:5]
        listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
        return f"Browse {listed}." if self.access == "public_read" else f"{listed[:1].upper()}{listed[1:]} in one place."


def _seen(plan: Plan, entity: Entity) -> bool:
    return any(_is_list(page, entity) and page.public for page in plan.pages)


def _is_list(page: Page, entity: Entity) -> bool:
    return page.entity == entity.name and page.slug == f"{entity.slug}-list"


def ordered(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """In the given order, but what is pointed to before what points to it."""
    given = {e.name: e for e in entities}
    done: dict[str, Entity] = {}

    def place(entity: Entity) -> None:
        if entity.name in done:
            return
        for f in entity.fields:
            if f.kind is Kind.REF and f.target in given and f.target != entity.name:
                place(given[f.target])
        done[entity.name] = entity

    for entity in given.values():
        place(entity)
    return tuple(done.values())
