"""What a reviewer sees of a run, as HTML. Everything that came from outside is escaped by ``format_html``."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from synergy.core.models import Run
from synergy.core.types import Clause, GateResult, Shot
from synergy.workflow.report import Results

NOTHING = mark_safe("–")
COLOURS = {True: "#2e7d32", False: "#c62828"}
EMPTY = SafeString("")


def artifact_link(run: Run, sha: str, text: str) -> SafeString:
    """A link to an artifact of ``run``; nothing when there is none."""
    if not sha:
        return NOTHING
    return format_html('<a href="{}">{}</a>', reverse("admin:run_artifact", args=[run.pk, sha]), text)


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> SafeString:
    if not rows:
        return NOTHING
    cells = "<td>{}</td>" * len(head)
    body = format_html_join("", f"<tr>{cells}</tr>", rows)
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", _head(head), body)


def _head(names: tuple[str, ...]) -> SafeString:
    return format_html_join("", "<th>{}</th>", ((name,) for name in names))


def gates(results: tuple[GateResult, ...]) -> SafeString:
    """The verdict: gate, value, threshold, passed, why."""
    rows: list[tuple[object, ...]] = [
        (gate.gate, _number(gate.value, gate.unit), f"{gate.comparison} {gate.threshold:g}", verdict(gate.passed), gate.reason)
        for gate in results
    ]
    return table(("Gate", "Value", "Threshold", "Passed", "Reason"), rows)


def verdict(passed: bool) -> SafeString:
    return format_html('<b style="color:{}">{}</b>', COLOURS[passed], "yes" if passed else "no")


def _number(value: float | None, unit: str) -> str:
    return "not measured" if value is None else f"{value:.4g} {unit}".strip()


def clauses(rows: tuple[Clause, ...]) -> SafeString:
    """The requirement ledger."""
    cells: list[tuple[object, ...]] = [(c.id, c.text, c.status.value, c.reason, ", ".join(c.tests[:3])) for c in rows]
    return table(("", "Asked", "Status", "Reason", "Proved by"), cells)


def shots(run: Run, found: tuple[Shot, ...]) -> SafeString:
    """Every page at every width: the picture, its baseline and what differs."""
    rows: list[tuple[object, ...]] = [
        (
            shot.page,
            f"{shot.width} px",
            artifact_link(run, shot.image, "screenshot"),
            artifact_link(run, shot.baseline or "", "baseline"),
            artifact_link(run, shot.diff or "", "difference"),
            "no baseline" if shot.diff_ratio is None else f"{shot.diff_ratio:.2%}",
        )
        for shot in found
    ]
    return table(("Page", "Width", "Picture", "Baseline", "Difference", "Changed"), rows)


def delivery(run: Run, values: Results) -> SafeString:
    if values.delivery is None:
        return NOTHING
    return artifact_link(run, values.delivery.archive, f"{values.delivery.filename} ({values.delivery.bytes // 1024:,} kB)")
