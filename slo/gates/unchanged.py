"""Pages that a change of the project was to leave as they were, and that look different now."""

from collections import Counter
from collections.abc import Mapping

from slo.evidence import Evidence
from slo.gates.base import Gate, Measure, listed
from synergy.core.types import VisualReport

CHECK = "unchanged"  #: Finding.check
HOW = {
    "pixels": "the same to the pixel",
    "content": "the same but for the navigation around them",
    "outline": "the same but for their colours",
    "words": "of the same words (browser or fonts are others, so pixels say nothing)",
}


def measure(evidence: Evidence, limits: Mapping[str, float]) -> Measure:
    if evidence.base is None:
        return Measure(0, "The project is new: nothing was to stay the same.")
    if why := evidence.unseen():
        return Measure(None, why)
    seen = evidence.visuals
    known = {page.slug for page in evidence.base.plan.pages}
    open_pages = sorted({s.page for s in seen.shots if s.page in known and not s.expected} - {k.page for k in seen.kept})
    if open_pages:
        return Measure(None, f"Not held against how they were: {listed(open_pages)}.")
    moved = {k.page: k.reason for k in reversed(seen.kept) if not k.same}
    moved |= {f.page: f.message for f in evidence.findings if f.check == CHECK and f.page not in moved}
    if moved:
        return Measure(len(moved), f"Changed: {listed([f'{page} ({reason})' for page, reason in sorted(moved.items())])}.")
    return Measure(0, _proved(seen))


def _proved(seen: VisualReport) -> str:
    """How many pages stayed, and how that is known."""
    weakest = {k.page: k.by for k in sorted(seen.kept, key=lambda k: list(HOW).index(k.by))}
    counted = Counter(weakest.values())
    words = [f"{count} {HOW[by]}" for by, count in sorted(counted.items(), key=lambda pair: list(HOW).index(pair[0]))]
    told = len({s.page for s in seen.shots} - weakest.keys())
    changed = f"{told} were to change" if told else ""
    return f"Of {len({s.page for s in seen.shots})} pages: {', '.join([*words, *([changed] if changed else [])])}."


part = Gate(evidence="evidence/visuals.json", measure=measure)
