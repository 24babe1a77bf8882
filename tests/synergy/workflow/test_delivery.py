"""The delivery: complete, the same every time, and any change to it is seen by the script that travels with it."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from slo.levels import levels
from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import Bench
from synergy.core.errors import PermanentError, ServiceDown, UnsafePath
from synergy.core.signing import signer
from synergy.core.types import ChangeSet, Clause, ClauseStatus, Delivery, GateResult, Message
from synergy.workflow import parcel, verifier
from synergy.workflow.certificate import figure, md
from synergy.workflow.delivery import deliver, installation_key, unpacked
from synergy.workflow.dossier import programs
from tests.slo.samples import Run, clean_run

RUN = "0192f0c4-1111-7abc-8def-000000000001"
API_KEY = "sk-" + "proj-abcDEF1234567890abcDEF1234567890"


def hand_over(run: Run, message: str | None = None, run_id: str = RUN) -> Delivery:
    text = Message(text=message or run.plan.message)
    return deliver(run.bench, run_id, text, *run.values().values(), verdict=run.judged())


def contents(run: Run, delivery: Delivery) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(run.bench.store.get(delivery.archive))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def run(bench) -> Run:
    return clean_run(bench)


@pytest.fixture(scope="module")
def original(tmp_path_factory, own_home) -> Path:
    """A delivery, unpacked as a person would."""
    place = tmp_path_factory.mktemp("original")
    (place / "bench" / "project").mkdir(parents=True)
    bench = Bench(root=place / "bench", store=ArtifactStore(place / "store"))
    delivery = hand_over(clean_run(bench))
    parcel.unpack(bench.store.get(delivery.archive), place / "parcel")
    return place / "parcel"


@pytest.fixture
def folder(original, tmp_path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(original, tmp_path / "parcel"))


def verify(folder: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run([str(folder / "verify.sh"), *options], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


# --- what is in it ---------------------------------------------------------------------------------------------------


def test_it_holds_project_papers_evidence_manifest_and_signature(run):
    delivery = hand_over(run)
    files = contents(run, delivery)
    assert files["project/backend/app/main.py"] == run.bench.store.get(run.changes[1].files["backend/app/main.py"])
    expected = {
        "README.md", "CERTIFICATE.md", "REQUIREMENTS.md", "verify.sh", "verify.py", "key.pem", "manifest.json", "manifest.sig",
        "evidence/plan.json", "evidence/stack.json", "evidence/verdict.json", "evidence/requirements.json", "evidence/findings.json",
        "evidence/contracts.json", "evidence/tests/backend-tests/junit.txt", "evidence/tests/backend-tests/log.txt",
        "evidence/logs/visuals-build.txt", "evidence/screens/login-375.png",
    }  # fmt: skip
    assert expected <= files.keys()
    assert len(files) == delivery.files
    assert files["verify.py"] == Path(verifier.__file__).read_bytes()


def test_every_gate_points_to_a_file_that_is_there(run):
    files = contents(run, hand_over(run))
    assert {gate.evidence for gate in run.judged().gates} <= files.keys()


def test_the_manifest_tells_the_facts_and_the_hash_of_every_file(run):
    delivery = hand_over(run)
    files = contents(run, delivery)
    manifest = json.loads(files["manifest.json"])
    assert manifest["files"].keys() == files.keys() - {"manifest.json", "manifest.sig"}
    assert manifest["verdict"] == "PASSED"
    assert [g["gate"] for g in manifest["gates"]] == list(levels())
    assert manifest["versions"]["browser"] == "Chromium 156.0"
    assert manifest["key"] == installation_key().fingerprint
    assert run.bench.store.get(delivery.manifest) == files["manifest.json"]
    assert bytes.fromhex(delivery.signature) == files["manifest.sig"]


def test_the_same_run_gives_the_same_bytes(run):
    first = hand_over(run)
    time.sleep(1.1)  # past the resolution of the clock in a zip
    assert hand_over(run) == first


def test_two_runs_that_took_different_times_hold_the_same_project(run):
    one, two = contents(run, hand_over(run)), contents(run, hand_over(run.but(seconds=99.0), run_id="0192f0c4-2222"))
    changed = {name for name in one if one[name] != two.get(name)}
    assert changed == {"CERTIFICATE.md", "evidence/verdict.json", "manifest.json", "manifest.sig"}


def test_programs_keep_their_bit_and_nothing_else_has_one(run):
    makefile = next(c for c in run.changes if c.agent == "devops")
    changes = tuple(c.model_copy(update={"executable": ("Makefile",)}) if c is makefile else c for c in run.changes)
    delivery = hand_over(run.but(changes=changes))
    with zipfile.ZipFile(io.BytesIO(run.bench.store.get(delivery.archive))) as archive:
        runnable = {i.filename for i in archive.infolist() if i.external_attr >> 16 & 0o111}
        assert {i.date_time for i in archive.infolist()} == {parcel.EPOCH}
        assert archive.namelist() == sorted(archive.namelist())
    assert runnable == {"verify.sh", "project/Makefile"}


def test_the_last_writer_decides_about_the_bit():
    first = ChangeSet(agent="devops", files={"a": "1", "b": "1", "c": "1"}, executable=("a", "b", "c"))
    later = ChangeSet(agent="edits", files={"a": "1", "b": "2"}, removed=("c",))
    assert programs((first, later)) == {"a"}


def test_missing_or_changed_evidence_stops_the_delivery(run):
    image = run.visuals.shots[0].image
    run.bench.store.path(image).write_bytes(b"another picture")
    with pytest.raises(PermanentError, match="was changed on disk"):
        hand_over(run)
    run.bench.store.path(image).unlink()
    with pytest.raises(PermanentError, match="is missing"):
        hand_over(run)


def test_pictures_with_baseline_and_difference_are_all_there(run):
    first, *others = run.visuals.shots
    store = run.bench.store
    shot = first.model_copy(
        update={"baseline": store.put(b"before"), "diff": store.put(b"difference"), "diff_ratio": 0.01, "theme": "dark"}
    )
    files = contents(run, hand_over(run.update("visuals", shots=(shot, *others))))
    names = [n for n in files if n.startswith("evidence/screens/login-375")]
    assert names == [f"evidence/screens/login-375-dark{end}.png" for end in ("-baseline", "-diff", "")]


# --- what it says ----------------------------------------------------------------------------------------------------


def test_the_certificate_names_every_gate_with_value_limit_and_evidence(run):
    text = contents(run, hand_over(run))["CERTIFICATE.md"].decode()
    assert text.startswith("# Certificate: PASSED")
    for name, level in levels().items():
        assert f"| {name}: {md(level.title)} | passed |" in text
    assert "98.5 % of lines | &gt;= 95 % of lines" in text
    assert "$0.00 | &lt; $5.00" in text
    assert "| R3 | send a fax | **not built** |" in text
    assert "wait for approval" in text
    assert installation_key().fingerprint in text


def test_a_rejected_run_says_so_first_thing(run):
    files = contents(run, hand_over(run.but(cost_usd=5.01).update("tests", coverage=())))
    for name in ("README.md", "CERTIFICATE.md"):
        text = files[name].decode()
        assert "REJECTED" in text.splitlines()[0]
        assert "did not pass: test_coverage, coverage, cost" in text
    assert json.loads(files["manifest.json"])["verdict"] == "REJECTED"
    assert "- coverage: Not measured. No usable coverage report" in files["CERTIFICATE.md"].decode()


def test_the_ledger_names_files_and_tests(run):
    text = contents(run, hand_over(run))["REQUIREMENTS.md"].decode()
    assert "- Built by `backend/app/main.py`, `frontend/src/app.tsx`" in text
    assert "- `backend/tests/test_app.py`: `customers.create`, `customers.list`, `orders.create`, `orders.list`" in text
    assert "8 tests in 2 files passed." in text


def test_what_the_message_left_open_is_told_apart_from_what_it_asked_for(run):
    decided = Clause(
        id="R9", text="Amounts are in EUR", ours=True, status=ClauseStatus.ASSUMED, reason="Assumed: nobody named one."
    )
    plan = run.plan.model_copy(update={"clauses": (*run.plan.clauses, decided)})
    text = contents(run, hand_over(run.but(plan=plan)))["REQUIREMENTS.md"].decode()
    asked, ours = text.split("What the message left open:")
    assert "| R3 | send a fax |" in asked
    assert "R9" not in asked
    assert "| R9 | Amounts are in EUR | assumed | Assumed: nobody named one. |" in ours


def test_what_was_not_built_is_in_the_readme(run):
    text = contents(run, hand_over(run))["README.md"].decode()
    assert "## Not built" in text
    assert "send a fax" in text


HOSTILE = "<script>alert(1)</script> ![x](http://evil.example/?q) [a](b) `c` | **d** \x1b[31m # e www.evil.example a@evil.example"


def test_hostile_words_cannot_format_the_papers(run):
    clause = Clause(id="R1", text=HOSTILE, status=ClauseStatus.NOT_BUILT, reason=HOSTILE)
    plan = run.plan.model_copy(update={"message": HOSTILE, "title": HOSTILE, "summary": HOSTILE, "clauses": (clause,)})
    files = contents(run, hand_over(run.but(plan=plan)))
    for name in ("README.md", "CERTIFICATE.md", "REQUIREMENTS.md"):
        text = files[name].decode()
        assert "<script" not in text
        assert "](" not in text.replace("\\](", "").replace("\\]\\(", "")
        assert "://evil" not in text
        assert "\x1b" not in text
        rows = [line for line in text.splitlines() if line.startswith("| R1")]
        assert all(row.replace("\\|", "").count("|") == 5 for row in rows)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "of lines", "not measured"),
        (0.94999, "of lines", "94.99 % of lines"),
        (0.95, "of lines", "95 % of lines"),
        (0.29, "of pixels", "29 % of pixels"),
        (5.01, "USD", "$5.01"),
        (0.0004, "USD", "$0.0004"),
        (0.0, "USD", "$0.00"),
        (721.04, "s", "721.0 s"),
        (0.0, "findings", "0 findings"),
        (0.7999, "probability", "0.799 probability"),
    ],
)
def test_figures_are_cut_so_that_none_looks_better_than_it_is(value, unit, text):
    assert figure(value, unit) == text


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_a_key_in_the_message_is_nowhere_in_the_delivery(run):
    message = f"Build a shop, my API key is {API_KEY} and the api_key = a9F3kLm2Qz8RtY7w"
    plan = run.plan.model_copy(update={"message": message, "summary": "Uses a9F3kLm2Qz8RtY7w"})
    leaky = run.but(plan=plan).with_file("README.md", f"# Shop\n\n> {message}\n")
    delivery = hand_over(leaky, message)
    for name, data in contents(run, delivery).items():
        assert API_KEY.encode() not in data, name
        assert b"a9F3kLm2Qz8RtY7w" not in data, name
    certificate = contents(run, delivery)["CERTIFICATE.md"].decode()
    assert "REJECTED" in certificate  # the project itself held them
    assert "blacked out in README.md" in certificate


def test_the_demo_account_and_odd_encodings_survive(run):
    odd = "x = 'é'\n".encode("latin-1") + b"\xff\x00\xfe"
    files = {**run.changes[0].files, "backend/app/odd.bin": run.bench.store.put(odd)}
    changed = run.but(changes=(run.changes[0].model_copy(update={"files": files}), *run.changes[1:]))
    changed = changed.with_file("README.md", f"password: {run.plan.demo_password}\n")
    out = contents(run, hand_over(changed))
    assert out["project/backend/app/odd.bin"] == odd
    assert run.plan.demo_password in out["project/README.md"].decode()


# --- verify ----------------------------------------------------------------------------------------------------------


def test_an_untouched_delivery_verifies_and_its_tests_run(original):
    code, said = verify(original)
    assert code == 0, said
    assert "Signature: good" in said
    assert "verified" in said  # printed by the project's own `make verify`
    assert "Tests: passed." in said
    assert verify(original)[0] == 0  # running it leaves nothing behind


def test_hashes_alone_can_be_checked(original):
    code, said = verify(original, "--no-tests")
    assert (code, "Running" in said) == (0, False)


def flip(path: Path, place: int = -2) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))


TAMPERED = {
    "evidence": lambda f: flip(f / "evidence/verdict.json"),
    "a picture": lambda f: flip(f / "evidence/screens/login-375.png"),
    "the project": lambda f: flip(f / "project/backend/app/main.py"),
    "the certificate": lambda f: flip(f / "CERTIFICATE.md"),
    "the manifest": lambda f: flip(f / "manifest.json", 5),
    "the signature": lambda f: flip(f / "manifest.sig", 3),
    "the key": lambda f: flip(f / "key.pem", 60),
    "verify.sh itself": lambda f: (f / "verify.sh").write_text((f / "verify.sh").read_text() + "\n"),
    "a file added to the evidence": lambda f: (f / "evidence/more.json").write_text("{}"),
    "a file added to the project": lambda f: (f / "project/backend/app/extra.py").write_text(""),
    "a file added beside": lambda f: (f / "extra.txt").write_text(""),
    "a hidden file": lambda f: (f / "project/.env").write_text("A=1"),
    "a file removed from the project": lambda f: (f / "project/README.md").unlink(),
    "a file removed from the evidence": lambda f: (f / "evidence/plan.json").unlink(),
    "the signature removed": lambda f: (f / "manifest.sig").unlink(),
    "the key removed": lambda f: (f / "key.pem").unlink(),
    "the manifest removed": lambda f: (f / "manifest.json").unlink(),
    "a file turned into a link": lambda f: link(f / "project/README.md", f / "project/Makefile"),
    "a link added": lambda f: (f / "project/passwd").symlink_to("/etc/passwd"),
    "a linked folder added": lambda f: (f / "project/etc").symlink_to("/etc"),
}


def link(path: Path, target: Path) -> None:
    path.unlink()
    path.symlink_to(target)


@pytest.mark.parametrize("what", TAMPERED)
def test_any_change_makes_verify_fail(folder, what):
    TAMPERED[what](folder)
    code, said = verify(folder, "--no-tests")
    assert code == 1, said
    assert "NOT GENUINE" in said or "this is not a delivery" in said


def resign(folder: Path, keys: Path) -> str:
    """What a forger does: change evidence, the hashes, and sign everything with a key of his own."""
    key = signer(keys)
    own = {"manifest.json", "manifest.sig"}
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    files["evidence/verdict.json"] = b'{"passed": true}'
    facts = {k: v for k, v in json.loads(files["manifest.json"]).items() if k not in ("files", "key")}
    for name, data in parcel.seal({n: d for n, d in files.items() if n not in own}, facts, key).items():
        (folder / name).write_bytes(data)
    return key.fingerprint


def test_a_forger_with_his_own_key_is_caught_by_the_fingerprint(folder, tmp_path):
    forged = resign(folder, tmp_path / "keys")
    code, said = verify(folder, "--no-tests", "--key", installation_key().fingerprint)
    assert code == 1
    assert f"signed with another key: {forged}" in said
    assert verifier.check(folder, forged.upper()) == []


def test_without_openssl_the_verdict_is_the_same(folder, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    programs = {"sh": shutil.which("sh"), "dirname": shutil.which("dirname"), "python3": Path(sys.executable).resolve()}
    for name, program in programs.items():
        (tools / name).symlink_to(program)

    def code() -> int:
        run = [str(tools / "sh"), str(folder / "verify.sh"), "--no-tests"]
        return subprocess.run(run, env={"PATH": str(tools)}, capture_output=True, check=False).returncode

    assert code() == 0
    flip(folder / "manifest.sig", 3)
    assert code() == 1


def test_failing_tests_and_a_missing_make_have_codes_of_their_own(folder, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(verifier, "check", lambda folder, pinned: [])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert verifier.main([str(folder)]) == verifier.UNCHECKED
    monkeypatch.undo()
    monkeypatch.setattr(verifier, "check", lambda folder, pinned: [])
    (folder / "project/Makefile").write_text("verify:\n\t@false\n")
    assert verifier.main([str(folder)]) == verifier.TESTS_FAILED
    assert "Tests: FAILED" in capfd.readouterr().out


def test_a_folder_that_is_no_delivery_is_said_to_be_none(tmp_path, capfd):
    assert verifier.main([str(tmp_path)]) == verifier.CHANGED
    assert "not a delivery" in capfd.readouterr().out


def test_a_long_list_of_problems_is_cut(folder, capfd):
    for number in range(30):
        (folder / f"extra-{number}").touch()
    assert verifier.main([str(folder), "--no-tests"]) == 1
    assert "and 10 more" in capfd.readouterr().out


def test_a_name_in_a_forged_manifest_cannot_lead_outside(folder):
    (folder / "manifest.json").write_text(json.dumps({"files": {"../../etc/passwd": {"sha256": "0"}, "project": 3}}))
    problems = verifier.check(folder)
    assert "Missing: ../../etc/passwd" in problems
    assert "Missing: project" in problems


# --- unpacking -------------------------------------------------------------------------------------------------------


def test_it_is_unpacked_once_and_a_persons_work_is_left_alone(run, own_home):
    delivery = hand_over(run, run_id="aaaa1111-0000")
    folder, archive = unpacked(run.bench, delivery)
    assert folder == own_home / "deliveries" / "bakery-orders-aaaa1111"
    assert archive.read_bytes() == run.bench.store.get(delivery.archive)
    assert verifier.check(folder) == []
    (folder / "project/README.md").write_text("mine")
    assert unpacked(run.bench, delivery) == (folder, archive)
    assert (folder / "project/README.md").read_text() == "mine"


def test_what_is_no_zip_or_cannot_be_written_is_reported(tmp_path):
    with pytest.raises(PermanentError, match="not a zip"):
        parcel.unpack(b"garbage", tmp_path / "a")
    (tmp_path / "file").touch()
    with pytest.raises(ServiceDown, match="could not be unpacked"):
        parcel.unpack(b"", tmp_path / "file" / "a")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"]


def test_a_full_disk_is_reported_and_leaves_no_half_file(tmp_path, monkeypatch):
    def full(self, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ServiceDown, match="No space left on device"):
        parcel.place(b"x", tmp_path / "a.zip")
    data = parcel.pack({"a/b": b"1"}, ())
    with pytest.raises(ServiceDown, match="No space left on device"):
        parcel.unpack(data, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_leaves_its_folder_is_refused_on_the_way_in_and_out(tmp_path):
    with pytest.raises(UnsafePath):
        parcel.pack({"../evil": b""}, ())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../evil", b"")
    with pytest.raises(UnsafePath):
        parcel.unpack(out.getvalue(), tmp_path / "a" / "b")
    assert not (tmp_path / "evil").exists()
    assert not (tmp_path / "a" / "evil").exists()


def test_a_gate_without_service_level_is_still_printed(run):
    odd = GateResult(gate="odd", value=1.0, threshold=2.0, comparison="<", passed=True, evidence="evidence/plan.json")
    verdict = run.judged().model_copy(update={"gates": (odd,)})
    delivery = deliver(run.bench, RUN, Message(text="x"), *run.values().values(), verdict=verdict)
    assert "| odd: odd | passed | 1" in contents(run, delivery)["CERTIFICATE.md"].decode()
