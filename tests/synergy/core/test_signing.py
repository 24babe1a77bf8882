"""The installation's key: made once, private, refused when it is not, rotated without losing old deliveries."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from synergy.core.errors import PermanentError, ServiceDown
from synergy.core.signing import KEY, known, rotate, signer


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    first, second = signer(tmp_path / "keys"), signer(tmp_path / "keys")
    assert first.fingerprint == second.fingerprint
    assert stat.S_IMODE((tmp_path / "keys" / KEY).stat().st_mode) == 0o600
    assert [f.name for f in (tmp_path / "keys").iterdir()] == [KEY]


def test_a_signature_can_be_checked_with_the_public_key(tmp_path):
    key = signer(tmp_path)
    Ed25519PublicKey.from_public_bytes(key.public).verify(key.sign(b"manifest"), b"manifest")
    assert b"BEGIN PUBLIC KEY" in key.public_pem


def test_processes_that_start_at_once_agree_on_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: signer(tmp_path / "keys").fingerprint, range(16)))) == 1


def test_a_key_that_others_can_read_is_refused(tmp_path):
    signer(tmp_path)
    (tmp_path / KEY).chmod(0o644)
    with pytest.raises(PermanentError, match="chmod 600"):
        signer(tmp_path)


def other_kind() -> bytes:
    return X25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize(("content", "says"), [(b"garbage", "broken"), (other_kind(), "not an Ed25519 key")])
def test_a_broken_key_is_refused(tmp_path, content, says):
    (tmp_path / KEY).write_bytes(content)
    (tmp_path / KEY).chmod(0o600)
    with pytest.raises(PermanentError, match=says):
        signer(tmp_path)


def test_a_key_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ServiceDown, match="could not be written"):
        signer(tmp_path / "file")


def test_rotation_makes_a_new_key_and_keeps_only_the_public_half_of_the_old(tmp_path):
    old = signer(tmp_path)
    new = rotate(tmp_path)
    assert new.fingerprint != old.fingerprint
    assert known(tmp_path) == {old.fingerprint, new.fingerprint}
    assert (tmp_path / "retired" / f"{old.fingerprint}.pem").read_bytes() == old.public_pem
    assert signer(tmp_path).fingerprint == new.fingerprint
