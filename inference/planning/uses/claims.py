"""Which capability answers which wish of a message."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from inference.planning.archetypes import archetypes, terms
from inference.planning.asks import Ask, examples
from inference.planning.fields import field_kind
from inference.planning.matching import Nearest
from inference.planning.missing import common_features, is_order, missing_part
from inference.planning.phrases import Phrase
from inference.planning.uses.scoring import Parameters, Wish, Words, evidence, parameters, wish_of, words_for
from inference.planning.uses.texts import KIND, is_noun, vocabulary
from synergy.core.capabilities import Capability, capabilities
from synergy.core.types import Kind

NEIGHBOURS = 12  #: keys looked at for each text
HINT = 0.3  #: least chance at which a wish is about a capability that other wishes of the message ask for clearly
JOINING = {"and", "with", "plus", "including"}  #: between two capabilities in one wish


@dataclass(frozen=True)
class Claim:
    """A capability that answers a wish."""

    capability: Capability
    chance: float  #: that the wish asks for it, in [0, 1]
    clear: bool = True  #: False: it only speaks of what a capability found elsewhere deals with


Claims = Mapping[Ask, tuple[Claim, ...]]  #: what answers a wish, the surest first


def find_claims(asks: Sequence[Ask], nearest: Nearest) -> dict[Ask, tuple[Claim, ...]]:
    """The capabilities that answer each wish and each example in it; what none answers is left out. One search for all."""
    asking = list(dict.fromkeys(a for ask in asks if ask.verb != "for" for a in (ask, *examples(ask))))
    if not asking or not capabilities():
        return {}
    read = [
        (ask, wish)
        for ask in asking
        if (wish := wish_of(ask)).text
        and not (_of_accounts(ask, wish) or is_order(ask.text) or _inspects(ask, wish) or _settles(ask))
    ]
    asking, wishes = [ask for ask, _ in read], [wish for _, wish in read]
    near = similarities(wishes, nearest)
    rows = list(zip(asking, wishes, near, strict=True))
    found = {ask: claims for ask, wish, row in rows if (claims := judge(wish, row))}
    found = {**dict(_named_in(found)), **found}
    found |= _spoken_of(asking, found)
    used = {c.capability.name for claims in found.values() for c in claims}
    open_ = [(ask, wish, row) for ask, wish, row in rows if ask not in found and _is_open(ask, wish)] if used else []
    hinted = ((ask, _hinted(wish, row, used)) for ask, wish, row in open_)
    return found | {ask: claims for ask, claims in hinted if claims}


def _named_in(found: Claims) -> Iterator[tuple[Ask, tuple[Claim, ...]]]:
    """Examples in a claimed wish that are nouns of its capability: "a class schedule with *sign-up*"."""
    for ask, claims in found.items():
        for example in examples(ask):
            yield from ((example, (replace(claim, clear=False),)) for claim in claims if is_noun(claim.capability, example.thing))


def _of_accounts(ask: Ask, wish: Wish) -> bool:
    """ "user registration and login": accounts are part of every application, unless it is registered for something."""
    return not wish.things and common_features(ask.text)[:1] in (("auth.login",), ("auth.register",), ("auth.roles",))


def _inspects(ask: Ask, wish: Wish) -> bool:
    """ "staff review applications": people look through them and decide; nobody gives them stars."""
    reviews = capabilities().get("reviews")
    if ask.verb != "review" or not wish.things or reviews is None or reviews.on is None:
        return False
    return all(name not in reviews.on.archetypes and archetypes()[name].family in ("people", "records") for name in wish.things)


def _settles(ask: Ask) -> bool:
    """ "pay late fees": what one owes is paid, nothing is bought."""
    return ask.verb == "pay" and ask.direct and bool(ask.thing) and field_kind(ask.thing) is Kind.MONEY


def kept_phrases(claims: Claims) -> dict[Ask, Callable[[Phrase], bool]]:
    """For each claimed wish: whether a noun phrase of it is something that the application keeps."""
    return {ask: _keeper(ask, [c.capability for c in found]) for ask, found in claims.items()}


def _keeper(ask: Ask, found: Sequence[Capability]) -> Callable[[Phrase], bool]:
    """What stands further on in a claimed wish says how it is done, when it is nothing known: "on a board with *columns*"."""

    def kept(phrase: Phrase) -> bool:
        on = [c for c in found if c.on is not None]
        means = phrase in (*ask.others, *ask.details) and not _term(phrase)
        useless = phrase == ask.thing and not any(c.on and (c.on.any or c.on.families or keeps(c, phrase)) for c in on)
        return bool(on) and not means and not useless and not any(is_noun(c, phrase) and not keeps(c, phrase) for c in found)

    return kept


def similarities(wishes: Sequence[Wish], nearest: Nearest) -> list[dict[str, float]]:
    """For each wish the similarity by key, of its words as they are or with "thing" for entities, whichever is nearer."""
    texts = list(dict.fromkeys(text for wish in wishes for text in (wish.text, wish.neutral)))
    rows = {text: {n.key: n.similarity for n in row} for text, row in zip(texts, nearest(KIND, texts, NEIGHBOURS), strict=True)}
    return [nearer(rows[wish.text], rows[wish.neutral]) for wish in wishes]


def nearer(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {key: max(one.get(key, -1.0), other.get(key, -1.0)) for key in {**one, **other}}


def judge(wish: Wish, near: Mapping[str, float], numbers: Parameters | None = None) -> tuple[Claim, ...]:
    """What ``wish`` asks for. A second capability needs words of its own, joined to the others: "a gallery with comments"."""
    numbers = numbers or parameters()
    words = {name: words_for(wish, c) for name, c in capabilities().items()}
    likely = [(chance, name) for chance, name in _chances(wish, near, words, numbers) if chance >= numbers.threshold]
    return tuple(
        Claim(capabilities()[name], chance) for chance, name in _apart(likely, words, joined=any(f & JOINING for f in wish.forms))
    )


def _chances(wish: Wish, near: Mapping[str, float], words: Mapping[str, Words], numbers: Parameters) -> list[tuple[float, str]]:
    """(chance, capability) of all that are near or named, the likeliest first."""
    named = {name for name, w in words.items() if w.all}
    found = [
        (numbers.probability(evidence(wish, capability, near, words[name], bool(named - {name}))), name)
        for name, capability in capabilities().items()
        if name in near or name in named
    ]
    return sorted(found, key=lambda pair: (-pair[0], pair[1]))


def _is_open(ask: Ask, wish: Wish) -> bool:
    """Whether every application's lists and forms leave a wish unanswered."""
    return not ask.head and (not wish.things or missing_part(ask.text) is not None)


