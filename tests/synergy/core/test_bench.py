"""Where files may go, and in which order change sets are laid over each other."""

from __future__ import annotations

import pytest

from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import MAX_FILES, Bench, layers, merged, safe_path, tree_hash
from synergy.core.errors import Cancelled, PermanentError, UnsafePath
from synergy.core.spending import Order, Paid
from synergy.core.types import ChangeSet, Resolution, UiSpec


@pytest.fixture
def bench(tmp_path):
    return Bench(root=tmp_path / "run", store=ArtifactStore(tmp_path / "artifacts"))


def change(bench, agent, text="x", name="a.txt", **more):
    return ChangeSet(agent=agent, files={name: bench.store.put_text(text)}, **more)


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a\\b", "C:x", "a\x00b", "a\nb", "x" * 300, "con.txt", "a/NUL", " a", "a ",
     "a.", ".git/config", ".ssh/authorized_keys"],
)  # fmt: skip
def test_a_name_that_could_leave_the_folder_is_refused(name):
    with pytest.raises(UnsafePath):
        safe_path(name)


@pytest.mark.parametrize("name", ["a.txt", ".github/workflows/ci.yml", ".env.example", "frontend/src/pages/Öl.tsx"])
def test_an_ordinary_name_is_allowed(name):
    assert str(safe_path(name)) == name


def test_layers_put_edits_after_the_components_and_mediation_last(bench):
    agents = [change(bench, name) for name in ("frontend", "backend", "devops")]
    edits, ui, settled = change(bench, "edits"), change(bench, "ui"), change(bench, "mediator")
    resolution = Resolution(operations=1, conflicts=(), similarity_before=1, similarity_after=1, changes=settled)
    got = layers((edits, *agents), UiSpec(scopes=(), components=(), changes=ui), resolution)
    assert [c.agent for c in got] == ["frontend", "backend", "devops", "ui", "edits", "mediator"]


def test_layers_work_before_there_are_components_or_a_resolution(bench):
    assert [c.agent for c in layers((change(bench, "backend"),))] == ["backend"]
    untouched = Resolution(operations=1, conflicts=(), similarity_before=1, similarity_after=1)
    assert [c.agent for c in layers((change(bench, "backend"),), None, untouched)] == ["backend"]


def test_the_later_change_wins_and_removed_files_are_gone(bench):
    first = change(bench, "backend", "one", "a.txt")
    second = change(bench, "edits", "two", "a.txt")
    third = ChangeSet(agent="mediator", files={}, removed=("a.txt",))
    bench.apply((first, second))
    assert (bench.project / "a.txt").read_text() == "two"
    assert merged((first, second)) == second.files
    bench.apply((third,))
    assert not (bench.project / "a.txt").exists()
    assert merged((first, second, third)) == {}


def test_executable_files_get_the_x_bit(bench):
    bench.apply((change(bench, "devops", "#!/bin/sh", "run.sh", executable=("run.sh",)),))
    assert (bench.project / "run.sh").stat().st_mode & 0o111


def test_a_symbolic_link_is_never_written_through(bench, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    bench.project.mkdir(parents=True)
    (bench.project / "backend").symlink_to(outside)
    with pytest.raises(UnsafePath, match="symbolic link"):
        bench.apply((change(bench, "backend", name="backend/x.py"),))
    assert not list(outside.iterdir())


def test_too_many_files_are_refused(bench):
    sha = bench.store.put_text("x")
    with pytest.raises(UnsafePath, match="more than"):
        bench.apply((ChangeSet(agent="x", files={f"f{n}": sha for n in range(MAX_FILES + 1)}),))


def test_a_changed_artifact_is_not_written(bench):
    given = change(bench, "backend")
    (sha,) = given.files.values()
    bench.store.path(sha).write_text("tampered")
    with pytest.raises(PermanentError, match="changed on disk"):
        bench.apply((given,))


def test_a_stop_is_seen(tmp_path):
    with pytest.raises(Cancelled):
        Bench(root=tmp_path, store=ArtifactStore(tmp_path), stopped=lambda: True).check_stop()


def test_the_tree_hash_sees_names_and_contents_below_a_prefix():
    files = {"backend/a": "1", "frontend/a": "2"}
    assert tree_hash(files, "backend/") == tree_hash({"backend/a": "1"})
    assert tree_hash(files) != tree_hash({"backend/a": "2", "frontend/a": "1"})


def test_a_request_is_paid_for_once_and_its_key_stays_the_same(bench):
    keys = []

    def call(key: str) -> Paid:
        keys.append(key)
        return Paid(f"answer {len(keys)}", 0.01)

    assert bench.pay_once(Order("a", 1), call) == bench.pay_once(Order("a", 1), call) == Paid("answer 1", 0.01)
    assert bench.pay_once(Order("b", 1), call) == Paid("answer 2", 0.01)
    assert len(set(keys)) == 2


def test_a_cancelled_run_does_not_pay(tmp_path):
    with pytest.raises(Cancelled):
        Bench(root=tmp_path, store=ArtifactStore(tmp_path), stopped=lambda: True).pay_once(
            Order("a", 1), lambda key: pytest.fail("It paid.")
        )


def test_what_a_killed_writer_left_is_swept_when_it_is_old(tmp_path):
    store = ArtifactStore(tmp_path)
    sha = store.put(b"whole")
    half = store.path(sha).with_name(".new-abc")
    half.touch()
    assert (store.sweep(older_than=60), half.exists()) == (0, True)
    assert (store.sweep(older_than=0), half.exists(), store.get(sha)) == (1, False, b"whole")
