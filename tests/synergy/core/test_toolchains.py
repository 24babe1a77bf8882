"""Dependencies are installed once, are read-only for the project, and its commands leave evidence."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import threading
import zipfile

import httpx
import pytest

from synergy.core import stacks, toolchains
from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import Bench
from synergy.core.errors import BadInput, Cancelled, ServiceDown, UnsafePath
from synergy.core.stacks import Command, StackSpec
from synergy.core.types import ChangeSet

pytestmark = pytest.mark.sandbox

SERVER = """
import http.server, os, socketserver, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ["GREETING"].encode())
    def address_string(self): return "unix"
class Server(socketserver.UnixStreamServer):
    def get_request(self): return self.socket.accept()[0], ("unix", 0)
Server(sys.argv[1], Handler).serve_forever()
"""


def tiny_wheel(folder):
    """A Python package of one module, built by hand, so that no index is asked."""
    path = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tiny.py", "def main():\n    print('tiny runs')\n")
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(
            "tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("tiny-1.0.dist-info/entry_points.txt", "[console_scripts]\ntiny = tiny:main\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    return path


def tiny_package(folder):
    """The same for Node."""
    path = folder / "tiny-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in {
            "package.json": '{"name": "tiny", "version": "1.0.0"}',
            "index.js": "module.exports = 'tiny runs'",
        }.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


@pytest.fixture
def spec(tmp_path, monkeypatch, settings):
    """A stack with one small dependency on each side."""
    settings.CACHE_DIR = tmp_path / "cache"
    monkeypatch.setattr(stacks, "FIXTURES", tmp_path / "fixtures")
    folder = tmp_path / "fixtures/stacks/tiny"
    folder.mkdir(parents=True)
    wheel, package = tiny_wheel(folder), tiny_package(folder)
    (folder / "lock.txt").write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    address = f"file:{package}"
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    root = {"name": "x", "version": "1.0.0", "dependencies": {"tiny": address}}
    lock = {"name": "x", "version": "1.0.0", "lockfileVersion": 3, "requires": True,
            "packages": {"": root, "node_modules/tiny": {"version": "1.0.0", "resolved": address, "integrity": integrity}}}  # fmt: skip
    (folder / "package.json").write_text(json.dumps(root))
    (folder / "package-lock.json").write_text(json.dumps(lock))
    commands = {
        "python": Command(argv=("tiny",), inputs=("backend/",)),
        "node": Command(argv=("node", "-e", "console.log(require('tiny'))"), cwd="frontend"),
        "write": Command(argv=("sh", "-c", "mkdir -p dist && echo page > dist/index.html && echo report > report.txt"),
                         outputs={"report": "report.txt", "dist": "dist/", "none": "missing.xml"}),
        "forge": Command(argv=("ln", "-sf", "/etc/passwd", "report.txt"), outputs={"report": "report.txt"}),
        "fail": Command(argv=("sh", "-c", "echo no; exit 3"), outputs={"report": "report.txt"}),
        "vandal": Command(argv=("sh", "-c", "touch frontend/node_modules/x /opt/venv/x; touch frontend/node_modules/.vite-temp/ok && echo scratch")),
        "slow": Command(argv=("sleep", "30")),
        "serve": Command(argv=("python", "-c", SERVER, "{socket}")),
    }  # fmt: skip
    return StackSpec(slug="tiny", title="Tiny", sentence="", paragraph="", python_requirements="lock.txt", node_package=".",
                     node_cwd="frontend", commands=commands)  # fmt: skip


@pytest.fixture
def bench(tmp_path):
    bench = Bench(root=tmp_path / "run", store=ArtifactStore(tmp_path / "artifacts"))
    bench.apply(
        (ChangeSet(agent="x", files={"backend/a.py": bench.store.put_text("a"), "frontend/a.ts": bench.store.put_text("b")}),)
    )
    return bench


def test_packages_are_installed_once_even_when_two_ask_at_the_same_time(spec):
    lines = []
    threads = [threading.Thread(target=toolchains.prepare, args=(spec, lines.append)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(line.split(" in ")[0].split(";")[0] for line in lines) == [
        "Installed the JavaScript packages of Tiny", "Installed the Python packages of Tiny",
        "Installing the JavaScript packages of Tiny", "Installing the Python packages of Tiny",
    ]  # fmt: skip
    again = []
    assert toolchains.prepare(spec, again.append) == toolchains.prepare(spec)
    assert again == []


def test_another_lock_is_another_toolchain(spec):
    before = toolchains.prepare(spec).key
    lock = spec.folder / "lock.txt"
    lock.write_text(lock.read_text() + "# changed\n")
    assert toolchains.prepare(spec).key != before


def test_a_package_with_another_hash_is_refused_and_nothing_is_left(spec, settings):
    lock = spec.folder / "lock.txt"
    lock.write_text(lock.read_text()[:-10] + "000000000\n")
    with pytest.raises(ServiceDown, match="could not be installed"):
        toolchains.prepare(spec)
    assert not list((settings.CACHE_DIR / "toolchains").glob("python-*/"))


def test_commands_find_their_packages_and_leave_a_log(spec, bench):
    for name in ("python", "node"):
        done = toolchains.run_command(bench, spec, name, {})
        assert (done.returncode, bench.store.get_text(done.output)) == (0, "tiny runs\n"), name
        assert done.seconds > 0
        assert len(done.inputs) == 64


def test_a_project_cannot_change_its_dependencies_but_tools_get_scratch_space(spec, bench):
    done = toolchains.run_command(bench, spec, "vandal", {})
    assert bench.store.get_text(done.output).count("Read-only file system") == 2
    assert "scratch" in bench.store.get_text(done.output)
    assert not list(toolchains.prepare(spec).modules.joinpath(".vite-temp").iterdir())


def test_declared_outputs_become_artifacts_and_a_folder_can_be_restored(spec, bench, tmp_path):
    done = toolchains.run_command(bench, spec, "write", {})
    assert bench.store.get_text(done.outputs["report"]) == "report\n"
    assert set(done.outputs) == {"report", "dist"}
    other = Bench(root=tmp_path / "other", store=bench.store)
    toolchains.restore(other, done.outputs["dist"])
    assert (other.project / "dist/index.html").read_text() == "page\n"


def test_a_report_of_an_earlier_run_is_not_taken_for_this_one(spec, bench):
    toolchains.run_command(bench, spec, "write", {})
    done = toolchains.run_command(bench, spec, "fail", {})
    assert (done.returncode, done.outputs) == (3, {})


def test_an_output_that_is_a_link_is_refused(spec, bench):
    with pytest.raises(UnsafePath):
        toolchains.run_command(bench, spec, "forge", {})


def test_the_inputs_hash_sees_what_the_command_reads_and_nothing_else(spec):
    files = {"backend/a.py": "1", "frontend/a.ts": "2"}
    same = toolchains.inputs_hash(spec, "python", files)
    assert toolchains.inputs_hash(spec, "python", {**files, "frontend/a.ts": "3"}) == same
    assert toolchains.inputs_hash(spec, "python", {**files, "backend/a.py": "3"}) != same
    assert toolchains.inputs_hash(spec, "python", files, {"A": "1"}) != same
    assert toolchains.inputs_hash(spec, "node", files) != same


def test_a_cancelled_run_ends_its_command(spec, bench):
    answers = iter([False, False])
    stopping = Bench(root=bench.root, store=bench.store, stopped=lambda: next(answers, True))
    with pytest.raises(Cancelled):
        toolchains.run_command(stopping, spec, "slow", {})


def test_an_unknown_command_is_bad_input(spec, bench):
    with pytest.raises(BadInput, match="no command 'nothing'"):
        toolchains.run_command(bench, spec, "nothing", {})


def test_a_served_project_answers_on_its_socket(spec, bench):
    with toolchains.serve_command(bench, spec, "serve", {"GREETING": "hello"}) as server:
        transport = httpx.HTTPTransport(uds=str(server.socket))
        with httpx.Client(transport=transport, base_url="http://app") as client:
            assert client.get("/").text == "hello"
        assert server.alive()
    assert not server.alive()