def _hinted(wish: Wish, near: Mapping[str, float], used: Collection[str]) -> tuple[Claim, ...]:
    """A capability of the plan that the wish is likelier about than any other: "choose to revive", where a game is there."""
    words = {name: words_for(wish, c) for name, c in capabilities().items()}
    chance, name = next(iter(_chances(wish, near, words, parameters())), (0.0, ""))
    return (Claim(capabilities()[name], chance, clear=False),) if name in used and chance >= HINT else ()


def _apart(likely: Sequence[tuple[float, str]], words: Mapping[str, Words], *, joined: bool) -> list[tuple[float, str]]:
    taken: frozenset[int] = frozenset()
    kept: list[tuple[float, str]] = []
    for chance, name in likely:
        if not kept or (joined and words[name].all - taken):
            kept.append((chance, name))
            taken |= words[name].all
    return kept


def _spoken_of(asks: Sequence[Ask], found: Claims) -> dict[Ask, tuple[Claim, ...]]:
    """Wishes about what a capability of this plan deals with: "manage reviews" and "vote for options", where
    products are reviewed and polls are there."""
    used = {c.capability.name: c.capability for claims in found.values() for c in claims}
    more: dict[Ask, tuple[Claim, ...]] = {}
    for ask in asks:
        if ask in found or ask.head:
            continue
        of_it = next((c for c in used.values() if _deals_with(c, ask)), None)
        if of_it is not None:
            more[ask] = (Claim(of_it, 0.0, clear=False),)
    return more


def _deals_with(capability: Capability, ask: Ask) -> bool:
    """Whether a wish is about one of the capability's nouns, or does what only its verbs do."""
    about = bool(ask.thing) and is_noun(capability, ask.thing) and not keeps(capability, ask.thing)
    return about or (bool(ask.verb) and not ask.action and ask.verb in capability.verbs)


def _term(phrase: Phrase) -> str | None:
    """The longest end of ``phrase`` that names an archetype."""
    ends = (" ".join(phrase[start:]) for start in range(len(phrase)))
    return next((end for end in ends if end in terms()), None)


def keeps(capability: Capability, phrase: Phrase) -> bool:
    """Whether what ``phrase`` names is an entity that the capability works with. One of its own nouns is that only as the
    entity's own name: "polls" are kept, a "leaderboard" is no score."""
    term, on = _term(phrase), capability.on
    if term is None or on is None:
        return False
    archetype = archetypes()[terms()[term]]
    if tuple(term.split()) in vocabulary().nouns[capability.name] and term not in archetype.terms[:2]:
        return False
    return archetype.name in {*on.archetypes, on.add, *(name for part in on.parts.values() for name in part.archetypes)}
