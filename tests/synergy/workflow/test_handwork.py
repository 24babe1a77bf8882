"""An edited project as a folder or a zip: what is taken, what is left out, what is refused."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile

import pytest

from synergy.core.artifacts import ArtifactStore, digest
from synergy.core.bench import EDITS
from synergy.core.errors import BadInput, UnsafePath
from synergy.core.types import ChangeSet
from synergy.workflow import handwork

FILES = {"README.md": "# Bakery\n", "backend/app/main.py": "x = 1\n", "run.sh": "#!/bin/sh\n", "Makefile": "verify:\n"}


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def folder(tmp_path):
    """A copy of the project, with what running it leaves behind."""
    root = tmp_path / "copy"
    made = ("node_modules/x/index.js", "backend/.venv/bin/python", "frontend/dist/index.html", "backend/app.db", ".env", ".git/config",
            "backend/app/__pycache__/main.cpython-311.pyc")  # fmt: skip
    for path, text in {**FILES, **dict.fromkeys(made, "made")}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("/etc/passwd")
    return root


def zipped(files, *, prefix="", mode=0o644) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(prefix + name)
            info.external_attr = (0o100755 if name == "run.sh" else 0o100000 | mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text)
    out.seek(0)
    return out


def test_a_folder_gives_its_own_files_and_nothing_that_was_made(folder, store):
    found = handwork.collect(folder, store)
    assert {path: store.get_text(sha) for path, sha in found.files.items()} == FILES
    assert found.executable == {"run.sh"}


def test_the_folder_of_a_delivery_stands_for_the_project_in_it(folder, store, tmp_path):
    (tmp_path / "delivery").mkdir()
    os.rename(folder, tmp_path / "delivery" / "project")
    (tmp_path / "delivery" / "manifest.json").write_text("{}")
    (tmp_path / "delivery" / "README.md").write_text("of the delivery")
    assert set(handwork.collect(tmp_path / "delivery", store).files) == set(FILES)


@pytest.mark.parametrize("prefix", ["", "bakery/", "project/", "bakery-1234/project/"])
def test_a_zip_gives_the_same_wherever_the_project_stands_in_it(store, tmp_path, prefix):
    files = {f"{prefix}{name}": text for name, text in FILES.items()} | {f"{prefix}node_modules/a.js": "made"}
    if prefix.endswith("project/"):
        files |= {
            f"{prefix.removesuffix('project/')}manifest.json": "{}",
            f"{prefix.removesuffix('project/')}evidence/a.json": "{}",
        }
    place = tmp_path / "copy.zip"
    place.write_bytes(zipped(files).read())
    found = handwork.collect(place, store)
    assert {path: store.get_text(sha) for path, sha in found.files.items()} == FILES
    assert found.executable == {"run.sh"} or prefix  # the bit is set for the plain name only


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", "c:/x", "a\\b", "con"])
def test_a_name_that_leads_out_is_refused(store, name):
    with pytest.raises((UnsafePath, BadInput)):
        handwork.from_zip(zipped({name: "x", "README.md": "y", "backend/a": "z"}), store)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"no zip at all", "no zip"),
        (b"PK\x03\x04" + b"\0" * 40, "no zip"),
        (zipped({"backend/big.txt": "0" * (handwork.FILE_BYTES + 1)}).read(), "too much"),
        (zipped({f"backend/{n}": "x" for n in range(5_001)}).read(), "too much"),
    ],
)
def test_what_cannot_be_an_edited_project_is_refused(store, data, says):
    with pytest.raises(BadInput, match=says):
        handwork.from_zip(io.BytesIO(data), store)


def test_a_zip_that_lies_about_its_sizes_is_refused(store):
    """The directory of the zip says 10 bytes; what comes out is more than a file may hold."""
    data = bytearray(zipped({"backend/big.txt": "0" * (handwork.FILE_BYTES + 1)}).read())
    real = (handwork.FILE_BYTES + 1).to_bytes(4, "little")
    data = data.replace(real, (10).to_bytes(4, "little"))
    with pytest.raises(BadInput):
        handwork.from_zip(io.BytesIO(bytes(data)), store)


def test_symbolic_links_in_a_zip_are_left_out(store):
    out = zipped({"README.md": "x", "backend/a.py": "y"})
    with zipfile.ZipFile(out, "a") as archive:
        info = zipfile.ZipInfo("backend/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    out.seek(0)
    assert set(handwork.from_zip(out, store).files) == {"README.md", "backend/a.py"}


def test_a_place_that_is_not_there_is_said(store, tmp_path):
    with pytest.raises(BadInput, match="no folder and no zip"):
        handwork.collect(tmp_path / "nothing", store)


def found(**files):
    return handwork.Found({path: digest(text.encode()) for path, text in files.items()}, frozenset({"own"}))


def test_only_what_differs_from_the_delivery_is_an_edit():
    delivered = found(a="1", b="2", c="3").files
    edits, paths = handwork.since(found(a="1", b="mine", own="x"), delivered, delivered, None)
    assert edits is not None
    assert set(edits.files) == {"b", "own"}
    assert (edits.agent, edits.removed, edits.executable) == (EDITS, ("c",), ("own",))
    assert paths == ("b", "c", "own")


def test_a_folder_with_a_few_files_deletes_nothing():
    delivered = found(a="1", b="2", c="3").files
    edits, paths = handwork.since(found(a="mine"), delivered, delivered, None)
    assert edits is not None
    assert (set(edits.files), edits.removed, paths) == ({"a"}, (), ("a",))


def test_earlier_edits_stay_until_they_are_taken_back():
    generated = found(a="1", b="2", c="3").files
    earlier = ChangeSet(agent=EDITS, files=dict(found(a="mine", own="x").files), removed=("c",))
    delivered = {**found(a="mine", b="2", own="x").files}
    untouched, paths = handwork.since(found(a="mine", b="2", own="x"), delivered, generated, earlier)
    assert untouched is not None
    assert (set(untouched.files), untouched.removed, paths) == ({"a", "own"}, ("c",), ())
    back, paths = handwork.since(found(a="1", b="2", c="3"), delivered, generated, earlier)
    assert back is None
    assert paths == ("a", "c", "own")


def test_the_hashes_of_a_delivery_are_those_of_the_project_in_it():
    manifest = json.dumps({"files": {"project/a/b.py": {"sha256": "1"}, "README.md": {"sha256": "2"}}}).encode()
    assert handwork.hashes(manifest) == {"a/b.py": "1"}
