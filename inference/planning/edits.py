"""What a change does to a plan that is there: take away, rename, give fields, open, close, roles. Each wish gets an answer."""

from __future__ import annotations

from inference.planning.archetypes import terms
from inference.planning.change import Giving, NewRole, Opening, Removal, Renaming
from inference.planning.draft import Draft
from inference.planning.fields import is_field, named_field
from inference.planning.inflection import is_plural, plural_phrase, singular_phrase
from inference.planning.labels import capital
from inference.planning.lexicon import lexicon
from inference.planning.missing import common_features, missing_part
from inference.planning.named import entity_named, field_named, means_all, owners, role_named, uses_named
from inference.planning.names import choice_value, columns
from inference.planning.roles import MOST, READERS, TRUSTED
from inference.planning.rows import made_up
from inference.planning.surface import inner
from synergy.core.types import Entity, Kind, Plan, PlanField, Role

CURRENCY = "EUR"
GONE = "Assumed: it is taken away; nothing tests that it is not there."


# --- taking away -------------------------------------------------------------------------------------------------------


def remove(draft: Draft, wish: Removal) -> None:
    for what in wish.what:
        text = wish.text if len(wish.what) == 1 else f"Take away {what}"
        if not (_remove_part(draft, text, what, wish.owner) or _remove_whole(draft, text, what)):
            draft.answer(text, reason=f"There is nothing called “{what}” that could be taken away.")


def _remove_whole(draft: Draft, text: str, what: str) -> bool:
    """A capability, a thing or a role."""
    plan = draft.plan
    uses, entity, role = uses_named(plan, what), entity_named(plan, what), role_named(plan, what)
    if entity is not None:
        return _remove_entity(draft, text, entity)
    if uses:
        for use in uses:
            draft.did("remove", use.name, f"takes away {what}")
        draft.drop_uses({use.name for use in uses})
        draft.answer(text, reason=GONE)
        return True
    if role is None:
        return False
    if role == plan.roles[-1] or len(draft.roles) <= 2:
        draft.answer(
            text, reason=f"The role {role.label} is needed: every project has an administrator and somebody who registers."
        )
    else:
        draft.did("remove", f"role {role.name}", f"takes away the role {role.label}")
        draft.roles = tuple(r for r in draft.roles if r.name != role.name)
        draft.answer(text, "auth.roles", reason=GONE)
    return True


def _remove_entity(draft: Draft, text: str, entity: Entity) -> bool:
    draft.did("remove", entity.name, f"takes away {inner(entity.label_plural)}")
    draft.entities.pop(entity.name, None)
    draft.drop_uses({u.name for u in draft.uses if entity.name in (u.entity, *u.parts.values())})
    kept = []
    for other in list(draft.entities.values()):
        for f in other.fields:
            if f.kind is Kind.REF and f.target == entity.name:
                draft.put(as_text(draft.entities[other.name], f, entity))
                kept.append(f"{other.label_plural} keep the {inner(f.label)} as text")
    draft.answer(text, reason=f"{GONE}{''.join(f' {words}.' for words in kept)}")
    return True


def as_text(entity: Entity, ref: PlanField, target: Entity) -> Entity:
    """The reference as a plain text: each row says what it pointed to."""
    titles = [str(row.get(target.display) or f"{target.label} {n}")[:120] for n, row in enumerate(target.seed, 1)]
    plain = ref.model_copy(update={"kind": Kind.STRING, "target": "", "max_length": 120, "unique": False})

    def said(value: object) -> str | None:
        known = isinstance(value, int) and 1 <= value <= len(titles)
        return titles[int(str(value)) - 1] if known else (None if not ref.required else f"{target.label}")

    rows = tuple({**row, ref.name: said(row.get(ref.name))} for row in entity.seed)
    fields = tuple(plain if f.name == ref.name else f for f in entity.fields)
    return entity.model_copy(update={"fields": fields, "seed": rows})


