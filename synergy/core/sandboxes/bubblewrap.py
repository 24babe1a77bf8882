"""The sandbox made of Linux namespaces by bubblewrap: works as root and as a normal user, needs no daemon.

Inside there is a read-only root with /usr and a minimal /etc, a private /tmp and /dev/shm with a size, the project at /work,
and a network that has only its own loopback. The command runs as an unprivileged user without capabilities, under a
system-call filter and resource limits; the whole process tree is watched and ends with it.
"""

from __future__ import annotations

import math
import os
import platform
import shutil
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from zlib import crc32

from synergy.core import tools
from synergy.core.errors import SandboxError, ServiceDown
from synergy.core.sandboxes._seccomp import program
from synergy.core.sandboxes._supervise import MB, Supervised
from synergy.core.sandboxes.base import Job, Limits, Mount, Outcome, Server

HINT = "bubblewrap needs user namespaces, or root with CAP_SYS_ADMIN. Nothing is run without a sandbox."
WORK = "/work"
SOCKETS = "/run/app"
TMP_MB, SHM_MB = 256, 64
FIRST_UID, UIDS = 61184, 4000  #: a range that no distribution gives to people or packages
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8", "TZ": "UTC", "USER": "app"}  # noqa: S108
POLL = 0.01  #: seconds between two looks for the server's socket


class Bubblewrap:
    name = "bubblewrap"

    def available(self) -> str | None:
        return _probe()

    def run(self, job: Job, stop: Callable[[], bool] = lambda: False) -> Outcome:
        with ExitStack() as stack:
            process = _launch(job, stack)
            outcome = process.watch(stop)
        if outcome.killed is None and not process.set_up:
            said = outcome.output.decode(errors="replace").strip()[-500:]
            raise SandboxError(f"The sandbox could not be set up: {said or 'no reason was given'}.", hint=HINT)
        return outcome

    @contextmanager
    def serve(self, job: Job) -> Iterator[Server]:
        with ExitStack() as stack:
            # below /tmp, because the path of a unix socket may have only 107 characters
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="app-", dir="/tmp", ignore_cleanup_errors=True)))
            inside = f"{SOCKETS}/http"
            served = replace(
                job,
                argv=[part.replace("{socket}", inside) for part in job.argv],
                env={name: value.replace("{socket}", inside) for name, value in job.env.items()},
                mounts=[*job.mounts, Mount(host=folder, inside=SOCKETS, writable=True)],
                limits=replace(job.limits, seconds=math.inf),
            )
            server = stack.enter_context(_Server.start(served, stack))
            server.wait_for(folder / "http", seconds=job.limits.seconds)
            yield server


part = Bubblewrap()


class _Server:
    """A served job; see ``base.Server``."""

    def __init__(self, process: Supervised) -> None:
        self._process = process
        self._stop = threading.Event()
        self._handle: int | None = None
        self._thread = threading.Thread(target=self._watch, name="sandbox-server", daemon=True)

    @classmethod
    @contextmanager
    def start(cls, job: Job, stack: ExitStack) -> Iterator[_Server]:
        server = cls(_launch(job, stack))
        server._thread.start()
        try:
            yield server
        finally:
            server._stop.set()
            server._thread.join()
            if server._handle is not None:
                os.close(server._handle)

    def _watch(self) -> None:
        self._process.watch(self._stop.is_set)

    @property
    def socket(self) -> Path:
        # not the name inside the untrusted folder, which could become a link to another server's socket
        return Path(f"/proc/{os.getpid()}/fd/{self._handle}")

    def alive(self) -> bool:
        return self._thread.is_alive()

    def log(self) -> str:
        return self._process.output.decode(errors="replace")

    def wait_for(self, path: Path, *, seconds: float) -> None:
        """Return when the socket at ``path`` accepts a connection."""
        deadline = time.monotonic() + seconds
        while self.alive() and time.monotonic() < deadline:
            if self._handle is None:
                self._handle = _open_socket(path)
            if self._handle is not None and _accepts(self.socket):
                return
            time.sleep(POLL)
        why = f"did not listen within {seconds:.0f} s" if self.alive() else "ended at its start"
        raise ServiceDown(f"The server {why}: {self.log().strip()[-1000:] or 'it printed nothing'}")


