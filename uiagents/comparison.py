"""What two sides of an interface disagree about. The structure decides; similarity only says how far apart they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from synergy.core.types import Operation
from uiagents.contracts import accepts, key
from uiagents.similarity import WORST_OF_A_CONFLICT, nearest, place

Kind = Literal["missing_endpoint", "method", "path", "field", "type", "auth", "pagination"]

SAYS = {"declared": "the contract", "served": "the backend", "static": "the frontend", "observed": "the page"}
PAGE_QUERY = {"page", "page_size", "limit", "offset", "cursor"}
SAME_PATH = 0.8  #: share of equal characters from which two paths are taken for the same, misspelt
WEIGHED = 200  #: differences that are embedded; the rest of so many counts as 0
RENAMED = 0.55  #: cosine from which a field is named as the likely new name


@dataclass(frozen=True)
class Difference:
    """One disagreement. ``here`` and ``there`` are words for the part of each side; ``there`` is empty when there is none."""

    kind: Kind
    method: str
    path: str
    detail: str
    here: str
    there: tuple[str, ...]


@dataclass(frozen=True)
class Weighed:
    """A difference and how alike its parts are: the cosine to the nearest counterpart, at most ``WORST_OF_A_CONFLICT``."""

    difference: Difference
    similarity: float  #: in [0, 0.69]; 0 when the other side has nothing of the kind
    counterpart: str = ""


def weigh(differences: Sequence[Difference]) -> list[Weighed]:
    """Put numbers on differences; the likely new name of a field is added to its detail."""
    weighed = []
    for number, difference in enumerate(differences):
        found = nearest(difference.here, difference.there) if number < WEIGHED else []
        counterpart, cosine = found[0] if found else ("", 0.0)
        if difference.kind == "field" and cosine >= RENAMED:
            difference = replace(difference, detail=f"{difference.detail} (perhaps {counterpart.replace(' ', '_')})")
        weighed.append(Weighed(difference, round(min(max(cosine, 0.0), WORST_OF_A_CONFLICT), 4), counterpart))
    return weighed


def similarity(weighed: Sequence[Weighed]) -> float:
    """How alike two sides are: 1 when nothing differs, else the similarity of the parts that are least alike.

    A composite, not a plain cosine: cosines of whole operations overlap too much to tell a renamed field from a wording. Parts
    that agree after normalisation count as 1, parts that differ as the cosine of their words, capped at 0.69, so that a
    difference is always below the 0.7 of a conflict and agreement always above the 0.85 that mediation has to reach.
    """
    return min((w.similarity for w in weighed), default=1.0)


# --- finding the counterpart -----------------------------------------------------------------------------------------


def align(wanted: Operation, offered: Sequence[Operation]) -> Operation | Difference:
    """The operation of ``offered`` that ``wanted`` means, or why there is none."""
    by_key = {key(o): o for o in offered}
    if key(wanted) in by_key:
        return by_key[key(wanted)]
    who = SAYS.get(offered[0].source, "the backend") if offered else "the other side"
    here = f"{SAYS.get(wanted.source, 'the frontend')} has {wanted.method} {wanted.path}"
    same = [o for o in offered if o.path == wanted.path]
    if same:
        methods = ", ".join(sorted(o.method for o in same))
        return _unlike("method", wanted, f"{here}, {who} answers {methods} there", same)
    alike = [o for o in offered if o.method == wanted.method and like(o.path, wanted.path) >= SAME_PATH]
    if alike:
        best = max(alike, key=lambda o: (like(o.path, wanted.path), o.path))
        return _unlike("path", wanted, f"{here}, {who} has {best.path}", alike)
    return _unlike(
        "missing_endpoint", wanted, f"{here}, {who} has nothing like it", [o for o in offered if o.method == wanted.method]
    )


def _unlike(kind: Kind, wanted: Operation, detail: str, others: Sequence[Operation]) -> Difference:
    return Difference(kind, wanted.method, wanted.path, detail, place(wanted), tuple(sorted({place(o) for o in others})))


def like(a: str, b: str) -> float:
    """Share of equal characters of two paths; 0 when they have another number of parts."""
    if a.count("/") != b.count("/") or a.count("{}") != b.count("{}"):
        return 0.0
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


# --- comparing -------------------------------------------------------------------------------------------------------


def compare(wanted: Operation, offered: Operation) -> list[Difference]:
    """What a side that works by ``wanted`` gets wrong when ``offered`` is the truth. What is offered beyond that is fine."""
    return [*_auth(wanted, offered), *_pagination(wanted, offered), *_answers(wanted, offered), *_requests(wanted, offered)]


def _found(kind: Kind, wanted: Operation, detail: str, here: str, there: Sequence[str]) -> Difference:
    return Difference(kind, wanted.method, wanted.path, f"{wanted.method} {wanted.path}: {detail}", here, tuple(there))


def _sides(wanted: Operation, offered: Operation) -> tuple[str, str]:
    return SAYS.get(wanted.source, "the frontend"), SAYS.get(offered.source, "the backend")


def _auth(wanted: Operation, offered: Operation) -> Iterator[Difference]:
    if wanted.auth is None or offered.auth is None or wanted.auth == offered.auth:
        return
    words = {True: "needs a session", False: "open to everybody"}
    here, there = _sides(wanted, offered)
    detail = f"{words[wanted.auth]} for {here}, {words[offered.auth]} for {there}"
    yield _found("auth", wanted, detail, words[wanted.auth], [words[offered.auth]])


def _pagination(wanted: Operation, offered: Operation) -> Iterator[Difference]:
    here, there = _sides(wanted, offered)
    if wanted.response and offered.response and wanted.pagination != offered.pagination:
        forms = [f"a {o.pagination}" if o.pagination else "a single thing" for o in (wanted, offered)]
        detail = f"{here} expects {forms[0]}, {there} has {forms[1]}"
        yield _found("pagination", wanted, detail, f"answers with {forms[0]}", [f"answers with {forms[1]}"])
    if wanted.query is not None and offered.query is not None:
        for name in sorted(set(wanted.query) - set(offered.query)):
            kind: Kind = "pagination" if name in PAGE_QUERY else "field"
            yield _found(kind, wanted, f"{here} asks with {name}, {there} does not know it", _words(name), _names(offered.query))


def _answers(wanted: Operation, offered: Operation) -> Iterator[Difference]:
    if wanted.response is None or offered.response is None:
        return
    want, have = wanted.response, offered.response
    if wanted.pagination != offered.pagination:  # said already; compare the rows whatever they are wrapped in
        want, have = _rows(want), _rows(have)
    here, there = _sides(wanted, offered)
    for name, kind in want.items():
        if name in have:
            if not accepts(kind, have[name]):
                yield _mistyped(wanted, name, f"{here} reads {kind}, {there} has {have[name]}", kind, have[name])
        elif _shown(name, want, have):
            yield _found(
                "field", wanted, f"{here} reads {name}, {there} has no such field", _part(name, kind), _spare(want, have)
            )


def _requests(wanted: Operation, offered: Operation) -> Iterator[Difference]:
    if wanted.request is None or offered.request is None:
        return
    here, there = _sides(wanted, offered)
    for name, kind in wanted.request.items():
        if name in offered.request:
            if not accepts(offered.request[name], kind):
                takes = offered.request[name]
                yield _mistyped(wanted, name, f"{here} sends {kind}, {there} takes {takes}", kind, takes)
        else:
            spare = _spare(wanted.request, offered.request)
            yield _found("field", wanted, f"{here} sends {name}, {there} does not take it", _words(name), spare)
    if wanted.source != "observed":
        for name in sorted(set(offered.required) - set(wanted.request)) if wanted.request or offered.required else ():
            yield _found("field", wanted, f"{there} needs {name}, {here} does not send it", _words(name), ())


def _mistyped(wanted: Operation, name: str, detail: str, here: str, there: str) -> Difference:
    return _found("type", wanted, f"{name}: {detail}", _part(name, here), [_part(name, there)])


def _rows(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of a row, without what wraps it."""
    inner = {name.rpartition("[].")[2]: kind for name, kind in fields.items() if "[]." in name}
    return inner or {name: kind for name, kind in fields.items() if "[" not in name}


def _shown(name: str, want: Mapping[str, str], have: Mapping[str, str]) -> bool:
    """Whether the other side would show ``name`` if it had it.

    Not when it lacks what holds it ("items[]" of "items[].id": its loss is said once), or shows that as null or as an empty list.
    """
    end = len(name) - 2 if name.endswith("[]") else name.rfind(".")
    if end <= 0 or name[:end] not in want:
        return True
    holder = have.get(name[:end], "")
    return "object" in holder and not name.endswith("[]")


def _spare(want: Mapping[str, str], have: Mapping[str, str]) -> list[str]:
    """The fields of the other side that this side does not know: one of them may be the new name."""
    return _names([name for name in have if name not in want])


def _part(name: str, kind: str) -> str:
    return f"{_words(name)} {kind}"


def _words(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ").replace("[]", " list").strip()


def _names(names: Sequence[str]) -> list[str]:
    return sorted({_words(name) for name in names})
