"""Checks a delivery of Synergy: that its maker signed it, that nothing in it was changed, and that its tests pass.

This file travels in every delivery as verify.py. It needs Python 3.8 or newer and nothing else, so it imports nothing of Synergy.

    python3 verify.py [FOLDER] [--key FINGERPRINT] [--no-tests]

Exit codes: 0 all is well; 1 something was changed or forged; 2 it could not be checked; 3 the project's tests failed.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    Point = tuple[int, int, int, int]  #: extended coordinates: x = X/Z, y = Y/Z, xy = T/Z

MANIFEST, SIGNATURE, KEY = "manifest.json", "manifest.sig", "key.pem"
MAX_MANIFEST = 16 << 20  # bytes
GENUINE, CHANGED, UNCHECKED, TESTS_FAILED = 0, 1, 2, 3

# --- Ed25519 (RFC 8032), verification only -----------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # a square root of -1
ZERO: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    """The sum of two points."""
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    twist, double = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, double - twist, double + twist, right + left
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    """``scalar`` times ``point``. Not constant in time: nothing here is secret."""
    result = ZERO
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def decode(data: bytes) -> Point | None:
    """The point that 32 bytes stand for; None when they stand for none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT % P
    if x * x % P != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encode(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) of ``message`` was made with the private half of ``public`` (32 bytes)."""
    key = decode(public) if len(public) == 32 else None
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or BASE is None or len(signature) != 64 or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus = (P - key[0], key[1], key[2], P - key[3])
    return encode(add(times(scalar, BASE), times(challenge, minus))) == signature[:32]


# --- signature ---------------------------------------------------------------------------------------------------------


def read_key(pem: bytes) -> bytes:
    """The 32 bytes of a PEM public key; ValueError when it is no Ed25519 key."""
    match = re.fullmatch(rb"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END PUBLIC KEY-----\s*", pem)
    der = base64.b64decode(match.group(1)) if match else b""
    if len(der) != 44 or der[:12] != bytes.fromhex("302a300506032b6570032100"):
        raise ValueError("not an Ed25519 public key")
    return der[12:]


def openssl_verify(folder: Path) -> bool | None:
    """The opinion of the system's openssl; None when there is none or it does not know Ed25519."""
    program = shutil.which("openssl")
    if program is None:
        return None
    files = ["-inkey", KEY, "-in", MANIFEST, "-sigfile", SIGNATURE]
    try:
        done = subprocess.run(
            [program, "pkeyutl", "-verify", "-pubin", "-rawin", *files],
            cwd=str(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    if b"Verified Successfully" in done.stdout:
        return done.returncode == 0
    return False if b"Verification Failure" in done.stdout else None


def check_signature(folder: Path, pinned: str) -> Iterator[str]:
    """What is wrong with the key and the signature."""
    try:
        pem, manifest, signature = ((folder / name).read_bytes() for name in (KEY, MANIFEST, SIGNATURE))
        public = read_key(pem)
    except (OSError, ValueError) as error:
        yield f"The signature cannot be checked: {error}."
        return
    fingerprint = hashlib.sha256(public).hexdigest()
    if pinned and fingerprint != pinned:
        yield f"It was signed with another key: {fingerprint}, not {pinned}."
    if not ed25519_verify(public, manifest, signature) or openssl_verify(folder) is False:
        yield "The signature does not fit the manifest."


# --- files -------------------------------------------------------------------------------------------------------------


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest; ValueError or OSError when it cannot be read."""
    path = folder / MANIFEST
    if path.stat().st_size > MAX_MANIFEST:
        raise ValueError("it is too large")
    document = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict) or not isinstance(document.get("files"), dict):
        raise ValueError("it lists no files")
    return document


def found_files(folder: Path) -> Iterator[tuple[str, bool]]:
    """Every entry below ``folder`` but folders: (relative path, whether it is a regular file). Links are never followed."""
    for place, folders, files in os.walk(str(folder), followlinks=False):
        for name in files + [f for f in folders if os.path.islink(os.path.join(place, f))]:
            path = Path(place, name)
            yield path.relative_to(folder).as_posix(), stat.S_ISREG(path.lstat().st_mode)


def check_files(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """What is missing, changed or extra."""
    listed = manifest["files"]
    found = dict(found_files(folder))
    for name in sorted(set(found) - set(listed) - {MANIFEST, SIGNATURE}):
        yield f"Extra: {plain(name)}"
    for name, entry in sorted(listed.items()):
        if name not in found:
            yield f"Missing: {plain(name)}"
        elif not found[name]:
            yield f"Not a regular file: {plain(name)}"
        elif not isinstance(entry, dict) or sha256(folder / name) != entry.get("sha256"):
            yield f"Changed: {plain(name)}"


def sha256(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            total.update(block)
    return total.hexdigest()


def check(folder: Path, pinned: str = "") -> list[str]:
    """All that is wrong with the delivery in ``folder``; nothing when it is genuine and complete.

    ``pinned`` is the SHA-256 fingerprint (hex) of the key it must be signed with. Without it only the key that came along is
    used: that shows damage and careless changes, but not who signed.
    """
    problems = list(check_signature(folder, pinned.lower()))
    try:
        manifest = read_manifest(folder)
    except (OSError, ValueError, RecursionError) as error:
        return [*problems, f"The manifest cannot be read: {error}."]
    return problems + list(check_files(folder, manifest))


# --- command line ------------------------------------------------------------------------------------------------------


def plain(text: object) -> str:
    """Text that cannot move the cursor or colour the terminal."""
    return "".join(c if c.isprintable() else "?" for c in str(text))[:300]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run_tests(folder: Path) -> int:
    """``make verify`` on a copy of the project, so that the delivery stays as it is."""
    if shutil.which("make") is None:
        say("The tests were not run: `make` was not found.")
        return UNCHECKED
    with tempfile.TemporaryDirectory(prefix="verify-") as place:
        copy = Path(place, "project")
        shutil.copytree(str(folder / "project"), str(copy))
        say("Running the project's own tests: make verify")
        code = subprocess.run(["make", "-C", str(copy), "verify"], stdin=subprocess.DEVNULL, check=False).returncode
    say("Tests: passed." if code == 0 else f"Tests: FAILED (make ended with {code}).")
    return GENUINE if code == 0 else TESTS_FAILED


def report(folder: Path, pinned: str) -> int:
    """Say what was found about signature and files."""
    if not (folder / MANIFEST).is_file():
        say(f"{folder} holds no {MANIFEST}: this is not a delivery, or the manifest was removed.")
        return CHANGED
    problems = check(folder, pinned)
    for problem in problems[:20]:
        say(f"  {problem}")
    if len(problems) > 20:
        say(f"  … and {len(problems) - 20} more")
    if problems:
        say("NOT GENUINE: this delivery was changed after it was signed. Check a freshly unpacked copy to be sure.")
        return CHANGED
    manifest = read_manifest(folder)
    say(f"Signature: good. Files: {len(manifest['files'])}, none changed, missing or extra.")
    say(f"Key: {manifest.get('key')}" + ("" if pinned else "  (compare it with the one the sender names, or give it with --key)"))
    say(f"Verdict of the run: {plain(manifest.get('verdict'))}")
    return GENUINE


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="verify", description="Check a delivery of Synergy.")
    parser.add_argument("folder", nargs="?", default=str(Path(__file__).resolve().parent), type=Path)
    parser.add_argument("--key", default="", metavar="FINGERPRINT", help="the key it must be signed with")
    parser.add_argument("--no-tests", action="store_true", help="check signature and hashes only")
    options = parser.parse_args(arguments)
    code = report(Path(options.folder), options.key)
    return code if code or options.no_tests else run_tests(Path(options.folder))


if __name__ == "__main__":
    sys.exit(main())
