"""``make lock`` writes the lock files, ``make check`` proves without a network that they belong to their inputs.

A lock is what ``uv pip compile --generate-hashes`` prints, under a first line with the hash of its inputs. It names no registry.
``make lock ARGS=--upgrade`` takes the newest versions.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "requirements"
#: lock → (its input files, locks whose versions it must share)
LOCKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "dev.txt": (("dev.in", "base.in"), ()),
    "base.txt": (("base.in",), ("dev.txt",)),
    "uv.txt": (("uv.in",), ("dev.txt",)),
    "node.txt": (("node.in",), ()),
    "bubblewrap.txt": (("bubblewrap.in",), ()),
    "bench.txt": (("bench.in",), ("dev.txt",)),
}
MARK = "# inputs: "
OLDEST = "3.11"


def inputs_hash(lock: str, folder: Path = FOLDER) -> str:
    inputs, _ = LOCKS[lock]
    return hashlib.sha256(b"\0".join((folder / name).read_bytes() for name in inputs)).hexdigest()


def write(lock: str) -> None:
    inputs, constraints = LOCKS[lock]
    argv = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--generate-hashes", "--no-emit-index-url", "--no-annotate"]
    argv += ["--no-strip-extras"]  # Debian 12's pip takes "coverage" for another package than "coverage[toml]"
    argv += ["--no-header", "--python-version", OLDEST, *[word for name in constraints for word in ("-c", str(FOLDER / name))]]
    argv += ["--output-file", str(FOLDER / lock), *sys.argv[2:], str(FOLDER / inputs[0])]  # keeps the versions that still fit
    subprocess.run(argv, check=True)
    text = (FOLDER / lock).read_text()
    (FOLDER / lock).write_text(f"{MARK}{inputs_hash(lock)}\n{text}")


def problems(folder: Path = FOLDER) -> list[str]:
    """What is wrong with the locks in ``folder``."""
    found = [problem for lock in LOCKS for problem in lock_problems(lock, folder)]
    return found + [problem for lock in sorted(folder.glob("*/package-lock.json")) for problem in npm_problems(lock)]


def npm_problems(lock: Path) -> list[str]:
    packages = json.loads(lock.read_text())["packages"]
    bad = [name for name, package in packages.items() if name and ("resolved" in package or "integrity" not in package)]
    return [f"{lock.parent.name}/{lock.name}: {name} names a registry or has no hash" for name in bad]


def lock_problems(lock: str, folder: Path) -> list[str]:
    text = (folder / lock).read_text()
    found = []
    if not text.startswith(f"{MARK}{inputs_hash(lock, folder)}\n"):
        found.append(f"{lock} was not made from {' and '.join(LOCKS[lock][0])} as they are now: run `make lock`")
    if "://" in text or "--index" in text:
        found.append(f"{lock} names a registry")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.split("\n", 1)[1])
    names = {re.split(r"[\[=]", entry)[0] for entry in entries}
    wanted = [name for file in LOCKS[lock][0] for name in requirements(folder / file)]
    found += [f"{lock} lacks {name}" for name in wanted if name not in names]
    bare = [entry.split()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry]
    return found + [f"{lock}: {name} has no hash" for name in bare]


def requirements(file: Path) -> list[str]:
    """Names of the packages that an input file asks for."""
    lines = [line.split("#")[0].strip() for line in file.read_text().splitlines()]
    return [re.split(r"[\[<>=!~;]", line)[0].strip().lower() for line in lines if line and not line.startswith("-")]


def main() -> int:
    if sys.argv[1] == "write":
        for lock in LOCKS:
            write(lock)
        return 0
    found = problems()
    sys.stdout.write("".join(f"{line}\n" for line in found) or "locks belong to their inputs\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
