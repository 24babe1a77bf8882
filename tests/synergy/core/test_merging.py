"""Three-way merge: against git where both must agree, by hand where a person's edit must win."""

from __future__ import annotations

import random
import shutil
import subprocess

import pytest

from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import EDITS
from synergy.core.merging import merge, settle
from synergy.core.types import ChangeSet

BASE = "".join(f"line {n}\n" for n in range(1, 11))


def swapped(*lines: tuple[int, str]) -> str:
    rows = BASE.splitlines(keepends=True)
    for number, text in lines:
        rows[number - 1] = text
    return "".join(rows)


@pytest.mark.parametrize(
    ("mine", "theirs", "text", "overlaps"),
    [
        (BASE, BASE, BASE, ()),
        (swapped((2, "mine\n")), BASE, swapped((2, "mine\n")), ()),
        (BASE, swapped((2, "theirs\n")), swapped((2, "theirs\n")), ()),
        (swapped((2, "mine\n")), swapped((8, "theirs\n")), swapped((2, "mine\n"), (8, "theirs\n")), ()),
        (swapped((2, "same\n")), swapped((2, "same\n")), swapped((2, "same\n")), ()),
        (swapped((2, "mine\n")), swapped((2, "theirs\n"), (8, "theirs\n")), swapped((2, "mine\n"), (8, "theirs\n")), (2,)),
        (BASE + "mine\n", "theirs\n" + BASE, "theirs\n" + BASE + "mine\n", ()),
        (BASE + "mine\n", BASE + "theirs\n", BASE + "mine\n", (11,)),
        (swapped((5, "")), swapped((1, "theirs\n")), swapped((1, "theirs\n"), (5, "")), ()),
        (swapped((5, "")), swapped((5, "theirs\n")), swapped((5, "")), (5,)),
        ("", swapped((5, "theirs\n")), "", (1,)),
        (BASE.rstrip("\n"), swapped((1, "theirs\n")), swapped((1, "theirs\n")).rstrip("\n"), ()),
        ("mine", "theirs", "mine", (1,)),
    ],
)
def test_changes_of_both_sides_are_taken_and_where_they_overlap_the_persons(mine, theirs, text, overlaps):
    found = merge(BASE, mine, theirs)
    assert (found.text, found.overlaps) == (text, overlaps)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is what it is compared with")
def test_it_agrees_with_git_on_what_does_not_overlap(tmp_path):
    """Random edits of random files: where git merges without a conflict, this gives the same bytes."""
    draw = random.Random(7)
    clean = 0
    for _ in range(120):
        base = [f"{draw.choice('abcdef')} {n // 3}\n" for n in range(draw.randint(0, 30))]
        mine, theirs = (_edited(draw, base) for _ in range(2))
        for name, lines in (("base", base), ("mine", mine), ("theirs", theirs)):
            (tmp_path / name).write_text("".join(lines))
        ran = subprocess.run(
            ["git", "merge-file", "-p", "mine", "base", "theirs"], cwd=tmp_path, capture_output=True, text=True, timeout=10
        )
        found = merge("".join(base), "".join(mine), "".join(theirs))
        if ran.returncode == 0 and not found.overlaps:
            clean += 1
            assert found.text == ran.stdout
    assert clean >= 30


def _edited(draw: random.Random, lines: list[str]) -> list[str]:
    """With one or two lines changed, added or taken out."""
    own = list(lines)
    for _ in range(draw.randint(0, 2)):
        at = draw.randint(0, len(own))
        own[at : at + draw.randint(0, 1)] = [f"new {draw.random()}\n"] * draw.randint(0, 1)
    return own


def test_a_long_file_is_merged_in_time():
    rows = [f"  {n % 7}: {{ }},\n" for n in range(15_000)]
    mine, theirs = list(rows), list(rows)
    mine[100], theirs[14_000] = "mine\n", "theirs\n"
    found = merge("".join(rows), "".join(mine), "".join(theirs))
    assert not found.overlaps
    assert found.text.splitlines(keepends=True)[100] == "mine\n"
    assert found.text.splitlines(keepends=True)[14_000] == "theirs\n"


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "store")


@pytest.mark.parametrize(
    ("base", "mine", "now", "outcome", "result"),
    [
        ("a\n", "b\n", "a\n", "kept", "b\n"),  # what is generated did not change
        (None, "own\n", None, "kept", "own\n"),  # a file of the person's own
        ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "merged", "A\nb\nC\n"),
        ("a\nb\nc\n", "x\nb\nc\n", "y\nb\nC\n", "conflict", "x\nb\nC\n"),
        ("a\n", "b\n", None, "dropped", None),
        (None, "own\n", "generated\n", "conflict", "own\n"),
        ("a\n", "b\n", "b\n", "kept", None),  # the change does what the person did
        (b"\x00\xff", b"\x00\xfe", b"\x00\xfd", "conflict", b"\x00\xfe"),
    ],
)
def test_what_becomes_of_an_edited_file(store, base, mine, now, outcome, result):
    before, edits, after = ({"f": store.put(_bytes(v))} if v is not None else {} for v in (base, mine, now))
    done, [note] = settle(store, before, ChangeSet(agent="person", files=edits), after)
    assert (note.outcome, done.agent) == (outcome, EDITS)
    assert done.files == ({"f": store.put(_bytes(result))} if result is not None else {})
    assert note.reason
    if outcome == "conflict":
        assert (note.mine, note.generated) == (edits["f"], after["f"])


@pytest.mark.parametrize(
    ("base", "now", "outcome", "removed"),
    [("a\n", "a\n", "removed", ("f",)), ("a\n", "b\n", "restored", ()), ("a\n", None, "removed", ("f",))],
)
def test_a_deleted_file_stays_away_unless_it_is_generated_differently(store, base, now, outcome, removed):
    before, after = ({"f": store.put(_bytes(v))} if v is not None else {} for v in (base, now))
    done, [note] = settle(store, before, ChangeSet(agent=EDITS, files={}, removed=("f",)), after)
    assert (note.outcome, done.removed) == (outcome, removed)


def test_the_x_bit_stays_with_its_file(store):
    sha = store.put_text("#!/bin/sh\n")
    done, _ = settle(store, {}, ChangeSet(agent=EDITS, files={"run.sh": sha}, executable=("run.sh",)), {})
    assert done.executable == ("run.sh",)


def _bytes(value):
    return value if isinstance(value, bytes) else value.encode()
