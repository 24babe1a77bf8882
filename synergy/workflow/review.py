"""What a reviewer sees of a run, as HTML. Everything that came from outside is escaped by ``format_html``."""

from __future__ import annotations

from decimal import Decimal

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from synergy.core.models import Run
from synergy.core.types import Clause, EditNote, GateResult, PlanChange, Shot, Walked
from synergy.workflow.report import Results, Spent

NOTHING = mark_safe("–")
COLOURS = {True: "#2e7d32", False: "#c62828"}
EMPTY = SafeString("")


def artifact_link(run: Run, sha: str, text: str) -> SafeString:
    """A link to an artifact of ``run``; nothing when there is none."""
    if not sha:
        return NOTHING
    return format_html('<a href="{}">{}</a>', _address(run, sha), text)


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> SafeString:
    if not rows:
        return NOTHING
    cells = "<td>{}</td>" * len(head)
    body = format_html_join("", f"<tr>{cells}</tr>", rows)
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", _head(head), body)


def _head(names: tuple[str, ...]) -> SafeString:
    return format_html_join("", "<th>{}</th>", ((name,) for name in names))


def decisions(run: Run, actions: list[str], steps: list[str]) -> SafeString:
    """Buttons for what may be done with ``run`` now; a fork starts from one of ``steps``. They send the form they stand in."""
    buttons = format_html_join(
        " ", '<button type="submit" formaction="{}">{}</button>', ((_act(run, a), a.title()) for a in actions)
    )
    if "resume" in actions:
        limit = '{} <label>with a budget of <input name="budget_usd" inputmode="decimal" size="8" value="{}"> US dollars</label>'
        buttons = format_html(limit, buttons, f"{run.budget_usd:.2f}")
    if not steps:
        return buttons
    choice = format_html_join("", "<option>{}</option>", ((step,) for step in steps))
    fork = (
        '{} <select name="step" aria-label="Step">{}</select> <button type="submit" formaction="{}">Fork from this step</button>'
    )
    return format_html(fork, buttons, choice, _act(run, "fork"))


def _act(run: Run, action: str) -> str:
    return reverse(f"admin:run_{action}", args=[run.pk])


def money(rows: list[Spent], held: Decimal) -> SafeString:
    """What each activity cost, and what is held for calls whose answer did not come."""
    head = ("activity", "calls", "tokens in", "tokens out", "cost", "wasted", "saved")
    shown: list[tuple[object, ...]] = [
        (s.activity, s.calls, s.tokens_in, s.tokens_out, *(f"${usd:.4f}" for usd in (s.cost_usd, s.wasted_usd, s.saved_usd)))
        for s in rows
    ]
    return format_html("{} {}", table(head, shown), f"${held:.4f} held" if held else "")


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
    cells: list[tuple[object, ...]] = [
        (c.id, c.text, c.status.value.replace("_", " "), c.reason, _folded("tests", c.tests), _folded("checks", c.checks))
        for c in rows
    ]
    return table(("", "Asked", "Status", "Reason", "Proved by", "In the browser"), cells)


def walks(run: Run, done: tuple[Walked, ...]) -> SafeString:
    """What the browser checks came to, those that failed first."""
    rows: list[tuple[object, ...]] = [
        (
            w.check,
            verdict(w.passed),
            f"{w.seconds:.1f} s",
            w.message,
            artifact_link(run, w.shot, "picture") if w.shot else NOTHING,
        )
        for w in sorted(done, key=lambda w: w.passed)
    ]
    return table(("Check", "Passed", "Took", "What happened", ""), rows)


def changes(found: tuple[PlanChange, ...]) -> SafeString:
    """What a run changes of its project."""
    return table(("", "Difference"), [(change.sign, change.text) for change in found])


def edits(run: Run, found: tuple[EditNote, ...]) -> SafeString:
    """What became of a person's edits, with both versions of each file."""
    rows: list[tuple[object, ...]] = [
        (
            note.path,
            note.outcome,
            note.reason,
            artifact_link(run, note.mine, "yours"),
            artifact_link(run, note.generated, "generated"),
        )
        for note in found
    ]
    return table(("File", "Outcome", "Why", "", ""), rows)


def _folded(what: str, lines: tuple[str, ...]) -> SafeString:
    """A number that opens to the list behind it."""
    if not lines:
        return NOTHING
    listed = format_html_join("", "{}<br>", ((line,) for line in lines))
    return format_html("<details><summary>{} {}</summary>{}</details>", len(lines), what, listed)


def shots(run: Run, found: tuple[Shot, ...]) -> SafeString:
    """One row for each page and theme, one cell for each width: the picture, and what differs from the approved one."""
    widths = sorted({shot.width for shot in found})
    pictures = {(shot.page, shot.theme, shot.width): shot for shot in found}
    rows: list[tuple[object, ...]] = [
        (page, theme, *(_cell(run, pictures.get((page, theme, width))) for width in widths))
        for page, theme in dict.fromkeys((shot.page, shot.theme) for shot in found)
    ]
    return table(("Page", "Theme", *(f"{width} px" for width in widths)), rows)


def _cell(run: Run, shot: Shot | None) -> SafeString:
    if shot is None:
        return NOTHING
    picture = format_html('<img src="{}" height="96" loading="lazy" alt="">', _address(run, shot.image))
    changed = "no baseline" if shot.diff_ratio is None else f"{shot.diff_ratio:.2%} changed"
    changed += f". {shot.expected}" if shot.expected else ""
    proofs = [artifact_link(run, sha, name) for sha, name in ((shot.baseline, "baseline"), (shot.diff, "difference")) if sha]
    return format_html(
        '<a href="{}">{}</a><br>{} {}',
        _address(run, shot.image),
        picture,
        changed,
        format_html_join(" ", "{}", ((p,) for p in proofs)),
    )


def _address(run: Run, sha: str) -> str:
    return reverse("admin:run_artifact", args=[run.pk, sha])


def delivery(run: Run, values: Results) -> SafeString:
    if values.delivery is None:
        return NOTHING
    return artifact_link(run, values.delivery.archive, f"{values.delivery.filename} ({values.delivery.bytes // 1024:,} kB)")
