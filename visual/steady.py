"""What a change of a project is to leave as it was: every picture of the pages that it does not touch, held against how it was.

The picture before is the approved one. Where the last delivery was to look different from that, and waits for approval, it is
that of the last delivery. Pages that only get another frame are compared without it, and when colours change on purpose, places
and words of all that is shown are compared instead of pixels.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from inference.planning.difference import touched
from synergy.core.artifacts import ArtifactStore
from synergy.core.revisions import Base
from synergy.core.types import Finding, Kept, PageKind, Plan, Shot
from visual.baselines import Look, Place
from visual.diff import Pixels, differing, load

CHECK = "unchanged"  #: Finding.check
SCOPES = "frontend/src/scopes/"
FRAME = "frontend/src/registry.tsx"  #: routes, navigation and what stands on every page
APART = ("frontend/src/features/", "frontend/src/test/", "frontend/src/api/")
HARMLESS = (".test.ts", ".test.tsx", ".md")  #: files that no page shows
SHOWN = ("frontend/", "backend/")

Box = tuple[int, int, int, int]  #: left, top, width, height in pixels


@dataclass(frozen=True)
class Drawn:
    """A page as it is now: its shot and its picture."""

    shot: Shot
    picture: bytes


class Steady:
    """Judges the pictures of a run that changes the project ``base``."""

    def __init__(
        self,
        store: ArtifactStore,
        base: Base,
        plan: Plan,
        now: Look,
        approved: Mapping[Place, Look],
        written: Iterable[str] = (),
    ) -> None:
        """``now`` says with which browser and fonts the pages are drawn; ``written``: paths that a model wrote in this run."""
        self._store, self._base, self._approved = store, base, approved
        scope, (pages, frame) = touched(base.plan, plan), by_model(written, plan)
        self._scope = replace(scope, pages=scope.pages | pages, navigation=scope.navigation or frame)
        self._hand = by_hand(base, plan)
        self._before = {(shot.page, shot.width, shot.theme): shot for shot in base.shots}
        self._drawn_alike = now.drawn_as(Look("", "", base.browser, base.fonts))

    def expected(self, shot: Shot) -> str:
        """Why the picture may differ from the approved one, "" when it may not."""
        before = self._before.get((shot.page, shot.width, shot.theme))
        if self._touched(shot.page) or before is None:
            return self._touched(shot.page) or "The page is new."
        if self._scope.navigation or self._scope.colours:
            return f"Nothing changes on this page{self._scope.but}."
        return "The last change waits for approval." if self._waits(before) else ""

    def kept(self, drawn: Drawn) -> Kept | None:
        """The picture held against the one before; None when the page was to change."""
        shot = drawn.shot
        before = self._before.get((shot.page, shot.width, shot.theme))
        if self._touched(shot.page) or before is None:
            return None
        by, reason = self._compared(before, drawn)
        return Kept.model_validate(
            {"page": shot.page, "width": shot.width, "theme": shot.theme, "by": by, "same": not reason, "reason": reason}
        )

    def _touched(self, page: str) -> str:
        if page in self._scope.pages:
            return "The change is about what this page shows."
        if page in self._hand:
            return "Files that this page is made of were edited by hand."
        return "Mediation changed it in the last run, after its picture was taken." if page in self._base.redrawn else ""

    def _waits(self, before: Shot) -> bool:
        """Whether the last delivery was to look different from what is approved."""
        look = self._approved.get((before.page, before.width, before.theme))
        return bool(before.expected) and look is not None and look.image != before.image

    def _image(self, before: Shot) -> str:
        """The picture that counts: the approved one, unless the last delivery was to look different or none is approved."""
        look = self._approved.get((before.page, before.width, before.theme))
        return before.image if look is None or before.expected else look.image

    def _compared(self, before: Shot, drawn: Drawn) -> tuple[str, str]:
        """(how they were compared, how they differ; "" = they are the same)."""
        shot, scope = drawn.shot, self._scope
        reworded = "Its words are others." if before.text != shot.text and not scope.navigation else ""
        if not self._drawn_alike:  # another browser or other fonts: neither pixels nor places can be compared
            return "words", reworded
        if scope.colours:
            moved = "" if before.outline == shot.outline else "What it shows stands elsewhere or says something else."
            return "outline", reworded or moved
        old = self._store.get(self._image(before))
        if not scope.navigation:
            return "pixels", reworded or _difference(load(old), load(drawn.picture))
        if before.main is None or shot.main is None:
            return "content", "Its content could not be told from its frame."
        return "content", _difference(cropped(load(old), before.main), cropped(load(drawn.picture), shot.main))

    def finding(self, kept: Kept) -> Finding:
        message = f"It was to stay as it was ({kept.theme}). {kept.reason}"
        return Finding(check=CHECK, severity="serious", page=kept.page, width=kept.width, message=message)


def _difference(before: Pixels, after: Pixels) -> str:
    """How two pictures differ; "" when they do not. One may be longer, when there is nothing in what is more of it."""
    height = min(len(before), len(after))
    longer = before if len(before) > len(after) else after
    if before.shape[1] != after.shape[1] or (height < len(longer) and not _plain(longer[max(0, height - 1) :])):
        return f"The size changed from {_size(before)} to {_size(after)}."
    changed, _ = differing(np.ascontiguousarray(before[:height]), np.ascontiguousarray(after[:height]))
    if not len(changed):
        return ""
    y, x = np.divmod(changed, before.shape[1])
    return f"{len(changed)} pixels differ, from ({x.min()}, {y.min()}) to ({x.max() + 1}, {y.max() + 1})."


def _plain(rows: Pixels) -> bool:
    """Whether every row is of the colours of the first one."""
    return bool((rows == rows[:1]).all())


def _size(pixels: Pixels) -> str:
    return f"{pixels.shape[1]} x {pixels.shape[0]}"


def cropped(pixels: Pixels, box: Box) -> Pixels:
    left, top, width, height = box
    return np.ascontiguousarray(pixels[max(0, top) : top + height, max(0, left) : left + width])


def read_outline(store: ArtifactStore, given: str) -> tuple[Box | None, str]:
    """(place of the content, artifact of its outline) of what ``__view.outline()`` told; (None, "") when it told nothing."""
    if not given:
        return None, ""
    told = json.loads(given)
    left, top, width, height = (round(n) for n in told["box"])
    return (left, top, width, height), store.put_text(json.dumps(told["rows"], ensure_ascii=False))


def by_hand(base: Base, plan: Plan) -> frozenset[str]:
    """Pages that files show which a person edited since the last delivery: those of a scope, or all when many pages share it."""
    paths = [p for p in base.by_hand if p.startswith(SHOWN) and not p.endswith(HARMLESS) and "/tests/" not in p]
    found: set[str] = set()
    for path in paths:
        found |= _pages_of(path, plan) or {page.slug for page in plan.pages}
    return frozenset(found)


def by_model(written: Iterable[str], plan: Plan) -> tuple[frozenset[str], bool]:
    """(pages that show the files which a model wrote, whether the frame around all pages may have changed).

    A feature of its own is seen on pages of its own; the server shows nothing by itself. What else such a file changes is found.
    """
    found: set[str] = set()
    frame = False
    for path in written:
        if path == FRAME:
            frame = True
        elif path.startswith(SCOPES):
            found |= _pages_of(path, plan)
        elif path.startswith("frontend/src/") and not path.startswith(APART) and not path.endswith(HARMLESS):
            found |= {page.slug for page in plan.pages}
    return frozenset(found), frame


def _pages_of(path: str, plan: Plan) -> set[str]:
    """The pages of the scope that a file belongs to; none for a file of no scope."""
    scope = path.removeprefix(SCOPES).partition("/")[0] if path.startswith(SCOPES) else ""
    return {page.slug for page in plan.pages if scope and scope in _scopes(plan, page.entity, page.kind)}


def _scopes(plan: Plan, entity: str | None, kind: PageKind) -> set[str]:
    return {plan.entity(entity).slug} if entity else {kind.value}