def _remove_part(draft: Draft, text: str, what: str, owner: str) -> bool:
    """A field, when its thing is named, or when only one thing has such a field and nothing else is called like it."""
    entity = entity_named(draft.plan, owner) if owner else None
    found = field_named(entity, what) if entity else None
    if entity is None and not owner and entity_named(draft.plan, what) is None:
        named = owners(draft.plan, what)
        entity, found = named[0] if len(named) == 1 else (None, None)
    if entity is None or found is None or entity.name not in draft.entities:
        return False
    draft.did("remove", entity.name, f"takes {inner(found.label)} from {inner(entity.label_plural)}", part=found.name)
    now = draft.entities[entity.name]
    if found.name == now.display or len(now.fields) == 1:
        reason = f"{entity.label_plural} are titled by their {inner(found.label)}, so it has to stay."
        draft.answer(text, reason=reason)
        return True
    update: dict[str, object] = {name: None for name in ("subtitle", "status") if getattr(now, name) == found.name}
    update |= {
        "fields": tuple(f for f in now.fields if f.name != found.name),
        "seed": tuple(_without(r, found.name) for r in now.seed),
    }
    draft.put(now.model_copy(update=update))
    draft.drop_uses({u.name for u in draft.uses if u.entity == entity.name and found.name in u.fields.values()})
    draft.answer(text, f"{entity.slug}.detail", f"{entity.slug}.edit", reason=GONE)
    return True


def _without(row: dict[str, str | int | float | bool | None], name: str) -> dict[str, str | int | float | bool | None]:
    return {key: value for key, value in row.items() if key != name}


# --- other names -------------------------------------------------------------------------------------------------------


def rename(draft: Draft, wish: Renaming) -> None:
    """The first reading whose thing is there. Addresses and what is stored keep their names: only what people read changes."""
    if not any(_renamed(draft, wish, what, to) for what, to in wish.pairs if what and to):
        what = wish.pairs[-1][0] if len(wish.pairs) == 1 else wish.text
        draft.answer(wish.text, reason=f"There is nothing called “{what}” that could get another name.")


def _renamed(draft: Draft, wish: Renaming, what: str, to: str) -> bool:
    plan = draft.plan
    owner = entity_named(plan, wish.owner) if wish.owner else None
    if owner is not None:
        found = field_named(owner, what)
        return found is not None and _rename_field(draft, wish.text, owner, found, to)
    if means_all(what):
        draft.did("rename", "title", f"calls the project {to}")
        draft.title = to[:60]
        draft.answer(wish.text, reason="Assumed: it is the title of every page; folder and package keep their name.")
        return True
    entity = entity_named(plan, what)
    if entity is not None:
        return _rename_entity(draft, wish.text, entity, to)
    named = owners(plan, what)
    if len(named) == 1:
        return _rename_field(draft, wish.text, *named[0], to)
    role = role_named(plan, what)
    if role is None:
        return False
    draft.did("rename", f"role {role.name}", f"calls the role {role.label} {to}")
    draft.roles = tuple(r.model_copy(update={"label": capital(to)}) if r.name == role.name else r for r in draft.roles)
    draft.answer(wish.text, "auth.roles")
    return True


def _rename_entity(draft: Draft, text: str, entity: Entity, to: str) -> bool:
    draft.did("rename", entity.name, f"calls {inner(entity.label_plural)} {to}")
    words = to.lower() if not to.isupper() else to
    one, many = capital(singular_phrase(words)), capital(words if is_plural(words.split()[-1]) else plural_phrase(words))
    now = draft.entities[entity.name].model_copy(update={"label": one, "label_plural": many})
    draft.put(now)
    for other in list(draft.entities.values()):
        for f in other.fields:
            if f.kind is Kind.REF and f.target == entity.name and f.label == entity.label:
                draft.with_field(draft.entities[other.name], f, f.model_copy(update={"label": one}))
    draft.answer(text, f"{entity.slug}.list", f"{entity.slug}.detail")
    return True


def _rename_field(draft: Draft, text: str, entity: Entity, found: PlanField, to: str) -> bool:
    draft.did("rename", entity.name, f"calls {inner(found.label)} {to}", part=found.name)
    now = draft.entities[entity.name]
    draft.with_field(now, now.field(found.name), found.model_copy(update={"label": capital(to)}))
    draft.answer(text, f"{entity.slug}.detail", f"{entity.slug}.edit")
    return True


# --- more fields -------------------------------------------------------------------------------------------------------


def give(draft: Draft, wish: Giving, *, only_look: bool = False) -> bool:
    """Fields for something that is there; False when things are named, not fields. ``only_look`` changes nothing."""
    entity = entity_named(draft.plan, wish.owner)
    if entity is None or not all(_is_field(draft.plan, name, sure=wish.sure) for name in wish.fields):
        return False
    if only_look:
        return True
    for name in wish.fields:
        text = wish.text if len(wish.fields) == 1 else f"{capital(name)} for {inner(entity.label_plural)}"
        _give(draft, text, entity, name)
    return True


