"""Keeping baselines: what is in force, what waits for a person, and the person's decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models.functions import Now

from synergy.core.errors import BadInput
from visual.models import Baseline

Place = tuple[str, int, str]  #: page, width, theme


@dataclass(frozen=True)
class Look:
    """How one page looked. Two looks can be compared by pixels when browser and fonts are the same."""

    image: str  #: artifact hash of the PNG
    text: str  #: artifact hash of the visible text
    browser: str
    fonts: str

    def drawn_as(self, other: Look) -> bool:
        return (self.browser, self.fonts) == (other.browser, other.fonts)


def approved(project: str) -> dict[Place, Look]:
    """The baselines in force."""
    rows = Baseline.objects.filter(project=project, state=Baseline.State.APPROVED) if project else Baseline.objects.none()
    return {(row.page, row.width, row.theme): _look(row) for row in rows}


def offer(project: str, looks: dict[Place, Look]) -> None:
    """Let the looks that are not in force wait for approval, in place of those that waited before."""
    if not project:
        return
    with transaction.atomic():
        known = {place: {look} for place, look in approved(project).items()}
        waiting = Baseline.objects.select_for_update().filter(project=project, state=Baseline.State.WAITING)
        outdated = []
        for row in waiting:
            place = (row.page, row.width, row.theme)
            if looks.get(place) in (_look(row), None):
                known.setdefault(place, set()).add(_look(row))
            else:
                outdated.append(row.pk)
        Baseline.objects.filter(pk__in=outdated).delete()
        new = [(place, look) for place, look in looks.items() if look not in known.get(place, ())]
        Baseline.objects.bulk_create([_row(project, place, look) for place, look in new], ignore_conflicts=True)


def approve(project: str, images: Iterable[str], by: int | None = None) -> int:
    """Put the waiting baselines of ``project`` with these pictures (artifact hashes) in force; returns how many.

    Bound to what the person saw: raises BadInput, and changes nothing, when one of the pictures does not wait (any more).
    """
    wanted = set(images)
    with transaction.atomic():
        rows = list(Baseline.objects.select_for_update().filter(project=project, state=Baseline.State.WAITING, image__in=wanted))
        gone = wanted - {row.image for row in rows}
        if gone:
            raise BadInput(f"{len(gone)} of the pictures do not wait for approval any more.", hint="Look at the newest ones.")
        for row in rows:
            before = Baseline.objects.filter(
                project=project, page=row.page, width=row.width, theme=row.theme, state=Baseline.State.APPROVED
            )
            before.update(state=Baseline.State.RETIRED)
        pks = [row.pk for row in rows]
        Baseline.objects.filter(pk__in=pks).update(state=Baseline.State.APPROVED, decided_at=Now(), decided_by=by)
    return len(rows)


def _look(row: Baseline) -> Look:
    return Look(row.image, row.text, row.browser, row.fonts)


def _row(project: str, place: Place, look: Look) -> Baseline:
    page, width, theme = place
    return Baseline(project=project, page=page, width=width, theme=theme, **asdict(look))
