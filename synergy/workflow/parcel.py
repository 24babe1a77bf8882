"""A delivery as bytes: a zip that is the same whenever its files are the same, sealed by a signed manifest of all hashes."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from synergy.core.artifacts import digest
from synergy.core.bench import safe_path
from synergy.core.errors import PermanentError, ServiceDown
from synergy.core.signing import Signer
from synergy.workflow.verifier import KEY, MANIFEST, SIGNATURE

EPOCH = (1980, 1, 1, 0, 0, 0)  #: the earliest time a zip can hold
FILE, PROGRAM = 0o100644, 0o100755
PACKED = (".png", ".jpg", ".zip", ".woff2")  #: compressing these again costs time and gains nothing


def seal(files: Mapping[str, bytes], facts: Mapping[str, Any], signer: Signer) -> dict[str, bytes]:
    """``files`` with key, manifest and signature. ``facts`` are what the manifest says about the run."""
    sealed = {**files, KEY: signer.public_pem}
    listed = {name: {"sha256": digest(data), "size": len(data)} for name, data in sorted(sealed.items())}
    manifest = as_json({**facts, "key": signer.fingerprint, "files": listed})
    return {**sealed, MANIFEST: manifest, SIGNATURE: signer.sign(manifest)}


def as_json(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def pack(files: Mapping[str, bytes], programs: Collection[str]) -> bytes:
    """The zip of ``files``: sorted, without times, ``programs`` with the x bit. UnsafePath for a name that leaves its folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(str(safe_path(name)), EPOCH)
            info.create_system = 3  # Unix, on every platform: the modes below mean something
            info.external_attr = (PROGRAM if name in programs else FILE) << 16
            info.compress_type = zipfile.ZIP_STORED if name.endswith(PACKED) else zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name], compresslevel=6)
    return out.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Write the files of a zip made by ``pack`` to ``folder``, all or nothing. What is there already is left as it is."""
    if folder.exists():
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
        try:
            _extract(data, new)
            new.chmod(0o755)
            os.rename(new, folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        if not folder.exists():  # else somebody unpacked it at the same time
            raise ServiceDown(f"The delivery could not be unpacked: {error.strerror}.", hint=f"Check {folder.parent}.") from error


def place(data: bytes, file: Path) -> None:
    """Write ``data`` to ``file``, all or nothing, unless it is there already."""
    if file.exists():
        return
    new = file.with_name(f".new-{os.getpid()}-{file.name}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(data)
        os.replace(new, file)
    except OSError as error:
        raise ServiceDown(f"The delivery could not be written: {error.strerror}.", hint=f"Check {file.parent}.") from error
    finally:
        with suppress(OSError):
            new.unlink()


def _extract(data: bytes, folder: Path) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                target = folder / safe_path(info.filename)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(info))
                target.chmod(info.external_attr >> 16 & 0o777)
    except zipfile.BadZipFile as error:
        raise PermanentError("The delivery is not a zip file.") from error
