"""The installation's Ed25519 key: signs what Synergy delivers, so that anybody can tell whether it was changed.

The private key is ``<folder>/signing.key`` (PEM, mode 0600), made on first use. A delivery carries the public key; its
fingerprint (SHA-256 of the 32 raw bytes, hex) is what a person compares: a key inside a parcel proves nothing about its sender.

Rotation: ``rotate(folder)`` retires the key. The private half is destroyed, the public half is ``retired/<fingerprint>.pem``:
deliveries signed with it stay verifiable (``known(folder)``), new ones are signed with the new key.
"""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from synergy.core.artifacts import digest
from synergy.core.errors import PermanentError, ServiceDown

KEY = "signing.key"


@dataclass(frozen=True)
class Signer:
    """One key pair."""

    _private: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The public key: 32 raw bytes."""
        return self._private.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        return digest(self.public)

    @property
    def public_pem(self) -> bytes:
        return _pem(self._private.public_key())

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of the signature; the same data gives the same signature."""
        return self._private.sign(data)


def signer(folder: Path) -> Signer:
    """The key of this installation, made when there is none. PermanentError when others can read it or it is broken."""
    path = folder / KEY
    if not path.exists():
        _create(path)
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PermanentError(f"Others can read the signing key {path}.", hint=f"Run: chmod 600 {path}, or rotate the key.")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise PermanentError(f"The signing key {path} is broken.", hint="Move it away: a new one is made.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise PermanentError(f"{path} is not an Ed25519 key.", hint="Move it away: a new one is made.")
    return Signer(key)


def rotate(folder: Path) -> Signer:
    """Retire the current key and make a new one."""
    old = signer(folder)
    retired = folder / "retired" / f"{old.fingerprint}.pem"
    retired.parent.mkdir(exist_ok=True)
    retired.write_bytes(old.public_pem)
    (folder / KEY).unlink()
    return signer(folder)


def known(folder: Path) -> set[str]:
    """Fingerprints of the current key and of all retired ones."""
    return {signer(folder).fingerprint, *(f.stem for f in (folder / "retired").glob("*.pem"))}


def _create(path: Path) -> None:
    """Write a new key. Of several processes that do this at once one wins, and all read the winner's key."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # mkstemp gives 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(pem)
            os.link(name, path)
        except FileExistsError:
            return
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise ServiceDown(f"The signing key could not be written: {error.strerror}.", hint=f"Check {path.parent}.") from error


def _pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
