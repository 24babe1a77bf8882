"""What a model wrote in an earlier run, laid on the project as a change generates it now."""

from __future__ import annotations

from collections.abc import Mapping

from synergy.core.bench import EDITS, Bench
from synergy.core.merging import settle
from synergy.core.types import ChangeSet
from synergy.core.written import Improved
from uiagents.improving.paper import README
from uiagents.sides import CONTRACT, SCHEMA

DERIVED = (README, CONTRACT, SCHEMA)  #: made anew from the others
LOST = ("conflict", "dropped")


def relaid(bench: Bench, written: Improved, files: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """(``files`` with what was written, why that cannot be: "" = it can). A file that is there already with it stays as it is."""
    under: dict[str, str] = {}
    for attempt in written.attempts:
        for path, sha in attempt.before.items():
            under.setdefault(path, sha)
    own = {path: sha for path, sha in written.files.items() if path not in DERIVED}
    mine = {path: sha for path, sha in own.items() if under.get(path) or path not in files}
    done, notes = settle(
        bench.store, {path: sha for path, sha in under.items() if sha}, ChangeSet(agent=EDITS, files=mine), files
    )
    lost = next((note for note in notes if note.outcome in LOST), None)
    if lost is not None:
        return dict(files), f"This change wants {lost.path} otherwise than what a model had written there."
    laid = {**files, **done.files}
    missing = next((path for proof in written.proofs for path in proof.files if path not in laid), None)
    return (dict(files), f"{missing} is gone, which a model had written for it.") if missing else (laid, "")
