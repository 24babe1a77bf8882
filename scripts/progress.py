"""Steps with their seconds, on a terminal or in a log. Standard library only: it runs before anything is installed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

SPIN = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
TAIL = 25  #: lines of output shown when a step fails


class Failed(Exception):
    """A step failed; ``output`` is what it printed."""

    def __init__(self, what: str, output: str) -> None:
        super().__init__(what)
        self.output = output

    @property
    def tail(self) -> str:
        return "\n".join(self.output.strip().splitlines()[-TAIL:])


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def skip(title: str, found: str) -> None:
    """A step with nothing to do."""
    say(f"  ✓ {title:<44} {found}")


def step(
    title: str, argv: Sequence[object], *, log: Path, limit: float, env: Mapping[str, str] | None = None, optional: bool = False
) -> str:
    """Run ``argv``, show how long it takes and return its output. Raises Failed on failure and after ``limit`` seconds.

    ``optional``: there is another way if this one fails, so nobody needs to worry.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("a+b") as out:
        out.write(f"\n$ {' '.join(map(str, argv))}\n".encode())
        out.flush()
        start = out.seek(0, 2)
        try:
            process = subprocess.Popen([str(word) for word in argv], stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=env)
        except OSError as error:
            raise Failed(title, str(error)) from error
        code = wait(process, title, began, limit)
        out.seek(start)
        output = out.read().decode(errors="replace")
    say(("\r" if sys.stdout.isatty() else "") + line("✓" if code == 0 else "–" if optional else "✗", title, began))
    if code is None:
        raise Failed(title, f"{output}\nStopped after {limit:.0f} s.")
    if code != 0:
        raise Failed(title, output)
    return output


def wait(process: subprocess.Popen[bytes], title: str, began: float, limit: float) -> int | None:
    """The return code; None when the process had to be killed after ``limit`` seconds."""
    try:
        while time.monotonic() - began < limit:
            try:
                return process.wait(0.1)
            except subprocess.TimeoutExpired:
                if sys.stdout.isatty():
                    sys.stdout.write("\r" + line(SPIN[int(time.monotonic() * 10) % len(SPIN)], title, began))
                    sys.stdout.flush()
        return None
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()


def line(sign: str, title: str, began: float) -> str:
    return f"  {sign} {title:<44} {time.monotonic() - began:5.1f} s"
