"""The fonts of this machine: pictures drawn with other fonts are not compared."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
FONT_TYPES = {".ttf", ".otf", ".ttc", ".woff", ".woff2", ".pfb"}


@cache
def fonts() -> str:
    """A hash over the fonts that pages are drawn with: other fonts, other pixels."""
    found = [
        f"{path.name} {path.stat().st_size}"
        for folder in FONT_FOLDERS
        for path in Path(folder).rglob("*")
        if path.suffix.lower() in FONT_TYPES and path.is_file()
    ]
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()