def _is_field(plan: Plan, name: str, *, sure: bool) -> bool:
    """A usual field, something that is kept (a reference to it), or one of a kind nobody knows; not "reviews"."""
    phrase = tuple(name.split())
    if not phrase or len(phrase) > 4:
        return False
    if is_plural(phrase[-1]) and not is_field(phrase):
        return False
    refers = entity_named(plan, name) is not None and not is_plural(phrase[-1])
    known = lexicon()
    does = common_features(name) or missing_part(name) or phrase[-1] in known.application | known.telling | known.generic
    unknown = sure and not does and " ".join(phrase) not in terms() and not known.verb_of(phrase[-1])
    return refers or is_field(phrase) or unknown


def _give(draft: Draft, text: str, entity: Entity, name: str) -> None:
    draft.did("give", entity.name, f"gives {inner(entity.label_plural)} a {name}", part=name)
    features = (f"{entity.slug}.detail", f"{entity.slug}.create", f"{entity.slug}.edit")
    now = draft.entities.get(entity.name)
    if now is None:
        return
    if field_named(now, name) is not None:
        draft.answer(text, *features)
        return
    target = entity_named(draft.plan, name)
    refers = target is not None and target.name in draft.entities and not _reaches(draft, target.name, entity.name)
    taken = {c for f in now.fields for c in (columns(f.name) if f.kind is Kind.REF else {f.name})}
    new = named_field(tuple(name.split()), entity.name, taken)
    if refers and target is not None:
        new = new.model_copy(update={"kind": Kind.REF, "target": target.name, "max_length": None, "choices": ()})
    if new.kind is Kind.MONEY:
        new = new.model_copy(update={"unit": _currency(draft)})
    rows = tuple({**row, new.name: _value(draft, new, n, entity.label)} for n, row in enumerate(now.seed))
    draft.put(now.model_copy(update={"fields": (*now.fields, new), "seed": rows}))
    draft.answer(text, *features)


def _value(draft: Draft, new: PlanField, index: int, label: str) -> str | int | float | bool | None:
    if new.kind is Kind.REF:
        return index % len(draft.entities[new.target].seed) + 1
    return made_up(new, index, label)


def _reaches(draft: Draft, start: str, goal: str) -> bool:
    """Whether ``goal`` comes before ``start`` along the references."""
    if start == goal:
        return True
    targets = (f.target for f in draft.entities[start].fields if f.kind is Kind.REF and f.target in draft.entities)
    return any(_reaches(draft, target, goal) for target in targets)


def _currency(draft: Draft) -> str:
    units = (f.unit for e in draft.plan.entities for f in e.fields if f.kind is Kind.MONEY and f.unit)
    return next(units, CURRENCY)


# --- who may what ------------------------------------------------------------------------------------------------------


def open_or_close(draft: Draft, wish: Opening) -> None:
    words = "opens it to visitors" if wish.access == "public_read" else "closes it to visitors"
    draft.did("access", "access", words)
    draft.access = wish.access
    draft.answer(wish.text, *(("home.page", "auth.login") if wish.access == "public_read" else ("auth.login",)))
    if draft.finished().access != wish.access:
        draft.access = draft.plan.access
        draft.answered.pop()
        draft.answer(wish.text, reason="All that it keeps tells something about people; that is never shown to visitors.")


def role(draft: Draft, wish: NewRole) -> None:
    for name in wish.roles:
        label = singular_phrase(name)
        text = wish.text if len(wish.roles) == 1 else f"A role {label}"
        if role_named(draft.plan, label) is None and len(draft.roles) <= MOST:
            draft.did("give", f"role {choice_value(label)}", f"adds the role {label}")
            last = label.split()[-1]
            new = Role(name=choice_value(label), label=capital(label), can_write=last not in READERS, can_delete=last in TRUSTED)
            draft.roles = (*draft.roles[:-1], new, draft.roles[-1])
        known = role_named(draft.plan, label) is not None or len(draft.roles) > 2
        draft.answer(text, *(("auth.roles",) if known else ()), reason="" if known else f"A project has at most {MOST} roles.")
