"""Files that a person could upload, made when they are needed."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw

TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "csv": "text/csv",
    "json": "application/json",
    "md": "text/markdown",
    "ics": "text/calendar",
    "txt": "text/plain",
}
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def sample_file(name: str, text: str) -> tuple[str, str, bytes]:
    """(name, media type, bytes) of a small file of the kind its name says; ``text`` is its content where it is a text."""
    kind = name.rpartition(".")[2]
    if kind in ("png", "jpg"):
        return name, TYPES[kind], _picture("PNG" if kind == "png" else "JPEG")
    return name, TYPES[kind], PDF if kind == "pdf" else text.encode()


def _picture(kind: str) -> bytes:
    image = Image.new("RGB", (96, 64), "#e8eef7")
    ImageDraw.Draw(image).ellipse((24, 8, 72, 56), fill="#2f6db5")
    data = BytesIO()
    image.save(data, kind)
    return data.getvalue()
