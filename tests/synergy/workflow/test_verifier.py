"""The verifier that travels with a delivery: its Ed25519 against RFC 8032 and a second implementation, in every Python from 3.8."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from synergy.core.signing import signer
from synergy.workflow import verifier
from synergy.workflow.verifier import ORDER, P, ed25519_verify, openssl_verify, read_key

# RFC 8032, section 7.1: public key, message, signature
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_standard_verify_and_any_flipped_bit_does_not(public, message, signature):
    key, text, good = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert ed25519_verify(key, text, good)
    assert not ed25519_verify(key, text + b"\0", good)
    for place in (0, 31, 32, 62):
        bad = bytearray(good)
        bad[place] ^= 1
        assert not ed25519_verify(key, text, bytes(bad))


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 63), st.integers(0, 7))
def test_it_agrees_with_a_second_implementation(message, place, bit):
    private = Ed25519PrivateKey.generate()
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert ed25519_verify(public, message, signature)
    bad = bytearray(signature)
    bad[place] ^= 1 << bit
    assert ed25519_verify(public, message, bytes(bad)) == accepted(public, message, bytes(bad))


def accepted(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_a_signature_that_was_stretched_by_the_order_is_refused():
    private = Ed25519PrivateKey.generate()
    public, signature = private.public_key().public_bytes_raw(), private.sign(b"x")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    assert not ed25519_verify(public, b"x", signature[:32] + scalar.to_bytes(32, "little"))


NOT_ON_CURVE = (2).to_bytes(32, "little")
MINUS_ZERO = (1 | 1 << 255).to_bytes(32, "little")


@pytest.mark.parametrize("public", [b"", b"x" * 31, NOT_ON_CURVE, MINUS_ZERO, P.to_bytes(32, "little"), b"\xff" * 32])
def test_a_key_that_is_no_point_verifies_nothing(public):
    assert not ed25519_verify(public, b"x", b"\0" * 64)


@pytest.mark.parametrize("signature", [b"", b"\0" * 63, b"\0" * 65])
def test_a_signature_of_the_wrong_length_is_refused(signature):
    assert not ed25519_verify(bytes.fromhex(VECTORS[0][0]), b"", signature)


def test_a_key_file_is_read_or_refused(tmp_path):
    key = signer(tmp_path)
    assert read_key(key.public_pem) == key.public
    rsa = b"-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL\n-----END PUBLIC KEY-----\n"
    for bad in (b"", b"garbage", rsa, key.public_pem + b"x", b"x" + key.public_pem):
        with pytest.raises(ValueError):
            read_key(bad)


def signed(folder: Path, manifest: bytes = b'{"files": {}}') -> Path:
    key = signer(folder.parent / "keys")
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_bytes(manifest)
    (folder / "manifest.sig").write_bytes(key.sign(manifest))
    (folder / "key.pem").write_bytes(key.public_pem)
    return folder


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_openssl_gives_a_second_opinion(tmp_path):
    folder = signed(tmp_path / "parcel")
    assert openssl_verify(folder) is True
    (folder / "manifest.json").write_bytes(b'{"files": {} }')
    assert openssl_verify(folder) is False


def test_without_openssl_there_is_no_second_opinion(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert openssl_verify(signed(tmp_path / "parcel")) is None


def test_an_openssl_that_does_not_know_the_algorithm_is_not_asked_twice(tmp_path, monkeypatch):
    fake = tmp_path / "openssl"
    fake.write_text("#!/bin/sh\necho 'unknown option -rawin' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert openssl_verify(signed(tmp_path / "parcel")) is None


def test_a_manifest_that_is_too_large_or_no_manifest_is_a_problem(tmp_path, monkeypatch):
    folder = signed(tmp_path / "parcel", b"[]")
    assert any("lists no files" in p for p in verifier.check(folder))
    monkeypatch.setattr(verifier, "MAX_MANIFEST", 1)
    assert any("too large" in p for p in verifier.check(folder))


def test_names_cannot_move_the_cursor():
    assert verifier.plain("a\x1b]52;c;x\x07\u202eb") == "a?]52;c;x??b"


PYTHONS = [sys.executable, *filter(None, (shutil.which(f"python3.{minor}") for minor in (8, 9, 13)))]


@pytest.mark.parametrize("python", PYTHONS, ids=lambda p: Path(p).name)
def test_it_runs_alone_in_this_and_the_oldest_python(tmp_path, python):
    if subprocess.run([python, "-V"], capture_output=True, check=False).returncode:
        pytest.skip("a shim with no Python behind it")
    folder = signed(tmp_path / "parcel")
    shutil.copy(verifier.__file__, folder.parent / "verify.py")
    done = subprocess.run(
        [python, "-I", "-B", str(folder.parent / "verify.py"), str(folder), "--no-tests"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1  # key.pem is not in the manifest of this sample
    assert "Extra: key.pem" in done.stdout
    assert "signature does not fit" not in done.stdout
