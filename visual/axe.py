"""Where axe-core comes from, and which version it is."""

from __future__ import annotations

import re
from importlib.resources import files

SOURCE = files("axe_playwright_python").joinpath("axe.min.js").read_text()


def version() -> str:
    """The version of axe-core, e.g. "4.12.1"."""
    found = re.search(r"axe v([\d.]+)", SOURCE[:200])
    return found.group(1) if found else ""
