"""The browser's own sandbox: no network but a loopback that we serve, no files of the host, an unprivileged user.

Playwright starts a program and talks to it through inherited pipes, so the sandbox is a small script that Playwright takes for
the browser. Chromium's inner sandbox stays on: it needs user namespaces, which is why no system-call filter is set here.
"""

from __future__ import annotations

import os
import shlex
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from synergy.core import tools

#: A page lives for seconds: to optimise its scripts costs more than it gives, a tenth of the processor's time.
ARGS = [
    "--disable-gpu",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--js-flags=--no-opt --no-maglev",
]
PORT = 8000
ORIGIN = f"http://localhost:{PORT}"  #: a secure context, as the deployed application is
UID = 61180
START_SECONDS = 30.0
LAUNCHER = Path(__file__).with_name("launch.py")
INSIDE = "/run/view"  #: folder of the launcher and its control socket
SHARED = ("/etc/fonts", "/etc/ld.so.cache", "/etc/alternatives", "/var/cache/fontconfig")
PARENTS = ("/etc", "/var", "/var/cache", "/run", INSIDE)


@dataclass(frozen=True)
class Isolated:
    """What to start instead of the browser, and the socket that the only reachable server has to serve."""

    executable: Path
    control: socket.socket

    def listener(self) -> socket.socket:
        """The listening socket inside the sandbox, once the browser was started; TimeoutError if it was not."""
        channel, _ = self.control.accept()
        with channel:
            channel.settimeout(START_SECONDS)
            _, handles, _, _ = socket.recv_fds(channel, 1, 1)
        return socket.socket(fileno=handles[0])


@contextmanager
def isolated(browser: tools.Tool) -> Iterator[Isolated]:
    """A sandbox for one start of ``browser``."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="view-", ignore_cleanup_errors=True)))
        control = stack.enter_context(socket.socket(socket.AF_UNIX))
        folder.chmod(0o711)
        control.bind(str(folder / "control"))
        (folder / "control").chmod(0o666)
        control.listen(1)
        control.settimeout(START_SECONDS)
        script = folder / "browser"
        script.write_text(_script(browser, folder))
        script.chmod(0o755)
        yield Isolated(script, control)


def _script(browser: tools.Tool, folder: Path) -> str:
    """The wrapper. The folder with the profile, which Playwright makes and names, is known only when it runs.

    The folders above it (TMPDIR may be anywhere) are made first, for bubblewrap would make them for its own user alone.
    """
    root = os.geteuid() == 0
    words = [
        *tools.MORTAL,
        *tools.bwrap().argv,
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    words += [] if root else ["--unshare-user"]
    words += ["--die-with-parent", "--hostname", "sandbox", *_files(browser, folder)]
    inner = ["prlimit", "--core=0", "--nofile=8192", "--data=8589934592", "--"]
    if root:
        drop = ["--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
        inner = ["setpriv", f"--reuid={UID}", f"--regid={UID}", *drop, "--", *inner]
    program = [
        str(Path(sys.executable).resolve()),
        "-IS",
        f"{INSIDE}/launch.py",
        str(PORT),
        f"{INSIDE}/control",
        str(browser.path),
    ]
    chown = f'chown -R {UID}:{UID} "$profile"' if root else ":"
    return f"""#!/bin/sh
for word in "$@"; do
  case "$word" in --user-data-dir=*) profile="${{word#*=}}" ;; esac
done
{chown}
set -- --bind "$profile" "$profile" --remount-ro / -- {shlex.join(inner + program)} "$@"
parent=$profile
while parent=$(dirname "$parent"); [ "$parent" != / ] && [ "$parent" != /tmp ]; do
  set -- --perms 0755 --dir "$parent" "$@"
done
exec {shlex.join(words)} "$@"
"""


def _files(browser: tools.Tool, folder: Path) -> list[str]:
    """Mounts: the system's programs and fonts, the browser, Python for the launcher, memory for what is temporary."""
    args = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            args += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            args += ["--ro-bind", str(path), str(path)]
    args += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp", "--perms", "1777", "--tmpfs", "/dev/shm"]  # noqa: S108
    more = [p for p in (Path(sys.base_prefix), browser.path.parent) if not p.is_relative_to("/usr")]
    parents = dict.fromkeys([*PARENTS, *(str(p) for m in more for p in reversed(m.parents))])
    for parent in parents:
        if parent not in ("/", "/tmp"):  # noqa: S108
            args += ["--perms", "0755", "--dir", parent]
    for shared in (*SHARED, *map(str, more)):
        args += ["--ro-bind-try", shared, shared]
    args += ["--ro-bind", str(LAUNCHER), f"{INSIDE}/launch.py", "--bind", str(folder / "control"), f"{INSIDE}/control"]
    env = {"HOME": "/tmp", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}  # noqa: S108
    return [*args, "--clearenv", *(word for pair in env.items() for word in ("--setenv", *pair))]
