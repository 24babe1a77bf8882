"""A message becomes a plan, without any model: wishes → things → entities → pages, features, endpoints, colours, ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from inference.planning import surface, titles
from inference.planning.asks import Ask
from inference.planning.check import check_plan
from inference.planning.colors import Design, read_design
from inference.planning.entities import make_entities
from inference.planning.grammar import read_sentence
from inference.planning.layouts import choose_layout
from inference.planning.ledger import MOST, Answer, Ledger, numbered, wish_rows
from inference.planning.matching import Nearest
from inference.planning.owning import own_rows, with_members
from inference.planning.palette import make_tokens
from inference.planning.requests import check_request, unwanted_answer
from inference.planning.roles import access_for, is_personal, make_roles
from inference.planning.surface import Access, inner
from inference.planning.text import sentences
from inference.planning.things import Found, Thing, find_things
from inference.planning.unwanted import Unwanted, wanted_part
from inference.planning.uses.answers import use_answers
from inference.planning.uses.binding import Binding, bind
from inference.planning.uses.claims import find_claims, kept_phrases
from inference.planning.uses.equip import equipping
from inference.planning.uses.fragment import literal_slugs, make_fragment
from synergy.core.errors import BadInput, NotBuildable, PermanentError
from synergy.core.types import DesignTokens, Endpoint, Entity, Feature, Kind, Message, Page, Plan, Role, StackChoice, Use

CURRENCIES = (
    ("USD", r"\$|\busd\b|\bdollars?\b"),
    ("GBP", r"£|\bgbp\b|\bpounds? sterling\b"),
    ("CHF", r"\bchf\b|\bfrancs?\b"),
    ("JPY", r"¥|\bjpy\b|\byen\b"),
    ("INR", r"₹|\binr\b|\brupees?\b"),
    ("EUR", r"€|\beur\b|\beuros?\b"),
)
USUAL_CURRENCY = "EUR"
SIGN_IN = re.compile(r"\b(?:log[- ]?in|sign[- ]?in|sign[- ]?up|auth\w*|regist(?:er|ration)|accounts?|password)\b", re.I)
USUAL_HUE = 255.0


@dataclass(frozen=True)
class _Reading:
    """What the words of a message say."""

    asks: tuple[Ask, ...]
    designs: tuple[tuple[int, Design], ...]  #: (sentence, what it says of colours)
    text: str  #: the message without what it does not want
    unwanted: tuple[tuple[int, Unwanted], ...] = ()  #: (sentence, what it does not want)
    left: int = 0  #: sentences that were not read


def make_plan(message: Message, stack: StackChoice, nearest: Nearest, *, anything: bool = False) -> Plan:
    """The plan for ``message``. The same message and library give the same plan, byte for byte.

    ``nearest(kind, texts, k)`` is ``inference.services.nearest``. Raises NotBuildable when no stack is to be built with,
    BadInput when the message has no words, or says nothing of an application (``anything``: then the usual is planned).
    """
    if stack.built_with is None:
        raise NotBuildable(stack.reason or "No stack can build this.", hint="Choose one with --stack.")
    reading = _read(message.text)
    claims = find_claims(reading.asks, nearest)
    found = find_things(reading.asks, reading.text, nearest, kept_phrases(claims))
    bindings, answered = bind(reading.asks, claims, found)
    topic, currency = titles.topic_of(reading.asks), _currency(message.text)
    pairs = make_entities(found.things, topic, currency or USUAL_CURRENCY, literal_slugs(bindings), equipping(bindings))
    pairs = own_rows(pairs, found, reading.asks, message.text, _access(message.text, found), _apart(bindings))
    entities = tuple(entity for _, entity in pairs)
    access, closed = _visible(message.text, found, pairs)
    layout, layout_reason = choose_layout(reading.text, found.things, access)
    roles, named_roles = make_roles(reading.asks)
    roles = with_members(roles, entities)
    title = titles.make_title(reading.text, reading.asks, found.things)
    tokens = _tokens(reading.designs, found)
    by_thing = {id(thing): entity for thing, entity in pairs}
    whole = _surface(by_thing, bindings, access, closed, title)
    answers = use_answers(whole.used, answered, claims, nearest)
    asked = _asked_rows(reading, Ledger(found, by_thing, frozenset(f.id for f in whole.features), answers), tokens, access)
    check_request(message.text, reading.asks, found, () if anything else [answer for _, answer in asked])
    plan = Plan(
        name=title,
        slug=titles.make_slug(title),
        title=title,
        summary=_summary(reading, asked, [thing for thing, entity in pairs if entity.name not in closed], access),
        message=message.text,
        stack=stack.built_with,
        access=access,
        entities=entities,
        roles=roles,
        pages=whole.pages,
        features=_plain_roles(whole.features, roles),
        endpoints=whole.endpoints,
        tokens=tokens,
        layout=layout,
        layout_reason=layout_reason,
        clauses=(),
        uses=tuple(use for _, use in whole.used),
    )
    ours = _brought_rows(whole.used, found, by_thing)
    said = frozenset(id_ for _, answer in (*asked, *ours) for id_ in answer.features)
    ours += _assumed_rows(plan, found, said, closed, usual_roles=not named_roles, currency=currency)
    return _whole(plan.model_copy(update={"clauses": numbered([*asked, *((text, replace(a, ours=True)) for text, a in ours)])}))


def _apart(bindings: Sequence[Binding]) -> set[int]:
    """id(thing) of those whose rows a capability keeps from the eyes of others."""
    return {id(b.thing) for b in bindings if b.capability.on and b.capability.on.apart}


def _summary(reading: _Reading, asked: Sequence[tuple[str, Answer]], things: Sequence[Thing], access: Access) -> str:
    answered = {text for text, answer in asked if answer.features}
    return titles.make_summary([ask for ask in reading.asks if ask.text in answered], things, access)


def _whole(plan: Plan) -> Plan:
    """``plan``, when nothing is wrong with it."""
    problems = check_plan(plan)
    if problems:
        raise PermanentError(
            f"The plan is not whole: {'; '.join(problems[:3])}.", hint="This is a fault of Synergy; please report it."
        )
    return plan


@dataclass(frozen=True)
class _Surface:
    """Pages, features and endpoints: those of entities and of every application, then those that uses bring."""

    pages: tuple[Page, ...]
    features: tuple[Feature, ...]
    endpoints: tuple[Endpoint, ...]
    used: tuple[tuple[Binding, Use], ...]


def _surface(
    by_thing: Mapping[int, Entity], bindings: Sequence[Binding], access: Access, closed: Sequence[str], title: str
) -> _Surface:
    entities = tuple(by_thing.values())
    pages, endpoints = surface.pages(entities, access, title, closed), surface.endpoints(entities, access, closed)
    brought, used = make_fragment(bindings, by_thing, access, closed, pages, endpoints)
    return _Surface(
        pages=(*pages, *brought.pages),
        features=(*surface.features(entities, access), *brought.features),
        endpoints=(*endpoints, *brought.endpoints),
        used=tuple(used),
    )


def _access(text: str, found: Found) -> Access:
    """What the words and the things that were named say; what a capability needs does not count."""
    return access_for(text, [t for t in found.things if not t.needed_by])


def _visible(text: str, found: Found, pairs: Sequence[tuple[Thing, Entity]]) -> tuple[Access, tuple[str, ...]]:
    """(access, names of the entities that visitors of a public site do not see). A site with nothing else is private."""
    access = _access(text, found)
    hidden = (entity for thing, entity in pairs if entity.owned == "private" or is_personal(thing, entity))
    closed = tuple(entity.name for entity in hidden if access == "public_read")
    return ("private", ()) if len(closed) == len(pairs) else (access, closed)


def _read(text: str) -> _Reading:
    asks: list[Ask] = []
    designs: list[tuple[int, Design]] = []
    unwanted: list[tuple[int, Unwanted]] = []
    wanted: list[str] = []
    every = sentences(text)
    for number, sentence in enumerate(every):
        if len(asks) >= MOST:
            return _Reading(tuple(asks[:MOST]), tuple(designs), text, tuple(unwanted), left=len(every) - number)
        sentence, left_out = wanted_part(sentence)
        unwanted += [(number, words) for words in left_out]
        wanted += [sentence] if sentence else []
        design = read_design(sentence)
        if design is not None:
            designs.append((number, design))
            sentence = design.rest
        if sentence:
            asks += read_sentence(sentence, number)
    if not asks and not designs and not any(c.isalpha() for c in text):
        raise BadInput("The message holds no words.", hint="Describe the application in words.")
    return _Reading(tuple(asks), tuple(designs), ". ".join(wanted) if unwanted else text, tuple(unwanted))


def _currency(text: str) -> str:
    """ISO code of the currency that the message names, "" when it names none."""
    return next((code for code, pattern in CURRENCIES if re.search(pattern, text, re.I)), "")


def _plain_roles(features: tuple[Feature, ...], roles: Sequence[Role]) -> tuple[Feature, ...]:
    label = "Roles: " + ", ".join(role.label for role in roles)
    return tuple(f.model_copy(update={"label": label}) if f.id == "auth.roles" else f for f in features)


# --- colours ---------------------------------------------------------------------------------------------------------------


def _tokens(designs: Sequence[tuple[int, Design]], found: Found) -> DesignTokens:
    """What was asked for; a colour that is named later for the same part takes the place of an earlier one."""
    asked: dict[str, tuple[str, str]] = {}
    notes: list[str] = []
    for _, design in designs:
        for role, words, color in design.roles:
            if role in asked and asked[role][1] != color:
                notes.append(f"Two colours were named for {role}: {words} was taken, not {asked[role][0]}.")
            asked[role] = (words, color)
    hue = next((t.archetype.hue for t in found.things if t.archetype), USUAL_HUE)
    return make_tokens(asked, hue, tuple(notes))


def _design_answer(design: Design, tokens: DesignTokens) -> Answer:
    """The clause of a sentence about colours: kept exactly, or with the change that readability needs."""
    words = {w for _, w, _ in design.roles}
    changes = [
        note
        for note in tokens.adjusted
        if any(note.startswith(f"{w} (") or f" {w} " in note or f"not {w}." in note for w in words)
    ]
    left = [f"{color} has no place in the design." for color in design.unclear]
    parts = [*changes, *left]
    return Answer(("design.colors",), f"Assumed: {' '.join(parts)}" if parts else "")


# --- ledger ------------------------------------------------------------------------------------------------------------------


def _asked_rows(reading: _Reading, ledger: Ledger, tokens: DesignTokens, access: Access) -> list[tuple[str, Answer]]:
    wishes = wish_rows(reading.asks, ledger)
    rows = [(number, 0, text, answer) for number, text, answer in wishes]
    rows += [(number, 1, design.text, _design_answer(design, tokens)) for number, design in reading.designs]
    rows += [(number, 2, words.text, unwanted_answer(words, access)) for number, words in reading.unwanted]
    ordered = [(text, answer) for _, _, text, answer in sorted(rows, key=lambda row: row[:2])]
    if reading.left:
        text = f"The last {reading.left} sentences" if reading.left > 1 else "The last sentence"
        ordered.append((text, Answer(reason=f"Only the first {MOST} wishes of a message are read.")))
    if ledger.found.too_many:
        names = ", ".join(ledger.found.too_many)
        ordered.append((f"Also to keep: {names}", Answer(reason="A plan holds 40 things; these came after them.")))
    return ordered


def _brought_rows(used: Sequence[tuple[Binding, Use]], found: Found, entities: Mapping[int, Entity]) -> list[tuple[str, Answer]]:
    """What capabilities brought that nobody named: others that come along, and things that they need."""
    rows = [
        (
            b.capability.title,
            Answer(tuple(f"{u.slug}.{f.id}" for f in b.capability.feature), f"Assumed: it comes with: {inner(b.along)}."),
        )
        for b, u in used
        if b.along
    ]
    needed = [(t, e) for t in found.things if t.needed_by and (e := entities.get(id(t)))]
    return rows + [
        (f"{t.plural} are kept", Answer((f"{e.slug}.list",), f"Assumed: they are needed for: {inner(t.needed_by)}."))
        for t, e in needed
    ]


def _assumed_rows(
    plan: Plan, found: Found, said: frozenset[str], closed: Sequence[str], *, usual_roles: bool, currency: str
) -> list[tuple[str, Answer]]:
    """What the planner decided by itself, each with the reason. ``said``: features that answer a wish."""
    entities = plan.entities
    rows = [
        *_assumed_things(found, entities),
        *_assumed_owners(entities, said),
        *_assumed_access(plan.message, entities, plan.access, closed),
    ]
    if usual_roles:
        listed = f"{plan.roles[0].label} and {plan.roles[-1].label}"
        rows.append(
            (f"Two roles: {listed}", Answer(("auth.roles",), "Assumed: nobody named roles; only an administrator may delete."))
        )
    money = [e for e in entities if any(f.kind is Kind.MONEY for f in e.fields)]
    if money and not currency:
        rows.append(
            (
                f"Amounts are in {USUAL_CURRENCY}",
                Answer(reason="Assumed: no currency was named.", features=(f"{money[0].slug}.list",)),
            )
        )
    if not plan.tokens.asked:
        rows.append(("Colours that suit the subject", Answer(("design.colors",), "Assumed: no colours were named.")))
    return rows


def _assumed_things(found: Found, entities: Sequence[Entity]) -> list[tuple[str, Answer]]:
    rows: list[tuple[str, Answer]] = []
    slugs = tuple(f"{e.slug}.list" for e in entities)
    usual = [t for t in found.things if t.assumed and not t.needed_by]
    if usual:
        why = f"this is what is usual for {found.assumed_for}" if found.assumed_for else "nothing to keep was named"
        text = titles.labels(usual)
        rows.append((f"{text[:1].upper()}{text[1:]} are kept", Answer(slugs, f"Assumed: {why}.")))
    fields = [
        f"{e.label_plural} ({', '.join(inner(f.label) for f in e.fields if f.assumed)})"
        for e in entities
        if any(f.assumed for f in e.fields)
    ]
    if fields:
        rows.append(
            (f"Fields: {'; '.join(fields)}", Answer(slugs, "Assumed: nobody named these fields; they are what is usual."))
        )
    like = [f"{t.plural} like {t.archetype.plural.lower()}" for t in found.things if t.archetype and not t.own_rows]
    if like:
        rows.append((f"Kept: {', '.join(like)}", Answer(slugs, "Assumed: these were the nearest things that are known.")))
    own = [e.label_plural for e in entities if e.archetype is None]
    if own:
        rows.append(
            (
                f"{', '.join(own)}: rows with made-up names",
                Answer(slugs, "Assumed: nothing like them is known, so the words were taken."),
            )
        )
    return rows


def _assumed_owners(entities: Sequence[Entity], said: frozenset[str]) -> list[tuple[str, Answer]]:
    """Rows that belong to accounts although no wish that was answered (``said``: its features) asked for it."""
    return [
        (
            f"{e.label_plural} belong to the account that adds them",
            Answer((f"{e.slug}.own",), "Assumed: this is what is usual; administrators see and change all."),
        )
        for e in entities
        if e.owned and f"{e.slug}.own" not in said
    ]


def _assumed_access(text: str, entities: Sequence[Entity], access: Access, closed: Sequence[str]) -> list[tuple[str, Answer]]:
    if access == "public_read":
        hidden = ", ".join(inner(e.label_plural) for e in entities if e.name in closed)
        also = f" What tells of people is only for who has an account: {hidden}." if hidden else ""
        return [
            (
                f"Visitors may read everything{' but ' + hidden if hidden else ''}; adding and changing needs an account",
                Answer(("home.page", "auth.login"), f"Assumed: it reads like a site for visitors.{also}"),
            )
        ]
    if SIGN_IN.search(text):
        return []
    return [
        (
            "Everything is behind signing in",
            Answer(("auth.login", "auth.register"), "Assumed: it reads like an application for people who work with it."),
        )
    ]
