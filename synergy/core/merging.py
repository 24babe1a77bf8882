"""Three-way merge: what a person changed and what is generated anew, both held against what was generated before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import EDITS
from synergy.core.types import ChangeSet, EditNote

MOST_LINES = 20_000  #: of a file that is merged; longer ones are taken as a whole
Lines = Sequence[str]


@dataclass(frozen=True)
class Merged:
    """``overlaps``: the 1-based lines of ``text`` at which both sides wanted something else; the person's are there."""

    text: str
    overlaps: tuple[int, ...] = ()


def merge(base: str, mine: str, theirs: str) -> Merged:
    """The lines of ``base`` with the changes of both sides; where both changed the same lines differently, ``mine`` stays."""
    b, m, t = (text.splitlines(keepends=True) for text in (base, mine, theirs))
    out: list[str] = []
    overlaps: list[int] = []
    at_b = at_m = at_t = 0
    for start_b, start_m, start_t, size in (*_agreed(b, m, t), (len(b), len(m), len(t), 0)):
        chosen, clash = _hunk(b[at_b:start_b], m[at_m:start_m], t[at_t:start_t])
        if clash:
            overlaps.append(len(out) + 1)
        out += chosen
        out += b[start_b : start_b + size]
        at_b, at_m, at_t = start_b + size, start_m + size, start_t + size
    return Merged("".join(out), tuple(overlaps))


def _hunk(base: Lines, mine: Lines, theirs: Lines) -> tuple[Lines, bool]:
    """(the lines to take, whether the sides want something else) between two places where all three agree."""
    if mine == theirs or theirs == base:
        return mine, False
    return (theirs, False) if mine == base else (mine, True)


def _agreed(base: Lines, mine: Lines, theirs: Lines) -> Iterator[tuple[int, int, int, int]]:
    """(place in base, in mine, in theirs, length) of the runs of lines that all three have."""
    left, right = _blocks(base, mine), _blocks(base, theirs)
    i = j = 0
    while i < len(left) and j < len(right):
        (b1, m, size1), (b2, t, size2) = left[i], right[j]
        start, end = max(b1, b2), min(b1 + size1, b2 + size2)
        if start < end:
            yield start, m + start - b1, t + start - b2, end - start
        if b1 + size1 < b2 + size2:
            i += 1
        else:
            j += 1


def _blocks(base: Lines, other: Lines) -> list[tuple[int, int, int]]:
    """Runs of equal lines, in order. What both begin and end with is cut off first: it is most of a file."""
    head = _common(base, other)
    tail = _common(base[head:][::-1], other[head:][::-1])
    inner = SequenceMatcher(None, base[head : len(base) - tail], other[head : len(other) - tail], autojunk=len(base) > 2000)
    found = [(head + b.a, head + b.b, b.size) for b in inner.get_matching_blocks() if b.size]
    first = [(0, 0, head)] if head else []
    return [*first, *found, *([(len(base) - tail, len(other) - tail, tail)] if tail else [])]


def _common(one: Lines, other: Lines) -> int:
    """How many lines both begin with."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


# --- a person's edits on files that are generated anew -------------------------------------------------------------------


def settle(
    store: ArtifactStore, before: Mapping[str, str], edits: ChangeSet, now: Mapping[str, str]
) -> tuple[ChangeSet, tuple[EditNote, ...]]:
    """``edits`` as they are to be laid on the files ``now`` (path → artifact hash), and what became of each.

    ``before`` is what the edits were made on. An edit of a file that is generated as before stays byte for byte; else both are
    merged, and where they overlap the edit stays. A file that is not generated any more goes, edited or not. A file that was
    deleted stays away unless it is generated differently now.
    """
    notes = [_settled(store, path, before.get(path, ""), mine, now.get(path, "")) for path, mine in edits.files.items()]
    notes += [_deleted(path, before.get(path, ""), now.get(path, "")) for path in edits.removed]
    files = {note.path: note.result for note in notes if note.result and note.result != note.generated}
    removed = tuple(note.path for note in notes if note.outcome == "removed")
    executable = tuple(path for path in edits.executable if path in files)
    done = edits.model_copy(update={"agent": EDITS, "files": files, "removed": removed, "executable": executable})
    return done, tuple(sorted(notes, key=lambda note: note.path))


def _settled(store: ArtifactStore, path: str, base: str, mine: str, now: str) -> EditNote:
    def note(outcome: str, reason: str, result: str) -> EditNote:
        values = {
            "path": path,
            "outcome": outcome,
            "reason": reason,
            "base": base,
            "mine": mine,
            "generated": now,
            "result": result,
        }
        return EditNote.model_validate(values)

    if not base and not now:
        return note("kept", "A file of your own.", mine)
    if base == now or mine == now:
        return note("kept", "What is generated here did not change: your edit stays as it is.", mine)
    if not now:
        return note("dropped", "This change takes the file away; your edit went with it and is kept as evidence.", "")
    if not base:
        return note("conflict", "This change brings a file of the same name as yours; yours was kept.", mine)
    texts = [_text(store, sha) for sha in (base, mine, now)]
    if None in texts:
        return note("conflict", "You and this change both changed a file that cannot be merged; yours was kept.", mine)
    found = merge(*(text or "" for text in texts))
    if found.overlaps:
        where = ", ".join(map(str, found.overlaps[:5]))
        reason = f"You and this change want different lines (near line {where}); yours were kept, the rest was merged."
        return note("conflict", reason, store.put_text(found.text))
    return note("merged", "Your edit and this change were merged.", store.put_text(found.text))


def _deleted(path: str, base: str, now: str) -> EditNote:
    if not now or base == now:
        return EditNote(path=path, outcome="removed", reason="You deleted it: it stays away.", base=base, generated=now)
    reason = "You deleted it, but this change needs it with other content: it is back."
    return EditNote(path=path, outcome="restored", reason=reason, base=base, generated=now, result=now)


def _text(store: ArtifactStore, sha: str) -> str | None:
    """The text at ``sha``; None when it is none, or too long to be merged."""
    data = store.get(sha)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text or text.count("\n") > MOST_LINES else text
