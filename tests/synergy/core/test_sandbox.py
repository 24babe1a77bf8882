"""Attacks on the sandbox, each bounded, each refused; the same as root and as a normal user."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import httpx
import pytest

from synergy.core import tools
from synergy.core.errors import SandboxError, ServiceDown
from synergy.core.processes import descendants
from synergy.core.sandboxes._seccomp import program
from synergy.core.sandboxes.base import Job, Limits, Mount, registry

pytestmark = pytest.mark.sandbox

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def box():
    return registry.get("bubblewrap")


@pytest.fixture
def python(box, tmp_path):
    """Run a Python script inside; returns the Outcome."""
    project = tmp_path / "project"
    project.mkdir()

    def run(script, *, stop=lambda: False, mounts=(), env=None, **limits):
        job = Job(
            argv=["python3", "-c", textwrap.dedent(script)], project=project, limits=Limits(**{"seconds": 20.0, **limits}),
            mounts=[Mount(host=Path(sys.base_prefix), inside=sys.base_prefix), *mounts],
            env={"PATH": f"{sys.base_prefix}/bin:/usr/bin:/bin", **(env or {})},
        )  # fmt: skip
        return box.run(job, stop=stop)

    run.project = project
    return run


def test_it_can_be_used_here(box):
    assert box.available() is None


def test_a_command_gets_the_project_and_says_how_it_ended(python):
    (python.project / "a.txt").write_text("from the project")
    done = python("print(open('a.txt').read()); open('b.txt', 'w').write('written'); raise SystemExit(7)")
    assert (done.returncode, done.output, done.killed) == (7, b"from the project\n", None)
    assert (python.project / "b.txt").read_text() == "written"


def test_secrets_of_the_host_are_not_there(python, tmp_path):
    (tmp_path / "secret").write_text("s")
    done = python(f"""
        import os
        for path in ("/etc/shadow", "/root/.ssh", "/home", "/sys", "/var", {str(ROOT)!r}, {str(tmp_path / "secret")!r}, "/run/dbus"):
            assert not os.path.exists(path), path
        for parent, child in ({str(Path(sys.base_prefix).parent)!r}, {Path(sys.base_prefix).name!r}), ("/run", None):
            assert parent == "/" or set(os.listdir(parent)) <= {{child}}, parent
        assert sorted(os.listdir("/etc")) == sorted(set(os.listdir("/etc")) & {{"alternatives", "group", "hosts", "ld.so.cache",
                                                                              "nsswitch.conf", "passwd"}})
        assert len([p for p in os.listdir("/proc") if p.isdigit()]) < 8
        """)
    assert done.returncode == 0, done.output


def test_the_environment_of_the_host_is_not_there(python, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    done = python("import os; print(sorted(os.environ))", env={"GIVEN": "1"})
    assert b"GIVEN" in done.output
    assert b"AWS" not in done.output


@pytest.mark.parametrize("path", ["/usr/x", "/x", "/etc/x", "/opt/tool/x", "/run/x", "/dev/x"])
def test_nothing_but_the_project_and_tmp_can_be_written(python, tmp_path, path):
    (tmp_path / "tool").mkdir()
    done = python(
        f"""
        for ok in ("/work/x", "/tmp/x", "/dev/shm/x"):
            open(ok, "w").close()
        try:
            open({path!r}, "w")
        except OSError:
            print("refused")
        """,
        mounts=[Mount(host=tmp_path / "tool", inside="/opt/tool")],
    )
    assert done.output == b"refused\n"


def test_the_network_of_the_host_cannot_be_reached_but_the_own_loopback_can(python):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = python(f"""
            import socket
            for address in (("127.0.0.1", {port}), ("10.255.255.1", 80)):
                try:
                    socket.create_connection(address, timeout=2)
                except OSError as error:
                    print(type(error).__name__)
            try:
                socket.getaddrinfo("example.com", 80)
            except socket.gaierror:
                print("no names")
            own = socket.create_server(("127.0.0.1", 0))
            socket.create_connection(own.getsockname(), timeout=2)
            print("own loopback")
            """)
    assert done.output.decode().split("\n")[:4] == ["ConnectionRefusedError", "OSError", "no names", "own loopback"]


@pytest.mark.parametrize("family", [17, 38, 40], ids=["packet", "kernel crypto", "vsock"])
def test_odd_kinds_of_sockets_are_refused(python, family):
    done = python(f"""
        import socket
        try:
            socket.socket({family}, socket.SOCK_SEQPACKET)
        except OSError as error:
            print(error.errno)
        """)
    assert done.output == b"97\n"


def test_there_are_no_privileges_to_gain(python):
    done = python("""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        def refused(result):
            return result == -1 and ctypes.get_errno() in (1, 38)
        assert refused(libc.unshare(0x10000000)), "new user namespace"
        assert refused(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)), "mount"
        assert refused(libc.ptrace(0, 0, 0, 0)), "ptrace"
        assert refused(libc.setns(0, 0)), "setns"
        assert refused(libc.chroot(b"/tmp")), "chroot"
        status = open("/proc/self/status").read()
        assert "CapEff:\\t0000000000000000" in status and "CapBnd:\\t0000000000000000" in status, status
        assert "NoNewPrivs:\\t1" in status and "Seccomp:\\t2" in status, status
        assert os.getuid() >= 60000
        os.setuid  # there is no way back to root
        try:
            os.setuid(0)
        except OSError:
            print("unprivileged")
        """)
    assert done.output == b"unprivileged\n", done.output


def test_a_fork_bomb_hits_the_limit_on_processes(python):
    done = python(
        """
        import os, time
        count = 0
        try:
            for _ in range(200):
                if os.fork() == 0:
                    time.sleep(20); os._exit(0)
                count += 1
        except BlockingIOError:
            print("limited", count < 64)
        """,
        processes=64,
    )
    assert done.output == b"limited True\n"
    assert done.seconds < 10


def test_memory_of_one_process_is_limited(python):
    done = python(
        """
        try:
            block = bytearray(600 << 20)
        except MemoryError:
            print("refused")
        """,
        memory_mb=256,
    )
    assert done.output == b"refused\n"


def test_memory_of_the_whole_tree_is_limited(python):
    done = python(
        """
        import os, time
        for _ in range(6):
            if os.fork() == 0:
                block = b"x" * (60 << 20); time.sleep(20); os._exit(0)
        time.sleep(20)
        """,
        memory_mb=150,
    )
    assert done.killed == "memory"
    assert done.peak_mb > 150
    assert done.seconds < 5


def test_big_files_and_full_folders_are_stopped(python):
    done = python(
        """
        import os, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for path in ("/work/big", "/tmp/big", "/dev/shm/big"):
            try:
                with open(path, "wb") as file:
                    for _ in range(40):
                        file.write(b"x" * (1 << 20))
            except OSError as error:
                print(path, os.path.getsize(path) <= 8 << 20)
        """,
        file_mb=8,
    )
    assert done.output == b"/work/big True\n/tmp/big True\n/dev/shm/big True\n"


def test_many_files_are_stopped_too(python):
    done = python(
        """
        import time
        for n in range(30):
            with open(f"f{n}", "wb") as file:
                file.write(b"x" * (1 << 20))
        time.sleep(20)
        """,
        disk_mb=16,
    )
    assert done.killed == "disk"


def test_endless_output_is_cut(python):
    done = python("while True: print('y' * 1000)", output_mb=1)
    assert (done.killed, len(done.output)) == ("output", 1 << 20)


def living(marker):
    """Processes of the machine with ``marker`` in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and marker.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(3):
            os.close(fd)
        os.execv(sys.executable, [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)", {marker!r}])
    os._exit(0)
{then}
"""


def test_a_daemon_that_ignores_signals_does_not_survive_the_time_limit(python, tmp_path):
    marker = f"daemon-{tmp_path.name}-a"
    done = python(STUBBORN.format(marker=marker, then="time.sleep(60)"), seconds=1.0)
    assert done.killed == "timeout"
    assert done.seconds < 4
    assert living(marker) == []


def test_a_daemon_does_not_survive_the_end_of_its_parent(python, tmp_path):
    marker = f"daemon-{tmp_path.name}-b"
    done = python(STUBBORN.format(marker=marker, then="time.sleep(0.3)"))
    assert done.returncode == 0
    assert living(marker) == []


def test_a_person_can_stop_it(python):
    started = time.monotonic()
    done = python("import time; time.sleep(60)", stop=lambda: time.monotonic() - started > 0.3)
    assert done.killed == "cancelled"
    assert time.monotonic() - started < 3


def test_everything_dies_with_us(tmp_path):
    marker = f"orphan-{tmp_path.name}"
    (tmp_path / "p").mkdir()
    script = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from synergy.core.sandboxes.base import Job, registry
registry.get("bubblewrap").run(Job(argv=["sh", "-c", "sleep 60; : {marker}"], project=Path({str(tmp_path / "p")!r})))
"""
    with subprocess.Popen([sys.executable, "-c", script]) as parent:
        deadline = time.monotonic() + 10
        while len(list(descendants(parent.pid))) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(living(marker)) > 1
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 3
    while living(marker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert living(marker) == []


def test_a_link_in_the_project_is_not_a_way_to_mount_elsewhere(python, tmp_path):
    (tmp_path / "outside").mkdir()
    (python.project / "frontend").symlink_to(tmp_path / "outside")
    with pytest.raises(SandboxError, match="symbolic link"):
        python("print(1)", mounts=[Mount(host=tmp_path, inside="frontend/node_modules")])
    assert list((tmp_path / "outside").iterdir()) == []


def test_files_behind_a_link_keep_their_owner(python, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (python.project / "link").symlink_to(outside)
    python("print(1)")
    assert outside.stat().st_uid == os.getuid()


def test_a_mount_in_memory_is_empty_and_vanishes(python):
    mounts = [Mount(host=None, inside="scratch")]
    for _ in range(2):
        assert python("import os; print(os.listdir('scratch')); open('scratch/x', 'w')", mounts=mounts).output == b"[]\n"
    assert list((python.project / "scratch").iterdir()) == []


def test_a_sandbox_that_cannot_be_set_up_is_an_error_of_the_sandbox(box, tmp_path):
    with pytest.raises(SandboxError, match="could not be set up"):
        box.run(Job(argv=["true"], project=tmp_path, cwd="missing"))


def test_a_command_that_is_not_there_is_an_ordinary_failure(box, tmp_path):
    assert box.run(Job(argv=["no-such-command"], project=tmp_path)).returncode == 127


def test_without_bubblewrap_nothing_runs(box, tmp_path, monkeypatch):
    monkeypatch.setattr(tools, "bwrap_candidates", lambda: iter(()))
    with pytest.raises(SandboxError, match="Nothing is run without a sandbox"):
        box.run(Job(argv=["touch", "x"], project=tmp_path))
    assert not (tmp_path / "x").exists()


def test_there_is_a_filter_for_both_kinds_of_processors():
    assert len(program("x86_64")) % 8 == len(program("aarch64")) % 8 == 0
    assert program("mips") is None


def test_the_overhead_is_small(box, tmp_path):
    seconds = sorted(box.run(Job(argv=["true"], project=tmp_path)).seconds for _ in range(9))
    assert seconds[4] < 0.25  # 7 ms on an idle machine; this bound only catches a blunder


# --- servers ---------------------------------------------------------------------------------------------------------

SERVER = """
import http.server, socketserver, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"served")
    def address_string(self): return "unix"
class Server(socketserver.UnixStreamServer):
    def get_request(self): return self.socket.accept()[0], ("unix", 0)
print("listening", flush=True)
Server(sys.argv[1], Handler).serve_forever()
"""


def get(server):
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(server.socket)), base_url="http://app") as client:
        return client.get("/").text


def serving(project, script, **limits):
    base = sys.base_prefix
    return Job(argv=["python3", "-c", script, "{socket}"], project=project, limits=Limits(**limits),
               env={"PATH": f"{base}/bin:/usr/bin:/bin"}, mounts=[Mount(host=Path(base), inside=base)])  # fmt: skip


def test_a_server_answers_on_a_unix_socket_and_is_dead_afterwards(box, tmp_path):
    before = set(Path("/tmp").glob("app-*"))
    with box.serve(serving(tmp_path, SERVER)) as server:
        assert get(server) == "served"
        assert "listening" in server.log()
    assert not server.alive()
    assert not {
        path for path in set(Path("/tmp").glob("app-*")) - before if path.owner() == Path.home().owner() and not os.listdir(path)
    }


def test_a_server_that_ends_at_once_says_why(box, tmp_path):
    with (
        pytest.raises(ServiceDown, match=r"ended at its start[\s\S]*boom"),
        box.serve(serving(tmp_path, "raise SystemExit('boom')")),
    ):
        pass


def test_a_server_that_never_listens_is_given_up(box, tmp_path):
    started = time.monotonic()
    with (
        pytest.raises(ServiceDown, match="did not listen"),
        box.serve(serving(tmp_path, "import time; time.sleep(60)", seconds=0.5)),
    ):
        pass
    assert time.monotonic() - started < 5


def test_a_server_cannot_send_us_to_another_socket(box, tmp_path):
    """A link in place of the socket would let untrusted code aim our requests at the host's own services."""
    with socket.socket(socket.AF_UNIX) as host:
        address = f"/tmp/host-{os.getpid()}.sock"
        host.bind(address)
        host.listen()
        try:
            script = f"import os, sys, time; os.symlink({address!r}, sys.argv[1]); time.sleep(60)"
            with pytest.raises(ServiceDown, match="did not listen"), box.serve(serving(tmp_path, script, seconds=0.5)):
                pass
        finally:
            os.unlink(address)


def test_a_server_that_swaps_its_socket_later_is_not_followed(box, tmp_path):
    swap = """
import os, threading
def swap():
    os.rename(sys.argv[1], sys.argv[1] + "2"); os.symlink("/tmp/elsewhere", sys.argv[1])
threading.Timer(0.4, swap).start()
print("""
    script = SERVER.replace("print(", swap)
    with box.serve(serving(tmp_path, script)) as server:
        time.sleep(0.8)
        assert get(server) == "served"


def test_a_server_that_eats_memory_is_ended(box, tmp_path):
    eat = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        time.sleep(0.5); block = b"x" * (40 << 20); time.sleep(60)
print("""
    with box.serve(serving(tmp_path, SERVER.replace("print(", eat), memory_mb=90)) as server:
        deadline = time.monotonic() + 5
        while server.alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not server.alive()


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests above run as a normal user already")
def test_all_of_this_holds_for_a_normal_user(tmp_path):
    """Root's way and a normal user's way differ: run the attacks again as the other one."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    folder = Path("/tmp") / f"normal-{os.getpid()}"
    folder.mkdir()
    shutil.copytree(ROOT / "synergy/core", folder / "synergy/core", ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    (folder / "synergy/__init__.py").touch()
    # the user's Python has no Django, which only the search for tools needs
    (folder / "synergy/core/tools.py").write_text(
        f"class ToolMissing(Exception): ...\nclass bwrap: argv = ({str(tools.bwrap().path)!r},)\nMORTAL = {tools.MORTAL!r}\n"
    )
    (folder / "project").mkdir()
    os.chown(folder / "project", 4321, 4321)
    script = """
import sys
from pathlib import Path
from synergy.core.sandboxes.base import Job, Limits, registry
box = registry.get("bubblewrap")
def run(script, **limits):
    return box.run(Job(argv=["python3", "-c", script], project=Path(sys.argv[1]), limits=Limits(**limits)))
assert box.available() is None, box.available()
done = run("import os; print(os.getuid() >= 60000, os.path.exists('/etc/shadow'), os.path.exists('/home')); open('/work/x', 'w')")
assert done.output == b"True False False\\n", done
done = run("import os\\ntry: os.unshare\\nexcept AttributeError: pass\\nimport ctypes; print(ctypes.CDLL(None).unshare(0x10000000))")
assert done.output == b"-1\\n", done
bomb = '''
import os, time
try:
    for n in range(200):
        if os.fork() == 0:
            time.sleep(20)
except BlockingIOError:
    print("limited", n < 64)
'''
assert run(bomb, processes=64).output == b"limited True\\n"
assert run("import time; time.sleep(60)", seconds=0.5).killed == "timeout"
print("all refused")
"""
    try:
        done = subprocess.run(
            ["setpriv", "--reuid=4321", "--regid=4321", "--clear-groups", python, "-c", script, str(folder / "project")],
            cwd=folder, env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stdout == "all refused\n", done.stderr
    finally:
        shutil.rmtree(folder)
