"""What all walks came to: a table for each message, the totals, and the same as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.acceptance.walker.walk import Message, Result

WIDE = 58  #: characters of a check in the table


def table(message: Message, results: Sequence[Result]) -> str:
    """The checks of one message, a line each."""
    lines = [f"{message.id}  {message.text[:100]}"]
    for result in results:
        lines.append(f"  {result.status:14}  {result.kind:10}  {result.check.do[:WIDE]:{WIDE}}  {result.said}")
    return "\n".join(lines)


def totals(results: Iterable[Result]) -> dict[str, float]:
    """How many passed, failed, could not be done by a script, and the rate among those that could."""
    counts = Counter(result.status for result in results)
    passed, failed = counts["passed"], counts["failed"]
    return {
        "passed": passed,
        "failed": failed,
        "not scriptable": counts["not scriptable"],
        "pass rate": round(passed / (passed + failed), 3) if passed + failed else 0.0,
    }


def by_kind(results: Iterable[Result]) -> str:
    kinds: dict[str, Counter[str]] = {}
    for result in results:
        kinds.setdefault(result.kind, Counter())[result.status] += 1
    return "\n".join(
        f"  {kind:12} {count['passed']:4} passed {count['failed']:4} failed {count['not scriptable']:4} not scriptable"
        for kind, count in sorted(kinds.items())
    )


def write(folder: Path, walked: Mapping[str, Sequence[Result]]) -> Path:
    """``walker.json`` and the pictures of what failed, in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        name: [_told(folder, name, number, result) for number, result in enumerate(results)] for name, results in walked.items()
    }
    everything = [result for results in walked.values() for result in results]
    file = folder / "walker.json"
    file.write_text(json.dumps({"totals": totals(everything), "messages": told}, indent=1, ensure_ascii=False) + "\n")
    return file


def _told(folder: Path, name: str, number: int, result: Result) -> dict[str, object]:
    shot = ""
    if result.picture:
        shot = f"{name}-{number}.png"
        (folder / shot).write_bytes(result.picture)
    return {
        "do": result.check.do,
        "expect": result.check.expect,
        "kind": result.kind,
        "status": result.status,
        "said": result.said,
        "who": result.who,
        "path": result.path,
        "unseen": list(result.unseen),
        "seconds": result.seconds,
        "shot": shot,
    }