def _open_socket(path: Path) -> int | None:
    """A handle on the very socket at ``path``; None while there is none, or something else."""
    try:
        handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    if stat.S_ISSOCK(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    return None


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


@cache
def _probe() -> str | None:
    """Run one command in the sandbox, once in the life of this process."""
    if program(platform.machine()) is None:
        return f"There is no system-call filter for {platform.machine()} processors yet."
    missing = [tool for tool in ("setpriv", "prlimit") if not shutil.which(tool)]
    if missing:
        return f"{' and '.join(missing)} cannot be found: install util-linux."
    with tempfile.TemporaryDirectory(prefix="app-") as folder:
        try:
            outcome = part.run(Job(argv=["true"], project=Path(folder), limits=Limits(seconds=10)))
        except (SandboxError, OSError) as error:
            return str(error)
    return None if outcome.returncode == 0 else outcome.output.decode(errors="replace").strip() or "The sandbox does not work."


def _launch(job: Job, stack: ExitStack) -> Supervised:
    """Start ``job``; everything opened for it is closed by ``stack``."""
    try:
        bwrap = tools.bwrap()
    except tools.ToolMissing as error:
        raise SandboxError(error.message, hint=f"{error.hint} Nothing is run without a sandbox.") from error
    uid = _uid(job.project)
    mounts = [replace(mount, inside=os.path.join(WORK, mount.inside)) for mount in job.mounts]
    for mount in mounts:
        _make_mount_point(job.project, mount.inside)
    if _drops_root():
        for folder in (job.project, *(m.host for m in mounts if m.writable and m.host)):
            _give(folder, uid)
    reader, writer = os.pipe()
    stack.callback(os.close, reader)
    filter_fd = _memory_file("filter", program(platform.machine()) or b"", stack)
    etc = {name: _memory_file(name, text.encode(), stack) for name, text in _etc(uid).items()}
    argv = [*tools.MORTAL, *bwrap.argv, *_namespaces(uid), *_root(mounts), *_etc_args(etc), *_mount_args(job.project, mounts)]
    argv += ["--chdir", os.path.join(WORK, job.cwd), "--remount-ro", "/", *_env_args(job.env)]
    argv += ["--seccomp", str(filter_fd), "--json-status-fd", str(writer), "--", *_limit_args(uid, job.limits), *job.argv]
    try:
        return Supervised(argv, limits=job.limits, folder=job.project, status=reader, fds=(filter_fd, writer, *etc.values()))
    except OSError as error:
        raise SandboxError(f"bubblewrap could not be started: {error.strerror}.", hint=HINT) from error
    finally:
        os.close(writer)


def _drops_root() -> bool:
    """Real root becomes another user inside; without root the user namespace does that."""
    return os.geteuid() == 0


def _uid(project: Path) -> int:
    """One user for each project, so that projects do not share the limit on processes."""
    return FIRST_UID + crc32(str(project).encode()) % UIDS


def _give(folder: Path, uid: int) -> None:
    """Make ``uid`` the owner of all in ``folder``. Never follows a link, also not one that is put there meanwhile."""
    os.chown(folder, uid, uid, follow_symlinks=False)
    for _, folders, files, handle in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *files):
            with suppress(FileNotFoundError):  # another command of the project removed it
                os.chown(name, uid, uid, dir_fd=handle, follow_symlinks=False)


def _make_mount_point(project: Path, inside: str) -> None:
    """A mount inside the project needs a folder there; bwrap itself would follow links that the project holds."""
    if not inside.startswith(f"{WORK}/"):
        return
    current = project
    for name in Path(inside).relative_to(WORK).parts:
        current = current / name
        if current.is_symlink():
            raise SandboxError(f"{inside} is a symbolic link, nothing can be mounted there.")
        current.mkdir(exist_ok=True)


def _memory_file(name: str, data: bytes, stack: ExitStack) -> int:
    handle = os.memfd_create(name)
    stack.callback(os.close, handle)
    os.write(handle, data)
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def _etc(uid: int) -> dict[str, str]:
    return {
        "passwd": f"root:x:0:0::/:/bin/sh\napp:x:{uid}:{uid}::/tmp:/bin/sh\n",
        "group": f"root:x:0:\napp:x:{uid}:\n",
        "hosts": "127.0.0.1 localhost\n::1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }


def _namespaces(uid: int) -> list[str]:
    args = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if not _drops_root():
        args += ["--unshare-user", "--uid", str(uid), "--gid", str(uid)]
    return [*args, "--die-with-parent", "--new-session", "--hostname", "sandbox"]


def _root(mounts: Sequence[Mount]) -> list[str]:
    """/usr, the links into it, /proc, /dev, and memory for what is temporary; then the parents of the mount points."""
    args = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            args += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            args += ["--ro-bind", str(path), str(path)]
    args += ["--proc", "/proc", "--dev", "/dev"]
    for folder, size in (("/tmp", TMP_MB), ("/dev/shm", SHM_MB)):  # noqa: S108
        args += ["--perms", "1777", "--size", str(size * MB), "--tmpfs", folder]
    parents = dict.fromkeys(str(p) for m in mounts for p in reversed(Path(m.inside).parents))
    known = {"/", "/usr", "/tmp", "/dev", "/dev/shm", WORK}  # noqa: S108
    for parent in ("/etc", "/run", *parents):
        if parent not in known and not parent.startswith(("/usr/", f"{WORK}/")):
            args += ["--perms", "0755", "--dir", parent]
    return args


def _etc_args(etc: dict[str, int]) -> list[str]:
    args = ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives"]
    for name, handle in etc.items():
        args += ["--perms", "0444", "--ro-bind-data", str(handle), f"/etc/{name}"]
    return args


def _mount_args(project: Path, mounts: Sequence[Mount]) -> list[str]:
    args = ["--bind", str(project), WORK]
    for mount in mounts:
        if mount.host is None:
            args += ["--perms", "1777", "--size", str(TMP_MB * MB), "--tmpfs", mount.inside]
        else:
            args += ["--bind" if mount.writable else "--ro-bind", str(mount.host), mount.inside]
    return args


def _env_args(given: Mapping[str, str]) -> list[str]:
    args = ["--clearenv"]
    for name, value in {**ENV, **given}.items():
        args += ["--setenv", name, value]
    return args


def _limit_args(uid: int, limits: Limits) -> list[str]:
    """What takes the last privileges away and sets the limits; it runs inside, so that the limits count only there."""
    args: list[str] = []
    if _drops_root():
        args += ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
        args += ["--no-new-privs", "--"]
    args += ["prlimit", f"--nproc={limits.processes}", f"--fsize={limits.file_mb * MB}", "--nofile=1024", "--core=0"]
    args += [f"--data={limits.memory_mb * MB}"]
    if math.isfinite(limits.seconds):
        args += [f"--cpu={math.ceil(limits.seconds) * (os.cpu_count() or 1)}"]
    return [*args, "--"]
