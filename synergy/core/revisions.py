"""What a change of a project starts from: the last delivered run, as far as later steps need it."""

from __future__ import annotations

from synergy.core.types import ChangeSet, Clause, Plan, Shot, StackChoice, Value
from synergy.core.written import Improved

BY_HAND = "Take over the files that were edited by hand."  #: the message of a change that brings edits and no words


class Base(Value):
    """The last delivery of a project. It is an artifact; runs hold its hash."""

    run: str  #: id
    messages: tuple[str, ...]  #: all that was asked for so far, the first message first
    stack: StackChoice
    plan: Plan
    clauses: tuple[Clause, ...]  #: as the run settled them
    generated: dict[str, str]  #: path → artifact hash of all files without a person's edits and a model's
    edited: ChangeSet | None = None  #: a person's edits, as they are to survive; None = there are none
    written: Improved | None = None  #: what a model wrote and was not taken back
    by_hand: tuple[str, ...] = ()  #: paths that were edited since that delivery
    browser: str = ""
    fonts: str = ""
    shots: tuple[Shot, ...] = ()  #: how its pages looked
    redrawn: tuple[str, ...] = ()  #: pages that changed after these pictures were taken
