"""What a person reads about a run: certificate, requirement ledger and the README of the delivery. All in Markdown.

Words of the message and of tools are escaped: they can neither format the page nor make it load anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import floor

from slo.levels import Level
from synergy.core.secrets import redact
from synergy.core.types import BrowserCheck, Clause, ClauseStatus, GateResult
from synergy.workflow.dossier import Case

NOT_MEASURED = "not measured"
STATUS = {
    ClauseStatus.BUILT: "built",
    ClauseStatus.ASSUMED: "assumed",
    ClauseStatus.NOT_BUILT: "**not built**",
    ClauseStatus.NOT_MEASURED: NOT_MEASURED,
}
LIMITS_OF_THE_CHECKS = (
    "Automated accessibility checks find a part of all barriers only: no person has tried the pages with assistive technology.",
    "Dockerfile, compose file and CI workflow were written but not run.",
)


def certificate(case: Case, levels: dict[str, Level], fingerprint: str, blacked_out: Sequence[str] = ()) -> str:
    """CERTIFICATE.md: every gate with value, threshold and evidence, every requirement, and what nobody measured."""
    verdict = case.verdict
    parts = [
        f"# Certificate: {outcome(case)}",
        _rejection(verdict.gates),
        f"> {md(case.plan.message)}",
        _facts(case),
        _change(case),
        "## Gates",
        _table(("gate", "", "measured", "limit", "why", "evidence"), (_gate(g, levels) for g in verdict.gates)),
        "## Requirements",
        _requirements(verdict.clauses),
        "## Tests",
        _tests(case),
        "## In the browser",
        _walks(case),
        "## What was not measured",
        _list([*_not_measured(case), *(f"A secret-like string was blacked out in {md(path)}." for path in blacked_out)]),
        "## How to check this",
        "`./verify.sh` checks the signature and every hash of this delivery and runs the project's tests again; "
        "`--no-tests` leaves the tests out, `--key` pins the key. It was signed with the key\n\n"
        f"    {fingerprint}\n\n"
        "A key inside a parcel proves nothing about its sender: compare the fingerprint with the one your Synergy shows "
        "(`manage.py doctor`). After a rotation, the fingerprints of old keys are kept in its list of retired keys.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def requirements(case: Case) -> str:
    """REQUIREMENTS.md: what became of each clause of the message, built by which files, proved by which tests and checks."""
    clauses = case.verdict.clauses
    walks = {check.id: check for check in case.ui.walks}
    proved = [_proved(c, walks) for c in clauses if c.tests or c.checks]
    parts = ["# Requirements", f"> {md(case.plan.message)}", _requirements(clauses), *proved]
    return "\n\n".join(parts) + "\n"


def readme(case: Case, fingerprint: str) -> str:
    """README.md of the delivery: what is where, and how to check it."""
    missing = [f"{md(c.text)}: {md(c.reason)}" for c in case.verdict.clauses if c.status is ClauseStatus.NOT_BUILT]
    parts = [
        f"# {md(case.plan.title)}: {outcome(case)}",
        _rejection(case.verdict.gates),
        md(case.plan.summary),
        _list(
            [
                "`project/`: the project; start with its README.md",
                "`CERTIFICATE.md`: what was measured, held against which limit, and where the proof is",
                "`REQUIREMENTS.md`: what became of each clause of the message",
                "`evidence/`: test and coverage reports, logs, pictures, findings, contracts, plan",
                "`verify.sh`: checks that nothing here was changed and runs the tests again",
            ]
        ),
        _change(case),
        "## Not built" if missing else "",
        _list(missing),
        f"Signed with the key {fingerprint}.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _change(case: Case) -> str:
    """What a change made of the project, what it left as it was, and what became of edits by hand; "" for a new project."""
    if case.base is None:
        return ""
    lines = [f"`{change.sign}` {md(change.text)}" for change in case.changes_made]
    edits = [f"Your edit of {_code(n.path)}: {n.outcome}. {md(n.reason)}" for n in case.verdict.edits]
    moved = next((gate for gate in case.verdict.gates if gate.gate == "unchanged"), None)
    stayed = [f"What was to stay the same: {md(moved.reason)}"] if moved else []
    asked = f"Asked for: {md(case.message.text)}"
    return f"## What changed\n\n{asked}\n\n{_list([*lines, *edits, *stayed])}"


def outcome(case: Case) -> str:
    return "PASSED" if case.verdict.passed else "REJECTED"


def figure(value: float | None, unit: str) -> str:
    """A value for people. Shares are cut, not rounded: 94.999 % must not look like 95 %."""
    if value is None:
        return NOT_MEASURED
    if unit.startswith("of "):
        return f"{floor(value * 10_000 + 1e-9) / 100:g} % {unit}"
    if unit == "USD":
        return f"${value:.2f}" if value >= 0.01 or not value else f"${value:.4f}"
    number = f"{value:.1f}" if unit == "s" else f"{floor(value * 1000 + 1e-9) / 1000:g}"
    return f"{number} {unit}".strip()


def md(text: str, most: int = 600) -> str:
    """``text`` as plain words in Markdown, in one line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in redact(text)).split())
    line = line[:most] + (" …" if len(line) > most else "")
    line = re.sub(r"([\\`*_\[\]{}()#|~!])", r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return line.replace("://", ":\u2060//").replace("www.", "www\u2060.").replace("@", "@\u2060")  # no link by itself


def _rejection(gates: Iterable[GateResult]) -> str:
    failed = [gate.gate for gate in gates if not gate.passed]
    if not failed:
        return ""
    return f"**REJECTED.** This project did not pass: {', '.join(failed)}. Do not put it into service as it is."


def _facts(case: Case) -> str:
    stack, verdict = case.stack, case.verdict
    how = "chosen by hand" if stack.by_hand else f"confidence {figure(stack.confidence, '')}"
    inferred = f"{stack.inferred or 'none'} ({how})"
    rows = [
        ("Project", md(case.plan.name)),
        ("Run", md(case.run) or "-"),
        ("Stack", f"inferred {md(inferred)}, built with {md(stack.built_with or '-')}. {md(stack.reason)}"),
        ("Time", figure(verdict.seconds, "s")),
        ("Money spent", figure(verdict.cost_usd, "USD")),
        ("Browser", f"{md(case.visuals.browser)}, axe-core {md(case.visuals.axe)}"),
    ]
    return _table(("", ""), rows)


def _gate(gate: GateResult, levels: dict[str, Level]) -> tuple[str, ...]:
    title = levels[gate.gate].title if gate.gate in levels else gate.gate
    limit = f"{md(gate.comparison)} {figure(gate.threshold, gate.unit)}"
    sign = "passed" if gate.passed else "**FAILED**"
    return f"{gate.gate}: {md(title)}", sign, figure(gate.value, gate.unit), limit, md(gate.reason, 300), f"`{gate.evidence}`"


def _requirements(clauses: Iterable[Clause]) -> str:
    """What was asked for; then what the message left open, and was decided."""
    known = tuple(clauses)
    asked = [_clause(clause) for clause in known if not clause.ours]
    ours = [_clause(clause) for clause in known if clause.ours]
    tables = [_table(("", "clause", "status", "how it is known"), asked)] if asked else []
    if ours:
        tables += ["What the message left open:", _table(("", "decided", "status", "why"), ours)]
    return "\n\n".join(tables)


def _clause(clause: Clause) -> tuple[str, ...]:
    known = [md(clause.reason)] if clause.reason else []
    if clause.tests:
        known.append(f"{_count(clause.tests, 'test')} in {_count({t.split('::')[0] for t in clause.tests}, 'file')} passed.")
    if clause.checks:
        known.append(f"{_count(clause.checks, 'browser check')} passed.")
    return md(clause.id), md(clause.text), STATUS[clause.status], " ".join(known) or "-"


def _proved(clause: Clause, walks: Mapping[str, BrowserCheck]) -> str:
    """The files that build a clause, the tests that proved it, and what was done in the browser."""
    by_file: dict[str, list[str]] = {}
    for test in clause.tests:
        path, _, name = test.partition("::")
        by_file.setdefault(path, []).append(name)
    tests = [f"{_code(path)}: {', '.join(_code(name) for name in names)}" for path, names in by_file.items()]
    files = [f"Built by {', '.join(_code(f) for f in clause.files)}"] if clause.files else []
    done = [
        f"In the browser, {_code(c)}: {md(walks[c].title)}" if c in walks else f"In the browser: {_code(c)}"
        for c in clause.checks
    ]
    return f"## {md(clause.id)}: {md(clause.text)}\n\n{_list([*files, *tests, *done])}"


def _count(things: Collection[object], word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


def _code(text: str) -> str:
    return "`" + "".join(c if c.isprintable() and c != "`" else "'" for c in text)[:300] + "`"


def _tests(case: Case) -> str:
    report = case.tests
    passed = sum(c.outcome == "passed" for c in report.cases)
    lines = [f"{passed} of {len(report.cases)} tests passed."]
    for half in report.coverage:
        share = figure(half.ratio if half.report else None, "of lines")
        lines.append(f"{md(half.name)}: {half.covered} of {half.total} lines, {share}.")
        if half.excluded:
            lines.append(f"{md(half.name)}, left out of the coverage: {', '.join(md(f) for f in half.excluded)}.")
    if report.reused:
        names = ", ".join(md(name) for name in report.reused)
        lines.append(f"Run once in this run, by the agent, on the same files and tools: {names}.")
    return _list(lines)


def _walks(case: Case) -> str:
    """How many checks passed, and what each of the others came to."""
    if not case.ui.walks:
        return "No check was planned for the browser."
    done = {w.check: w for w in case.walked}
    failed = [
        f"{_code(c.id)}, {md(c.title)}: {md(done[c.id].message)}" for c in case.ui.walks if c.id in done and not done[c.id].passed
    ]
    left = [f"{_code(c.id)}, {md(c.title)}: not carried out" for c in case.ui.walks if c.id not in done]
    passed = sum(c.id in done and done[c.id].passed for c in case.ui.walks)
    return _list([f"{passed} of {len(case.ui.walks)} checks passed; `evidence/walks.json` says what was done.", *failed, *left])


def _not_measured(case: Case) -> list[str]:
    gates = [f"{gate.gate}: {md(gate.reason)}" for gate in case.verdict.gates if gate.value is None]
    fresh = sum(shot.baseline is None for shot in case.visuals.shots)
    waiting = [f"{fresh} pictures were compared with nothing: they wait for approval as baseline."] if fresh else []
    return [*gates, *waiting, *LIMITS_OF_THE_CHECKS]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
