"""JUnit XML of pytest and vitest → TestCase. The file was written by untrusted code: nothing in it is believed unchecked.

Entity bombs: a document type or entity declaration ends the reading, so no entity can ever be defined. Size, number of cases,
depth and the length of every text are capped. A case must name a file of the project, else it proves nothing and is an error.
"""

from __future__ import annotations

from collections.abc import Collection
from math import isfinite
from pathlib import PurePosixPath
from typing import Literal
from xml.parsers import expat

from synergy.core.errors import PermanentError
from synergy.core.types import TestCase

MAX_BYTES = 16 << 20
MAX_CASES = 20_000
MAX_DEPTH = 16
MAX_NAME, MAX_MESSAGE = 500, 2_000  #: characters

Outcome = Literal["passed", "failed", "error", "skipped"]
OUTCOMES: dict[str, Outcome] = {"skipped": "skipped", "failure": "failed", "error": "error"}
WORST: tuple[Outcome, ...] = ("passed", "skipped", "failed", "error")


class BadReport(PermanentError):
    """A report that cannot be read, or that says what cannot be true."""


def read_junit(data: bytes, cwd: str, files: Collection[str]) -> tuple[TestCase, ...]:
    """The cases in ``data``, in its order.

    ``cwd`` is the folder the command ran in ("backend"), ``files`` are the paths of the project.
    Raises BadReport when the document is too large, malformed or declares entities.
    """
    if len(data) > MAX_BYTES:
        raise BadReport(f"The test report has {len(data)} bytes, more than {MAX_BYTES}.")
    reader = _Reader(cwd, files)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # LookupError: an unknown encoding
        raise BadReport(f"The test report is not XML: {error}.") from error
    return tuple(reader.cases)


def _refuse(*_: object) -> None:
    raise BadReport("The test report declares a document type or entities.")


class _Reader:
    """Collects the cases while expat walks the document."""

    def __init__(self, cwd: str, files: Collection[str]) -> None:
        self.cases: list[TestCase] = []
        self._cwd, self._files = cwd.strip("/"), files
        self._depth = 0
        self._case: dict[str, str] | None = None
        self._outcome: Outcome = "passed"
        self._message = ""
        self._in_result = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadReport("The test report is nested too deep.")
        if tag == "testcase":
            self._case, self._outcome, self._message = attributes, "passed", ""
        elif self._case is not None and tag in OUTCOMES:
            self._in_result = True
            self._outcome = max(self._outcome, OUTCOMES[tag], key=WORST.index)
            self._add(attributes.get("message", ""))

    def end(self, tag: str) -> None:
        self._depth -= 1
        if tag in OUTCOMES:
            self._in_result = False
        elif tag == "testcase" and self._case is not None:
            if len(self.cases) >= MAX_CASES:
                raise BadReport(f"The test report has more than {MAX_CASES} cases.")
            self.cases.append(self._finish(self._case))
            self._case = None

    def text(self, data: str) -> None:
        if self._in_result:
            self._add(data)

    def _add(self, text: str) -> None:
        self._message = (self._message + text)[:MAX_MESSAGE]

    def _finish(self, case: dict[str, str]) -> TestCase:
        name = _clean(case.get("name", ""))[:MAX_NAME]
        path, inner = find_file(case.get("file", ""), case.get("classname", ""), self._cwd, self._files)
        if path is None:
            where = _clean(case.get("classname", ""))[:MAX_NAME]
            why = self._message or "The case names no file of the project."
            return TestCase(id=f"{where}::{name}", outcome="error", message=_clean(why))
        seconds = _seconds(case.get("time", ""))
        case_id = "::".join((path, *inner, name))
        return TestCase(id=case_id, outcome=self._outcome, seconds=seconds, message=_clean(self._message))


def find_file(file: str, classname: str, cwd: str, files: Collection[str]) -> tuple[str | None, tuple[str, ...]]:
    """The project file a case belongs to, and the classes inside it: ``tests.test_a.TestB`` → tests/test_a.py, (TestB,)."""
    for named in (file, classname):  # vitest: the class name is the file
        path = str(PurePosixPath(cwd, named)) if named else ""
        if path in files:
            return path, ()
    parts = classname.split(".")
    for end in range(min(len(parts), MAX_DEPTH), 0, -1):
        path = str(PurePosixPath(cwd, *parts[:end])) + ".py"
        if path in files:
            return path, tuple(parts[end:])
    return None, ()


def _seconds(text: str) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if isfinite(value) and value >= 0 else 0.0


def _clean(text: str) -> str:
    """``text`` without control characters and terminal escapes: it is shown to people."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text).strip()
